#include "sim/study/metric.h"

#include <math.h>
#include <string.h>

#include "sim/measure/json_at.h"

/* Paths joined by '+' or '-': the sum, NAN if one of them is not known. */
static double metric_sum(const json_t *result, const char *paths)
{
    double sum = 0, sign = 1;
    char path[96];
    while (*paths != '\0') {
        size_t length = strcspn(paths, "+-");
        if (length >= sizeof path)
            return (double)NAN;
        memcpy(path, paths, length);
        path[length] = '\0';
        sum += sign * gcr_json_number_at(result, path);
        sign = paths[length] == '-' ? -1 : 1;
        paths += length + (paths[length] != '\0');
    }
    return sum;
}

/* Times of the modelled twin mean nothing. */
static double metric_time(const json_t *result, const char *paths)
{
    return json_is_object(gcr_json_at(result, "model")) ? (double)NAN : metric_sum(result, paths);
}

/* Over the epochs that began with a process's birth. */
static double metric_cow_pages(const json_t *result, const char *path)
{
    size_t i, k;
    json_t *lane, *epoch;
    double sum = (double)NAN;
    (void)path;
    json_array_foreach(json_object_get(result, "lanes"), i, lane)
    {
        json_array_foreach(json_object_get(lane, "cow"), k, epoch)
        {
            double pages = gcr_json_number_at(epoch, "pages_model");
            if (isnan(pages))
                pages = gcr_json_number_at(epoch, "pages_kernel");
            if (!json_is_true(json_object_get(epoch, "born")) || isnan(pages))
                continue;
            sum = isnan(sum) ? pages : sum + pages;
        }
    }
    return sum;
}

/* CPU time: docs/result.md counts the work done for the collector outside of pauses as the
 * mutator's and as the collector's, and the helpers' as the collector's. */
#define LESS GCR_LESS_IS_BETTER
const struct gcr_metric gcr_metrics[GCR_METRIC_COUNT] = {
    [GCR_METRIC_TIME] = {"time_ns", "total time", "ns", LESS, GCR_OF_TIMED, false, metric_time,
                         "time.mutator_ns+time.collector_ns"},
    [GCR_METRIC_MUTATOR] = {"mutator_ns", "mutator time", "ns", LESS, GCR_OF_TIMED, false,
                            metric_time, "time.mutator_ns"},
    [GCR_METRIC_COLLECTOR] = {"collector_ns", "time in pauses", "ns", LESS, GCR_OF_TIMED, false,
                              metric_time, "time.collector_ns"},
    [GCR_METRIC_CPU] = {"cpu_ns", "CPU time of all threads", "ns", LESS, GCR_OF_TIMED, false,
                        metric_time,
                        "time.mutator_cpu_ns+time.collector_cpu_ns-time.phases.outside_pauses_ns"},
    [GCR_METRIC_COLLECTOR_CPU] = {"collector_cpu_ns", "CPU time of collection", "ns", LESS,
                                  GCR_OF_TIMED, false, metric_time, "time.collector_cpu_ns"},
    [GCR_METRIC_EVENTS_PER_SECOND] = {"events_per_second", "events replayed per second", "1/s",
                                      GCR_MORE_IS_BETTER, GCR_OF_TIMED, false, metric_time,
                                      "time.events_per_second"},
    [GCR_METRIC_PAUSES] = {"pauses", "pauses", "", GCR_NEITHER_IS_BETTER, GCR_OF_BOTH, true,
                           metric_sum, "pauses.count"},
    [GCR_METRIC_PAUSE_P50] = {"pause_p50_ns", "median pause", "ns", LESS, GCR_OF_TIMED, false,
                              metric_time, "pauses.p50_ns"},
    [GCR_METRIC_PAUSE_P99] = {"pause_p99_ns", "99th percentile of pauses", "ns", LESS, GCR_OF_TIMED,
                              false, metric_time, "pauses.p99_ns"},
    [GCR_METRIC_PAUSE_MAX] = {"pause_max_ns", "longest pause", "ns", LESS, GCR_OF_TIMED, false,
                              metric_time, "pauses.max_ns"},
    [GCR_METRIC_REQUEST_P50] = {"request_p50_ns", "median latency of requests", "ns", LESS,
                                GCR_OF_TIMED, false, metric_time, "requests.p50_ns"},
    [GCR_METRIC_REQUEST_P99] = {"request_p99_ns", "99th percentile of latencies", "ns", LESS,
                                GCR_OF_TIMED, false, metric_time, "requests.p99_ns"},
    [GCR_METRIC_REQUEST_MAX] = {"request_max_ns", "longest latency of a request", "ns", LESS,
                                GCR_OF_TIMED, false, metric_time, "requests.max_ns"},
    [GCR_METRIC_PEAK] = {"footprint_peak_bytes", "peak footprint", "bytes", LESS, GCR_OF_BOTH, true,
                         metric_sum, "memory.footprint_peak_bytes"},
    [GCR_METRIC_MEAN] = {"footprint_mean_bytes", "mean footprint", "bytes", LESS, GCR_OF_TIMED,
                         false, metric_time, "memory.footprint_mean_bytes"},
    [GCR_METRIC_OVERHEAD] = {"overhead", "peak footprint over peak live bytes", "", LESS,
                             GCR_OF_BOTH, true, metric_sum, "memory.overhead"},
    [GCR_METRIC_RSS] = {"rss_peak_bytes", "peak resident memory", "bytes", LESS, GCR_OF_TIMED,
                        false, metric_time, "memory.rss_peak_bytes"},
    [GCR_METRIC_L1_MISSES] = {"l1_misses", "L1 data misses", "misses", LESS, GCR_OF_CACHE, true,
                              metric_sum, "cache.total.l1_read_misses+cache.total.l1_write_misses"},
    [GCR_METRIC_L2_MISSES] = {"l2_misses", "L2 misses", "misses", LESS, GCR_OF_CACHE, true,
                              metric_sum, "cache.total.l2_read_misses+cache.total.l2_write_misses"},
    [GCR_METRIC_LLC_MISSES] = {"llc_misses", "last-level misses", "misses", LESS, GCR_OF_CACHE,
                               true, metric_sum,
                               "cache.total.llc_read_misses+cache.total.llc_write_misses"},
    [GCR_METRIC_TLB_MISSES] = {"tlb_misses", "TLB misses (last level)", "misses", LESS,
                               GCR_OF_CACHE, true, metric_sum, "cache.total.tlb2_misses"},
    [GCR_METRIC_TRAFFIC] = {"traffic_bytes", "memory traffic", "bytes", LESS, GCR_OF_CACHE, true,
                            metric_sum,
                            "cache.total.memory_read_bytes+cache.total.memory_write_bytes"},
    [GCR_METRIC_ACCESSES] = {"accesses", "loads and stores", "", LESS, GCR_OF_CACHE, true,
                             metric_sum, "cache.total.reads+cache.total.writes"},
    [GCR_METRIC_COW_PAGES] = {"cow_pages", "pages unshared by forked children", "pages", LESS,
                              GCR_OF_BOTH, true, metric_cow_pages, ""},
};
#undef LESS

double gcr_metric_read(enum gcr_metric_id metric, const json_t *result)
{
    return gcr_metrics[metric].read(result, gcr_metrics[metric].path);
}

enum gcr_metric_id gcr_metric_find(const char *name)
{
    enum gcr_metric_id metric = 0;
    while (metric < GCR_METRIC_COUNT && strcmp(gcr_metrics[metric].name, name) != 0)
        metric++;
    return metric;
}
