/* Objects, roots and events; see garcosim_world.h. */
#include "traces/import/garcosim_world.h"

#include <stdlib.h>

#include "base/check.h"

void garcosim_world_init(struct garcosim_world *world, const struct emit_target *target,
                         bool writes, struct garcosim_classes *classes, struct gcr_error *err)
{
    *world = (struct garcosim_world){.writes = writes, .err = err, .classes = classes};
    emit_init(&world->emit, target, false, err);
}

gcr_status garcosim_world_finish(struct garcosim_world *world)
{
    gcr_status status = world->status;
    garcosim_roots_finish(&world->roots);
    live_graph_finish(&world->graph);
    gcr_number_map_finish(&world->by_id);
    gcr_number_map_finish(&world->by_shape);
    free(world->objects);
    free(world->shapes);
    gcr_status emitted = emit_finish(&world->emit);
    return status != GCR_OK ? status : emitted;
}

bool garcosim_failed(const struct garcosim_world *world)
{
    return world->status != GCR_OK || emit_failed(&world->emit);
}

static void world_no_memory(struct garcosim_world *world)
{
    if (!garcosim_failed(world))
        world->status = gcr_fail(world->err, GCR_NO_MEMORY, "no memory for %u objects",
                                 world->graph.node_count);
}

/* ---- events ---- */

static void world_switch(struct garcosim_world *world, uint32_t thread)
{
    if (thread != world->thread && world->writes)
        emit_plain(&world->emit, GCR_OP_THREAD, thread);
    world->thread = thread;
}

/* Sets a root slot of the thread. */
static void world_set(struct garcosim_world *world, uint32_t thread, uint32_t slot, uint32_t value)
{
    world_switch(world, thread);
    if (world->writes)
        emit_root(&world->emit, gcr_root_thread(slot), value);
}

static void world_set_global(struct garcosim_world *world, uint32_t slot, uint32_t value)
{
    if (world->writes)
        emit_root(&world->emit, gcr_root_global(slot), value);
}

/* ---- objects ---- */

static bool world_reserve_object(struct garcosim_world *world)
{
    uint32_t next = world->graph.node_count + 1;
    if (next < world->object_room)
        return true;
    size_t room = (size_t)next * 2 + 64;
    struct garcosim_object *grown =
        room <= UINT32_MAX ? realloc(world->objects, room * sizeof *grown) : NULL;
    if (grown == NULL)
        return false;
    world->objects = grown;
    world->object_room = (uint32_t)room;
    return true;
}

static uint32_t world_new_object(struct garcosim_world *world, uint64_t id,
                                 const struct garcosim_shape *shape)
{
    uint64_t fixed = GARCOSIM_HEADER_BYTES + shape->slots * GCR_SLOT_BYTES;
    uint32_t object = world_reserve_object(world) ? live_graph_add(&world->graph) : 0;
    if (object == 0 || !gcr_number_map_put(&world->by_id, id, object)) {
        world_no_memory(world);
        return 0;
    }
    world->objects[object] =
        (struct garcosim_object){.data_bytes = shape->bytes > fixed ? shape->bytes - fixed : 0,
                                 .slots = (uint32_t)shape->slots};
    return object;
}

uint32_t garcosim_allocate(struct garcosim_world *world, uint32_t thread, uint64_t id,
                           uint32_t shape, bool rooted)
{
    const struct garcosim_shape *form = &world->shapes[shape];
    struct garcosim_thread *by = garcosim_thread_at(&world->roots, thread);
    uint32_t object = by != NULL ? world_new_object(world, id, form) : 0;
    if (object == 0) {
        world_no_memory(world);
        return 0;
    }
    garcosim_unpin(world, thread);
    world_switch(world, thread);
    uint32_t slot = GARCOSIM_FRESH_SLOT;
    if (!rooted) {
        by->fresh = object;
        world->objects[object].pinned_by = thread + 1;
    } else if (!garcosim_roots_add(&world->roots, thread, object, &slot)) {
        world_no_memory(world);
    }
    live_graph_root(&world->graph, object);
    if (world->writes) {
        uint32_t index =
            emit_alloc(&world->emit, form->number, form->length, gcr_root_thread(slot));
        GCR_CHECK(1, index == object || emit_failed(&world->emit)); /* both count from 1 */
    }
    return object;
}

/* ---- roots ---- */

void garcosim_unpin(struct garcosim_world *world, uint32_t thread)
{
    struct garcosim_thread *by =
        thread < world->roots.thread_count ? &world->roots.threads[thread] : NULL;
    if (by == NULL || by->fresh == 0)
        return;
    world_set(world, thread, GARCOSIM_FRESH_SLOT, 0);
    world->objects[by->fresh].pinned_by = 0;
    live_graph_unroot(&world->graph, by->fresh);
    by->fresh = 0;
}

void garcosim_add_root(struct garcosim_world *world, uint32_t thread, uint32_t object)
{
    uint32_t slot;
    if (garcosim_thread_at(&world->roots, thread) == NULL ||
        !garcosim_roots_add(&world->roots, thread, object, &slot)) {
        world_no_memory(world);
        return;
    }
    world_set(world, thread, slot, object);
    live_graph_root(&world->graph, object);
    if (world->objects[object].pinned_by != 0)
        garcosim_unpin(world, world->objects[object].pinned_by - 1);
}

bool garcosim_remove_root(struct garcosim_world *world, uint32_t thread, uint32_t object)
{
    uint32_t slot;
    if (garcosim_thread_at(&world->roots, thread) == NULL ||
        !garcosim_roots_take(&world->roots, thread, object, &slot))
        return false;
    world_set(world, thread, slot, 0);
    live_graph_unroot(&world->graph, object);
    return true;
}

void garcosim_hold(struct garcosim_world *world, uint32_t object)
{
    uint32_t slot = garcosim_roots_global(&world->roots);
    world->objects[object].held_in = slot + 1;
    world_set_global(world, slot, object);
    live_graph_root(&world->graph, object);
}

void garcosim_let_go(struct garcosim_world *world, uint32_t object)
{
    uint32_t slot = world->objects[object].held_in - 1;
    world->objects[object].held_in = 0;
    world_set_global(world, slot, 0);
    live_graph_unroot(&world->graph, object);
    garcosim_roots_release_global(&world->roots, slot);
}

/* ---- accesses ---- */

void garcosim_store(struct garcosim_world *world, uint32_t thread, uint32_t object, uint32_t slot,
                    uint32_t value)
{
    world_switch(world, thread);
    if (world->writes)
        emit_store(&world->emit, object, slot, value);
    live_graph_store(&world->graph, object, slot, value);
    if (world->graph.out_of_memory)
        world_no_memory(world);
}

void garcosim_store_static(struct garcosim_world *world, uint32_t thread, uint64_t field,
                           uint32_t value)
{
    uint32_t slot;
    if (!garcosim_roots_static(&world->roots, field, &slot)) {
        world_no_memory(world);
        return;
    }
    world_switch(world, thread);
    world_set_global(world, slot, value);
    uint32_t old = gcr_number_map_take(&world->roots.values, slot);
    if (value != 0) {
        live_graph_root(&world->graph, value);
        if (!gcr_number_map_put(&world->roots.values, slot, value))
            world_no_memory(world);
    }
    if (old != 0)
        live_graph_unroot(&world->graph, old);
}

void garcosim_load(struct garcosim_world *world, uint32_t thread, uint32_t object, uint32_t slot)
{
    world_switch(world, thread);
    if (!world->writes)
        return;
    emit_load(&world->emit, object, slot, gcr_root_thread(GARCOSIM_SCRATCH_SLOT));
    if (live_graph_slot(&world->graph, object, slot) != 0)
        emit_root(&world->emit, gcr_root_thread(GARCOSIM_SCRATCH_SLOT), 0);
}

void garcosim_access(struct garcosim_world *world, uint32_t thread, uint32_t object,
                     uint32_t offset, uint32_t bytes, bool is_write)
{
    world_switch(world, thread);
    if (!world->writes)
        return;
    if (is_write)
        emit_write(&world->emit, object, offset, bytes);
    else
        emit_read(&world->emit, object, offset, bytes);
}

void garcosim_collect(struct garcosim_world *world)
{
    if (world->writes)
        emit_plain(&world->emit, GCR_OP_COLLECT, 2);
}
