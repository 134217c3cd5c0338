/* HTML into a stream. Whatever comes from outside goes through here. */
#ifndef GCR_SIM_STUDY_MARKUP_H
#define GCR_SIM_STUDY_MARKUP_H

#include <stdio.h>

#include "base/compiler.h"

/* Text for elements and for quoted attributes: & < > " ' are written as references, control
 * characters and bytes that are not UTF-8 as U+FFFD. NULL is "". */
void gcr_markup_text(FILE *out, const char *text);

/* Like fprintf, but every %s is escaped as gcr_markup_text does. Knows %s, %d, %zu, %c and %%
 * without flags, and breaks off the program (GCR_CHECK) on others. */
void gcr_markup(FILE *out, const char *format, ...) GCR_PRINTF(2, 3);

/* As a part of an id: ASCII letters, digits, '-' and '.' stand for themselves, others become
 * "_HH" with their hexadecimal code, so that different texts stay different. */
void gcr_markup_id(FILE *out, const char *text);
/* As a part of a relative address: all but unreserved characters and '/' become %HH. */
void gcr_markup_address(FILE *out, const char *path);

#endif
