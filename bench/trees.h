/* A program in the manner of GCBench (Ellis, Kovac, Boehm) on a copying heap of its own, small
 * enough to be compiled as a whole like a modelled twin: binary trees that live long and short,
 * walks, and random updates of the long-lived one. */
#ifndef GCR_BENCH_TREES_H
#define GCR_BENCH_TREES_H

#include <stddef.h>
#include <stdint.h>

/* Runs it once in two halves of `half_bytes`; the heap is empty before and after. Returns a
 * checksum. */
typedef uint64_t trees_run(char *heap, size_t half_bytes);
trees_run trees_run_timed, trees_run_modelled; /* the same source */

#endif
