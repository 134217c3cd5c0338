#include "tests/collectors/counting_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* xorshift64*, Vigna 2016. */
static uint32_t pick(struct counting_model *m, uint32_t n)
{
    m->random ^= m->random >> 12;
    m->random ^= m->random << 25;
    m->random ^= m->random >> 27;
    return (uint32_t)((m->random * 2685821657736338717u) >> 33) % n;
}

static uint32_t model_reach(struct counting_model *m)
{
    uint32_t depth = 0, count = 0;
    memset(m->reached, 0, m->objects + 1);
    for (int i = 0; i < COUNTING_MODEL_ROOTS; i++) {
        if (m->root[i] != 0 && !m->reached[m->root[i]]++)
            m->stack[depth++] = m->root[i];
    }
    for (int i = 0; i < FIXTURE_GLOBAL_ROOTS; i++) {
        if (m->global[i] != 0 && !m->reached[m->global[i]]++)
            m->stack[depth++] = m->global[i];
    }
    while (depth > 0) {
        uint32_t o = m->stack[--depth];
        count++;
        for (uint32_t k = 0; k < m->slots[o]; k++) {
            if (m->slot[o][k] != 0 && !m->reached[m->slot[o][k]]++)
                m->stack[depth++] = m->slot[o][k];
        }
    }
    return count;
}

/* A reachable object: a root, or a few steps from one. 0: no root is set. */
static uint32_t pick_reachable(struct counting_model *m)
{
    uint32_t o = pick(m, 10) == 0 ? m->global[pick(m, FIXTURE_GLOBAL_ROOTS)]
                                  : m->root[pick(m, COUNTING_MODEL_ROOTS)];
    for (uint32_t steps = pick(m, 4); o != 0 && steps > 0; steps--) {
        uint32_t next = m->slots[o] != 0 ? m->slot[o][pick(m, m->slots[o])] : 0;
        if (next != 0)
            o = next;
    }
    return o;
}

static uint32_t slots_of(uint32_t shape, uint32_t length)
{
    return (uint32_t)gcr_shape_slot_count(&kit_shapes[shape], length);
}

static void step_alloc(struct counting_model *m)
{
    uint32_t s = m->shape_choice[pick(m, m->shape_choices)], root = pick(m, COUNTING_MODEL_ROOTS);
    uint32_t length =
        gcr_shape_has_items(&kit_shapes[s]) ? pick(m, s == DICT ? 6 : COUNTING_MODEL_SLOTS) : 0;
    unsigned flags = pick(m, 10) == 0 ? pick(m, 4) : 0;
    uint32_t o = ++m->objects;
    for (uint32_t h = 0; h < m->heaps; h++)
        assert_int_equal(fixture_alloc_flags(m->fixture[h], s, length, flags, (int)root), o);
    m->root[root] = o;
    m->shape[o] = (uint8_t)s;
    m->slots[o] = slots_of(s, length);
    memset(m->slot[o], 0, sizeof m->slot[o]);
}

static void step_store(struct counting_model *m)
{
    uint32_t o = pick_reachable(m), v = pick(m, 8) == 0 ? 0 : pick_reachable(m);
    if (o == 0 || m->slots[o] == 0)
        return;
    uint32_t k = pick(m, m->slots[o]);
    m->slot[o][k] = v;
    for (uint32_t h = 0; h < m->heaps; h++)
        fixture_store(m->fixture[h], o, k, v);
}

static void step_copy(struct counting_model *m)
{
    uint32_t dst = pick_reachable(m), src = pick(m, 2) ? dst : pick_reachable(m);
    if (dst == 0 || src == 0 || m->slots[dst] == 0 || m->slots[src] == 0)
        return;
    uint32_t d = pick(m, m->slots[dst]), s = pick(m, m->slots[src]);
    uint32_t room = m->slots[dst] - d < m->slots[src] - s ? m->slots[dst] - d : m->slots[src] - s;
    uint32_t n = pick(m, room + 1);
    memmove(&m->slot[dst][d], &m->slot[src][s], n * sizeof m->slot[0][0]);
    for (uint32_t h = 0; h < m->heaps; h++)
        fixture_copy(m->fixture[h], dst, d, src, s, n);
}

static void step_resize(struct counting_model *m)
{
    uint32_t o = pick_reachable(m);
    if (o == 0 || !gcr_shape_is(&kit_shapes[m->shape[o]], GCR_SHAPE_RESIZABLE))
        return;
    uint32_t length = pick(m, m->shape[o] == DICT ? 7 : COUNTING_MODEL_SLOTS + 1);
    uint32_t slots = slots_of(m->shape[o], length);
    for (uint32_t k = m->slots[o]; k < slots; k++)
        m->slot[o][k] = 0;
    m->slots[o] = slots;
    for (uint32_t h = 0; h < m->heaps; h++)
        assert_true(fixture_resize(m->fixture[h], o, length));
}

static void do_rare(struct fixture *f, uint32_t choice, uint32_t generation, uint32_t o, uint32_t t,
                    bool weak)
{
    switch (choice) {
    case 0:
        kit_collect(f, generation);
        break;
    case 1:
        if (weak)
            fixture_weakref(f, o, t);
        break;
    case 2:
        if (o != 0)
            f->ops->recycle(f->heap, fixture_ref(f, o));
        break;
    case 3:
        f->collector->freeze(f->heap);
        break;
    default:
        f->collector->unfreeze(f->heap);
    }
}

static void step_rare(struct counting_model *m)
{
    uint32_t o = pick_reachable(m), t = pick_reachable(m), choice = pick(m, 5),
             generation = pick(m, 3);
    for (uint32_t h = 0; h < m->heaps; h++)
        do_rare(m->fixture[h], choice, generation, o, t, o != 0 && m->shape[o] == WEAK);
}

/* Finalizers since the last step resurrected their objects into globals, by the fixture's table. */
void counting_model_resurrected(struct counting_model *m)
{
    const struct fixture *f = m->fixture[0];
    for (uint32_t n = 0; n < f->finalized_count && n < FIXTURE_GLOBAL_ROOTS; n++) {
        if (f->globals[n] != NULL && m->global[n] == 0)
            m->global[n] = f->finalized[n].cookie;
    }
}

static void step_drop_global(struct counting_model *m)
{
    uint32_t n = pick(m, FIXTURE_GLOBAL_ROOTS);
    if (m->global[n] == 0)
        return;
    m->global[n] = 0;
    for (uint32_t h = 0; h < m->heaps; h++) {
        m->fixture[h]->resurrect_into[n] = FIXTURE_NO_ROOT;
        fixture_global(m->fixture[h], (int)n, 0);
    }
}

void counting_model_step(struct counting_model *m)
{
    uint32_t choice = pick(m, 100), root;
    if (pick(m, 50) == 0)
        step_drop_global(m);
    if (choice < 25) {
        step_alloc(m);
    } else if (choice < 65) {
        step_store(m);
    } else if (choice < 75) {
        step_copy(m);
    } else if (choice < 83) {
        step_resize(m);
    } else if (choice < 97) {
        root = pick(m, COUNTING_MODEL_ROOTS);
        m->root[root] = pick(m, 3) == 0 ? 0 : pick_reachable(m);
        for (uint32_t h = 0; h < m->heaps; h++)
            fixture_root(m->fixture[h], (int)root, m->root[root]);
    } else {
        step_rare(m);
    }
    counting_model_resurrected(m);
}

static void compare_heap(struct counting_model *m, const struct fixture *f)
{
    for (uint32_t o = 1; o <= m->objects; o++) {
        if (!m->reached[o])
            continue;
        assert_false(fixture_is_dead(f, o));
        assert_int_equal(slots_of(m->shape[o], fixture_length(f, o)), m->slots[o]);
        for (uint32_t k = 0; k < m->slots[o]; k++)
            assert_ptr_equal(f->collector->slot(f->heap, fixture_ref(f, o), k),
                             fixture_ref(f, m->slot[o][k]));
    }
}

void counting_model_compare(struct counting_model *m, bool exact)
{
    uint32_t count = model_reach(m);
    for (uint32_t h = 0; h < m->heaps; h++) {
        compare_heap(m, m->fixture[h]);
        if (exact)
            assert_int_equal(fixture_walk_count(m->fixture[h]), count);
    }
}

void counting_model_init(struct counting_model *m, bool precise, uint64_t seed)
{
    static const uint32_t plain[] = {NODE, PAIR, LIST, TUPLE, LEAF, WEAK, DICT, PAIR, LIST};
    static const uint32_t wild[] = {NODE, PAIR,   LIST,   TUPLE,      LEAF, WEAK,
                                    DICT, LEGACY, BUFFER, FINAL_LEAF, FINAL};
    memset(m->root, 0, sizeof m->root);
    memset(m->global, 0, sizeof m->global);
    m->objects = 0;
    m->heaps = 0;
    m->random = seed * 2 + 1;
    m->shape_choice = precise ? plain : wild;
    m->shape_choices = precise ? 9 : 11;
}

void counting_model_add(struct counting_model *m, struct fixture *f)
{
    for (int i = 0; i < FIXTURE_GLOBAL_ROOTS; i++)
        f->resurrect_into[i] = i % 3 == 0 ? FIXTURE_NO_ROOT : i;
    m->fixture[m->heaps++] = f;
}
