/* misses.csv: what the cache model counted, by phase. */
#include "sim/measure/json_at.h"
#include "sim/study/series_parts.h"

static double misses_of(const json_t *counts, const char *reads, const char *writes)
{
    return gcr_json_number_at(counts, reads) + gcr_json_number_at(counts, writes);
}

void gcr_series_misses(struct gcr_csv *csv, const struct gcr_point *point, const json_t *document)
{
    double allocated_bytes = gcr_json_number_at(document, "objects.allocated_bytes");
    const char *phase;
    json_t *counts;
    json_object_foreach((json_t *)gcr_json_at(document, "cache.phases"), phase, counts)
    {
        gcr_series_begin_row(csv, point);
        gcr_csv_text(csv, phase);
        gcr_csv_real(csv, allocated_bytes / 1024);
        gcr_csv_real(csv, misses_of(counts, "l1_read_misses", "l1_write_misses"));
        gcr_csv_real(csv, misses_of(counts, "l2_read_misses", "l2_write_misses"));
        gcr_csv_real(csv, misses_of(counts, "llc_read_misses", "llc_write_misses"));
        gcr_csv_real(csv, gcr_json_number_at(counts, "tlb2_misses"));
        gcr_csv_end_row(csv);
    }
}
