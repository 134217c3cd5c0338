/* A recording's beginning and end, and what it declares. */
#include "traces/gctrace/recording.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <zstd.h>

#include "traces/section.h"
#include "traces/writer.h"

_Static_assert((int)GCTRACE_DEATHS_EXACT == (int)GCR_DEATHS_EXACT &&
                   (int)GCTRACE_DEATHS_GRANULATED == (int)GCR_DEATHS_GRANULATED &&
                   (int)GCTRACE_READS_EXACT == (int)GCR_READS_EXACT &&
                   (int)GCTRACE_STORES_SAMPLED == (int)GCR_STORES_SAMPLED &&
                   (int)GCTRACE_ROOTS_SYNTHESISED == (int)GCR_ROOTS_SYNTHESISED,
               "promises are capabilities");
_Static_assert((int)GCTRACE_ACYCLIC == (int)GCR_SHAPE_ACYCLIC &&
                   (int)GCTRACE_FINALIZER == (int)GCR_SHAPE_FINALIZER &&
                   (int)GCTRACE_WEAK == (int)GCR_SHAPE_WEAK &&
                   (int)GCTRACE_PINNED == (int)GCR_SHAPE_PINNED &&
                   (int)GCTRACE_RESIZABLE == (int)GCR_SHAPE_RESIZABLE,
               "flags of shapes are the format's");

/* ---- opening ---- */

static gcr_status open_check(const gctrace_options *options, struct gcr_error *err)
{
    if (options->size != sizeof *options || options->reserved[0] != 0 ||
        options->reserved[1] != 0 || options->reserved[2] != 0)
        return gcr_fail(err, GCR_USAGE, "options: begin with GCTRACE_OPTIONS");
    if (options->fork_handlers && !options->forks)
        return gcr_fail(err, GCR_USAGE, "options: fork_handlers without forks");
    if (options->level < ZSTD_minCLevel() || options->level > ZSTD_maxCLevel())
        return gcr_fail(err, GCR_USAGE, "options: level %d, expected %d .. %d", options->level,
                        ZSTD_minCLevel(), ZSTD_maxCLevel());
    return GCR_OK;
}

static gcr_status open_locks(struct gctrace *recording, struct gcr_error *err)
{
    if (gate_init(recording) == 0 && pthread_mutex_init(&recording->drain, NULL) == 0 &&
        pthread_mutex_init(&recording->names, NULL) == 0 &&
        pthread_mutex_init(&recording->failure_lock, NULL) == 0)
        return GCR_OK;
    return gcr_fail(err, GCR_NO_MEMORY, "no locks");
}

static gcr_status open_file(struct gctrace *recording, const char *path, int level,
                            struct gcr_error *err)
{
    const gctrace_options *o = &recording->promises;
    const struct gcr_capabilities capabilities = {.stores = o->stores,
                                                  .loads = o->loads,
                                                  .reads = o->reads,
                                                  .deaths = o->deaths,
                                                  .roots = o->roots,
                                                  /* a forked lane begins with a THREAD */
                                                  .threads = o->threads || o->forks,
                                                  .forks = o->forks,
                                                  .times = o->times};
    gcr_status status = gct_check_capabilities(&capabilities, err);
    if (status == GCR_OK)
        status = trace_file_create(&recording->file, path, &capabilities, level, err);
    return status;
}

static void recording_free(struct gctrace *recording)
{
    for (struct gctrace_thread *thread = recording->threads, *next; thread != NULL; thread = next) {
        next = thread->next;
        free(thread);
    }
    gcr_block_encoder_destroy(recording->encoder);
    free(recording->block);
    free(recording->out);
    free(recording->shapes);
    free(recording->free_names);
    free(recording);
}

static gcr_status open_fill(struct gctrace *recording, const char *path, struct gcr_error *err)
{
    struct timespec now;
    int level = recording->promises.level == 0 ? GCR_DEFAULT_ZSTD_LEVEL : recording->promises.level;
    clock_gettime(CLOCK_MONOTONIC, &now);
    recording->start_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    recording->pid = getpid();
    recording->next_name = 1;
    recording->block = malloc(sizeof *recording->block * GCR_BLOCK_EVENTS);
    recording->out = malloc(gcr_block_bound(GCR_BLOCK_EVENTS));
    if (recording->block == NULL || recording->out == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for a recording");
    gcr_status status = gcr_block_encoder_create(level, &recording->encoder, err);
    if (status == GCR_OK)
        status = open_locks(recording, err);
    if (status == GCR_OK)
        status = open_file(recording, path, level, err);
    return status;
}

static gctrace_status open_tell(gcr_status status, const struct gcr_error *err, char *message,
                                size_t message_bytes)
{
    if (message != NULL && message_bytes > 0)
        (void)snprintf(message, message_bytes, "%s", status == GCR_OK ? "" : err->text);
    return status == GCR_OK          ? GCTRACE_OK
           : status == GCR_IO        ? GCTRACE_IO
           : status == GCR_NO_MEMORY ? GCTRACE_NO_MEMORY
                                     : GCTRACE_USAGE;
}

gctrace_status gctrace_open(const char *path, const gctrace_options *options, gctrace **out,
                            char *message, size_t message_bytes)
{
    const gctrace_options defaults = GCTRACE_OPTIONS;
    struct gcr_error err;
    struct gctrace *recording = NULL;
    gcr_status status = open_check(options != NULL ? options : &defaults, &err);
    if (status == GCR_OK) {
        recording = aligned_alloc(_Alignof(struct gctrace), sizeof *recording);
        if (recording == NULL)
            status = gcr_fail(&err, GCR_NO_MEMORY, "no memory for a recording");
    }
    if (recording != NULL) {
        memset(recording, 0, sizeof *recording);
        recording->promises = options != NULL ? *options : defaults;
        status = open_fill(recording, path, &err);
    }
    if (status != GCR_OK) {
        if (recording != NULL)
            recording_free(recording);
        return open_tell(status, &err, message, message_bytes);
    }
    (void)gctrace_note(recording, "recorder", "gctrace " GCR_VERSION);
    if (recording->promises.fork_handlers && !forks_handle(recording))
        (void)recording_fail(recording, GCTRACE_NO_MEMORY, "no room for a fork handler");
    *out = recording;
    return GCTRACE_OK;
}

/* ---- writing out ---- */

gctrace_status gctrace_flush(gctrace *recording)
{
    uint64_t tickets;
    if (gate_close(recording, &tickets)) {
        (void)drain_write(recording);
        gate_open(recording, tickets);
    }
    return gctrace_get_status(recording, NULL);
}

void gctrace_exit(gctrace *recording, uint32_t status)
{
    uint64_t tickets;
    if (!gate_close(recording, &tickets))
        return;
    const struct gcr_event end = {.op = GCR_OP_EXIT, .a = status};
    if (recording_runs(recording) && drain_emit(recording, recording->current, &end) &&
        drain_write(recording)) {
        uint32_t runs = RECORDING_RUNS;
        (void)atomic_compare_exchange_strong(&recording->state, &runs, RECORDING_ENDED);
    }
    recording->is_over = true;
    gate_open(recording, tickets);
}

/* What was recorded before an error is good; the metadata says why it is not all. */
static void close_after_failure(struct gctrace *recording)
{
    uint32_t failed = atomic_exchange(&recording->state, RECORDING_ENDED);
    if (failed != RECORDING_FAILED || recording->failure == GCTRACE_IO ||
        recording->pid != getpid())
        return;
    (void)drain_write(recording);
    (void)gctrace_note(recording, "stopped", recording->message);
}

gctrace_status gctrace_close(gctrace *recording, char *message, size_t message_bytes)
{
    struct gcr_error err;
    if (recording->promises.fork_handlers)
        forks_forget(recording);
    (void)gctrace_flush(recording);
    close_after_failure(recording);
    bool is_broken = recording->failure == GCTRACE_IO;
    gcr_status left = trace_file_leave(&recording->file, is_broken, &err);
    if (left != GCR_OK)
        (void)recording_fail_as(recording, left, &err);
    const char *text;
    gctrace_status status = gctrace_get_status(recording, &text);
    if (message != NULL && message_bytes > 0)
        (void)snprintf(message, message_bytes, "%s", text);
    recording_free(recording);
    return status;
}

/* ---- shapes ---- */

static size_t shape_format(const void *what, uint32_t number, void *out, size_t size)
{
    struct gcr_shape shape = *(const struct gcr_shape *)what;
    shape.number = number;
    return gcr_format_shape_section(&shape, out, size);
}

/* Other processes declare shapes too: numbers may be missing here. With the drain lock held. */
static bool shape_keep(struct gctrace *recording, const struct gcr_shape *shape, uint32_t number)
{
    if (number >= recording->shape_room) {
        uint32_t room = number * 2 + 32;
        struct gcr_shape *shapes = realloc(recording->shapes, sizeof *shapes * room);
        if (shapes == NULL)
            return false;
        memset(shapes + recording->shape_room, 0, sizeof *shapes * (room - recording->shape_room));
        recording->shapes = shapes;
        recording->shape_room = room;
    }
    recording->shapes[number] = *shape;
    recording->limits.shapes = recording->shapes;
    if (number > recording->limits.shape_count)
        recording->limits.shape_count = number;
    return true;
}

static gcr_status shape_declare(struct gctrace *recording, const struct gcr_shape *shape,
                                uint32_t *number, struct gcr_error *err)
{
    gcr_status status = gct_check_shape(shape, err);
    if (status == GCR_OK)
        status = trace_file_append_shape(&recording->file, shape_format, shape, number, err);
    if (status == GCR_OK && *number > GCR_SHAPE_MAX_NUMBER)
        status = gcr_fail(err, GCR_USAGE, "more than %d shapes", GCR_SHAPE_MAX_NUMBER);
    if (status == GCR_OK && !shape_keep(recording, shape, *number))
        status = gcr_fail(err, GCR_NO_MEMORY, "no memory for a shape");
    return status;
}

uint32_t gctrace_declare_shape(gctrace *recording, const gctrace_shape *given)
{
    struct gcr_error err;
    struct gcr_shape shape = {.field_bytes = given->fixed_bytes,
                              .slots = given->slots,
                              .item_bytes = given->item_bytes,
                              .item_slots = given->item_slots,
                              .flags = given->flags};
    uint32_t number = 0;
    if (!recording_runs(recording))
        return 0;
    (void)snprintf(shape.name, sizeof shape.name, "%s", given->name);
    if (shape.slots > 0 || shape.item_slots > 0 || (shape.flags & GCR_SHAPE_WEAK) != 0)
        shape.flags |= GCR_SHAPE_CONTAINER;
    (void)pthread_mutex_lock(&recording->drain);
    gcr_status status = shape_declare(recording, &shape, &number, &err);
    (void)pthread_mutex_unlock(&recording->drain);
    if (status == GCR_OK)
        return number;
    (void)recording_fail_as(recording, status, &err);
    return 0;
}

/* ---- names and notes ---- */

static size_t name_format(const void *what, uint32_t number, void *out, size_t size)
{
    return gcr_format_name_section(number, what, out, size);
}

uint32_t gctrace_declare_phase(gctrace *recording, const char *name)
{
    struct gcr_error err;
    uint32_t number = 0;
    gcr_status status = GCR_OK;
    if (!recording_runs(recording))
        return 0;
    if (!gct_is_printable(name, strlen(name), GCT_MAX_NAME_BYTES))
        status = gcr_fail(&err, GCR_USAGE, "a phase's name must have 1 to %d printable bytes",
                          GCT_MAX_NAME_BYTES);
    (void)pthread_mutex_lock(&recording->drain);
    if (status == GCR_OK)
        status = trace_file_append_name(&recording->file, name_format, name, &number, &err);
    if (status == GCR_OK)
        recording->limits.name_count = number;
    (void)pthread_mutex_unlock(&recording->drain);
    if (status == GCR_OK)
        return number;
    (void)recording_fail_as(recording, status, &err);
    return 0;
}

/* Bytes of the UTF-8 character at `c`, 0 if there is none. */
static unsigned note_character(const unsigned char *c)
{
    static const unsigned least[5] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned bytes = *c < 0x80 ? 1 : *c >> 5 == 6 ? 2 : *c >> 4 == 14 ? 3 : *c >> 3 == 30 ? 4 : 0;
    unsigned code = bytes < 2 ? *c : *c & (0x7fu >> bytes);
    for (unsigned i = 1; i < bytes; i++) {
        if (c[i] >> 6 != 2)
            return 0;
        code = code << 6 | (c[i] & 63u);
    }
    bool is_code = code >= least[bytes] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    return is_code ? bytes : 0;
}

/* A JSON string; bytes that are no UTF-8 become '?'. Returns its end. */
static char *note_quote(const char *text, char *out)
{
    *out++ = '"';
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0';) {
        unsigned bytes = note_character(c);
        if (bytes == 1 && *c < 0x20) {
            out += sprintf(out, "\\u%04x", *c++);
        } else if (bytes == 0) {
            *out++ = '?';
            c++;
        } else {
            if (*c == '"' || *c == '\\')
                *out++ = '\\';
            while (bytes-- > 0)
                *out++ = (char)*c++;
        }
    }
    *out++ = '"';
    return out;
}

gctrace_status gctrace_note(gctrace *recording, const char *key, const char *value)
{
    struct gcr_error err;
    gcr_status status;
    size_t room = 6 * (strlen(key) + strlen(value)) + 16;
    char *json = malloc(room + GCT_SECTION_HEADER_BYTES + room);
    if (json == NULL || room > GCT_MAX_META_BYTES) {
        free(json);
        return recording_fail(recording, GCTRACE_NO_MEMORY, "no memory for a note of %zu bytes",
                              room);
    }
    char *end = json;
    *end++ = '{';
    end = note_quote(key, end);
    *end++ = ':';
    end = note_quote(value, end);
    *end++ = '}';
    *end = '\0';
    size_t size = gcr_format_meta_section(json, json + room, GCT_SECTION_HEADER_BYTES + room);
    status = trace_file_append(&recording->file, json + room, size, &err);
    free(json);
    return status == GCR_OK ? GCTRACE_OK : recording_fail_as(recording, status, &err);
}
