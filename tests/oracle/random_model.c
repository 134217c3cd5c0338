#include "tests/oracle/random_model.h"

#include <stdlib.h>
#include <string.h>

/* Tests have nothing to fall back on without memory. */
static void *model_memory(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

void random_model_init(struct random_model *m, const struct gcr_shape *shapes)
{
    memset(m, 0, sizeof *m);
    m->shapes = shapes;
    m->end = 1;
    m->room = 256;
    m->objects = model_memory(calloc(m->room, sizeof *m->objects));
}

void random_model_finish(struct random_model *m)
{
    for (uint32_t i = 1; i < m->end; i++)
        free(m->objects[i].slots);
    free(m->objects);
    memset(m, 0, sizeof *m);
}

void random_model_copy(const struct random_model *from, struct random_model *to)
{
    *to = *from;
    to->objects = model_memory(calloc(from->room, sizeof *to->objects));
    memcpy(to->objects, from->objects, from->end * sizeof *to->objects);
    for (uint32_t i = 1; i < from->end; i++) {
        const struct random_object *o = &from->objects[i];
        if (o->slot_count == 0)
            continue;
        to->objects[i].slots = model_memory(malloc(o->slot_count * sizeof *o->slots));
        memcpy(to->objects[i].slots, o->slots, o->slot_count * sizeof *o->slots);
    }
}

uint32_t *random_model_root(struct random_model *m, uint32_t root)
{
    return gcr_root_is_global(root) ? &m->globals[gcr_root_slot(root)]
                                    : &m->threads[m->thread][gcr_root_slot(root)];
}

static void model_set_length(struct random_model *m, struct random_object *o, uint32_t length)
{
    uint32_t slots = (uint32_t)gcr_shape_slot_count(&m->shapes[o->shape], length);

    if (slots == 0) {
        free(o->slots);
        o->slots = NULL;
    } else {
        o->slots = model_memory(realloc(o->slots, slots * sizeof *o->slots));
    }
    for (uint32_t i = o->slot_count; i < slots; i++)
        o->slots[i] = 0;
    o->slot_count = slots;
    o->length = length;
}

static void model_add(struct random_model *m, uint32_t index, uint32_t shape, uint32_t length,
                      enum random_state state)
{
    while (index >= m->room) {
        m->objects = model_memory(realloc(m->objects, m->room * 2 * sizeof *m->objects));
        memset(m->objects + m->room, 0, m->room * sizeof *m->objects);
        m->room *= 2;
    }
    if (index >= m->end)
        m->end = index + 1;
    m->objects[index].shape = shape;
    m->objects[index].state = state;
    model_set_length(m, &m->objects[index], length);
}

static void model_remove(struct random_object *o)
{
    free(o->slots);
    *o = (struct random_object){0};
}

void random_model_apply(struct random_model *m, const struct gcr_event *e)
{
    switch (e->op) {
    case GCR_OP_PREBUILT:
        model_add(m, e->a, e->b, e->c, RANDOM_PREBUILT);
        break;
    case GCR_OP_ALLOC:
        model_add(m, e->a, e->b, e->d, RANDOM_ALIVE);
        *random_model_root(m, e->c) = e->a;
        break;
    case GCR_OP_STORE:
        m->objects[e->a].slots[e->b] = e->c;
        break;
    case GCR_OP_COPY:
        if (e->e != 0)
            memmove(&m->objects[e->a].slots[e->b], &m->objects[e->c].slots[e->d],
                    e->e * sizeof(uint32_t));
        break;
    case GCR_OP_LOAD:
        *random_model_root(m, e->c) = m->objects[e->a].slots[e->b];
        break;
    case GCR_OP_RESIZE:
        model_set_length(m, &m->objects[e->a], e->b);
        break;
    case GCR_OP_ROOT:
        *random_model_root(m, e->a) = e->b;
        break;
    case GCR_OP_DEATH:
        model_remove(&m->objects[e->a]);
        break;
    case GCR_OP_THREAD:
        m->thread = e->a;
        break;
    default:
        break;
    }
}

static void model_push(struct random_model *m, uint32_t *stack, uint32_t *count, uint32_t index)
{
    if (index == 0 || m->objects[index].marked)
        return;
    m->objects[index].marked = true;
    stack[(*count)++] = index;
}

void random_model_mark(struct random_model *m)
{
    uint32_t *stack = model_memory(malloc(m->end * sizeof *stack)), count = 0;

    for (uint32_t i = 1; i < m->end; i++)
        m->objects[i].marked = false;
    for (uint32_t i = 1; i < m->end; i++)
        if (m->objects[i].state == RANDOM_PREBUILT)
            model_push(m, stack, &count, i);
    for (uint32_t i = 0; i < RANDOM_GLOBALS; i++)
        model_push(m, stack, &count, m->globals[i]);
    for (uint32_t t = 0; t < RANDOM_THREADS; t++)
        for (uint32_t i = 0; i < RANDOM_THREAD_ROOTS; i++)
            model_push(m, stack, &count, m->threads[t][i]);
    while (count != 0) {
        const struct random_object *o = &m->objects[stack[--count]];
        for (uint32_t i = 0; i < o->slot_count; i++)
            model_push(m, stack, &count, o->slots[i]);
    }
    free(stack);
}
