#include "sim/study/svg_inline.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sim/study/markup.h"

struct svg_reader {
    const char *at, *end;
    const char *prefix, *label;
    FILE *out;
    bool is_root; /* the next tag is the first */
    size_t depth; /* elements that are open below the root */
};

/* A tag's parts, within the document. */
struct svg_tag {
    const char *name;
    size_t length;
    const char *attributes, *end; /* up to "/>" or ">" */
    bool is_closing, is_empty;
};

struct svg_attribute {
    const char *name, *value;
    size_t name_length, value_length;
};

static bool svg_is(const char *text, size_t length, const char *word)
{
    return strlen(word) == length && memcmp(text, word, length) == 0;
}

static const char *svg_skip_blanks(const char *at, const char *end)
{
    while (at < end && isspace((unsigned char)*at))
        at++;
    return at;
}

static const char *svg_find(const char *at, const char *end, const char *word)
{
    size_t length = strlen(word);
    for (; at + length <= end; at++)
        if (memcmp(at, word, length) == 0)
            return at;
    return NULL;
}

/* ---- attributes ---- */

/* The next one, and where to go on; NULL at the tag's end or where it is malformed (*is_bad). */
static const char *svg_next_attribute(const char *at, const char *end, struct svg_attribute *out,
                                      bool *is_bad)
{
    at = svg_skip_blanks(at, end);
    if (at == end)
        return NULL;
    *is_bad = true;
    const char *name = at;
    while (at < end && *at != '=' && !isspace((unsigned char)*at))
        at++;
    out->name = name;
    out->name_length = (size_t)(at - name);
    at = svg_skip_blanks(at, end);
    if (at == end || *at != '=' || out->name_length == 0)
        return NULL;
    at = svg_skip_blanks(at + 1, end);
    if (at == end || (*at != '"' && *at != '\''))
        return NULL;
    const char *close = memchr(at + 1, *at, (size_t)(end - at - 1));
    if (close == NULL)
        return NULL;
    out->value = at + 1;
    out->value_length = (size_t)(close - at - 1);
    *is_bad = false;
    return close + 1;
}

/* Runs of blanks as one; '"' escaped, in case single quotes stood around. */
static void svg_put_value(FILE *out, const char *value, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (isspace((unsigned char)value[i])) {
            if (i > 0 && i + 1 < length && !isspace((unsigned char)value[i + 1]))
                fputc(' ', out);
        } else if (value[i] == '"') {
            fputs("&quot;", out);
        } else {
            fputc(value[i], out);
        }
    }
}

/* url(#x) anywhere in the value. */
static void svg_put_with_urls(struct svg_reader *reader, const char *value, size_t length)
{
    const char *end = value + length, *url;
    while ((url = svg_find(value, end, "url(#")) != NULL) {
        svg_put_value(reader->out, value, (size_t)(url - value));
        fprintf(reader->out, "url(#%s", reader->prefix);
        value = url + 5;
    }
    svg_put_value(reader->out, value, (size_t)(end - value));
}

static void svg_put_attribute(struct svg_reader *reader, const struct svg_attribute *a)
{
    bool is_id = svg_is(a->name, a->name_length, "id");
    bool is_link =
        svg_is(a->name, a->name_length, "href") || svg_is(a->name, a->name_length, "xlink:href");
    if (a->name_length > 2 && memcmp(a->name, "on", 2) == 0)
        return;
    if (a->name_length > 5 && memcmp(a->name, "xmlns", 5) == 0)
        return;
    if (is_link && (a->value_length == 0 || a->value[0] != '#'))
        return;
    fprintf(reader->out, " %.*s=\"", is_link ? 4 : (int)a->name_length, is_link ? "href" : a->name);
    if (is_id || is_link) {
        fprintf(reader->out, "%s%s", is_link ? "#" : "", reader->prefix);
        svg_put_value(reader->out, a->value + is_link, a->value_length - is_link);
    } else {
        svg_put_with_urls(reader, a->value, a->value_length);
    }
    fputc('"', reader->out);
}

static bool svg_put_attributes(struct svg_reader *reader, const struct svg_tag *tag)
{
    const char *at = tag->attributes;
    struct svg_attribute a;
    bool is_bad = false;
    while ((at = svg_next_attribute(at, tag->end, &a, &is_bad)) != NULL)
        svg_put_attribute(reader, &a);
    return !is_bad;
}

/* ---- tags ---- */

/* From a '<'. Quoted '>' do not end it. */
static bool svg_read_tag(struct svg_reader *reader, struct svg_tag *out)
{
    const char *at = reader->at + 1;
    out->is_closing = at < reader->end && *at == '/';
    at += out->is_closing;
    out->name = at;
    while (at < reader->end && *at != '>' && *at != '/' && !isspace((unsigned char)*at))
        at++;
    out->length = (size_t)(at - out->name);
    out->attributes = at;
    char quote = 0;
    for (; at < reader->end && (quote != 0 || *at != '>'); at++) {
        if (quote != 0 && *at == quote)
            quote = 0;
        else if (quote == 0 && (*at == '"' || *at == '\''))
            quote = *at;
    }
    if (at == reader->end || out->length == 0)
        return false;
    out->is_empty = at[-1] == '/' && !out->is_closing;
    out->end = at - out->is_empty;
    reader->at = at + 1;
    return true;
}

/* The root: its width and height become a viewBox if it has none. */
static bool svg_put_root(struct svg_reader *reader, const struct svg_tag *tag)
{
    struct svg_attribute a, width = {0}, height = {0}, box = {0};
    const char *at = tag->attributes;
    bool is_bad = false;
    while ((at = svg_next_attribute(at, tag->end, &a, &is_bad)) != NULL) {
        if (svg_is(a.name, a.name_length, "width"))
            width = a;
        else if (svg_is(a.name, a.name_length, "height"))
            height = a;
        else if (svg_is(a.name, a.name_length, "viewBox"))
            box = a;
    }
    if (is_bad || (box.name == NULL && (width.name == NULL || height.name == NULL)))
        return false;
    fputs("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"", reader->out);
    gcr_markup_text(reader->out, reader->label);
    if (box.name != NULL)
        fprintf(reader->out, "\" viewBox=\"%.*s\">", (int)box.value_length, box.value);
    else
        fprintf(reader->out, "\" viewBox=\"0 0 %g %g\">", strtod(width.value, NULL),
                strtod(height.value, NULL));
    return !tag->is_empty;
}

/* Elements that the page must not have, with all that is in them. */
static bool svg_is_dropped(const struct svg_reader *reader, const struct svg_tag *tag)
{
    static const char *const names[] = {"script", "style", "foreignObject", "desc", "metadata"};
    for (size_t i = 0; i < GCR_COUNT_OF(names); i++)
        if (svg_is(tag->name, tag->length, names[i]))
            return true;
    /* The document's own title would show wherever a pointer rests; the page has a caption. */
    return reader->depth == 0 && svg_is(tag->name, tag->length, "title");
}

static bool svg_skip_element(struct svg_reader *reader, const struct svg_tag *tag)
{
    if (tag->is_empty || tag->is_closing)
        return true;
    char close[32];
    snprintf(close, sizeof close, "</%.*s", (int)tag->length, tag->name);
    const char *at = svg_find(reader->at, reader->end, close);
    at = at == NULL ? NULL : memchr(at, '>', (size_t)(reader->end - at));
    if (at == NULL)
        return false;
    reader->at = at + 1;
    return true;
}

static bool svg_put_tag(struct svg_reader *reader, const struct svg_tag *tag)
{
    fprintf(reader->out, "<%s%.*s", tag->is_closing ? "/" : "", (int)tag->length, tag->name);
    if (!tag->is_closing && !svg_put_attributes(reader, tag))
        return false;
    fputs(tag->is_empty ? "/>" : ">", reader->out);
    return true;
}

/* An empty group: what follows its tag is only blanks and its end. */
static bool svg_skip_empty_group(struct svg_reader *reader, const struct svg_tag *tag)
{
    const char *next = svg_skip_blanks(reader->at, reader->end);
    if (tag->is_closing || tag->is_empty || !svg_is(tag->name, tag->length, "g") ||
        reader->end - next < 4 || memcmp(next, "</g>", 4) != 0)
        return false;
    reader->at = next + 4;
    return true;
}

static bool svg_take_tag(struct svg_reader *reader, bool *is_over)
{
    struct svg_tag tag;
    if (!svg_read_tag(reader, &tag))
        return false;
    if (reader->is_root) {
        reader->is_root = false;
        return svg_is(tag.name, tag.length, "svg") && svg_put_root(reader, &tag);
    }
    if (svg_is_dropped(reader, &tag))
        return svg_skip_element(reader, &tag);
    if (svg_skip_empty_group(reader, &tag))
        return true;
    *is_over = tag.is_closing && reader->depth == 0;
    if (tag.is_closing && !*is_over)
        reader->depth--;
    else if (!tag.is_empty && !tag.is_closing)
        reader->depth++;
    return svg_put_tag(reader, &tag);
}

/* Comments, declarations and the like: not written. */
static bool svg_skip_past(struct svg_reader *reader, const char *mark)
{
    const char *at = svg_find(reader->at, reader->end, mark);
    if (at == NULL)
        return false;
    reader->at = at + strlen(mark);
    return true;
}

/* Text as it is, but no blanks between lines. */
static void svg_put_text(struct svg_reader *reader)
{
    const char *start = reader->at;
    while (reader->at < reader->end && *reader->at != '<')
        reader->at++;
    size_t length = (size_t)(reader->at - start);
    bool is_blank = svg_skip_blanks(start, reader->at) == reader->at;
    if (!reader->is_root && !(is_blank && memchr(start, '\n', length) != NULL))
        fwrite(start, 1, length, reader->out);
}

bool gcr_svg_inline(const char *svg, size_t length, const char *prefix, const char *label,
                    FILE *out)
{
    struct svg_reader reader = {.at = svg,
                                .end = svg + length,
                                .prefix = prefix,
                                .label = label,
                                .out = out,
                                .is_root = true};
    bool is_good = true, is_over = false;
    while (is_good && !is_over) {
        svg_put_text(&reader);
        size_t left = (size_t)(reader.end - reader.at);
        if (left == 0)
            return false;
        if (left >= 4 && memcmp(reader.at, "<!--", 4) == 0)
            is_good = svg_skip_past(&reader, "-->");
        else if (left >= 9 && memcmp(reader.at, "<![CDATA[", 9) == 0)
            is_good = svg_skip_past(&reader, "]]>");
        else if (left >= 2 && (reader.at[1] == '?' || reader.at[1] == '!'))
            is_good = svg_skip_past(&reader, ">");
        else
            is_good = svg_take_tag(&reader, &is_over);
    }
    return is_good;
}
