/* Heap sizes; see heap_size.h. */
#include "sim/cmd/heap_size.h"

#include <stdlib.h>
#include <string.h>

#include "base/option.h"
#include "sim/cmd/progress.h"
#include "sim/oracle/oracle.h"

static const double heap_least_factor = 0.01, heap_most_factor = 1000;

gcr_status gcr_heap_size_parse(const char *text, struct gcr_heap_size *out, struct gcr_error *err)
{
    *out = (struct gcr_heap_size){.kind = GCR_HEAP_NATIVE};
    if (text == NULL || strcmp(text, "native") == 0)
        return GCR_OK;
    char *end = NULL;
    size_t length = strlen(text);
    if (length > 1 && text[length - 1] == 'x' && strspn(text, "0123456789.") == length - 1) {
        out->kind = GCR_HEAP_MULTIPLE;
        out->factor = strtod(text, &end);
        if (end == text + length - 1 && out->factor >= heap_least_factor &&
            out->factor <= heap_most_factor)
            return GCR_OK;
    } else if (gcr_parse_bytes(text, &out->bytes) && out->bytes > 0) {
        out->kind = GCR_HEAP_BYTES;
        return GCR_OK;
    }
    return gcr_fail(err, GCR_USAGE,
                    "--heap cannot be '%.64s'; allowed: native, bytes (64M), or a multiple of the "
                    "trace's peak live bytes (2.5x, %g .. %gx)",
                    text, heap_least_factor, heap_most_factor);
}

gcr_status gcr_heap_size_resolve(const struct gcr_heap_size *size, struct gcr_reader *reader,
                                 uint64_t *budget_bytes, struct gcr_error *err)
{
    *budget_bytes = size->kind == GCR_HEAP_BYTES ? size->bytes : 0;
    if (size->kind != GCR_HEAP_MULTIPLE)
        return GCR_OK;
    uint64_t peak = 0;
    struct gcr_bar bar;
    gcr_bar_begin(&bar, "peak live", gcr_reader_events(reader));
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
