#include "bench/graphs.h"

#include <stdlib.h>
#include <string.h>

const char *const bench_graph_name[BENCH_GRAPHS] = {"list", "tree", "wide", "graph"};

const struct gcr_shape bench_graph_shapes[BENCH_GRAPH_SHAPES + 1] = {
    [BENCH_GRAPH_NODE] = {.field_bytes = 32,
                          .slots = 3,
                          .flags = GCR_SHAPE_CONTAINER,
                          .number = BENCH_GRAPH_NODE},
    [BENCH_GRAPH_ARRAY] = {.item_bytes = 8,
                           .item_slots = 1,
                           .flags = GCR_SHAPE_CONTAINER,
                           .number = BENCH_GRAPH_ARRAY},
};

/* The roots: the nodes in order of their birth, then the two arrays of `wide`. */
size_t bench_graph_roots(size_t n)
{
    return n + 2;
}

struct builder {
    struct bench_heap *heap;
    size_t n;
    uint64_t random;
};

static uint64_t builder_random(struct builder *t)
{
    t->random ^= t->random << 13;
    t->random ^= t->random >> 7;
    t->random ^= t->random << 17;
    return t->random >> 11;
}

static void set(struct builder *t, size_t object, uint32_t slot, size_t value)
{
    struct bench_heap *h = t->heap;
    h->loops->ops->store(h->heap, h->roots[object], slot, h->roots[value]);
}

static bool make(struct builder *t, int shape, uint32_t length, size_t root)
{
    struct bench_heap *h = t->heap;
    return h->loops->alloc(h->heap, &bench_graph_shapes[shape], length, &h->roots[root], 1, 1) == 1;
}

/* ---- the shapes: members are root numbers, the first is what everything is reached from ---- */

static void link_list(struct builder *t, const uint32_t *member, size_t count)
{
    for (size_t i = 0; i + 1 < count; i++)
        set(t, member[i], 0, member[i + 1]);
}

static void link_tree(struct builder *t, const uint32_t *member, size_t count)
{
    for (size_t i = 1; i < count; i++)
        set(t, member[(i - 1) / 2], (uint32_t)((i - 1) % 2), member[i]);
}

static void link_random(struct builder *t, const uint32_t *member, size_t count)
{
    link_tree(t, member, count);
    for (size_t i = 0; i < count; i++)
        set(t, member[i], 2, member[builder_random(t) % count]);
}

/* The array is the part's first object, and was made before all of its nodes. */
static void link_wide(struct builder *t, size_t array, const uint32_t *member, size_t count)
{
    for (size_t i = 0; i < count; i++)
        set(t, array, (uint32_t)i, member[i]);
}

/* Links one part; returns the root number of what it is reached from. */
static size_t link_part(struct builder *t, enum bench_graph graph, size_t array, uint32_t *member,
                        size_t count)
{
    size_t first = member[0];
    switch (graph) {
    case BENCH_GRAPH_LIST:
        link_list(t, member, count);
        break;
    case BENCH_GRAPH_TREE:
        link_tree(t, member, count);
        break;
    case BENCH_GRAPH_WIDE:
        link_wide(t, array, member, count);
        first = array;
        break;
    default:
        bench_shuffle(member, count);
        link_random(t, member, count);
        first = member[0];
        break;
    }
    set(t, member[count - 1], 2, first);
    return first;
}

/* ---- building ---- */

/* Which nodes survive: the first `live` entries of *member, in order of birth; the rest follow. */
static size_t choose(struct builder *t, uint32_t *member, unsigned survive)
{
    size_t live = 0, dead = t->n;
    for (uint32_t i = 0; i < t->n; i++) {
        if (builder_random(t) % 100 < survive)
            member[live++] = i;
        else
            member[--dead] = i;
    }
    for (size_t i = live, j = t->n; i + 1 < j; i++) { /* the dead were put in backwards */
        uint32_t value = member[--j];
        member[j] = member[i];
        member[i] = value;
    }
    return live;
}

static bool make_all(struct builder *t, enum bench_graph graph, size_t live)
{
    struct bench_heap *h = t->heap;
    if (graph == BENCH_GRAPH_WIDE &&
        !((live == 0 || make(t, BENCH_GRAPH_ARRAY, (uint32_t)live, t->n)) &&
          (live == t->n || make(t, BENCH_GRAPH_ARRAY, (uint32_t)(t->n - live), t->n + 1))))
        return false;
    return h->loops->alloc(h->heap, &bench_graph_shapes[BENCH_GRAPH_NODE], 0, h->roots, 1, t->n) ==
           t->n;
}

/* Only `kept` stays in a root. */
static void clear_roots(struct builder *t, size_t kept)
{
    struct bench_heap *h = t->heap;
    gcr_ref none = NULL;
    for (size_t i = 0; i < bench_graph_roots(t->n); i++)
        if (i != kept && h->roots[i] != NULL)
            h->loops->root(h->heap, &h->roots[i], false, &none, 1);
}

bool bench_graph_build(struct bench_heap *h, enum bench_graph graph, size_t n, unsigned survive,
                       struct bench_graph_parts *parts)
{
    struct builder t = {.heap = h, .n = n, .random = UINT64_C(88172645463325252)};
    uint32_t *member = malloc(n * sizeof *member);
    size_t live, kept = SIZE_MAX;
    if (member == NULL)
        return false;
    live = choose(&t, member, survive);
    bool made = make_all(&t, graph, live);
    if (made && live > 0)
        kept = link_part(&t, graph, n, member, live);
    if (made && live < n)
        (void)link_part(&t, graph, n + 1, member + live, n - live);
    clear_roots(&t, made ? kept : SIZE_MAX);
    size_t arrays = graph == BENCH_GRAPH_WIDE;
    *parts =
        (struct bench_graph_parts){live > 0 ? live + arrays : 0, live < n ? n - live + arrays : 0};
    free(member);
    return made;
}

void bench_graph_drop(struct bench_heap *h)
{
    gcr_ref none = NULL;
    for (size_t i = 0; i < h->root_count; i++)
        if (h->roots[i] != NULL)
            h->loops->root(h->heap, &h->roots[i], false, &none, 1);
}
