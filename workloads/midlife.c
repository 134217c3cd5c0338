/* midlife: a queue whose elements die soon after they have been promoted.
 *
 * Source: this project. An element enters at the tail, waits while `window` others enter, is read
 * at the head and dies. With a window somewhat larger than a nursery every element is promoted in
 * vain; and as dead old elements refer to younger ones, collections of the young alone keep a whole
 * train of garbage (nepotism: D. Ungar, F. Jackson, "Tenuring policies for generation-based storage
 * reclamation", OOPSLA 1988).
 *
 * Deaths are exact: an element dies when the head moves on. Memory: one index an element. */
#include "workloads/parts.h"
#include "workloads/registry.h"

#include <stdlib.h>

static const struct gcr_option midlife_options[] = {
    {"window", GCR_OPT_COUNT, "elements", "50000", 1, 5e8, NULL, "length of the full queue"},
    {"steps", GCR_OPT_COUNT, "elements", "2000000", 1, 1e9, NULL, "elements that enter in all"},
    {"data", GCR_OPT_BYTES, "bytes", "40", 1, 65536, NULL, "plain data in each element"},
    {0}};

struct midlife {
    uint64_t window, steps;
    uint32_t data;
};

static struct midlife midlife_parameters(const struct gcr_option_values *options)
{
    return (struct midlife){
        .window = gcr_option_number(options, "window"),
        .steps = gcr_option_number(options, "steps"),
        .data = (uint32_t)gcr_option_number(options, "data"),
    };
}

static gcr_status midlife_facts(const struct gcr_option_values *options,
                                struct gcr_generator_facts *out, struct gcr_error *err)
{
    (void)err;
    struct midlife queue = midlife_parameters(options);
    uint64_t leave = queue.steps > queue.window ? queue.steps - queue.window : 0;
    uint64_t most = leave > 0 ? queue.window + 1 : queue.steps;
    *out = (struct gcr_generator_facts){
        /* ALLOC, WRITE, link (the first: head) and tail; READ, head and DEATH; the new one's root.
         */
        .events = 4 * queue.steps + 3 * leave + 1 + 1,
        .lanes = 1,
        .peak_live_bytes = most * (GCR_SLOT_BYTES + (uint64_t)queue.data),
        .peak_live_objects = most,
        .capabilities = {PARTS_CAPABILITIES},
    };
    return GCR_OK;
}

enum { ROOT_NEW, ROOT_HEAD, ROOT_TAIL };

static void midlife_main(struct emit *emit, const struct midlife *queue, uint32_t shape,
                         uint32_t *element)
{
    uint64_t ring = queue->window + 1;
    for (uint64_t i = 0; i < queue->steps && !emit_failed(emit); i++) {
        uint32_t new = emit_alloc(emit, shape, 0, gcr_root_thread(ROOT_NEW));
        emit_write(emit, new, 0, queue->data);
        if (i == 0)
            emit_root(emit, gcr_root_thread(ROOT_HEAD), new);
        else
            emit_store(emit, element[(i - 1) % ring], 0, new);
        emit_root(emit, gcr_root_thread(ROOT_TAIL), new);
        element[i % ring] = new;
        if (i >= queue->window) {
            uint32_t head = element[(i - queue->window) % ring];
            emit_read(emit, head, 0, queue->data);
            emit_load(emit, head, 0, gcr_root_thread(ROOT_HEAD));
            emit_death(emit, head);
        }
    }
    emit_root(emit, gcr_root_thread(ROOT_NEW), 0);
    emit_plain(emit, GCR_OP_EXIT, 0);
}

static gcr_status midlife_generate(const struct gcr_option_values *options,
                                   const struct emit_target *generation, struct gcr_error *err)
{
    struct midlife queue = midlife_parameters(options);
    struct gcr_shape element = {.field_bytes = GCR_SLOT_BYTES + queue.data,
                                .slots = 1,
                                .flags = GCR_SHAPE_CONTAINER,
                                .name = "Element"};
    struct emit emit;
    emit_init(&emit, generation, true, err);
    uint32_t shape = emit_shape(&emit, &element);
    uint32_t *indexes = emit_indexes(&emit, queue.window + 1);
    if (!emit_failed(&emit))
        midlife_main(&emit, &queue, shape, indexes);
    free(indexes);
    return emit_finish(&emit);
}

const struct gcr_generator gcr_generator_midlife = {
    .name = "midlife",
    .summary = "a queue whose elements die right after promotion: nursery sizing, nepotism",
    .source = "this project",
    .options = midlife_options,
    .facts = midlife_facts,
    .generate = midlife_generate,
};
