/* Heap sizes; see heap_size.h. */
#include "sim/cmd/heap_size.h"

#include "sim/cmd/progress.h"
#include "sim/oracle/oracle.h"

gcr_status gcr_heap_size_parse(const char *text, struct gcr_heap_word *out, struct gcr_error *err)
{
    if (text == NULL)
        text = "native";
    if (gcr_heap_word_parse(text, out) && out->kind != GCR_HEAP_MINIMUM_MULTIPLE)
        return GCR_OK;
    return gcr_fail(err, GCR_USAGE,
                    "--heap cannot be '%.64s'; allowed: native, bytes (64M), or a multiple of the "
                    "trace's peak live bytes (2.5x, %g .. %gx)",
                    text, gcr_heap_least_factor, gcr_heap_most_factor);
}

gcr_status gcr_heap_size_resolve(const struct gcr_heap_word *size, struct gcr_reader *reader,
                                 uint64_t *budget_bytes, struct gcr_error *err)
{
    *budget_bytes = size->kind == GCR_HEAP_BYTES ? size->bytes : 0;
    if (size->kind != GCR_HEAP_LIVE_MULTIPLE)
        return GCR_OK;
    uint64_t peak = 0;
    struct gcr_bar bar;
    gcr_bar_begin_events(&bar, "peak live", gcr_reader_events(reader));
    gcr_reader_watch(reader, gcr_bar_count, &bar);
    gcr_status status = gcr_trace_peak_live(reader, &peak, err);
    gcr_bar_end(&bar);
    gcr_reader_watch(reader, NULL, NULL);
    if (status == GCR_OK && peak == 0)
        status = gcr_fail(err, GCR_USAGE,
                          "%s: a multiple of its peak live bytes is no heap size: "
                          "nothing is ever live",
                          gcr_reader_path(reader));
    if (status == GCR_OK)
        *budget_bytes = (uint64_t)(size->factor * (double)peak + 0.5);
    return status;
}
