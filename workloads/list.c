/* list: long singly linked lists, built, walked, and dropped.
 *
 * Source: this project. A list is the deepest graph there is for its size: recursion, the depth of
 * mark stacks and the sequential dependence of marking show. Built front to back, the order of
 * allocation is the order of the links; built back to front it is the reverse.
 *
 * Root slots: head, tail, new object, and the walker. Deaths are exact: a list dies when its head
 * is cleared; the last list stays alive. Memory: one index for each object of a list. */
#include "traces/emit.h"
#include "workloads/registry.h"

#include <stdlib.h>

enum list_order { LIST_FRONT_TO_BACK, LIST_BACK_TO_FRONT };

static const struct gcr_option list_options[] = {
    {"length", GCR_OPT_COUNT, "objects", "1000000", 1, 1e9, NULL, "objects in a list"},
    {"lists", GCR_OPT_COUNT, "lists", "4", 1, 1e9, NULL,
     "lists built in all, each after the one before it was dropped"},
    {"order", GCR_OPT_CHOICE, NULL, "front-to-back", 0, 0, "front-to-back|back-to-front",
     "which end grows"},
    {"walks", GCR_OPT_COUNT, "times", "1", 0, 1e6, NULL, "how often each list is walked"},
    {"data", GCR_OPT_BYTES, "bytes", "8", 0, 65536, NULL, "plain data in each object"},
    {"deaths", GCR_OPT_FLAG, NULL, "on", 0, 0, NULL, "write DEATH events and recycle indexes"},
    {0}};

struct list {
    uint64_t length, lists, walks, data;
    enum list_order order;
    bool deaths;
};

static struct list list_parameters(const struct gcr_option_values *options)
{
    return (struct list){
        .length = gcr_option_number(options, "length"),
        .lists = gcr_option_number(options, "lists"),
        .walks = gcr_option_number(options, "walks"),
        .data = gcr_option_number(options, "data"),
        .order = (enum list_order)gcr_option_number(options, "order"),
        .deaths = gcr_option_flag(options, "deaths"),
    };
}

static gcr_status list_facts(const struct gcr_option_values *options,
                             struct gcr_generator_facts *out, struct gcr_error *err)
{
    (void)err;
    struct list list = list_parameters(options);
    /* ALLOC, STORE and ROOT for each object but the first; that, and what the order needs beside.
     */
    uint64_t build = 3 * (list.length - 1) + (list.order == LIST_FRONT_TO_BACK ? 4 : 2);
    uint64_t walk = list.length + 1;
    uint64_t drop = 1 + (list.deaths ? list.length : 0);
    *out = (struct gcr_generator_facts){
        .events = list.lists * (build + list.walks * walk) + (list.lists - 1) * drop + 1,
        .lanes = 1,
        .peak_live_bytes = list.length * (GCR_SLOT_BYTES + list.data),
        .peak_live_objects = list.length,
        .capabilities = {.loads = 1,
                         .reads = GCR_READS_EXACT,
                         .deaths = list.deaths ? GCR_DEATHS_EXACT : GCR_DEATHS_NONE},
    };
    return GCR_OK;
}

enum { ROOT_HEAD, ROOT_TAIL, ROOT_NEW, ROOT_WALK };

struct list_run {
    struct emit emit;
    uint32_t shape;
    uint32_t *objects; /* in order of allocation */
};

static void list_front_to_back(struct list_run *run, uint64_t length)
{
    uint32_t tail = run->objects[0] =
        emit_alloc(&run->emit, run->shape, 0, gcr_root_thread(ROOT_HEAD));
    emit_root(&run->emit, gcr_root_thread(ROOT_TAIL), tail);
    for (uint64_t i = 1; i < length && !emit_failed(&run->emit); i++) {
        uint32_t object = emit_alloc(&run->emit, run->shape, 0, gcr_root_thread(ROOT_NEW));
        emit_store(&run->emit, tail, 0, object);
        emit_root(&run->emit, gcr_root_thread(ROOT_TAIL), object);
        run->objects[i] = tail = object;
    }
    emit_root(&run->emit, gcr_root_thread(ROOT_TAIL), 0);
    emit_root(&run->emit, gcr_root_thread(ROOT_NEW), 0);
}

static void list_back_to_front(struct list_run *run, uint64_t length)
{
    uint32_t head = run->objects[0] =
        emit_alloc(&run->emit, run->shape, 0, gcr_root_thread(ROOT_HEAD));
    for (uint64_t i = 1; i < length && !emit_failed(&run->emit); i++) {
        uint32_t object = emit_alloc(&run->emit, run->shape, 0, gcr_root_thread(ROOT_NEW));
        emit_store(&run->emit, object, 0, head);
        emit_root(&run->emit, gcr_root_thread(ROOT_HEAD), object);
        run->objects[i] = head = object;
    }
    emit_root(&run->emit, gcr_root_thread(ROOT_NEW), 0);
}

static void list_walk(struct list_run *run, const struct list *list)
{
    bool forward = list->order == LIST_FRONT_TO_BACK;
    const uint32_t *at = forward ? run->objects : run->objects + list->length - 1;
    emit_root(&run->emit, gcr_root_thread(ROOT_WALK), *at);
    for (uint64_t i = 1; i < list->length && !emit_failed(&run->emit); i++) {
        emit_load(&run->emit, *at, 0, gcr_root_thread(ROOT_WALK));
        at = forward ? at + 1 : at - 1;
    }
    emit_root(&run->emit, gcr_root_thread(ROOT_WALK), 0);
}

static void list_main(struct list_run *run, const struct list *list)
{
    for (uint64_t i = 0; i < list->lists && !emit_failed(&run->emit); i++) {
        if (i > 0) {
            emit_root(&run->emit, gcr_root_thread(ROOT_HEAD), 0);
            emit_deaths(&run->emit, run->objects, list->length);
        }
        if (list->order == LIST_FRONT_TO_BACK)
            list_front_to_back(run, list->length);
        else
            list_back_to_front(run, list->length);
        for (uint64_t walk = 0; walk < list->walks && !emit_failed(&run->emit); walk++)
            list_walk(run, list);
    }
    emit_plain(&run->emit, GCR_OP_EXIT, 0);
}

static gcr_status list_generate(const struct gcr_option_values *options,
                                const struct emit_target *generation, struct gcr_error *err)
{
    struct list list = list_parameters(options);
    struct gcr_shape link = {.field_bytes = GCR_SLOT_BYTES + (uint32_t)list.data,
                             .slots = 1,
                             .flags = GCR_SHAPE_CONTAINER,
                             .name = "Link"};
    struct list_run run = {0};
    emit_init(&run.emit, generation, list.deaths, err);
    run.shape = emit_shape(&run.emit, &link);
    run.objects = emit_indexes(&run.emit, list.length);
    if (!emit_failed(&run.emit))
        list_main(&run, &list);
    free(run.objects);
    return emit_finish(&run.emit);
}

const struct gcr_generator gcr_generator_list = {
    .name = "list",
    .summary = "long linked lists, front to back or back to front: recursion, mark depth",
    .source = "this project",
    .options = list_options,
    .facts = list_facts,
    .generate = list_generate,
};
