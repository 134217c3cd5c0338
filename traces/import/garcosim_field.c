/* Fields of GarCoSim objects; see garcosim_field.h. */
#include "traces/import/garcosim_field.h"

static bool field_slot(const struct garcosim_object *object, const struct garcosim_line *line,
                       uint32_t *slot)
{
    uint64_t index = line->value[GARCOSIM_I];
    if (garcosim_has(line, GARCOSIM_F)) {
        uint64_t first = GARCOSIM_HEADER_BYTES + object->data_bytes, at = line->value[GARCOSIM_F];
        if (at < first || (at - first) % GCR_SLOT_BYTES != 0)
            return false;
        index = (at - first) / GCR_SLOT_BYTES;
    } else if (!garcosim_has(line, GARCOSIM_I)) {
        return false;
    }
    *slot = (uint32_t)index;
    return index < object->slots;
}

/* Where the data are that the line means, as well as it says. */
static uint64_t field_place(const struct garcosim_line *line, struct garcosim_field *field)
{
    uint64_t offset = line->value[GARCOSIM_F], index = line->value[GARCOSIM_I];
    field->is_guessed = !garcosim_has(line, GARCOSIM_F);
    if (field->is_guessed)
        return index < UINT32_MAX ? index * GCR_SLOT_BYTES : UINT64_MAX;
    field->is_cut = offset < GARCOSIM_HEADER_BYTES;
    return field->is_cut ? 0 : offset - GARCOSIM_HEADER_BYTES;
}

struct garcosim_field garcosim_field_of(const struct garcosim_object *object,
                                        const struct garcosim_line *line)
{
    struct garcosim_field field = {.kind = GARCOSIM_NOTHING};
    if (line->letter == 'r' && field_slot(object, line, &field.slot)) {
        field.kind = GARCOSIM_SLOT_READ;
        return field;
    }
    uint64_t size = garcosim_has(line, GARCOSIM_S) ? line->value[GARCOSIM_S] : GCR_SLOT_BYTES;
    uint64_t at = field_place(line, &field);
    uint64_t left = at < object->data_bytes ? object->data_bytes - at : 0;
    field.is_cut |= size > left;
    size = size > left ? left : size;
    if (size == 0 || at > UINT32_MAX || size > UINT32_MAX)
        return field;
    field.kind = GARCOSIM_DATA;
    field.offset = (uint32_t)at;
    field.bytes = (uint32_t)size;
    return field;
}
