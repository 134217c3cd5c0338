#include "bench/shim.h"

#include <benchmark/benchmark.h>

static void run_case(benchmark::State &state, const bench_case *row)
{
    const char *refused = row->prepare(row->arg);
    if (refused != nullptr) {
        state.SkipWithError(refused);
        return;
    }
    uint64_t items = 0;
    for (auto _ : state)
        items += row->run(row->arg);
    state.SetItemsProcessed(static_cast<int64_t>(items));
    if (row->finish != nullptr)
        row->finish();
}

int bench_main(int argc, char **argv, const bench_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        benchmark::RegisterBenchmark(cases[i].name, run_case, &cases[i])
            ->Unit(benchmark::kMillisecond);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 2;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
