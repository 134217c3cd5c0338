#include "bench/gcr_bench.h"

#include <benchmark/benchmark.h>

#include <deque>
#include <string>
#include <vector>

struct gcr_bench {
    benchmark::State *state;
    const gcr_benchmark *benchmark;
};

namespace
{

bool any_failed = false;
std::deque<gcr_benchmark> benchmarks; /* where they are, they stay */

/* ---- one measurement ---- */

void run_once(benchmark::State &state, const gcr_benchmark *benchmark)
{
    gcr_bench b{&state, benchmark};
    void *fixture = benchmark->setup != nullptr ? benchmark->setup(&b) : nullptr;
    if (state.error_occurred())
        return;
    benchmark->run(&b, fixture);
    if (benchmark->teardown != nullptr)
        benchmark->teardown(fixture);
}

/* ---- registration ---- */

const benchmark::TimeUnit unit_of[] = {benchmark::kNanosecond, benchmark::kMicrosecond,
                                       benchmark::kMillisecond, benchmark::kSecond};
const benchmark::BigO complexity_of[] = {benchmark::oNone, benchmark::o1,     benchmark::oLogN,
                                         benchmark::oN,    benchmark::oNLogN, benchmark::oNSquared,
                                         benchmark::oAuto};

std::vector<int64_t> values_of(const gcr_bench_axis &axis)
{
    if (axis.values != nullptr)
        return std::vector<int64_t>(axis.values, axis.values + axis.count);
    const int64_t multiplier = axis.multiplier > 1 ? axis.multiplier : 8;
    std::vector<int64_t> values;
    for (int64_t value = axis.from; value < axis.to; value *= multiplier) {
        values.push_back(value);
        if (value <= 0 || value > axis.to / multiplier)
            break;
    }
    values.push_back(axis.to);
    return values;
}

void set_axes(benchmark::internal::Benchmark *registered, const gcr_benchmark &benchmark)
{
    std::vector<std::string> names;
    std::vector<std::vector<int64_t>> values;
    for (const gcr_bench_axis &axis : benchmark.axes) {
        if (axis.name == nullptr)
            break;
        names.push_back(axis.name);
        values.push_back(values_of(axis));
    }
    if (!names.empty())
        registered->ArgNames(names)->ArgsProduct(values);
}

void set_clock(benchmark::internal::Benchmark *registered, gcr_bench_clock clock)
{
    switch (clock) {
    case GCR_BENCH_CPU:
        break;
    case GCR_BENCH_REAL:
        registered->UseRealTime();
        break;
    case GCR_BENCH_PROCESS_CPU:
        registered->MeasureProcessCPUTime()->UseRealTime();
        break;
    case GCR_BENCH_MANUAL:
        registered->UseManualTime();
        break;
    }
}

} // namespace

void gcr_bench_add(const gcr_benchmark *benchmark)
{
    benchmarks.push_back(*benchmark);
    const gcr_benchmark *kept = &benchmarks.back();
    auto *registered = benchmark::RegisterBenchmark(
        kept->name, [kept](benchmark::State &s) { run_once(s, kept); });
    set_axes(registered, *kept);
    set_clock(registered, kept->clock);
    registered->Unit(unit_of[kept->unit]);
    if (kept->complexity != GCR_BENCH_NO_COMPLEXITY)
        registered->Complexity(complexity_of[kept->complexity]);
    if (kept->iterations > 0)
        registered->Iterations(kept->iterations);
    else if (kept->min_seconds > 0)
        registered->MinTime(kept->min_seconds);
}

int gcr_bench_main(int argc, char **argv, const gcr_benchmark *table, size_t count)
{
    for (size_t i = 0; i < count; i++)
        gcr_bench_add(&table[i]);
    benchmark::AddCustomContext("gcr_check_level", std::to_string(GCR_CHECK_LEVEL));
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 2;
    const size_t selected = benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return selected == 0 ? 2 : any_failed ? 1 : 0;
}

/* ---- inside setup and run ---- */

bool gcr_bench_batch(gcr_bench *b, int64_t n)
{
    return b->state->KeepRunningBatch(n);
}

int64_t gcr_bench_arg(const gcr_bench *b, size_t i)
{
    return b->state->range(i);
}

const void *gcr_bench_context(const gcr_bench *b)
{
    return b->benchmark->context;
}

void gcr_bench_pause(gcr_bench *b)
{
    if (!b->state->error_occurred())
        b->state->PauseTiming();
}

void gcr_bench_resume(gcr_bench *b)
{
    if (!b->state->error_occurred())
        b->state->ResumeTiming();
}

void gcr_bench_set_time(gcr_bench *b, double seconds)
{
    b->state->SetIterationTime(seconds);
}

void gcr_bench_skip(gcr_bench *b, const char *why)
{
    if (!b->state->error_occurred())
        b->state->SkipWithError((std::string("skipped: ") + why).c_str());
}

void gcr_bench_fail(gcr_bench *b, const char *why)
{
    any_failed = true;
    if (!b->state->error_occurred())
        b->state->SkipWithError(why);
}

/* ---- after the last iteration ---- */

int64_t gcr_bench_iterations(const gcr_bench *b)
{
    return static_cast<int64_t>(b->state->iterations());
}

void gcr_bench_items(gcr_bench *b, int64_t items)
{
    b->state->SetItemsProcessed(items);
}

void gcr_bench_bytes(gcr_bench *b, int64_t bytes)
{
    b->state->SetBytesProcessed(bytes);
}

void gcr_bench_label(gcr_bench *b, const char *text)
{
    b->state->SetLabel(text);
}

void gcr_bench_count(gcr_bench *b, const char *name, double value, gcr_bench_counter kind)
{
    using benchmark::Counter;
    static const Counter::Flags flags_of[] = {
        Counter::kDefaults, Counter::kAvgIterations, Counter::kIsRate,
        static_cast<Counter::Flags>(Counter::kIsRate | Counter::kInvert)};
    b->state->counters[name] = Counter(value, flags_of[kind]);
}

void gcr_bench_complexity_n(gcr_bench *b, int64_t n)
{
    b->state->SetComplexityN(n);
}
