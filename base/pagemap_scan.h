/* The kernel's interface for asking which pages a process has written: asynchronous write
 * protection by userfaultfd, and the PAGEMAP_SCAN request on /proc/PID/pagemap.
 *
 * From the kernel's uapi, <linux/fs.h> and <linux/userfaultfd.h> of Linux 6.7 (UFFD_USER_MODE_ONLY:
 * 5.11): Debian 12's headers are older than the kernels that this runs on. Described in the
 * kernel's Documentation/admin-guide/mm/pagemap.rst and userfaultfd.rst. */
#ifndef GCR_BASE_PAGEMAP_SCAN_H
#define GCR_BASE_PAGEMAP_SCAN_H

#include <linux/ioctl.h>
#include <stdint.h>

#define GCR_UFFD_USER_MODE_ONLY 1
#define GCR_UFFD_WP_UNPOPULATED ((uint64_t)1 << 13)
#define GCR_UFFD_WP_ASYNC ((uint64_t)1 << 15)

/* Neighbouring pages of the same categories: [start, end). */
struct gcr_page_region {
    uint64_t start, end, categories;
};

/* A page matches if it has all categories of `category_mask` (those of `category_inverted` are
 * asked for the other way round) and, unless that is 0, one of `category_anyof_mask`. */
struct gcr_pagemap_scan {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
    uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

#define GCR_PAGEMAP_SCAN _IOWR('f', 16, struct gcr_pagemap_scan)

enum { GCR_PAGEMAP_PROTECT_MATCHING = 1 << 0 }; /* flags: protect what matches, in the same step */

enum gcr_page_category {
    GCR_PAGE_WATCHABLE = 1 << 0, /* registered for asynchronous write protection */
    GCR_PAGE_WRITTEN = 1 << 1,   /* not protected: written since it was, or never protected */
    GCR_PAGE_PRESENT = 1 << 3,
    GCR_PAGE_SWAPPED = 1 << 4,
    GCR_PAGE_OF_ZEROES = 1 << 5 /* the kernel's one page of zeroes: never written */
};

#endif
