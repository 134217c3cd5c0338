/* Object graphs of four shapes for benchmarks of collections, each as two interleaved parts: one
 * that stays reachable and one that has just become garbage.
 *
 * list:  each node refers to the next
 * tree:  complete binary tree
 * wide:  one array that refers to all the others
 * graph: binary tree over a random order of the nodes, each with one more edge to any node
 *
 * Each part is reachable from one object of it, which the last node refers back to: so the garbage
 * is one cycle, and counting designs free none of it before a collection. */
#ifndef GCR_BENCH_GRAPHS_H
#define GCR_BENCH_GRAPHS_H

#include "bench/heap.h"

enum bench_graph {
    BENCH_GRAPH_LIST,
    BENCH_GRAPH_TREE,
    BENCH_GRAPH_WIDE,
    BENCH_GRAPH_RANDOM,
    BENCH_GRAPHS
};
extern const char *const bench_graph_name[BENCH_GRAPHS];

/* Node: 3 slots and 8 bytes of data. */
enum { BENCH_GRAPH_NODE = 1, BENCH_GRAPH_ARRAY, BENCH_GRAPH_SHAPES = BENCH_GRAPH_ARRAY };
extern const struct gcr_shape bench_graph_shapes[BENCH_GRAPH_SHAPES + 1];

/* Root slots that a graph of n nodes needs while it is built. */
size_t bench_graph_roots(size_t n);

struct bench_graph_parts {
    size_t live, dead; /* objects of each part, arrays included */
};

/* Builds a graph of n nodes, of which `survive` in a hundred (0 .. 100) stay reachable: chosen at
 * random, the same ones each time. All root slots must be NULL before; afterwards at most one is
 * not. False: no memory, or the heap is exhausted. O(n). */
bool bench_graph_build(struct bench_heap *h, enum bench_graph graph, size_t n, unsigned survive,
                       struct bench_graph_parts *parts);

/* Drops the reachable part. */
void bench_graph_drop(struct bench_heap *h);

#endif
