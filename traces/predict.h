/* Prediction of operands inside a block: what encoder and decoder must do alike.
 *
 * A state of a few registers follows the events of the block, from zero. Every column (operand j of
 * operation op) names one register, and stores the zigzag difference between operand and register;
 * a good guess leaves zeros, which cost no byte before compression. Operands are noted one by one,
 * in order, so a later operand of an event may be predicted from an earlier one.
 *
 * Why these registers: programs fill the object that they have just allocated, refer to young
 * objects, clear the root of what they have just stored, and let die what a root has just let go;
 * recorders and runtimes reuse the index that died last and the root that was cleared
 * last. FORMAT.md specifies all of it. */
#ifndef GCR_TRACES_PREDICT_H
#define GCR_TRACES_PREDICT_H

#include <stdint.h>

#include "base/compiler.h"
#include "traces/block.h"

enum predict_register {
    PREDICT_RAW = 0,    /* no prediction; the value itself, not zigzag */
    PREDICT_DELTA,      /* the previous value of the same column (0 at first) */
    PREDICT_LAST_NEW,   /* the index allocated last */
    PREDICT_NEXT_NEW,   /* that plus 1 */
    PREDICT_SUBJECT,    /* the last object operand that may not be null */
    PREDICT_VALUE,      /* the last value operand that was not null */
    PREDICT_ROOT,       /* the last root operand */
    PREDICT_FREE,       /* the index that died last and was not given again, else NEXT_NEW */
    PREDICT_HOME,       /* a root that PREDICT_VALUE was put into */
    PREDICT_DISPLACED,  /* what PREDICT_ROOT held before the event that named it */
    PREDICT_FREE_ROOT,  /* the root that was cleared last and not allocated into again */
    PREDICT_YOUNG_ROOT, /* the root that was filled last and not cleared since */
    PREDICT_COUNT
};

/* Direct-mapped by the low bits: a collision costs bytes, not correctness. */
enum { PREDICT_HELD = 1024, PREDICT_HOMES = 4096 };

/* What must be kept besides the registers 0 .. PREDICT_ROOT. */
enum predict_need {
    PREDICT_NEEDS_STACKS = 1, /* `held` and the three stacks */
    PREDICT_NEEDS_HOMES = 2,  /* `home` */
    PREDICT_NEEDS_ALL = PREDICT_NEEDS_STACKS | PREDICT_NEEDS_HOMES
};

/* What columns with these predictors (a bit for each) make necessary. */
static inline unsigned predict_needs(uint32_t predictors)
{
    const uint32_t by_stacks = 1u << PREDICT_FREE | 1u << PREDICT_DISPLACED |
                               1u << PREDICT_FREE_ROOT | 1u << PREDICT_YOUNG_ROOT;
    unsigned needs = (predictors & by_stacks) != 0 ? PREDICT_NEEDS_STACKS : 0;
    return (predictors & 1u << PREDICT_HOME) != 0 ? needs | PREDICT_NEEDS_HOMES : needs;
}

struct predict_state {
    uint32_t reg[PREDICT_COUNT];
    uint32_t dead_count, cleared_count, filled_count;
    uint32_t held[PREDICT_HELD];  /* root -> object */
    uint32_t home[PREDICT_HOMES]; /* object -> root */
    /* Stacks, from [1]. Each event pushes at most one, so a block's length bounds them. [0] of the
     * first two is what stands for the top of an empty one. */
    uint32_t dead[GCR_BLOCK_EVENTS + 1];    /* objects */
    uint32_t cleared[GCR_BLOCK_EVENTS + 1]; /* roots */
    uint32_t filled[GCR_BLOCK_EVENTS + 1];  /* roots; cleared ones below the top stay until they
                                               surface; [0] is 0 */
};

static inline void predict_init(struct predict_state *state)
{
    for (unsigned i = 0; i < PREDICT_COUNT; i++)
        state->reg[i] = 0;
    for (unsigned i = 0; i < PREDICT_HELD; i++)
        state->held[i] = 0;
    for (unsigned i = 0; i < PREDICT_HOMES; i++)
        state->home[i] = 0;
    state->dead_count = 0;
    state->cleared_count = 0;
    state->filled_count = 0;
    state->filled[0] = 0;
}

static inline uint32_t predict_zigzag(uint32_t difference)
{
    return (difference << 1) ^ (0u - (difference >> 31));
}

static inline uint32_t predict_unzigzag(uint32_t code)
{
    return (code >> 1) ^ (0u - (code & 1));
}

/* Follows one operand. Called with a constant kind in hot loops, so that the switch vanishes, and
 * with constant needs. */
GCR_ALWAYS_INLINE void predict_note(struct predict_state *state, enum gcr_operand kind,
                                    uint32_t value, unsigned needs)
{
    switch (kind) {
    case GCR_OPERAND_NEW_OBJECT:
        state->reg[PREDICT_LAST_NEW] = value;
        state->reg[PREDICT_NEXT_NEW] = value + 1;
        state->reg[PREDICT_SUBJECT] = value;
        break;
    case GCR_OPERAND_OBJECT:
        state->reg[PREDICT_SUBJECT] = value;
        break;
    case GCR_OPERAND_VALUE:
        if (value != 0) {
            state->reg[PREDICT_VALUE] = value;
            if ((needs & PREDICT_NEEDS_HOMES) != 0)
                state->reg[PREDICT_HOME] = state->home[value % PREDICT_HOMES];
        }
        break;
    case GCR_OPERAND_ROOT:
        state->reg[PREDICT_ROOT] = value;
        if ((needs & PREDICT_NEEDS_STACKS) != 0)
            state->reg[PREDICT_DISPLACED] = state->held[value % PREDICT_HELD];
        break;
    default:
        break;
    }
}

static inline void predict_fill_root(struct predict_state *state, uint32_t root)
{
    state->filled[++state->filled_count] = root;
    state->reg[PREDICT_YOUNG_ROOT] = root;
}

static inline void predict_clear_root(struct predict_state *state, uint32_t root)
{
    state->cleared[++state->cleared_count] = root;
    state->reg[PREDICT_FREE_ROOT] = root;
    uint32_t n = state->filled_count;
    while (n > 0 && state->held[state->filled[n] % PREDICT_HELD] == 0)
        n--;
    state->filled_count = n;
    state->reg[PREDICT_YOUNG_ROOT] = state->filled[n];
}

GCR_ALWAYS_INLINE void predict_end_alloc(struct predict_state *state, uint32_t object,
                                         uint32_t root)
{
    state->held[root % PREDICT_HELD] = object;
    state->dead_count -= state->dead_count > 0;
    state->dead[0] = state->reg[PREDICT_NEXT_NEW];
    state->reg[PREDICT_FREE] = state->dead[state->dead_count];
    state->cleared_count -= state->cleared_count > 0;
    state->cleared[0] = root + 2;
    state->reg[PREDICT_FREE_ROOT] = state->cleared[state->cleared_count];
    predict_fill_root(state, root);
}

GCR_ALWAYS_INLINE void predict_end_root(struct predict_state *state, uint32_t root, uint32_t value)
{
    state->held[root % PREDICT_HELD] = value;
    if (value != 0)
        predict_fill_root(state, root);
    else
        predict_clear_root(state, root);
}

/* Follows the end of an event, all of whose operands have been noted. a, b, c: its operands. */
GCR_ALWAYS_INLINE void predict_end(struct predict_state *state, enum gcr_op op, uint32_t a,
                                   uint32_t b, uint32_t c, unsigned needs)
{
    if ((needs & PREDICT_NEEDS_HOMES) != 0) {
        if (op == GCR_OP_ALLOC)
            state->home[a % PREDICT_HOMES] = c;
        else if (op == GCR_OP_ROOT && b != 0)
            state->home[b % PREDICT_HOMES] = a;
    }
    if ((needs & PREDICT_NEEDS_STACKS) == 0)
        return;
    if (op == GCR_OP_ALLOC) {
        predict_end_alloc(state, a, c);
    } else if (op == GCR_OP_ROOT) {
        predict_end_root(state, a, b);
    } else if (op == GCR_OP_DEATH) {
        state->dead[++state->dead_count] = a;
        state->reg[PREDICT_FREE] = a;
    }
}

#endif
