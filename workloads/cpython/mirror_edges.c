/* Known edges.
 *
 * Edges of one object lie in one run, in the order in which the object's traversal visits them;
 * runs come in capacities 1, 2, 3, 4, 6, 8, 12 ... and are recycled by capacity. Edges to one
 * object form a doubly linked list, so that an object's death finds every slot that still refers to
 * it. */
#include "workloads/cpython/mirror.h"

/* Capacities: 1, 2, 3, 4, 6, 8, 12, 16, 24 ... */
static uint32_t edge_class_capacity(unsigned class)
{
    if (class < 2)
        return class + 1;
    return (class & 1) != 0 ? 1u << (class / 2 + 1) : 3u << (class / 2 - 1);
}

static unsigned edge_class_for(uint32_t count)
{
    unsigned class = 0;
    while (edge_class_capacity(class) < count)
        class ++;
    return class;
}

static uint32_t mirror_take_run(struct mirror *mirror, unsigned class)
{
    uint32_t run = mirror->free_edges[class];
    if (run != 0) {
        mirror->free_edges[class] = mirror->edges[run].next;
        return run;
    }
    uint32_t capacity = edge_class_capacity(class);
    if (mirror->edge_top > EDGE_LIMIT - capacity) {
        mirror->exhausted = true;
        return 1;
    }
    run = mirror->edge_top;
    mirror->edge_top += capacity;
    return run;
}

static void mirror_give_run(struct mirror *mirror, uint32_t run, unsigned class)
{
    mirror->edges[run].next = mirror->free_edges[class];
    mirror->free_edges[class] = run;
}

void edge_link(struct mirror *mirror, uint32_t edge)
{
    struct edge *e = &mirror->edges[edge];
    if (e->dst == mirror->static_record)
        return;
    struct record *dst = mirror_record(mirror, e->dst);
    e->prev = 0;
    e->next = dst->in_head;
    if (e->next != 0)
        mirror->edges[e->next].prev = edge;
    dst->in_head = edge;
}

void edge_unlink(struct mirror *mirror, uint32_t edge)
{
    struct edge *e = &mirror->edges[edge];
    if (e->dst == mirror->static_record)
        return;
    if (e->prev != 0)
        mirror->edges[e->prev].next = e->next;
    else
        mirror_record(mirror, e->dst)->in_head = e->next;
    if (e->next != 0)
        mirror->edges[e->next].prev = e->prev;
}

void edge_move(struct mirror *mirror, uint32_t from, uint32_t to)
{
    if (from == to)
        return;
    struct edge *e = &mirror->edges[to];
    *e = mirror->edges[from];
    if (e->dst == 0 || e->dst == mirror->static_record)
        return;
    if (e->prev != 0)
        mirror->edges[e->prev].next = to;
    else
        mirror_record(mirror, e->dst)->in_head = to;
    if (e->next != 0)
        mirror->edges[e->next].prev = to;
}

void mirror_reserve_edges(struct mirror *mirror, uint32_t object, uint32_t count)
{
    struct record *record = mirror_record(mirror, object);
    if (record->edges != 0 && edge_class_capacity(record->edge_class) >= count)
        return;
    unsigned class = edge_class_for(count);
    uint32_t run = mirror_take_run(mirror, class);
    if (record->edges != 0) {
        for (uint32_t i = 0; i < record->edge_count; i++)
            edge_move(mirror, record->edges + i, run + i);
        mirror_give_run(mirror, record->edges, record->edge_class);
    }
    record->edges = run;
    record->edge_class = (uint8_t) class;
}

void mirror_free_edges(struct mirror *mirror, uint32_t object)
{
    struct record *record = mirror_record(mirror, object);
    if (record->edges != 0)
        mirror_give_run(mirror, record->edges, record->edge_class);
    record->edges = 0;
    record->edge_count = 0;
}
