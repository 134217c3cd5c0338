/* What can be said of one event alone: the rules that the writer enforces event by event and the
 * decoder column by column. Which objects are alive is the oracle's business. */
#include "traces/block_decode.h"

static bool check_operand(enum gcr_operand kind, uint32_t value, const struct gct_limits *limits)
{
    switch (kind) {
    case GCR_OPERAND_NONE:
        return value == 0;
    case GCR_OPERAND_NEW_OBJECT:
    case GCR_OPERAND_OBJECT:
        return value >= 1 && value <= GCR_MAX_OBJECT;
    case GCR_OPERAND_VALUE:
        return value <= GCR_MAX_OBJECT;
    case GCR_OPERAND_SHAPE:
        return value >= 1 && value <= limits->shape_count;
    case GCR_OPERAND_ROOT:
        return gcr_root_slot(value) <= GCR_MAX_ROOT_SLOT;
    case GCR_OPERAND_NUMBER:
        return true;
    }
    return false;
}

static bool check_has_items(const struct gct_limits *limits, uint32_t shape)
{
    return gcr_shape_has_items(&limits->shapes[shape]);
}

/* Rules beyond the kinds of operands. Returns what is wrong, or NULL. */
static const char *check_special(const struct gcr_event *e, const struct gct_limits *limits)
{
    switch (e->op) {
    case GCR_OP_PREBUILT:
        return e->c == 0 || check_has_items(limits, e->b) ? NULL
                                                          : "length of a shape without items";
    case GCR_OP_ALLOC:
        return e->d == 0 || check_has_items(limits, e->b) ? NULL
                                                          : "length of a shape without items";
    case GCR_OP_GCCONTROL:
        return e->a <= 1 ? NULL : "enabled is neither 0 nor 1";
    case GCR_OP_COLLECT:
    case GCR_OP_COLLECTED:
        return e->a <= 2 ? NULL : "generation above 2";
    case GCR_OP_RESURRECT:
        return gcr_root_is_global(e->b) ? NULL : "resurrection into a root that is not global";
    case GCR_OP_THREAD:
        return e->a < GCR_MAX_THREADS ? NULL : "thread number too large";
    case GCR_OP_FORK:
        return e->a >= 1 && e->a < GCR_MAX_LANES ? NULL : "no such lane";
    case GCR_OP_REQUEST:
        return e->flags == GCR_REQUEST_BEGIN || e->flags == GCR_REQUEST_END
                   ? NULL
                   : "neither begin nor end";
    case GCR_OP_PHASE:
        return e->a >= 1 && e->a <= limits->name_count ? NULL : "undeclared name";
    default:
        return NULL;
    }
}

gcr_status gct_check_event(const struct gcr_event *event, const struct gct_limits *limits,
                           struct gcr_error *err)
{
    if (event->op == GCR_OP_NONE || event->op >= GCR_OP_COUNT)
        return gcr_fail(err, GCR_INVALID_TRACE, "unknown operation %u", event->op);
    const struct gcr_op_info *info = &gcr_op_table[event->op];
    if ((event->flags & ~info->flags) != 0 || event->unused != 0)
        return gcr_fail(err, GCR_INVALID_TRACE, "%s with unknown flags %#x", info->name,
                        event->flags);
    const uint32_t operands[GCR_OP_MAX_OPERANDS] = {event->a, event->b, event->c, event->d,
                                                    event->e};
    for (unsigned j = 0; j < GCR_OP_MAX_OPERANDS; j++) {
        if (!check_operand(info->operand[j], operands[j], limits))
            return gcr_fail(err, GCR_INVALID_TRACE, "%s: %s %u is not allowed", info->name,
                            info->operand[j] == 0 ? "unused operand" : info->operand_name[j],
                            operands[j]);
    }
    const char *wrong = check_special(event, limits);
    if (wrong != NULL)
        return gcr_fail(err, GCR_INVALID_TRACE, "%s: %s", info->name, wrong);
    return GCR_OK;
}
