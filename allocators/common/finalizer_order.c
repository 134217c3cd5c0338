#include "allocators/common/finalizer_order.h"

#include "allocators/common/layout.h"

/* ---- flags in a table ---- */

/* Addresses of flagged objects. Open addressing with linear probing, at most half full; a deleted
 * entry leaves a tombstone, since the whole table is short-lived. */
struct order_table {
    uintptr_t *entry; /* 0: never used; TOMBSTONE: deleted */
    size_t capacity, used;
    struct gcr_supply *supply;
    bool refused;
};

enum { TOMBSTONE = 1, FIRST_CAPACITY = GCR_PAGE_BYTES / sizeof(uintptr_t) };

static size_t table_find(const struct order_table *table, uintptr_t key)
{
    size_t mask = table->capacity - 1;
    size_t i = (size_t)(((uint64_t)key >> 3) * 0x9e3779b97f4a7c15u >> 20) & mask;
    while (table->entry[i] != 0 && table->entry[i] != key)
        i = (i + 1) & mask;
    return i;
}

static void table_finish(struct order_table *table)
{
    if (table->entry != NULL)
        gcr_supply_unmap(table->supply, GCR_PAGES_WORK, table->entry,
                         table->capacity * sizeof *table->entry);
    table->entry = NULL;
    table->capacity = table->used = 0;
}

static bool table_grow(struct order_table *table)
{
    struct order_table larger = {.supply = table->supply};
    larger.capacity = table->capacity != 0 ? 2 * table->capacity : FIRST_CAPACITY;
    larger.entry = gcr_supply_map(table->supply, GCR_PAGES_WORK,
                                  larger.capacity * sizeof *larger.entry, GCR_PAGE_BYTES);
    if (larger.entry == NULL)
        return false;
    for (size_t i = 0; i < table->capacity; i++) {
        uintptr_t key = table->entry[i];
        if (key <= TOMBSTONE)
            continue;
        larger.entry[table_find(&larger, key)] = key;
        larger.used++;
    }
    table_finish(table);
    *table = larger;
    return true;
}

static bool table_has(const struct order_table *table, gcr_ref object)
{
    return table->capacity != 0 &&
           table->entry[table_find(table, (uintptr_t)object)] == (uintptr_t)object;
}

static void table_set(struct order_table *table, gcr_ref object, bool on)
{
    if (!on) {
        size_t i = table->capacity != 0 ? table_find(table, (uintptr_t)object) : 0;
        if (table->capacity != 0 && table->entry[i] != 0)
            table->entry[i] = TOMBSTONE;
        return;
    }
    if (2 * table->used >= table->capacity && !table_grow(table)) {
        table->refused = true;
        return;
    }
    size_t i = table_find(table, (uintptr_t)object);
    table->used += table->entry[i] == 0;
    table->entry[i] = (uintptr_t)object;
}

/* ---- flags ---- */

struct order {
    struct gcr_finalizer_list *list;
    const struct gcr_finalizer_order_ops *ops;
    void *arg;
    struct gcr_mark_stack *stack;
    struct order_table table;
};

static bool order_flagged(const struct order *order, gcr_ref object)
{
    return order->ops->flagged != NULL ? order->ops->flagged(order->arg, object)
                                       : table_has(&order->table, object);
}

static void order_set_flag(struct order *order, gcr_ref object, bool on)
{
    if (order->ops->set_flag != NULL)
        order->ops->set_flag(order->arg, object, on);
    else
        table_set(&order->table, object, on);
}

static bool order_refused(const struct order *order)
{
    return order->stack->refused || order->table.refused;
}

bool gcr_finalizer_order_header_flagged(void *arg, gcr_ref object)
{
    (void)arg;
    return gcr_header_is(gcr_object_header(object), GCR_HEADER_ORDERING);
}

void gcr_finalizer_order_set_header_flag(void *arg, gcr_ref object, bool on)
{
    uint64_t *header = gcr_object_word(object, 0);
    (void)arg;
    *header = on ? *header | GCR_HEADER_ORDERING : *header & ~GCR_HEADER_ORDERING;
}

/* ---- walks ---- */

/* A refusal is remembered by the stack; the walk goes on with less, and its result is dropped. */
static void order_push(struct order *order, gcr_ref object)
{
    (void)!gcr_mark_stack_push(order->stack, object);
}

static void order_push_slots(struct order *order, gcr_ref object)
{
    uint64_t count;
    gcr_ref *slots;
    for (unsigned run = 0; (slots = order->ops->slots(order->arg, object, run, &count)) != NULL;
         run++)
        for (uint64_t i = 0; i < count; i++)
            if (slots[i] != NULL)
                order_push(order, slots[i]);
}

/* 2 -> 3 for a reached object and all that it reaches; the stack above its present top is this
 * walk's. */
static void order_release(struct order *order, gcr_ref reached)
{
    size_t base = gcr_mark_stack_count(order->stack);
    order_push(order, reached);
    while (gcr_mark_stack_count(order->stack) > base) {
        gcr_ref object = gcr_mark_stack_pop(order->stack);
        if (!order_flagged(order, object))
            continue;
        order_set_flag(order, object, false);
        order_push_slots(order, object);
    }
}

/* 0 -> 1 for what the unreached object reaches; 2 -> 3 for what an earlier one reaches too. */
static void order_walk(struct order *order, gcr_ref unreached)
{
    order_push(order, unreached);
    gcr_ref object;
    while (!order_refused(order) && (object = gcr_mark_stack_pop(order->stack)) != NULL) {
        gcr_ref now = order->ops->reached(order->arg, object);
        if (now != NULL) {
            if (order_flagged(order, now))
                order_release(order, now);
        } else if (!order_flagged(order, object)) {
            order_set_flag(order, object, true);
            order_push_slots(order, object);
        }
    }
}

/* ---- the order ---- */

/* Reaches every entry's object; 1 -> 2 for what only that entry has reached. */
static void order_reach_all(struct order *order)
{
    for (size_t i = 0; i < gcr_finalizer_list_count(order->list); i++) {
        struct gcr_finalizable *entry = gcr_finalizer_list_at(order->list, i);
        gcr_ref now = order->ops->reached(order->arg, entry->object);
        /* Reached along with an entry before it counts as survived, too: it waits. */
        entry->fate = now != NULL ? GCR_FINALIZER_KEPT : GCR_FINALIZER_UNREACHED;
        if (now == NULL && !order_refused(order))
            order_walk(order, entry->object);
        while (gcr_mark_stack_pop(order->stack) != NULL)
            ; /* what a refused walk has left */
        entry->object = now != NULL ? now : order->ops->reach(order->arg, entry->object);
    }
}

/* What is still in state 2 is finalized now; that, with all it reaches, becomes 3. */
static void order_choose(struct order *order)
{
    for (size_t i = 0; i < gcr_finalizer_list_count(order->list) && !order_refused(order); i++) {
        struct gcr_finalizable *entry = gcr_finalizer_list_at(order->list, i);
        if (entry->fate != GCR_FINALIZER_UNREACHED)
            continue;
        bool alone = order_flagged(order, entry->object);
        entry->fate = alone ? GCR_FINALIZER_RUN : GCR_FINALIZER_KEPT;
        if (alone)
            order_release(order, entry->object);
    }
}

bool gcr_finalizer_order_on(struct gcr_finalizer_list *list, struct gcr_mark_stack *stack,
                            const struct gcr_finalizer_order_ops *ops, void *arg)
{
    struct order order = {.list = list, .ops = ops, .arg = arg, .stack = stack};
    order.table.supply = stack->supply;
    order_reach_all(&order);
    if (!order_refused(&order))
        order_choose(&order);
    bool refused = order_refused(&order);
    if (refused) {
        for (size_t i = 0; i < gcr_finalizer_list_count(list); i++)
            gcr_finalizer_list_at(list, i)->fate = GCR_FINALIZER_KEPT;
        if (ops->strip != NULL)
            ops->strip(arg);
    }
    table_finish(&order.table);
    return !refused;
}

bool gcr_finalizer_order(struct gcr_finalizer_list *list, struct gcr_supply *supply,
                         const struct gcr_finalizer_order_ops *ops, void *arg)
{
    struct gcr_mark_stack stack;
    gcr_mark_stack_init(&stack, supply);
    bool ordered = gcr_finalizer_order_on(list, &stack, ops, arg);
    gcr_mark_stack_finish(&stack);
    return ordered;
}
