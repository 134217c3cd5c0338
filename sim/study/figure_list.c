/* The figures of a report; plots/NAME.gp says how each is drawn. */
#include "sim/study/plots.h"

const struct gcr_figure gcr_figures[] = {
    {"geomean", "All traces together",
     "Geometric means over the traces of the ratios to the baseline, with 95% intervals: left of 1 "
     "is less than the baseline.",
     "geomean", "ratio", NULL, GCR_FIGURE_OF_STUDY,
     "there is no trace that a design and the baseline completed"},
    {"time_memory", "Time against memory",
     "Median total time by heap size, with 95% intervals as bands. Gaps, and crosses beneath: runs "
     "that did not complete. Rings: the design's own heap size, at its peak footprint.",
     "summary", "median", "mode=timed metric=time_ns", GCR_FIGURE_OF_TRACE,
     "no timed run completed"},
    {"lbo", "Cost of collection",
     "Total cost over a lower bound of the cost without collection (LBO), with 95% intervals; "
     "dotted, measured references.",
     "lbo", "lbo", "is_reference=0", GCR_FIGURE_OF_HEAP, "no timed run completed"},
    {"footprint", "Memory over time",
     "Memory held from the system over the program's events, live bytes shaded beneath.",
     "footprint", "footprint_mib", NULL, GCR_FIGURE_OF_HEAP,
     "no completed run kept its footprint over time"},
    {"pauses_distribution", "How long pauses are",
     "Length of pauses by percentile; each further nine takes the same room. Curves end where the "
     "number of pauses supports no further percentile; at the right, the longest pause.",
     "percentiles", "pause_us", NULL, GCR_FIGURE_OF_HEAP, "no completed run has pauses"},
    {"pauses_timeline", "When pauses are",
     "Each pause of the first process over the replay's time; where several share a column of the "
     "picture, the longest.",
     "pauses", "length_us", "lane=0", GCR_FIGURE_OF_HEAP, "no completed run has pauses"},
    {"mmu", "Mutator utilisation",
     "The least share of any time window that the program had for itself (MMU), and the same over "
     "all windows at least as long (BMU).",
     "mmu", "mmu", NULL, GCR_FIGURE_OF_HEAP, "no timed run completed with a list of its pauses"},
    {"latency", "Latency of requests",
     "Latency by percentile: simple, and metered, that is from when a request would have come had "
     "requests been evenly spread within the window named.",
     "latency", "latency_us", NULL, GCR_FIGURE_OF_HEAP, "no trace has requests"},
    {"nursery", "Size of the nursery",
     "Time, misses and footprint over the nursery's size, with the caches of this machine marked.",
     "summary", "median", "design~:nursery=", GCR_FIGURE_OF_HEAP,
     "the study does not vary the size of a nursery"},
    {"misses", "Cache misses by phase",
     "Misses of the modelled caches per KiB that the program allocated, by what the design was "
     "doing.",
     "misses", "l1_misses", NULL, GCR_FIGURE_OF_HEAP, "no modelled run completed (mode cache)"},
    {"cow", "Pages unshared after a fork",
     "Pages that a forked process no longer shares, by the cause of the first store; dashed, the "
     "kernel's own count.",
     "cow", "pages", NULL, GCR_FIGURE_OF_HEAP,
     "no run followed the pages of a fork (mode cache, and a trace with forks)"},
    {"survival", "Survival",
     "Share of the objects examined that collections kept, as means over stretches of the program.",
     "survival", "survived", NULL, GCR_FIGURE_OF_HEAP,
     "no completed run counts the survivors of its collections"},
    {"demographics", "The trace's objects",
     "Sizes, lifetimes and references held, as shares of objects and of bytes.", "demographics",
     "objects", NULL, GCR_FIGURE_OF_TRACE, "no trace of the study can be read any more"},
    {.name = NULL}};
