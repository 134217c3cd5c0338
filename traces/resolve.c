/* The walk over a block's events; see resolve.h.
 *
 * Operations that are common have code of their own, with the kinds of their operands spelt out so
 * that the compiler specialises it; they must agree with gcr_op_table, by which all others go.
 * What breaks a rule is only taken note of, in one word, so that nothing in the walk branches on
 * it; who broke which rule is found out afterwards, if at all. The walk exists three times, because
 * keeping tables and stacks that no column of the block is predicted from costs a third of it. */
#include "traces/resolve.h"

#include "base/compiler.h"
#include "traces/operands.h"

/* Its top bit: something is out of bounds. */
typedef uint32_t resolve_verdict;

/* What stays the same during the walk. No pointer to one is handed on, so that its members and the
 * walk's own counters live in registers. */
struct resolve {
    const struct resolve_column (*column)[GCR_OP_MAX_OPERANDS];
    const struct gct_limits *limits;
    struct predict_state *state;
};

static inline resolve_verdict resolve_is(bool bad)
{
    return (resolve_verdict)bad << 31;
}

/* Bounds by kind, see gct_check_event. An object is 1 .. 2^31 - 2, a value may be 0, a root is
 * below 2^31. */
GCR_ALWAYS_INLINE resolve_verdict resolve_bounds(enum gcr_operand kind, uint32_t value,
                                                 const struct gct_limits *limits)
{
    _Static_assert(GCR_MAX_OBJECT == 0x7ffffffe, "value + 1 must have its top bit set above it");
    _Static_assert(GCR_MAX_ROOT_SLOT == 0x3fffffff, "a root beyond it must have its top bit set");
    switch (kind) {
    case GCR_OPERAND_NEW_OBJECT:
    case GCR_OPERAND_OBJECT:
        return (value - 1) | (value + 1);
    case GCR_OPERAND_VALUE:
        return value | (value + 1);
    case GCR_OPERAND_ROOT:
        return value;
    case GCR_OPERAND_SHAPE:
        return resolve_is(value - 1 >= limits->shape_count);
    default:
        return 0;
    }
}

GCR_ALWAYS_INLINE uint32_t resolve_operand(struct resolve r, const struct resolve_column *column,
                                           uint32_t k, enum gcr_operand kind, unsigned needs,
                                           resolve_verdict *bad)
{
    if (kind == GCR_OPERAND_NONE)
        return 0;
    /* The registers of RAW and DELTA are always 0: those columns are final already. */
    uint32_t value = column->values[k] + r.state->reg[column->predictor];
    predict_note(r.state, kind, value, needs);
    *bad |= resolve_bounds(kind, value, r.limits);
    return value;
}

/* The k-th event of an operation. */
GCR_ALWAYS_INLINE resolve_verdict resolve_event(struct resolve r, unsigned code, uint32_t k,
                                                unsigned op,
                                                const uint8_t kind[GCR_OP_MAX_OPERANDS],
                                                unsigned needs, struct gcr_event *out)
{
    const struct resolve_column *column = r.column[op];
    resolve_verdict bad = 0;
    uint32_t a = resolve_operand(r, &column[0], k, kind[0], needs, &bad);
    uint32_t b = resolve_operand(r, &column[1], k, kind[1], needs, &bad);
    uint32_t c = resolve_operand(r, &column[2], k, kind[2], needs, &bad);
    uint32_t d = resolve_operand(r, &column[3], k, kind[3], needs, &bad);
    uint32_t e = resolve_operand(r, &column[4], k, kind[4], needs, &bad);
    predict_end(r.state, op, a, b, c, needs);
    *out = (struct gcr_event){.op = (uint8_t)op,
                              .flags = (uint8_t)(code >> RESOLVE_OP_BITS),
                              .a = a,
                              .b = b,
                              .c = c,
                              .d = d,
                              .e = e};
    return bad;
}

/* Does a shape without items come with a length? (Shapes out of bounds are known by now.) */
GCR_ALWAYS_INLINE resolve_verdict resolve_length(const struct gct_limits *limits, uint32_t shape,
                                                 uint32_t length)
{
    uint32_t known = shape - 1 < limits->shape_count ? shape : 0;
    return resolve_is((length != 0) & !gcr_shape_has_items(&limits->shapes[known]));
}

static GCR_NOINLINE resolve_verdict resolve_rare(struct resolve r, unsigned code, uint32_t k,
                                                 unsigned needs, struct gcr_event *out)
{
    unsigned op = code % RESOLVE_OPS;
    resolve_verdict bad = resolve_event(r, code, k, op, gcr_op_table[op].operand, needs, out);
    return bad | resolve_is(gct_check_event(out, r.limits, NULL) != GCR_OK);
}

GCR_ALWAYS_INLINE bool resolve_walk(struct resolve r, const uint8_t *codes, uint32_t n,
                                    unsigned needs, struct gcr_event *out)
{
    uint32_t allocs = 0, stores = 0, loads = 0, reads = 0, writes = 0, roots = 0, deaths = 0;
    uint32_t others[RESOLVE_OPS] = {0};
    resolve_verdict bad = 0;
    for (const uint8_t *end = codes + n; codes < end; codes++, out++) {
        unsigned code = *codes, op = code % RESOLVE_OPS;
        switch (op) {
        case GCR_OP_ALLOC:
            bad |= resolve_event(r, code, allocs++, GCR_OP_ALLOC, gct_operands_alloc, needs, out);
            bad |= resolve_length(r.limits, out->b, out->d);
            break;
        case GCR_OP_STORE:
            bad |= resolve_event(r, 0, stores++, GCR_OP_STORE, gct_operands_store, needs, out);
            break;
        case GCR_OP_LOAD:
            bad |= resolve_event(r, 0, loads++, GCR_OP_LOAD, gct_operands_load, needs, out);
            break;
        case GCR_OP_READ:
            bad |= resolve_event(r, 0, reads++, GCR_OP_READ, gct_operands_access, needs, out);
            break;
        case GCR_OP_WRITE:
            bad |= resolve_event(r, 0, writes++, GCR_OP_WRITE, gct_operands_access, needs, out);
            break;
        case GCR_OP_ROOT:
            bad |= resolve_event(r, 0, roots++, GCR_OP_ROOT, gct_operands_root, needs, out);
            break;
        case GCR_OP_DEATH:
            bad |= resolve_event(r, 0, deaths++, GCR_OP_DEATH, gct_operands_death, needs, out);
            break;
        default:
            bad |= resolve_rare(r, code, others[op]++, needs, out);
            break;
        }
    }
    return bad >> 31 == 0;
}

static GCR_NOINLINE bool resolve_with_nothing(struct resolve r, const uint8_t *codes, uint32_t n,
                                              struct gcr_event *events)
{
    return resolve_walk(r, codes, n, 0, events);
}

static GCR_NOINLINE bool resolve_with_stacks(struct resolve r, const uint8_t *codes, uint32_t n,
                                             struct gcr_event *events)
{
    return resolve_walk(r, codes, n, PREDICT_NEEDS_STACKS, events);
}

static GCR_NOINLINE bool resolve_with_all(struct resolve r, const uint8_t *codes, uint32_t n,
                                          struct gcr_event *events)
{
    return resolve_walk(r, codes, n, PREDICT_NEEDS_ALL, events);
}

bool resolve_events(const struct resolve_input *input, const struct gct_limits *limits,
                    struct predict_state *state, struct gcr_event *events)
{
    const struct resolve r = {.column = input->column, .limits = limits, .state = state};
    unsigned needs = predict_needs(input->predictors);
    predict_init(state);
    if (needs == 0)
        return resolve_with_nothing(r, input->codes, input->events, events);
    if (needs == PREDICT_NEEDS_STACKS)
        return resolve_with_stacks(r, input->codes, input->events, events);
    return resolve_with_all(r, input->codes, input->events, events);
}
