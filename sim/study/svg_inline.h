/* A gnuplot SVG made fit to stand in an HTML page beside others. */
#ifndef GCR_SIM_STUDY_SVG_INLINE_H
#define GCR_SIM_STUDY_SVG_INLINE_H

#include <stdbool.h>
#include <stdio.h>

/* Writes the <svg> element of a document of `length` bytes (ended by a NUL):
 *  - every id, and every reference to one (href="#x", url(#x)), begins with `prefix`, so that
 *    several pictures in one page do not share ids;
 *  - role="img" and the label (escaped) on the root, whose size is its viewBox's alone: the page
 *    scales it;
 *  - no scripts, styles, event attributes, comments, nor references to anything outside;
 *  - no blanks that do not show, no empty groups.
 * False, with an unfinished element written, if it is not well-formed as far as this needs.
 * O(length). */
bool gcr_svg_inline(const char *svg, size_t length, const char *prefix, const char *label,
                    FILE *out);

#endif
