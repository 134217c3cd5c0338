/* Option tables: the one source of parsing, of `--help`, of `gcreplay list` and of docs/.
 * Collectors, generators and subcommands each have one table, ended by a row without a name. */
#ifndef GCR_BASE_OPTION_H
#define GCR_BASE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum gcr_option_type {
    GCR_OPT_FLAG,   /* on | off */
    GCR_OPT_COUNT,  /* unsigned integer */
    GCR_OPT_BYTES,  /* unsigned integer with optional K, M, G (powers of 1024; KiB, MiB, GiB too) */
    GCR_OPT_RATIO,  /* decimal number */
    GCR_OPT_CHOICE, /* one word of `choices` */
    GCR_OPT_TEXT,
    /* As BYTES, or a fraction of a data cache of this machine: "0.5L2", "L3". Resolved to bytes
     * when it is set, in whole pages of 4 KiB, and a fraction also into the row's range; from then
     * on only the bytes are known, so that a result names what another machine needs to repeat it.
     */
    GCR_OPT_CACHE_BYTES
};

struct gcr_option {
    const char *name;
    enum gcr_option_type type;
    const char *unit;     /* "bytes", "objects", "1" ...; NULL for flags, choices and text */
    const char *fallback; /* the default, as a user would write it; NULL: none (text only) */
    double min, max;      /* inclusive, for COUNT, BYTES, CACHE_BYTES, RATIO */
    const char *choices;  /* "a|b|c" for CHOICE */
    const char *help;     /* one sentence, lower case, no full stop */
};

/* The resolved value of one row; `number` is the count or bytes, the flag (0/1) or the
 * position of the choice in `choices`. `text` is as the user wrote it (owned by the caller of set,
 * or the table's own fallback). */
struct gcr_option_value {
    uint64_t number;
    double ratio;
    const char *text;
    bool is_set; /* differs from the fallback because the user said so */
};

enum { GCR_MAX_OPTIONS = 32 };

/* Values of one table, in row order. */
struct gcr_option_values {
    const struct gcr_option *table;
    struct gcr_option_value row[GCR_MAX_OPTIONS];
};

/* Fills `values` with the table's defaults. A default that does not parse is a GCR_CHECK. */
void gcr_options_init(const struct gcr_option *table, struct gcr_option_values *values);

/* Sets one row from "value". GCR_USAGE names the option, the value and the allowed range. */
gcr_status gcr_option_set(struct gcr_option_values *values, const char *name, const char *value,
                          struct gcr_error *err) GCR_MUST_USE;

/* The same from one word "name=value"; `owner` is named in messages ("semispace"). */
gcr_status gcr_option_assign(struct gcr_option_values *values, const char *owner,
                             const char *assignment, struct gcr_error *err) GCR_MUST_USE;

/* The row of that name; the name must be in the table (GCR_CHECK). O(rows). */
const struct gcr_option_value *gcr_option_get(const struct gcr_option_values *values,
                                              const char *name);
uint64_t gcr_option_number(const struct gcr_option_values *values, const char *name);
bool gcr_option_flag(const struct gcr_option_values *values, const char *name);
double gcr_option_ratio(const struct gcr_option_values *values, const char *name);

/* "64K", "8M", "1GiB", "4096" to bytes. False if it is anything else or overflows. */
bool gcr_parse_bytes(const char *text, uint64_t *bytes);

/* "0.5L2", "L1", "4L3": so much of this machine's data cache of that level (base/cache_size.h),
 * rounded down to whole pages of 4 KiB. False if it is anything else, or no finite positive number.
 */
bool gcr_parse_cache_bytes(const char *text, uint64_t *bytes);

/* Writes the value of a row as a user would write it back ("8M", "on", "0.5"). */
void gcr_option_format(const struct gcr_option *row, const struct gcr_option_value *value,
                       char *out, size_t size);

/* Allowed values as text: "on|off", "1 .. 4G bytes", "pools|system". */
void gcr_option_range(const struct gcr_option *row, char *out, size_t size);

#endif
