/* Words of the text form that dump and assemble share. Internal to traces/. */
#ifndef GCR_TRACES_TEXT_WORDS_H
#define GCR_TRACES_TEXT_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "traces/event.h"

/* One byte of struct gcr_capabilities: values[n] is the word for n. */
struct text_capability {
    const char *name;
    size_t offset;
    const char *values[4]; /* NULL-terminated */
};
extern const struct text_capability text_capabilities[]; /* ended by a row without a name */

struct text_flag {
    const char *name;
    uint32_t bit;
};
extern const struct text_flag text_shape_flags[];   /* enum gcr_shape_flag */
extern const struct text_flag text_alloc_flags[];   /* enum gcr_alloc_flag */
extern const struct text_flag text_request_flags[]; /* enum gcr_request_flag */

/* The flag words of an operation, or a table that only has its end. */
const struct text_flag *text_op_flags(enum gcr_op op);

/* Takes the next word off *line: blanks separate words, '#' starts a comment, "..." may hold
 * blanks and the escapes \" \\ \n \r \t \xHH. The line is changed; *word is NULL at its end.
 * GCR_BAD_INPUT: an unfinished quotation or an unknown escape. */
gcr_status text_next_word(char **line, char **word, struct gcr_error *err) GCR_MUST_USE;

/* All of `text` as a decimal number up to max. */
bool text_parse_number(const char *text, uint64_t max, uint64_t *number);

/* Parses what follows the operation's name. Errors say what was expected. */
gcr_status text_parse_event(enum gcr_op op, char *line, struct gcr_event *event,
                            struct gcr_error *err) GCR_MUST_USE;

#endif
