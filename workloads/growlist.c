/* growlist: lists that grow step by step, are shifted within themselves, and shrink again.
 *
 * Source: this project; the growth rule is CPython's list_resize (an eighth more, plus 6, rounded
 * to 4). Each list is known to its table and to another object, so that a body that moves must not
 * take the list along. In each round, one list after the other is grown to `length` and filled with
 * old elements, shifted by one with an overlapping COPY (an insertion at the front) `inserts`
 * times, and shrunk by halves.
 *
 * Nothing dies. Memory: one index a list. */
#include "workloads/parts.h"
#include "workloads/registry.h"

#include <stdlib.h>

static const struct gcr_option growlist_options[] = {
    {"lists", GCR_OPT_COUNT, "lists", "100", 1, 1e7, NULL, "that exist"},
    {"length", GCR_OPT_COUNT, "items", "20000", 1, 1e8, NULL, "to which each grows, at least"},
    {"rounds", GCR_OPT_COUNT, "times", "3", 1, 1e6, NULL, "how often each grows and shrinks"},
    {"inserts", GCR_OPT_COUNT, "times", "10", 0, 1e6, NULL,
     "insertions at the front, when it is long"},
    {"rest", GCR_OPT_COUNT, "items", "8", 0, 1e6, NULL, "items left when it has shrunk"},
    {0}};

enum { GROWLIST_ELEMENTS = 64, GROWLIST_ELEMENT_BYTES = 24, GROWLIST_FIELD_BYTES = 16 };

struct growlist {
    uint64_t lists, length, rounds, inserts, rest;
};

static struct growlist growlist_parameters(const struct gcr_option_values *options)
{
    return (struct growlist){
        .lists = gcr_option_number(options, "lists"),
        .length = gcr_option_number(options, "length"),
        .rounds = gcr_option_number(options, "rounds"),
        .inserts = gcr_option_number(options, "inserts"),
        .rest = gcr_option_number(options, "rest"),
    };
}

static uint64_t growlist_next(uint64_t length)
{
    return (length + 1 + ((length + 1) >> 3) + 6) & ~(uint64_t)3;
}

static uint64_t growlist_halve(uint64_t length, uint64_t rest)
{
    return length / 2 > rest ? length / 2 : rest;
}

/* How a list's life in one round adds up. */
struct growlist_round {
    uint64_t longest, events;
};

static struct growlist_round growlist_round_of(const struct growlist *grow, uint64_t from)
{
    struct growlist_round round = {.longest = from};
    for (; round.longest < grow->length; round.longest = growlist_next(round.longest))
        round.events += 1 + (growlist_next(round.longest) - round.longest);
    round.events += 2 * grow->inserts;
    for (uint64_t n = round.longest; n > grow->rest; n = growlist_halve(n, grow->rest))
        round.events++;
    return round;
}

static gcr_status growlist_facts(const struct gcr_option_values *options,
                                 struct gcr_generator_facts *out, struct gcr_error *err)
{
    struct growlist grow = growlist_parameters(options);
    if (grow.rest > grow.length)
        return gcr_fail(err, GCR_USAGE, "growlist: rest %llu is above length %llu",
                        (unsigned long long)grow.rest, (unsigned long long)grow.length);
    struct growlist_round first = growlist_round_of(&grow, 0);
    struct growlist_round later = growlist_round_of(&grow, grow.rest);
    uint64_t longest =
        grow.rounds > 1 && later.longest > first.longest ? later.longest : first.longest;
    /* In the first round the last list is long beside others that have shrunk; later all have. */
    uint64_t items = (grow.lists - 1) * grow.rest + longest;
    *out = (struct gcr_generator_facts){
        /* Two arrays; two an element; a list and its alias, each into its array, by two roots. */
        .events = 2 + 2 * GROWLIST_ELEMENTS + 5 * grow.lists + 3 +
                  grow.lists * (first.events + (grow.rounds - 1) * later.events) + 1,
        .lanes = 1,
        .peak_live_bytes = (GROWLIST_ELEMENTS + 2 * grow.lists) * GCR_SLOT_BYTES +
                           GROWLIST_ELEMENTS * GROWLIST_ELEMENT_BYTES +
                           grow.lists * (GROWLIST_FIELD_BYTES + GCR_SLOT_BYTES) +
                           items * GCR_SLOT_BYTES,
        .peak_live_objects = 2 + GROWLIST_ELEMENTS + 2 * grow.lists,
        .capabilities = {PARTS_CAPABILITIES},
    };
    return GCR_OK;
}

struct growlist_run {
    struct emit emit;
    uint32_t array, element, list, alias; /* shapes */
    uint32_t member[GROWLIST_ELEMENTS];
    uint32_t *lists;
};

enum { ROOT_LIST, ROOT_ALIAS };

static void growlist_build(struct growlist_run *run, const struct growlist *grow)
{
    struct emit *emit = &run->emit;
    uint32_t elements = emit_alloc(emit, run->array, GROWLIST_ELEMENTS, gcr_root_global(0));
    uint32_t table = emit_alloc(emit, run->array, (uint32_t)(2 * grow->lists), gcr_root_global(1));
    for (uint32_t i = 0; i < GROWLIST_ELEMENTS && !emit_failed(emit); i++) {
        run->member[i] = emit_alloc(emit, run->element, 0, gcr_root_thread(ROOT_LIST));
        emit_store(emit, elements, i, run->member[i]);
    }
    emit_root(emit, gcr_root_thread(ROOT_LIST), 0);
    for (uint64_t i = 0; i < grow->lists && !emit_failed(emit); i++) {
        run->lists[i] = emit_alloc(emit, run->list, 0, gcr_root_thread(ROOT_LIST));
        emit_store(emit, table, (uint32_t)(2 * i), run->lists[i]);
        uint32_t alias = emit_alloc(emit, run->alias, 0, gcr_root_thread(ROOT_ALIAS));
        emit_store(emit, alias, 0, run->lists[i]);
        emit_store(emit, table, (uint32_t)(2 * i + 1), alias);
    }
    emit_root(emit, gcr_root_thread(ROOT_LIST), 0);
    emit_root(emit, gcr_root_thread(ROOT_ALIAS), 0);
}

/* Slot 0 of a list is its fixed one; item i lies in slot 1 + i. */
static void growlist_grow(struct growlist_run *run, const struct growlist *grow, uint32_t list,
                          uint64_t length)
{
    struct emit *emit = &run->emit;
    while (length < grow->length && !emit_failed(emit)) {
        uint64_t next = growlist_next(length);
        emit_resize(emit, list, (uint32_t)next);
        for (; length < next; length++)
            emit_store(emit, list, (uint32_t)(1 + length), run->member[length % GROWLIST_ELEMENTS]);
    }
    for (uint64_t i = 0; i < grow->inserts && !emit_failed(emit); i++) {
        emit_copy(emit, list, 2, list, 1, (uint32_t)(length - 1));
        emit_store(emit, list, 1, run->member[i % GROWLIST_ELEMENTS]);
    }
    while (length > grow->rest && !emit_failed(emit)) {
        length = growlist_halve(length, grow->rest);
        emit_resize(emit, list, (uint32_t)length);
    }
}

static gcr_status growlist_generate(const struct gcr_option_values *options,
                                    const struct emit_target *generation, struct gcr_error *err)
{
    static const struct gcr_shape element = {
        .field_bytes = GROWLIST_ELEMENT_BYTES, .flags = GCR_SHAPE_ACYCLIC, .name = "Element"};
    static const struct gcr_shape list = {.field_bytes = GROWLIST_FIELD_BYTES,
                                          .slots = 1,
                                          .item_bytes = GCR_SLOT_BYTES,
                                          .item_slots = 1,
                                          .flags = GCR_SHAPE_CONTAINER | GCR_SHAPE_RESIZABLE,
                                          .name = "List"};
    static const struct gcr_shape alias = {
        .field_bytes = GCR_SLOT_BYTES, .slots = 1, .flags = GCR_SHAPE_CONTAINER, .name = "Alias"};
    struct growlist grow = growlist_parameters(options);
    struct growlist_run run = {0};
    emit_init(&run.emit, generation, true, err);
    run.array = parts_array_shape(&run.emit);
    run.element = emit_shape(&run.emit, &element);
    run.list = emit_shape(&run.emit, &list);
    run.alias = emit_shape(&run.emit, &alias);
    run.lists = emit_indexes(&run.emit, grow.lists);
    if (!emit_failed(&run.emit))
        growlist_build(&run, &grow);
    for (uint64_t round = 0; round < grow.rounds && !emit_failed(&run.emit); round++)
        for (uint64_t i = 0; i < grow.lists && !emit_failed(&run.emit); i++)
            growlist_grow(&run, &grow, run.lists[i], round == 0 ? 0 : grow.rest);
    emit_plain(&run.emit, GCR_OP_EXIT, 0);
    free(run.lists);
    return emit_finish(&run.emit);
}

const struct gcr_generator gcr_generator_growlist = {
    .name = "growlist",
    .summary = "lists that grow, shift within themselves and shrink: bodies, bulk barriers, cards",
    .source = "this project",
    .options = growlist_options,
    .facts = growlist_facts,
    .generate = growlist_generate,
};
