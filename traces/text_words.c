/* Word tables and the splitting of lines of the text form. */
#include "traces/text_words.h"

#include <string.h>

#include "traces/capability.h"
#include "traces/shape.h"

#define AT(field) offsetof(struct gcr_capabilities, field)
const struct text_capability text_capabilities[] = {
    {"stores", AT(stores), {"exact", "sampled"}},
    {"loads", AT(loads), {"none", "exact"}},
    {"reads", AT(reads), {"none", "page-sampled", "exact"}},
    {"deaths", AT(deaths), {"none", "granulated", "exact"}},
    {"roots", AT(roots), {"exact", "synthesised"}},
    {"tracking", AT(tracking), {"no", "yes"}},
    {"threads", AT(threads), {"no", "yes"}},
    {"forks", AT(forks), {"no", "yes"}},
    {"times", AT(times), {"no", "yes"}},
    {"faithful", AT(faithful), {"no", "yes"}},
    {0}};
#undef AT

const struct text_flag text_shape_flags[] = {
    {"container", GCR_SHAPE_CONTAINER}, {"acyclic", GCR_SHAPE_ACYCLIC},
    {"finalizer", GCR_SHAPE_FINALIZER}, {"legacy-finalizer", GCR_SHAPE_LEGACY_FINALIZER},
    {"weak", GCR_SHAPE_WEAK},           {"tuple", GCR_SHAPE_TUPLE},
    {"dict", GCR_SHAPE_DICT},           {"pinned", GCR_SHAPE_PINNED},
    {"resizable", GCR_SHAPE_RESIZABLE}, {0}};
const struct text_flag text_alloc_flags[] = {
    {"uncounted", GCR_ALLOC_UNCOUNTED}, {"notrigger", GCR_ALLOC_NOTRIGGER}, {0}};
const struct text_flag text_request_flags[] = {
    {"begin", GCR_REQUEST_BEGIN}, {"end", GCR_REQUEST_END}, {0}};

const struct text_flag *text_op_flags(enum gcr_op op)
{
    static const struct text_flag none[] = {{0}};
    switch (op) {
    case GCR_OP_ALLOC:
        return text_alloc_flags;
    case GCR_OP_REQUEST:
        return text_request_flags;
    default:
        return none;
    }
}

bool text_parse_number(const char *text, uint64_t max, uint64_t *number)
{
    uint64_t value = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        unsigned digit = (unsigned)(*text - '0');
        if (value > (max - digit) / 10 || max < digit)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return true;
}

static int words_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/* Decodes the escape at p[0], behind the backslash. Returns the bytes used, 0 if it is unknown. */
static size_t words_unescape(const char *p, char *out)
{
    static const char from[] = "\"\\nrt";
    static const char to[] = "\"\\\n\r\t";
    const char *found = *p == '\0' ? NULL : strchr(from, *p);
    if (found != NULL) {
        *out = to[found - from];
        return 1;
    }
    if (*p != 'x' || words_hex_digit(p[1]) < 0 || words_hex_digit(p[2]) < 0)
        return 0;
    *out = (char)(words_hex_digit(p[1]) * 16 + words_hex_digit(p[2]));
    return *out == '\0' ? 0 : 3;
}

/* Unquotes in place from the character behind the opening quote; the text only becomes shorter. */
static gcr_status words_take_quoted(char **line, char **word, struct gcr_error *err)
{
    char *out = *line;
    char *in = *line;
    *word = out;
    while (*in != '"') {
        if (*in == '\0')
            return gcr_fail(err, GCR_BAD_INPUT, "expected a closing quote");
        if (*in != '\\') {
            *out++ = *in++;
            continue;
        }
        size_t used = words_unescape(in + 1, out);
        if (used == 0)
            return gcr_fail(err, GCR_BAD_INPUT,
                            "expected \\\" \\\\ \\n \\r \\t or \\xHH (not 00) after a backslash");
        out++;
        in += 1 + used;
    }
    in++;
    if (*in != '\0' && strchr(" \t", *in) == NULL)
        return gcr_fail(err, GCR_BAD_INPUT, "expected a blank after the closing quote");
    *out = '\0';
    *line = in;
    return GCR_OK;
}

gcr_status text_next_word(char **line, char **word, struct gcr_error *err)
{
    char *p = *line + strspn(*line, " \t");
    if (*p == '\0' || *p == '#') {
        *line = p + strlen(p);
        *word = NULL;
        return GCR_OK;
    }
    if (*p == '"') {
        *line = p + 1;
        return words_take_quoted(line, word, err);
    }
    char *end = p + strcspn(p, " \t");
    *word = p;
    *line = end;
    if (*end != '\0') {
        *end = '\0';
        *line = end + 1;
    }
    return GCR_OK;
}
