/* Surveys of batches; see survey.h. */
#include "sim/replay/survey.h"

#include <string.h>

static uint8_t survey_offset(unsigned operand)
{
    return (uint8_t)(offsetof(struct gcr_event, a) + operand * sizeof(uint32_t));
}

static void survey_init_row(struct gcr_survey_row *row, const struct gcr_op_info *info)
{
    const uint8_t a = survey_offset(0);

    *row = (struct gcr_survey_row){.first = a, .second = a, .root = a};
    for (unsigned j = 0; j < GCR_OP_MAX_OPERANDS; j++) {
        switch ((enum gcr_operand)info->operand[j]) {
        case GCR_OPERAND_NEW_OBJECT:
        case GCR_OPERAND_OBJECT:
        case GCR_OPERAND_VALUE:
            if (row->object_mask == 0)
                row->first = survey_offset(j);
            row->second = survey_offset(j);
            row->object_mask = UINT32_MAX;
            break;
        case GCR_OPERAND_ROOT:
            row->root = survey_offset(j);
            row->root_mask = UINT32_MAX;
            break;
        default:
            break;
        }
    }
}

void gcr_survey_init(struct gcr_survey_table *table)
{
    for (unsigned op = 0; op < GCR_OP_COUNT; op++) {
        survey_init_row(&table->row[op], &gcr_op_table[op]);
        table->row[op].bit = gcr_op_bit((enum gcr_op)op);
    }
}

static inline uint32_t survey_operand(const struct gcr_event *e, uint8_t offset)
{
    uint32_t value;

    memcpy(&value, (const char *)e + offset, sizeof value);
    return value;
}

static inline uint32_t survey_max(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* A root operand plus 2 is twice the slot's number plus 1, and its lowest bit says which array it
 * is in; no root is 0. */
struct gcr_survey gcr_survey_events(const struct gcr_survey_table *table,
                                    const struct gcr_event *events, size_t n)
{
    uint32_t ops = 0, highest = 0, thread = 0, global = 0;

    for (const struct gcr_event *e = events; e < events + n; e++) {
        const struct gcr_survey_row *row = &table->row[e->op];
        const uint32_t objects =
            survey_max(survey_operand(e, row->first), survey_operand(e, row->second));
        const uint32_t root = (survey_operand(e, row->root) + 2) & row->root_mask;

        ops |= row->bit;
        highest = survey_max(highest, objects & row->object_mask);
        thread = survey_max(thread, root & ((root & 1) - 1));
        global = survey_max(global, root & (0u - (root & 1)));
    }
    return (struct gcr_survey){ops, highest, thread >> 1, global >> 1};
}

uint32_t gcr_survey_highest_new(const struct gcr_event *events, size_t n)
{
    uint32_t highest = 0;

    for (size_t i = 0; i < n; i++)
        if (events[i].op == GCR_OP_ALLOC || events[i].op == GCR_OP_PREBUILT)
            highest = survey_max(highest, events[i].a);
    return highest;
}
