/* The workload: a table of nodes with two references each, at random.
 *
 * A step drops some objects, makes a new node that refers to two of the table, strips the one in
 * whose place it comes of its references (so that what old nodes keep alive stays bounded), and
 * follows references from a third one. The sizes decide what that is to a cache: a table many times
 * as large makes every step miss, a small one with a small nursery stays inside. A chain of
 * nodes that never change can be walked beside that, a node once in a while.
 *
 * VALIDATE_OPS is the back end's constant table; every operation is a function of its own, so that
 * a profile by function tells allocation from the rest of the mutator. */
#ifndef GCR_TESTS_MODEL_VALIDATE_WORKLOAD_H
#define GCR_TESTS_MODEL_VALIDATE_WORKLOAD_H

#include "base/compiler.h"
#include "tests/model/validate/validate.h"

enum { ROOT_TABLE, ROOT_COLD, ROOT_PLACE, ROOT_NEW, ROOT_OTHER, ROOT_CURSOR, ROOT_GARBAGE };
enum { SHAPE_TABLE = 1, SHAPE_NODE = 2 };

/* Touches the stack that deeper calls will use, a line at a time (by a store, as a load of nothing
 * would be optimised away by valgrind). A mutator that computes keeps its
 * stack in the cache; this one would let go of it between two slow paths, and every such call would
 * miss on lines that the model is not told of. (The compiler reports no stack slots and no inline
 * assembly, so for the model this is nothing.) */
static inline void validate_keep_stack(void)
{
    __asm__ volatile(".set gcr_depth, 64\n\t"
                     ".rept 6\n\t"
                     "orb $0, -gcr_depth(%%rsp)\n\t"
                     ".set gcr_depth, gcr_depth + 64\n\t"
                     ".endr"
                     :
                     :
                     : "cc");
}

static GCR_NOINLINE bool validate_alloc(struct validate *v, uint32_t shape, uint32_t length,
                                        uint32_t root)
{
    validate_keep_stack();
    VALIDATE_ENTER(GCR_PHASE_ALLOCATION);
    gcr_ref object =
        VALIDATE_OPS.alloc(v->heap, &v->shapes[shape], length, 0, 0, &v->roots[root], false);
    VALIDATE_ENTER(GCR_PHASE_MUTATOR);
    return object != NULL;
}

static GCR_NOINLINE void validate_store(struct validate *v, uint32_t root, uint32_t slot,
                                        uint32_t value_root)
{
    VALIDATE_OPS.store(v->heap, v->roots[root], slot, v->roots[value_root]);
}

static GCR_NOINLINE void validate_clear(struct validate *v, uint32_t root, uint32_t slot)
{
    VALIDATE_OPS.store(v->heap, v->roots[root], slot, NULL);
}

static GCR_NOINLINE void validate_load(struct validate *v, uint32_t from_root, uint32_t slot,
                                       uint32_t root)
{
    VALIDATE_OPS.load(v->heap, v->roots[from_root], slot, &v->roots[root], false);
}

static GCR_NOINLINE void validate_write(struct validate *v, uint32_t root, uint8_t tag)
{
    if (VALIDATE_OPS.write != NULL)
        VALIDATE_OPS.write(v->heap, v->roots[root], 0, 8, tag);
}

static GCR_NOINLINE void validate_root(struct validate *v, uint32_t root, uint32_t value_root)
{
    if (VALIDATE_OPS.root != NULL)
        VALIDATE_OPS.root(v->heap, &v->roots[root], v->roots[value_root], false);
    else
        v->roots[root] = v->roots[value_root];
}

/* Source: Steele, Lea, Flood, Fast splittable pseudorandom number generators, OOPSLA 2014. */
static inline uint32_t validate_random(uint64_t *state, uint32_t below)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)(((z ^ z >> 31) >> 32) * below >> 32);
}

/* A new node in the place of a random one. */
static inline bool validate_replace(struct validate *v, uint32_t place, uint64_t *random,
                                    uint32_t nodes)
{
    if (!validate_alloc(v, SHAPE_NODE, 0, ROOT_NEW))
        return false;
    for (uint32_t slot = 0; slot < 2; slot++) {
        validate_load(v, ROOT_TABLE, validate_random(random, nodes), ROOT_OTHER);
        validate_store(v, ROOT_NEW, slot, ROOT_OTHER);
    }
    validate_write(v, ROOT_NEW, (uint8_t)place);
    validate_load(v, ROOT_TABLE, place, ROOT_OTHER);
    if (v->roots[ROOT_OTHER] != NULL) {
        validate_clear(v, ROOT_OTHER, 0);
        validate_clear(v, ROOT_OTHER, 1);
    }
    validate_store(v, ROOT_TABLE, place, ROOT_NEW);
    return true;
}

static inline bool validate_fill(struct validate *v, uint64_t *random, uint32_t nodes)
{
    bool good = validate_alloc(v, SHAPE_TABLE, nodes, ROOT_TABLE);
    for (uint32_t i = 0; i < nodes && good; i++)
        good = validate_replace(v, i, random, nodes);
    return good;
}

static inline bool validate_chain(struct validate *v, uint32_t nodes)
{
    bool good = true;
    for (uint32_t i = 0; i < nodes && good; i++) {
        good = validate_alloc(v, SHAPE_NODE, 0, ROOT_NEW);
        if (good) {
            validate_store(v, ROOT_NEW, 0, ROOT_COLD);
            validate_root(v, ROOT_COLD, ROOT_NEW);
        }
    }
    return good;
}

/* The next node of the chain, or its first again. */
static inline void validate_walk(struct validate *v)
{
    if (v->roots[ROOT_PLACE] == NULL)
        validate_root(v, ROOT_PLACE, ROOT_COLD);
    else
        validate_load(v, ROOT_PLACE, 0, ROOT_PLACE);
}

/* Follows references; the number of those that were there. */
static inline uint64_t validate_follow(struct validate *v, uint32_t hops, uint64_t *random,
                                       uint32_t nodes)
{
    uint64_t seen = 0;
    validate_load(v, ROOT_TABLE, validate_random(random, nodes), ROOT_CURSOR);
    for (uint32_t hop = 0; hop < hops && v->roots[ROOT_CURSOR] != NULL; hop++) {
        validate_load(v, ROOT_CURSOR, validate_random(random, 2), ROOT_CURSOR);
        seen++;
    }
    return seen;
}

static bool validate_run(struct validate *v, const struct validate_sizes *asked, uint64_t *sum)
{
    const struct validate_sizes sizes = *asked;
    uint64_t random = 1, seen = 0;
    bool good = validate_chain(v, sizes.cold) && validate_fill(v, &random, sizes.nodes);
    for (uint32_t step = 0; step < sizes.steps && good; step++) {
        for (uint32_t i = 0; i < sizes.garbage && good; i++)
            good = validate_alloc(v, SHAPE_NODE, 0, ROOT_GARBAGE);
        good = good &&
               validate_replace(v, validate_random(&random, sizes.nodes), &random, sizes.nodes);
        seen += validate_follow(v, sizes.hops, &random, sizes.nodes);
        if (sizes.cold != 0 && step % VALIDATE_COLD_STEPS == 0)
            validate_walk(v);
    }
    *sum = seen;
    return good;
}

#endif
