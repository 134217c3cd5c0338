/* Events from generators and importers to the writer; see emit.h. */
#include "traces/emit.h"

#include <stdlib.h>

enum { EMIT_PROGRESS_EVERY = 1 << 16 };

void emit_init(struct emit *emit, const struct emit_target *to, bool deaths, struct gcr_error *err)
{
    *emit = (struct emit){.to = to, .err = err, .deaths = deaths, .next = 1};
}

gcr_status emit_finish(struct emit *emit)
{
    free(emit->dead);
    emit->dead = NULL;
    return emit->status;
}

uint32_t emit_shape(struct emit *emit, const struct gcr_shape *shape)
{
    uint32_t number = 0;
    if (!emit_failed(emit))
        emit->status = gcr_writer_shape(emit->to->writer, shape, &number, emit->err);
    return emit_failed(emit) ? 0 : number;
}

static void emit_event(struct emit *emit, const struct gcr_event *event)
{
    if (emit_failed(emit))
        return;
    emit->status = gcr_writer_event(emit->to->writer, emit->lane, event, emit->err);
    emit->events++;
    if (emit->to->progress != NULL && emit->events % EMIT_PROGRESS_EVERY == 0)
        emit->to->progress(emit->to->progress_arg, emit->events);
}

static uint32_t emit_new_index(struct emit *emit)
{
    if (emit->dead_count > 0)
        return emit->dead[--emit->dead_count];
    if (emit->next > GCR_MAX_OBJECT) {
        emit->status = gcr_fail(emit->err, GCR_USAGE,
                                "more than %u objects without a death to recycle their index",
                                (unsigned)GCR_MAX_OBJECT);
        return 0;
    }
    return emit->next++;
}

uint32_t emit_alloc(struct emit *emit, uint32_t shape, uint32_t length, uint32_t root)
{
    if (emit_failed(emit))
        return 0;
    uint32_t index = emit_new_index(emit);
    struct gcr_event event = {.op = GCR_OP_ALLOC, .a = index, .b = shape, .c = root, .d = length};
    emit_event(emit, &event);
    return emit_failed(emit) ? 0 : index;
}

void emit_store(struct emit *emit, uint32_t object, uint32_t slot, uint32_t value)
{
    emit_event(emit, &(struct gcr_event){.op = GCR_OP_STORE, .a = object, .b = slot, .c = value});
}

void emit_load(struct emit *emit, uint32_t object, uint32_t slot, uint32_t root)
{
    emit_event(emit, &(struct gcr_event){.op = GCR_OP_LOAD, .a = object, .b = slot, .c = root});
}

void emit_read(struct emit *emit, uint32_t object, uint32_t offset, uint32_t bytes)
{
    emit_event(emit, &(struct gcr_event){.op = GCR_OP_READ, .a = object, .b = offset, .c = bytes});
}

void emit_write(struct emit *emit, uint32_t object, uint32_t offset, uint32_t bytes)
{
    emit_event(emit, &(struct gcr_event){.op = GCR_OP_WRITE, .a = object, .b = offset, .c = bytes});
}

void emit_root(struct emit *emit, uint32_t root, uint32_t value)
{
    emit_event(emit, &(struct gcr_event){.op = GCR_OP_ROOT, .a = root, .b = value});
}

void emit_copy(struct emit *emit, uint32_t dst, uint32_t dst_slot, uint32_t src, uint32_t src_slot,
               uint32_t n)
{
    emit_event(emit,
               &(struct gcr_event){
                   .op = GCR_OP_COPY, .a = dst, .b = dst_slot, .c = src, .d = src_slot, .e = n});
}

void emit_resize(struct emit *emit, uint32_t object, uint32_t length)
{
    emit_event(emit, &(struct gcr_event){.op = GCR_OP_RESIZE, .a = object, .b = length});
}

void emit_weakref(struct emit *emit, uint32_t weak, uint32_t target)
{
    emit_event(emit, &(struct gcr_event){.op = GCR_OP_WEAKREF, .a = weak, .b = target});
}

void emit_resurrect(struct emit *emit, uint32_t object, uint32_t root)
{
    emit_event(emit, &(struct gcr_event){.op = GCR_OP_RESURRECT, .a = object, .b = root});
}

void emit_request(struct emit *emit, uint32_t number, enum gcr_request_flag what)
{
    emit_event(emit,
               &(struct gcr_event){.op = GCR_OP_REQUEST, .flags = (uint8_t)what, .a = number});
}

void emit_time(struct emit *emit, uint64_t ns)
{
    emit_event(
        emit, &(struct gcr_event){.op = GCR_OP_TIME, .a = (uint32_t)ns, .b = (uint32_t)(ns >> 32)});
}

void emit_plain(struct emit *emit, enum gcr_op op, uint32_t a)
{
    emit_event(emit, &(struct gcr_event){.op = (uint8_t)op, .a = a});
}

/* Room for n more indexes on the stack of the dead. */
static bool emit_reserve_dead(struct emit *emit, size_t n)
{
    if (emit->dead_count + n <= emit->dead_room)
        return true;
    size_t room = 2 * (emit->dead_count + n) + 64;
    uint32_t *grown = realloc(emit->dead, room * sizeof *grown);
    if (grown == NULL) {
        emit->status = gcr_fail(emit->err, GCR_NO_MEMORY, "no memory for %zu object names", room);
        return false;
    }
    emit->dead = grown;
    emit->dead_room = room;
    return true;
}

void emit_death(struct emit *emit, uint32_t object)
{
    emit_deaths(emit, &object, 1);
}

void emit_deaths(struct emit *emit, const uint32_t *objects, size_t n)
{
    if (!emit->deaths || emit_failed(emit) || !emit_reserve_dead(emit, n))
        return;
    for (size_t i = 0; i < n; i++)
        emit_event(emit, &(struct gcr_event){.op = GCR_OP_DEATH, .a = objects[i]});
    for (size_t i = n; i-- > 0;)
        emit->dead[emit->dead_count++] = objects[i];
}

uint32_t *emit_indexes(struct emit *emit, size_t n)
{
    uint32_t *indexes = calloc(n > 0 ? n : 1, sizeof *indexes);
    if (indexes == NULL && !emit_failed(emit))
        emit->status = gcr_fail(emit->err, GCR_NO_MEMORY, "no memory for %zu object names", n);
    return indexes;
}
