/* What the fork generators have in common; see population.h. */
#include "workloads/population.h"

enum { MEMBER_SLOTS = 2 };

struct population population_parameters(const struct gcr_option_values *options)
{
    return (struct population){
        .objects = gcr_option_number(options, "objects"),
        .data = (uint32_t)gcr_option_number(options, "data"),
    };
}

uint64_t population_object_bytes(const struct population *population)
{
    return MEMBER_SLOTS * GCR_SLOT_BYTES + population->data;
}

uint64_t population_bytes(const struct population *population)
{
    return population->objects * (GCR_SLOT_BYTES + population_object_bytes(population));
}

uint64_t population_events(const struct population *population)
{
    /* The table; ALLOC, WRITE, link (not the first) and STORE for each object; one root cleared. */
    return 1 + 4 * population->objects - 1 + 1;
}

void population_build(struct population *population, struct emit *emit)
{
    static const struct gcr_shape table = {.item_bytes = GCR_SLOT_BYTES,
                                           .item_slots = 1,
                                           .flags = GCR_SHAPE_CONTAINER,
                                           .name = "Table"};
    struct gcr_shape member = {.field_bytes = (uint32_t)population_object_bytes(population),
                               .slots = MEMBER_SLOTS,
                               .flags = GCR_SHAPE_CONTAINER,
                               .name = "Member"};
    uint32_t table_shape = emit_shape(emit, &table);
    population->shape = emit_shape(emit, &member);
    population->member = emit_indexes(emit, population->objects);
    if (emit_failed(emit))
        return;
    population->table =
        emit_alloc(emit, table_shape, (uint32_t)population->objects, gcr_root_global(0));
    uint32_t before = 0;
    for (uint64_t i = 0; i < population->objects && !emit_failed(emit); i++) {
        uint32_t object = emit_alloc(emit, population->shape, 0, gcr_root_thread(0));
        emit_write(emit, object, 0, population->data);
        if (before != 0)
            emit_store(emit, object, 0, before);
        emit_store(emit, population->table, (uint32_t)i, object);
        population->member[i] = before = object;
    }
    emit_root(emit, gcr_root_thread(0), 0);
}

void population_fork(struct emit *emit, uint32_t children)
{
    for (uint32_t child = 1; child <= children; child++)
        emit_plain(emit, GCR_OP_FORK, child);
    emit_plain(emit, GCR_OP_EXIT, 0);
}

void population_child_begin(struct emit *emit, uint32_t lane, uint32_t next)
{
    emit->lane = lane;
    emit->next = next;
    emit->dead_count = 0;
}

void population_child_end(struct emit *emit)
{
    emit_plain(emit, GCR_OP_EXIT, 0);
    if (!emit_failed(emit)) /* many children would otherwise each keep a block in memory */
        emit->status = gcr_writer_cut(emit->to->writer, emit->lane, emit->err);
}
