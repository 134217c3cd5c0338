/* Lines out of a stream of bytes; see input.h. One buffer: what has been read and not delivered
 * lies in it contiguously, and it grows only for a line that does not fit. */
#include "traces/import/input.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "traces/import/unpack.h"

enum { INPUT_CHUNK = 1 << 16, INPUT_PEEK = 4096 };

struct gcr_input {
    struct unpack *stream;
    char *name;
    char *text;
    size_t room;       /* of text; one more byte lies behind it for the end mark */
    size_t begin, end; /* what waits: text[begin .. end) */
    size_t searched;   /* no LF in text[begin .. searched) */
    uint64_t number;
    size_t line_end; /* bytes of the last line's end */
    bool at_end;
    bool wants_ends; /* a last line without an end is a torn one */
    const char *torn;
};

static gcr_status input_create(const char *name, struct gcr_input **out, struct gcr_error *err)
{
    struct gcr_input *input = calloc(1, sizeof *input);
    if (input != NULL) {
        input->name = strdup(name);
        input->room = INPUT_CHUNK;
        input->text = malloc(input->room + 1);
    }
    if (input == NULL || input->name == NULL || input->text == NULL) {
        gcr_input_close(input);
        return gcr_fail(err, GCR_NO_MEMORY, "no memory to read %s", name);
    }
    *out = input;
    return GCR_OK;
}

static gcr_status input_opened(struct gcr_input *input, gcr_status status, struct gcr_input **out,
                               struct gcr_error *err)
{
    if (status == GCR_OK) {
        *out = input;
        return status;
    }
    gcr_error_prefix(err, "%s", input->name);
    gcr_input_close(input);
    return status;
}

gcr_status gcr_input_open(const char *path, struct gcr_input **out, struct gcr_error *err)
{
    struct gcr_input *input = NULL;
    bool is_stdin = strcmp(path, "-") == 0;
    gcr_status status = input_create(is_stdin ? "standard input" : path, &input, err);
    if (status != GCR_OK)
        return status;
    return input_opened(input, unpack_open(path, &input->stream, err), out, err);
}

gcr_status gcr_input_open_memory(const void *bytes, size_t size, const char *name,
                                 struct gcr_input **out, struct gcr_error *err)
{
    struct gcr_input *input = NULL;
    gcr_status status = input_create(name, &input, err);
    if (status != GCR_OK)
        return status;
    return input_opened(input, unpack_open_memory(bytes, size, &input->stream, err), out, err);
}

void gcr_input_close(struct gcr_input *input)
{
    if (input == NULL)
        return;
    unpack_close(input->stream);
    free(input->text);
    free(input->name);
    free(input);
}

void gcr_input_want_ends(struct gcr_input *input)
{
    input->wants_ends = true;
}

/* Room behind what waits: moves it to the front, and grows the buffer if that is not enough. */
static gcr_status input_make_room(struct gcr_input *input, struct gcr_error *err)
{
    if (input->begin > 0) {
        memmove(input->text, input->text + input->begin, input->end - input->begin);
        input->end -= input->begin;
        input->searched -= input->begin;
        input->begin = 0;
    }
    if (input->room - input->end >= INPUT_CHUNK / 2)
        return GCR_OK;
    char *grown = realloc(input->text, input->room * 2 + 1);
    if (grown == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "%s: no memory for a line of %zu bytes", input->name,
                        input->room);
    input->text = grown;
    input->room *= 2;
    return GCR_OK;
}

/* Reads more, or sets at_end. */
static gcr_status input_read(struct gcr_input *input, struct gcr_error *err)
{
    size_t n = 0;
    gcr_status status = input_make_room(input, err);
    if (status != GCR_OK)
        return status;
    status =
        unpack_read(input->stream, input->text + input->end, input->room - input->end, &n, err);
    if (status != GCR_OK) {
        gcr_error_prefix(err, "%s", input->name);
        return status;
    }
    input->end += n;
    input->at_end = n == 0;
    if (input->at_end)
        input->torn = unpack_torn(input->stream);
    return GCR_OK;
}

/* Delivers text[begin .. end_of_line), of which `taken` bytes are used up. */
static void input_deliver(struct gcr_input *input, size_t length, size_t taken, char **line,
                          size_t *out_length)
{
    char *text = input->text + input->begin;
    if (length > 0 && text[length - 1] == '\r')
        length--;
    text[length] = '\0';
    input->line_end = taken - length;
    input->begin += taken;
    input->searched = input->begin;
    input->number++;
    *line = text;
    *out_length = length;
}

/* What is left at the end has no LF. Of data cut short it is half a line: dropped. */
static void input_last_line(struct gcr_input *input, char **line, size_t *length)
{
    size_t left = input->end - input->begin;
    *line = NULL;
    *length = 0;
    if (left == 0)
        return;
    if (input->torn == NULL && !input->wants_ends) {
        input_deliver(input, left, left, line, length);
        return;
    }
    if (input->torn == NULL)
        input->torn = "the last line has no end";
    input->begin = input->searched = input->end;
}

gcr_status gcr_input_line(struct gcr_input *input, char **line, size_t *length,
                          struct gcr_error *err)
{
    for (;;) {
        char *found = memchr(input->text + input->searched, '\n', input->end - input->searched);
        if (found != NULL) {
            size_t bytes = (size_t)(found - input->text) - input->begin;
            if (bytes > GCR_INPUT_LONGEST_LINE)
                break;
            input_deliver(input, bytes, bytes + 1, line, length);
            return GCR_OK;
        }
        input->searched = input->end;
        if (input->end - input->begin > GCR_INPUT_LONGEST_LINE)
            break;
        if (input->at_end) {
            input_last_line(input, line, length);
            return GCR_OK;
        }
        gcr_status status = input_read(input, err);
        if (status != GCR_OK)
            return status;
    }
    return gcr_fail(err, GCR_BAD_INPUT, "%s:%" PRIu64 ": a line of more than %d bytes", input->name,
                    input->number + 1, GCR_INPUT_LONGEST_LINE);
}

size_t gcr_input_line_end(const struct gcr_input *input)
{
    return input->line_end;
}

gcr_status gcr_input_rewind(struct gcr_input *input, struct gcr_error *err)
{
    gcr_status status = unpack_rewind(input->stream, err);
    if (status != GCR_OK) {
        gcr_error_prefix(err, "%s", input->name);
        return status;
    }
    input->begin = input->end = input->searched = 0;
    input->number = 0;
    input->at_end = false;
    input->torn = NULL;
    return GCR_OK;
}

uint64_t gcr_input_number(const struct gcr_input *input)
{
    return input->number;
}

gcr_status gcr_input_peek(struct gcr_input *input, const char **bytes, size_t *count,
                          struct gcr_error *err)
{
    while (!input->at_end && input->end - input->begin < INPUT_PEEK) {
        gcr_status status = input_read(input, err);
        if (status != GCR_OK)
            return status;
    }
    size_t waiting = input->end - input->begin;
    *bytes = input->text + input->begin;
    *count = waiting < INPUT_PEEK ? waiting : INPUT_PEEK;
    return GCR_OK;
}

const char *gcr_input_torn(const struct gcr_input *input)
{
    return input->torn;
}

uint64_t gcr_input_taken(const struct gcr_input *input)
{
    return unpack_taken(input->stream);
}

const char *gcr_input_name(const struct gcr_input *input)
{
    return input->name;
}
