/* One event as one line of text, and back: "store o12 1 o7", "alloc o3 2 t0 10 uncounted".
 *
 * Objects are o12 or null, roots t5 (of the thread) or g5 (global), the rest plain numbers. The two
 * words of TIME are one number. Trailing operands that are 0 may be left out on input. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "traces/text.h"
#include "traces/text_words.h"

static int event_format_operand(enum gcr_operand kind, uint32_t value, char *out, size_t size)
{
    switch (kind) {
    case GCR_OPERAND_NEW_OBJECT:
    case GCR_OPERAND_OBJECT:
    case GCR_OPERAND_VALUE:
        return value == 0 ? snprintf(out, size, " null") : snprintf(out, size, " o%u", value);
    case GCR_OPERAND_ROOT:
        return snprintf(out, size, " %c%u", gcr_root_is_global(value) ? 'g' : 't',
                        gcr_root_slot(value));
    default:
        return snprintf(out, size, " %u", value);
    }
}

static uint32_t *event_operand(struct gcr_event *event, unsigned j)
{
    uint32_t *const operands[GCR_OP_MAX_OPERANDS] = {&event->a, &event->b, &event->c, &event->d,
                                                     &event->e};
    return operands[j];
}

int gcr_text_format_event(const struct gcr_event *event, char *out, size_t size)
{
    /* Long enough for every event: a name, five operands of eleven characters, two flags. */
    char text[160];
    struct gcr_event copy = *event;
    if (event->op >= GCR_OP_COUNT)
        return snprintf(out, size, "unknown operation %u", event->op);
    const struct gcr_op_info *info = &gcr_op_table[event->op];
    int n = snprintf(text, sizeof text, "%s", info->name);
    if (event->op == GCR_OP_TIME) {
        n += snprintf(text + n, sizeof text - (size_t)n, " %" PRIu64,
                      (uint64_t)event->b << 32 | event->a);
    } else {
        for (unsigned j = 0; j < GCR_OP_MAX_OPERANDS && info->operand[j] != 0; j++)
            n += event_format_operand(info->operand[j], *event_operand(&copy, j), text + n,
                                      sizeof text - (size_t)n);
    }
    for (const struct text_flag *flag = text_op_flags(event->op); flag->name != NULL; flag++) {
        if ((event->flags & flag->bit) != 0)
            n += snprintf(text + n, sizeof text - (size_t)n, " %s", flag->name);
    }
    return snprintf(out, size, "%s", text);
}

static const char *event_expected(enum gcr_operand kind)
{
    switch (kind) {
    case GCR_OPERAND_NEW_OBJECT:
    case GCR_OPERAND_OBJECT:
        return "an object (o1 and up)";
    case GCR_OPERAND_VALUE:
        return "an object (o1 and up) or null";
    case GCR_OPERAND_SHAPE:
        return "a shape's number";
    case GCR_OPERAND_ROOT:
        return "a root (t0 and up, or g0 and up)";
    default:
        return "a number below 4294967296";
    }
}

static bool event_parse_operand(enum gcr_operand kind, const char *word, uint32_t *value)
{
    uint64_t number;
    bool parsed = false;
    switch (kind) {
    case GCR_OPERAND_VALUE:
        if (strcmp(word, "null") == 0) {
            *value = 0;
            return true;
        }
        parsed =
            word[0] == 'o' && text_parse_number(word + 1, GCR_MAX_OBJECT, &number) && number > 0;
        break;
    case GCR_OPERAND_NEW_OBJECT:
    case GCR_OPERAND_OBJECT:
        parsed =
            word[0] == 'o' && text_parse_number(word + 1, GCR_MAX_OBJECT, &number) && number > 0;
        break;
    case GCR_OPERAND_ROOT:
        parsed = (word[0] == 't' || word[0] == 'g') &&
                 text_parse_number(word + 1, GCR_MAX_ROOT_SLOT, &number);
        if (parsed)
            number = word[0] == 'g' ? gcr_root_global((uint32_t)number)
                                    : gcr_root_thread((uint32_t)number);
        break;
    default:
        parsed = text_parse_number(word, UINT32_MAX, &number);
        break;
    }
    if (parsed)
        *value = (uint32_t)number;
    return parsed;
}

static bool event_take_flag(enum gcr_op op, const char *word, struct gcr_event *event)
{
    for (const struct text_flag *flag = text_op_flags(op); flag->name != NULL; flag++) {
        if (strcmp(flag->name, word) == 0) {
            event->flags |= (uint8_t)flag->bit;
            return true;
        }
    }
    return false;
}

static gcr_status event_parse_time(char *line, struct gcr_event *event, struct gcr_error *err)
{
    char *word;
    uint64_t ns;
    gcr_status status = text_next_word(&line, &word, err);
    if (status != GCR_OK)
        return status;
    if (word == NULL || !text_parse_number(word, UINT64_MAX, &ns))
        return gcr_fail(err, GCR_BAD_INPUT, "time: expected nanoseconds, found '%.64s'",
                        word == NULL ? "" : word);
    event->a = (uint32_t)ns;
    event->b = (uint32_t)(ns >> 32);
    status = text_next_word(&line, &word, err);
    if (status == GCR_OK && word != NULL)
        return gcr_fail(err, GCR_BAD_INPUT, "time: expected the line's end, found '%.64s'", word);
    return status;
}

/* May operand j be left out? Numbers and values only: what is left out is 0 or null. */
static bool event_may_omit(const struct gcr_op_info *info, unsigned j)
{
    return info->operand[j] == GCR_OPERAND_NONE || info->operand[j] == GCR_OPERAND_NUMBER ||
           info->operand[j] == GCR_OPERAND_VALUE;
}

gcr_status text_parse_event(enum gcr_op op, char *line, struct gcr_event *event,
                            struct gcr_error *err)
{
    const struct gcr_op_info *info = &gcr_op_table[op];
    *event = (struct gcr_event){.op = (uint8_t)op};
    if (op == GCR_OP_TIME)
        return event_parse_time(line, event, err);
    unsigned j = 0;
    for (;;) {
        char *word;
        gcr_status status = text_next_word(&line, &word, err);
        if (status != GCR_OK)
            return status;
        if (word == NULL)
            break;
        if (event_take_flag(op, word, event)) {
            /* Operands cannot follow a flag. */
            while (j < GCR_OP_MAX_OPERANDS && event_may_omit(info, j))
                j++;
            continue;
        }
        enum gcr_operand kind = j < GCR_OP_MAX_OPERANDS ? info->operand[j] : GCR_OPERAND_NONE;
        if (kind == GCR_OPERAND_NONE)
            return gcr_fail(err, GCR_BAD_INPUT, "%s: expected the line's end, found '%.64s'",
                            info->name, word);
        if (!event_parse_operand(kind, word, event_operand(event, j)))
            return gcr_fail(err, GCR_BAD_INPUT, "%s: expected %s as %s, found '%.64s'", info->name,
                            event_expected(kind), info->operand_name[j], word);
        j++;
    }
    for (; j < GCR_OP_MAX_OPERANDS; j++) {
        if (!event_may_omit(info, j))
            return gcr_fail(err, GCR_BAD_INPUT, "%s: expected %s as %s, found the line's end",
                            info->name, event_expected(info->operand[j]), info->operand_name[j]);
    }
    return GCR_OK;
}
