/* GCBench straight through the seam: trees made bottom-up and top-down beside a long-lived one.
 *
 * Source: Ellis, Kovac, Boehm, GCBench (1997): the same trees in the same order; the array holds
 * references. Roots from 0 on are a stack. */
#ifndef GCR_TESTS_MODEL_VALIDATE_GCBENCH_H
#define GCR_TESTS_MODEL_VALIDATE_GCBENCH_H

#include "tests/model/validate/workload.h"

static inline uint64_t gcbench_tree_nodes(uint32_t depth)
{
    return ((uint64_t)2 << depth) - 1;
}

/* A tree from its leaves up, in `root`. Uses as many more roots as it is deep, and two. */
static bool validate_run_make(struct validate *v, uint32_t depth, uint32_t root)
{
    if (depth == 0)
        return validate_alloc(v, SHAPE_NODE, 0, root);
    if (!validate_run_make(v, depth - 1, root) || !validate_run_make(v, depth - 1, root + 1) ||
        !validate_alloc(v, SHAPE_NODE, 0, root + 2))
        return false;
    validate_store(v, root + 2, 0, root);
    validate_store(v, root + 2, 1, root + 1);
    validate_root(v, root, root + 2);
    return true;
}

/* Hangs children below the node in `root`, down to `depth`. */
static bool validate_run_populate(struct validate *v, uint32_t depth, uint32_t root)
{
    if (depth == 0)
        return true;
    for (uint32_t slot = 0; slot < 2; slot++) {
        if (!validate_alloc(v, SHAPE_NODE, 0, root + 1))
            return false;
        validate_store(v, root, slot, root + 1);
    }
    for (uint32_t slot = 0; slot < 2; slot++) {
        validate_load(v, root, slot, root + 1);
        if (!validate_run_populate(v, depth - 1, root + 1))
            return false;
    }
    return true;
}

/* sizes->steps: depth of the largest of the short-lived trees; nodes: length of the array. */
static bool validate_run_gcbench(struct validate *v, const struct validate_sizes *asked,
                                 uint64_t *sum)
{
    const struct validate_sizes sizes = *asked;
    uint32_t longest = sizes.steps, trees = 0;
    if (longest + 6 > VALIDATE_ROOTS)
        return false;
    bool good = validate_run_make(v, longest + 2, 0) && validate_alloc(v, SHAPE_NODE, 0, 0) &&
                validate_run_populate(v, longest, 0) &&
                validate_alloc(v, SHAPE_TABLE, sizes.nodes, 1);
    for (uint32_t depth = 4; depth <= longest && good; depth += 2) {
        uint64_t count = 2 * gcbench_tree_nodes(longest + 2) / gcbench_tree_nodes(depth);
        for (uint64_t i = 0; i < count && good; i++, trees += 2)
            good = validate_alloc(v, SHAPE_NODE, 0, 2) && validate_run_populate(v, depth, 2) &&
                   validate_run_make(v, depth, 2);
    }
    *sum = trees;
    return good;
}

#endif
