#include "allocators/common/mark_stack.h"

#include "base/check.h"

/* Address space for the deepest stack: 2^30 entries. Halved until the system grants it. */
static const size_t RESERVATION_BYTES = (size_t)8 << 30;
enum { LEAST_RESERVATION_BYTES = 1 << 20 };

void gcr_mark_stack_init(struct gcr_mark_stack *stack, struct gcr_supply *supply)
{
    *stack = (struct gcr_mark_stack){.supply = supply};
}

static size_t stack_committed(const struct gcr_mark_stack *stack)
{
    return (size_t)((char *)stack->limit - (char *)stack->start);
}

void gcr_mark_stack_finish(struct gcr_mark_stack *stack)
{
    if (stack->start != NULL) {
        gcr_supply_release(stack->supply, GCR_PAGES_WORK, stack->start, stack_committed(stack));
        gcr_supply_unreserve(stack->supply, stack->start, stack->reserved_bytes);
    }
    gcr_mark_stack_init(stack, stack->supply);
}

static bool stack_reserve_space(struct gcr_mark_stack *stack)
{
    for (size_t bytes = RESERVATION_BYTES; bytes >= LEAST_RESERVATION_BYTES; bytes /= 2) {
        stack->start = gcr_supply_reserve(stack->supply, bytes, GCR_PAGE_BYTES);
        if (stack->start == NULL)
            continue;
        stack->reserved_bytes = bytes;
        stack->top = stack->limit = stack->start;
        return true;
    }
    return false;
}

/* Commits half of what is committed, if that is more than `least` and the supply has it. */
static bool stack_commit(struct gcr_mark_stack *stack, size_t least)
{
    size_t left = stack->reserved_bytes - stack_committed(stack);
    if (least > left)
        return false;
    size_t step = gcr_page_round(stack_committed(stack) / 2);
    if (step < least || step > left || step > gcr_supply_headroom(stack->supply))
        step = least;
    if (!gcr_supply_commit(stack->supply, GCR_PAGES_WORK, stack->limit, step))
        return false;
    stack->limit += step / sizeof(gcr_ref);
    return true;
}

bool gcr_mark_stack_reserve(struct gcr_mark_stack *stack, size_t count)
{
    if (stack->start == NULL && !stack_reserve_space(stack))
        return false;
    size_t room = (size_t)(stack->limit - stack->top);
    if (count <= room)
        return true;
    if (count - room > stack->reserved_bytes / sizeof(gcr_ref))
        return false;
    return stack_commit(stack, gcr_page_round((count - room) * sizeof(gcr_ref)));
}

bool gcr_mark_stack_grow(struct gcr_mark_stack *stack)
{
    gcr_mark_stack_note(stack);
    if (gcr_mark_stack_reserve(stack, 1))
        return true;
    stack->refused = true;
    return false;
}

void gcr_mark_stack_reset(struct gcr_mark_stack *stack, size_t keep_bytes)
{
    stack->refused = false;
    if (stack->start == NULL)
        return;
    size_t committed = stack_committed(stack), kept = gcr_page_round(keep_bytes);
    stack->top = stack->start;
    if (kept >= committed)
        return;
    stack->limit = stack->start + kept / sizeof(gcr_ref);
    gcr_supply_release(stack->supply, GCR_PAGES_WORK, stack->limit, committed - kept);
}
