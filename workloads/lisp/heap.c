/* See heap.h. The collector is the plainest: mark with a stack of its own, sweep the list of all
 * objects. */
#include "heap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_LIMIT = 10000 };

static void *heap_must(struct lisp *lisp, void *memory)
{
    if (memory == NULL)
        lisp_fail(lisp, "no memory");
    return memory;
}

void heap_create(struct lisp *lisp)
{
    lisp->limit = FIRST_LIMIT;
}

void heap_destroy(struct lisp *lisp)
{
    for (struct object *o = lisp->objects, *next; o != NULL; o = next) {
        next = o->next;
        free(o);
    }
    free(lisp->stack);
    free(lisp->marking);
}

/* ---- places ---- */

#ifdef LISP_RECORDED
static gctrace_object name_of(value v)
{
    return is_object(v) ? object_of(v)->name : 0;
}
#endif

place heap_push(struct lisp *lisp)
{
    if (lisp->depth == lisp->room) {
        uint32_t room = lisp->room * 2 + 1024;
        lisp->stack = heap_must(lisp, realloc(lisp->stack, room * sizeof *lisp->stack));
        lisp->room = room;
    }
    lisp->stack[lisp->depth] = 0;
    LISP_TRACE(gctrace_push(lisp->thread, 0));
    return lisp->depth++;
}

place heap_push_copy(struct lisp *lisp, place from)
{
    place to = heap_push(lisp);
    heap_set(lisp, to, from);
    return to;
}

void heap_pop_to(struct lisp *lisp, uint32_t depth)
{
    LISP_TRACE(gctrace_pop(lisp->thread, lisp->depth - depth));
    lisp->depth = depth;
}

void heap_set(struct lisp *lisp, place to, place from)
{
    if (is_object(lisp->stack[from]) || is_object(lisp->stack[to]))
        LISP_TRACE(gctrace_set_root(lisp->thread, GCTRACE_LOCAL(to), name_of(lisp->stack[from])));
    lisp->stack[to] = lisp->stack[from];
}

void heap_set_plain(struct lisp *lisp, place to, value plain)
{
    if (is_object(lisp->stack[to]))
        LISP_TRACE(gctrace_set_root(lisp->thread, GCTRACE_LOCAL(to), 0));
    lisp->stack[to] = plain;
}

/* ---- objects ---- */

void heap_allocate(struct lisp *lisp, enum type type, size_t length, place to)
{
    if (length > UINT32_MAX / 16)
        lisp_fail(lisp, "an object of %zu items", length);
    if (lisp->live >= lisp->limit) {
        heap_collect(lisp);
        lisp->limit = lisp->live * 2 > FIRST_LIMIT ? lisp->live * 2 : FIRST_LIMIT;
    }
    size_t bytes =
        offsetof(struct object, of) + (type == TYPE_STRING ? length + 1 : length * sizeof(value));
    struct object *object =
        heap_must(lisp, calloc(1, bytes < sizeof *object ? sizeof *object : bytes));
    object->type = (uint8_t)type;
    object->length = (uint32_t)length;
    object->next = lisp->objects;
    lisp->objects = object;
    lisp->live++;
    lisp->allocated++;
#ifdef LISP_RECORDED
    bool has_items = type == TYPE_STRING || type == TYPE_VECTOR;
    object->name = gctrace_allocate(lisp->thread, lisp->shape[type], has_items ? object->length : 0,
                                    GCTRACE_LOCAL(to));
#endif
    lisp->stack[to] = (value)object;
}

void heap_load(struct lisp *lisp, place object, uint32_t slot, place to)
{
    struct object *o = object_of(lisp->stack[object]);
    LISP_TRACE(gctrace_load(lisp->thread, o->name, slot, GCTRACE_LOCAL(to)));
    lisp->stack[to] = o->of.slot[slot];
}

void heap_store(struct lisp *lisp, place object, uint32_t slot, place from)
{
    struct object *o = object_of(lisp->stack[object]);
    LISP_TRACE(gctrace_store(lisp->thread, o->name, slot, name_of(lisp->stack[from])));
    o->of.slot[slot] = lisp->stack[from];
}

const char *heap_read_text(struct lisp *lisp, place string)
{
    struct object *o = object_of(lisp->stack[string]);
    LISP_TRACE(gctrace_read(lisp->thread, o->name, 0, o->length));
    return o->of.text;
}

char *heap_write_text(struct lisp *lisp, place string, uint32_t from, uint32_t bytes)
{
    struct object *o = object_of(lisp->stack[string]);
    LISP_TRACE(gctrace_write(lisp->thread, o->name, from, bytes));
    (void)bytes;
    return o->of.text + from;
}

/* ---- collecting ---- */

static void heap_mark(struct lisp *lisp, value v)
{
    if (!is_object(v) || object_of(v)->is_marked)
        return;
    object_of(v)->is_marked = 1;
    if (lisp->marking_count == lisp->marking_room) {
        size_t room = lisp->marking_room * 2 + 1024;
        lisp->marking = heap_must(lisp, realloc(lisp->marking, room * sizeof *lisp->marking));
        lisp->marking_room = room;
    }
    lisp->marking[lisp->marking_count++] = object_of(v);
}

static void heap_mark_all(struct lisp *lisp)
{
    for (uint32_t i = 0; i < lisp->depth; i++)
        heap_mark(lisp, lisp->stack[i]);
    while (lisp->marking_count > 0) {
        struct object *object = lisp->marking[--lisp->marking_count];
        for (uint32_t i = 0; object->type != TYPE_STRING && i < object->length; i++)
            heap_mark(lisp, object->of.slot[i]);
    }
}

static uint32_t heap_sweep(struct lisp *lisp)
{
    uint32_t freed = 0;
    for (struct object **at = &lisp->objects; *at != NULL;) {
        struct object *object = *at;
        if (object->is_marked) {
            object->is_marked = 0;
            at = &object->next;
            continue;
        }
        LISP_TRACE(gctrace_death(lisp->thread, object->name));
        *at = object->next;
        free(object);
        freed++;
    }
    return freed;
}

void heap_collect(struct lisp *lisp)
{
    heap_mark_all(lisp);
    uint32_t freed = heap_sweep(lisp);
    LISP_TRACE(gctrace_collected(lisp->thread, 2, freed, 0));
    lisp->live -= freed;
    lisp->collections++;
}
