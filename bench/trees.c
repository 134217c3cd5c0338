/* Cheney, "A nonrecursive list compacting algorithm", CACM 13(11), 1970: objects are copied in
 * breadth-first order, and a copied object's header becomes its new address. Headers are odd. */
#include "bench/trees.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"

enum {
    ROOTS = 64,
    LONG_DEPTH = 16,
    LEAST_DEPTH = 4,
    MOST_DEPTH = 14,
    LOOKUPS = 50000,
    SWAPS = 10000
};

struct tree {
    uintptr_t header; /* 1, or the copy's address */
    struct tree *left, *right;
    uint64_t value;
};

struct forest {
    char *from, *to, *free, *limit;
    size_t half_bytes;
    struct tree *roots[ROOTS];
    unsigned depth;
    uint64_t random;
};

static struct tree *forest_copy(struct tree *tree, char **free)
{
    if (tree == NULL)
        return NULL;
    if (tree->header != 1)
        return (struct tree *)tree->header;
    struct tree *copy = (struct tree *)(void *)*free;
    *copy = *tree;
    *free += sizeof *copy;
    tree->header = (uintptr_t)copy;
    return copy;
}

static void forest_collect(struct forest *f)
{
    char *scan = f->to, *free = f->to;
    for (unsigned i = 0; i < ROOTS; i++)
        f->roots[i] = forest_copy(f->roots[i], &free);
    for (; scan < free; scan += sizeof(struct tree)) {
        struct tree *tree = (struct tree *)(void *)scan;
        tree->left = forest_copy(tree->left, &free);
        tree->right = forest_copy(tree->right, &free);
    }
    char *old = f->from;
    f->from = f->to;
    f->to = old;
    f->free = free;
    f->limit = f->from + f->half_bytes;
}

static struct tree *forest_alloc(struct forest *f)
{
    if (f->free + sizeof(struct tree) > f->limit) {
        forest_collect(f);
        GCR_CHECK(0, f->free + sizeof(struct tree) <= f->limit);
    }
    struct tree *tree = (struct tree *)(void *)f->free;
    f->free += sizeof *tree;
    memset(tree, 0, sizeof *tree);
    tree->header = 1;
    return tree;
}

static uint64_t forest_random(struct forest *f)
{
    f->random ^= f->random << 13;
    f->random ^= f->random >> 7;
    f->random ^= f->random << 17;
    return f->random;
}

/* Bottom up; subtrees are roots until they have a parent. */
static struct tree *forest_grow(struct forest *f, unsigned depth)
{
    if (depth > 0) {
        f->roots[f->depth] = forest_grow(f, depth - 1);
        f->depth++;
        f->roots[f->depth] = forest_grow(f, depth - 1);
        f->depth++;
    }
    struct tree *tree = forest_alloc(f);
    tree->value = depth;
    if (depth > 0) {
        tree->right = f->roots[--f->depth];
        f->roots[f->depth] = NULL;
        tree->left = f->roots[--f->depth];
        f->roots[f->depth] = NULL;
    }
    return tree;
}

static uint64_t forest_walk(const struct tree *tree)
{
    return tree == NULL ? 0 : tree->value + forest_walk(tree->left) + forest_walk(tree->right);
}

/* To a random node, `steps` down. */
static struct tree *forest_descend(struct forest *f, unsigned steps)
{
    struct tree *tree = f->roots[0];
    uint64_t way = forest_random(f);
    for (unsigned i = 0; i < steps; i++, way >>= 1)
        tree = way & 1 ? tree->left : tree->right;
    return tree;
}

static uint64_t forest_update(struct forest *f)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < LOOKUPS; i++)
        sum += forest_descend(f, LONG_DEPTH)->value;
    for (unsigned i = 0; i < SWAPS; i++) {
        struct tree *tree = forest_descend(f, LONG_DEPTH - 1), *left = tree->left;
        tree->left = tree->right;
        tree->right = left;
    }
    return sum;
}

uint64_t TREES_RUN(char *heap, size_t half_bytes)
{
    struct forest forest = {.from = heap,
                            .to = heap + half_bytes,
                            .free = heap,
                            .limit = heap + half_bytes,
                            .half_bytes = half_bytes,
                            .random = 12345};
    uint64_t sum = 0;
    forest.roots[0] = forest_grow(&forest, LONG_DEPTH);
    forest.depth = 1;
    for (unsigned depth = LEAST_DEPTH; depth <= MOST_DEPTH; depth += 2) {
        for (unsigned i = 0; i < 1u << (MOST_DEPTH - depth + 2); i++)
            sum += forest_walk(forest_grow(&forest, depth));
        sum += forest_update(&forest);
    }
    forest_collect(&forest);
    return sum + forest_walk(forest.roots[0]);
}
