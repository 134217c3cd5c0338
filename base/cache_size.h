/* Sizes of this machine's data caches, for sizes that are given as a fraction of one and for what a
 * result says about its machine. */
#ifndef GCR_BASE_CACHE_SIZE_H
#define GCR_BASE_CACHE_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/* One processor's view, in bytes; 0 where the system does not say. */
struct gcr_cache_sizes {
    uint64_t l1d_bytes, l2_bytes, l3_bytes;
};

/* Reads the directories index0, index1 ... of a processor's cache folder in sysfs (NULL: of
 * processor 0), and asks sysconf for what is missing there. A few file accesses. */
struct gcr_cache_sizes gcr_cache_sizes_read(const char *folder);

/* First line of FOLDER/indexINDEX/NAME, without its end, in out[0..size); false if there is none.
 */
bool gcr_cache_read_line(const char *folder, int index, const char *name, char *out, int size);

/* The size of the cache of level 1 (data), 2 or 3; where the system does not say, that of a common
 * server core: 32 KiB, 1 MiB, 32 MiB. Never 0. */
uint64_t gcr_cache_bytes(unsigned level);

#endif
