/* Option tables: parsing, formatting and range texts, all from the rows themselves.
 *
 * Numbers are strict: a value is accepted only if every character belongs to it, so "4x", "-1",
 * "1e3" for a count, or a size beyond 64 bits are errors and never a silent approximation.
 * Tables are short, so rows are found by linear search. */
#include "base/option.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cache_size.h"
#include "base/check.h"

static size_t option_count_rows(const struct gcr_option *table)
{
    size_t n = 0;
    while (table[n].name != NULL)
        n++;
    return n;
}

/* Row of the name text[0..length), or the number of rows. */
static size_t option_find(const struct gcr_option *table, const char *text, size_t length)
{
    size_t i = 0;
    for (; table[i].name != NULL; i++) {
        if (strlen(table[i].name) == length && memcmp(table[i].name, text, length) == 0)
            break;
    }
    return i;
}

/* Reads decimal digits; *end is the first character after them. False: none, or overflow. */
static bool option_parse_digits(const char *text, uint64_t *number, const char **end)
{
    uint64_t value = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9'; p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (p == text)
        return false;
    *number = value;
    *end = p;
    return true;
}

static bool option_parse_count(const char *text, uint64_t *number)
{
    const char *end;
    return option_parse_digits(text, number, &end) && *end == '\0';
}

bool gcr_parse_bytes(const char *text, uint64_t *bytes)
{
    static const struct {
        const char *suffix;
        unsigned shift;
    } suffixes[] = {{"", 0},     {"K", 10}, {"KiB", 10}, {"M", 20},
                    {"MiB", 20}, {"G", 30}, {"GiB", 30}};
    uint64_t number;
    const char *end;
    if (!option_parse_digits(text, &number, &end))
        return false;
    for (size_t i = 0; i < GCR_COUNT_OF(suffixes); i++) {
        if (strcmp(end, suffixes[i].suffix) != 0)
            continue;
        if (number > UINT64_MAX >> suffixes[i].shift)
            return false;
        *bytes = number << suffixes[i].shift;
        return true;
    }
    return false;
}

/* Plain decimals only: strtod alone would also take spaces, hexadecimal, "inf" and "nan". */
static bool option_parse_ratio(const char *text, double *ratio)
{
    if (*text == '\0' || text[strspn(text, "0123456789.eE+-")] != '\0')
        return false;
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    if (*end != '\0' || errno == ERANGE || !isfinite(value))
        return false;
    *ratio = value;
    return true;
}

bool gcr_parse_cache_bytes(const char *text, uint64_t *bytes)
{
    static const double page = 4096;
    char factor[32] = "1";
    size_t length = strcspn(text, "L");
    unsigned level = text[length] != '\0' ? (unsigned)(text[length + 1] - '0') : 0;
    if (level < 1 || level > 3 || text[length + 2] != '\0' || length >= sizeof factor)
        return false;
    if (length != 0) {
        memcpy(factor, text, length);
        factor[length] = '\0';
    }
    double ratio;
    if (!option_parse_ratio(factor, &ratio) || ratio <= 0)
        return false;
    double pages = floor(ratio * (double)gcr_cache_bytes(level) / page);
    if (pages * page >= 18446744073709551615.0)
        return false;
    *bytes = (uint64_t)(pages * page);
    return true;
}

static bool option_parse_flag(const char *text, uint64_t *number)
{
    static const char *const words[2][4] = {{"off", "no", "false", "0"},
                                            {"on", "yes", "true", "1"}};
    for (uint64_t value = 0; value < 2; value++) {
        for (size_t i = 0; i < GCR_COUNT_OF(words[value]); i++) {
            if (strcmp(text, words[value][i]) == 0) {
                *number = value;
                return true;
            }
        }
    }
    return false;
}

static bool option_parse_choice(const char *choices, const char *text, uint64_t *number)
{
    size_t length = strlen(text);
    uint64_t position = 0;
    for (const char *word = choices;; position++) {
        size_t word_length = strcspn(word, "|");
        if (word_length == length && length > 0 && memcmp(word, text, length) == 0) {
            *number = position;
            return true;
        }
        if (word[word_length] == '\0')
            return false;
        word += word_length + 1;
    }
}

static bool option_in_range(const struct gcr_option *row, double number)
{
    return number >= row->min && number <= row->max;
}

/* Bytes, or a fraction of a cache: whatever the machine, that lands in the range. */
static bool option_parse_bytes_or_cache(const struct gcr_option *row, const char *text,
                                        uint64_t *bytes)
{
    if (!gcr_parse_cache_bytes(text, bytes))
        return gcr_parse_bytes(text, bytes) && option_in_range(row, (double)*bytes);
    if ((double)*bytes < row->min)
        *bytes = (uint64_t)row->min;
    if ((double)*bytes > row->max)
        *bytes = (uint64_t)row->max;
    return true;
}

/* Fills number and ratio from text. False: not a value of the row. */
static bool option_parse(const struct gcr_option *row, const char *text,
                         struct gcr_option_value *value)
{
    switch (row->type) {
    case GCR_OPT_FLAG:
        return option_parse_flag(text, &value->number);
    case GCR_OPT_COUNT:
        return option_parse_count(text, &value->number) &&
               option_in_range(row, (double)value->number);
    case GCR_OPT_BYTES:
        return gcr_parse_bytes(text, &value->number) && option_in_range(row, (double)value->number);
    case GCR_OPT_CACHE_BYTES:
        return option_parse_bytes_or_cache(row, text, &value->number);
    case GCR_OPT_RATIO:
        return option_parse_ratio(text, &value->ratio) && option_in_range(row, value->ratio);
    case GCR_OPT_CHOICE:
        return option_parse_choice(row->choices, text, &value->number);
    case GCR_OPT_TEXT:
        return true;
    }
    return false;
}

void gcr_options_init(const struct gcr_option *table, struct gcr_option_values *values)
{
    size_t rows = option_count_rows(table);
    GCR_CHECK(1, rows <= GCR_MAX_OPTIONS);
    memset(values, 0, sizeof *values);
    values->table = table;
    for (size_t i = 0; i < rows; i++) {
        struct gcr_option_value *value = &values->row[i];
        value->text = table[i].fallback;
        bool parsed = value->text == NULL ? table[i].type == GCR_OPT_TEXT
                                          : option_parse(&table[i], value->text, value);
        GCR_CHECK(1, parsed);
    }
}

static gcr_status option_fail_unknown(const struct gcr_option *table, const char *name,
                                      size_t length, struct gcr_error *err)
{
    char known[384] = "none";
    size_t used = 0;
    for (size_t i = 0; table[i].name != NULL && used < sizeof known; i++) {
        int n =
            snprintf(known + used, sizeof known - used, "%s%s", i == 0 ? "" : ", ", table[i].name);
        used += n > 0 ? (size_t)n : 0;
    }
    return gcr_fail(err, GCR_USAGE, "unknown option '%.*s'; known options: %s",
                    length < 64 ? (int)length : 64, name, known);
}

static gcr_status option_set_row(struct gcr_option_values *values, const char *name, size_t length,
                                 const char *text, struct gcr_error *err)
{
    size_t i = option_find(values->table, name, length);
    const struct gcr_option *row = &values->table[i];
    if (row->name == NULL)
        return option_fail_unknown(values->table, name, length, err);
    struct gcr_option_value value = {.text = text, .is_set = true};
    if (!option_parse(row, text, &value)) {
        char range[256];
        gcr_option_range(row, range, sizeof range);
        return gcr_fail(err, GCR_USAGE, "option '%s' cannot be '%.64s'; allowed: %s", row->name,
                        text, range);
    }
    values->row[i] = value;
    return GCR_OK;
}

gcr_status gcr_option_set(struct gcr_option_values *values, const char *name, const char *value,
                          struct gcr_error *err)
{
    return option_set_row(values, name, strlen(name), value, err);
}

gcr_status gcr_option_assign(struct gcr_option_values *values, const char *owner,
                             const char *assignment, struct gcr_error *err)
{
    const char *equals = strchr(assignment, '=');
    if (equals == NULL || equals == assignment)
        return gcr_fail(err, GCR_USAGE, "%s: expected NAME=VALUE, found '%.64s'", owner,
                        assignment);
    gcr_status status =
        option_set_row(values, assignment, (size_t)(equals - assignment), equals + 1, err);
    if (status != GCR_OK)
        gcr_error_prefix(err, "%s", owner);
    return status;
}

const struct gcr_option_value *gcr_option_get(const struct gcr_option_values *values,
                                              const char *name)
{
    size_t i = option_find(values->table, name, strlen(name));
    GCR_CHECK(1, values->table[i].name != NULL);
    return &values->row[i];
}

uint64_t gcr_option_number(const struct gcr_option_values *values, const char *name)
{
    return gcr_option_get(values, name)->number;
}

bool gcr_option_flag(const struct gcr_option_values *values, const char *name)
{
    return gcr_option_get(values, name)->number != 0;
}

double gcr_option_ratio(const struct gcr_option_values *values, const char *name)
{
    return gcr_option_get(values, name)->ratio;
}

/* The largest unit that divides the number exactly: 8388608 is "8M", 1000 stays "1000". */
static void option_format_bytes(uint64_t bytes, char *out, size_t size)
{
    static const char units[] = {0, 'K', 'M', 'G'};
    size_t unit = 0;
    while (unit + 1 < sizeof units && bytes != 0 && bytes % 1024 == 0) {
        bytes /= 1024;
        unit++;
    }
    if (unit == 0)
        (void)snprintf(out, size, "%" PRIu64, bytes);
    else
        (void)snprintf(out, size, "%" PRIu64 "%c", bytes, units[unit]);
}

/* The shortest decimal that reads back as the same double. */
static void option_format_ratio(double ratio, char *out, size_t size)
{
    char text[32];
    for (int precision = 6; precision <= 17; precision++) {
        (void)snprintf(text, sizeof text, "%.*g", precision, ratio);
        if (strtod(text, NULL) >= ratio && strtod(text, NULL) <= ratio)
            break;
    }
    (void)snprintf(out, size, "%s", text);
}

static void option_format_choice(const char *choices, uint64_t position, char *out, size_t size)
{
    const char *word = choices;
    for (; position > 0; position--)
        word += strcspn(word, "|") + 1;
    (void)snprintf(out, size, "%.*s", (int)strcspn(word, "|"), word);
}

void gcr_option_format(const struct gcr_option *row, const struct gcr_option_value *value,
                       char *out, size_t size)
{
    switch (row->type) {
    case GCR_OPT_FLAG:
        (void)snprintf(out, size, "%s", value->number != 0 ? "on" : "off");
        break;
    case GCR_OPT_COUNT:
        (void)snprintf(out, size, "%" PRIu64, value->number);
        break;
    case GCR_OPT_BYTES:
    case GCR_OPT_CACHE_BYTES:
        option_format_bytes(value->number, out, size);
        break;
    case GCR_OPT_RATIO:
        option_format_ratio(value->ratio, out, size);
        break;
    case GCR_OPT_CHOICE:
        option_format_choice(row->choices, value->number, out, size);
        break;
    case GCR_OPT_TEXT:
        (void)snprintf(out, size, "%s", value->text == NULL ? "" : value->text);
        break;
    }
}

/* A bound of the table: whole numbers as such, beyond 64 bits as the largest. */
static void option_format_bound(const struct gcr_option *row, double bound, char *out, size_t size)
{
    if (row->type == GCR_OPT_RATIO) {
        option_format_ratio(bound, out, size);
        return;
    }
    uint64_t number = bound >= 18446744073709551615.0 ? UINT64_MAX : (uint64_t)bound;
    if (row->type == GCR_OPT_BYTES || row->type == GCR_OPT_CACHE_BYTES)
        option_format_bytes(number, out, size);
    else
        (void)snprintf(out, size, "%" PRIu64, number);
}

void gcr_option_range(const struct gcr_option *row, char *out, size_t size)
{
    switch (row->type) {
    case GCR_OPT_FLAG:
        (void)snprintf(out, size, "on|off");
        return;
    case GCR_OPT_CHOICE:
        (void)snprintf(out, size, "%s", row->choices);
        return;
    case GCR_OPT_TEXT:
        (void)snprintf(out, size, "text");
        return;
    default:
        break;
    }
    char min[32];
    char max[32];
    option_format_bound(row, row->min, min, sizeof min);
    option_format_bound(row, row->max, max, sizeof max);
    /* "1" is the unit of a dimensionless number: nothing to print. */
    bool has_unit = row->unit != NULL && strcmp(row->unit, "1") != 0;
    (void)snprintf(out, size, "%s .. %s%s%s%s", min, max, has_unit ? " " : "",
                   has_unit ? row->unit : "",
                   row->type == GCR_OPT_CACHE_BYTES ? ", or of a cache: 0.5L2" : "");
}
