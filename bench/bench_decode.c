/* What decoding a trace costs: bench/README.md. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zstd.h>

#include "bench/gcr_bench.h"
#include "traces/block.h"
#include "traces/reader.h"
#include "traces/section.h"

enum { BATCH = 4096 };

static const char *trace_path(void)
{
    const char *given = getenv("GCR_BENCH_TRACE");
    return given != NULL ? given : BENCH_TRACE;
}

static struct gcr_reader *open_reader(struct gcr_bench *b)
{
    struct gcr_reader *reader = NULL;
    struct gcr_error err;
    if (gcr_reader_open(trace_path(), &reader, &err) != GCR_OK)
        gcr_bench_fail(b, err.text);
    return reader;
}

/* ---- events ---- */

static void *inline_setup(struct gcr_bench *b)
{
    return open_reader(b);
}

static void *ahead_setup(struct gcr_bench *b)
{
    struct gcr_reader *reader = open_reader(b);
    if (reader != NULL)
        gcr_reader_decode_ahead(reader, true);
    return reader;
}

static void reader_teardown(void *fixture)
{
    gcr_reader_close(fixture);
}

/* Looks at one event of each cache line, as the replay's preparation does. */
static gcr_status read_lane(struct gcr_reader *reader, uint32_t lane, uint64_t *sum,
                            struct gcr_error *err)
{
    struct gcr_cursor *cursor;
    const struct gcr_event *events;
    size_t n = 1;
    gcr_status status = gcr_cursor_open(reader, lane, &cursor, err);
    if (status != GCR_OK)
        return status;
    while (status == GCR_OK && n > 0) {
        status = gcr_cursor_next(cursor, BATCH, &events, &n, err);
        for (size_t i = 0; i < n; i += 2)
            *sum += events[i].a;
    }
    gcr_cursor_close(cursor);
    return status;
}

static void events_run(struct gcr_bench *b, void *fixture)
{
    struct gcr_reader *reader = fixture;
    struct gcr_error err;
    uint64_t sum = 0;
    while (gcr_bench_batch(b, 1))
        for (uint32_t lane = 0; lane < gcr_reader_lane_count(reader); lane++)
            if (read_lane(reader, lane, &sum, &err) != GCR_OK)
                gcr_bench_fail(b, err.text);
    gcr_bench_items(b, gcr_bench_iterations(b) * (int64_t)gcr_reader_events(reader));
    gcr_bench_count(b, "bytes_per_event",
                    (double)gcr_reader_file_bytes(reader) / (double)gcr_reader_events(reader),
                    GCR_BENCH_VALUE);
    gcr_bench_label(b, sum == 0 ? "no events" : "");
}

/* ---- zstd alone: what no decoder can go below ---- */

struct frames {
    int file;
    struct gcr_reader *reader;
    ZSTD_DCtx *zstd;
    uint8_t *stored, *raw; /* for one block */
};

static void frames_teardown(void *fixture)
{
    struct frames *f = fixture;
    if (f->file >= 0)
        close(f->file);
    gcr_reader_close(f->reader);
    ZSTD_freeDCtx(f->zstd);
    free(f->stored);
    free(f->raw);
    free(f);
}

static void *frames_setup(struct gcr_bench *b)
{
    struct frames *f = calloc(1, sizeof *f);
    if (f == NULL) {
        gcr_bench_fail(b, "no memory");
        return NULL;
    }
    f->file = open(trace_path(), O_RDONLY | O_CLOEXEC);
    f->reader = open_reader(b);
    f->zstd = ZSTD_createDCtx();
    f->stored = malloc(gcr_block_bound(GCR_BLOCK_EVENTS));
    f->raw = malloc(gct_raw_bound(GCR_BLOCK_EVENTS));
    if (f->reader != NULL && f->file >= 0 && f->zstd != NULL && f->stored != NULL && f->raw != NULL)
        return f;
    gcr_bench_fail(b, "no memory, or no trace");
    frames_teardown(f);
    return NULL;
}

/* Reads a block and decompresses it; returns the bytes that came out, 0 if that failed. */
static size_t decompress(const struct frames *f, const struct gcr_section_info *section)
{
    size_t bytes = (size_t)section->stored_bytes;
    if (pread(f->file, f->stored, bytes, (off_t)section->offset) != (ssize_t)bytes)
        return 0;
    size_t got =
        ZSTD_decompressDCtx(f->zstd, f->raw, (size_t)section->raw_bytes,
                            f->stored + GCT_SECTION_HEADER_BYTES, bytes - GCT_SECTION_HEADER_BYTES);
    return ZSTD_isError(got) ? 0 : got;
}

static void zstd_run(struct gcr_bench *b, void *fixture)
{
    const struct frames *f = fixture;
    uint64_t bytes = 0;
    while (gcr_bench_batch(b, 1)) {
        for (uint64_t i = 0; i < gcr_reader_section_count(f->reader); i++) {
            const struct gcr_section_info *section = gcr_reader_section(f->reader, i);
            size_t got = section->kind == GCR_SECTION_EVENTS ? decompress(f, section) : 1;
            if (got == 0)
                gcr_bench_fail(b, "a block cannot be decompressed");
            bytes += got;
        }
    }
    gcr_bench_items(b, gcr_bench_iterations(b) * (int64_t)gcr_reader_events(f->reader));
    gcr_bench_bytes(b, (int64_t)bytes);
}

int main(int argc, char **argv)
{
    static const struct gcr_benchmark table[] = {
        {.name = "inline",
         .run = events_run,
         .setup = inline_setup,
         .teardown = reader_teardown,
         .clock = GCR_BENCH_REAL,
         .unit = GCR_BENCH_MS},
        {.name = "ahead",
         .run = events_run,
         .setup = ahead_setup,
         .teardown = reader_teardown,
         .clock = GCR_BENCH_REAL,
         .unit = GCR_BENCH_MS},
        {.name = "zstd",
         .run = zstd_run,
         .setup = frames_setup,
         .teardown = frames_teardown,
         .clock = GCR_BENCH_REAL,
         .unit = GCR_BENCH_MS},
    };
    return gcr_bench_main(argc, argv, table, sizeof table / sizeof *table);
}
