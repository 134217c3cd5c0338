/* linked-list: random operations against a model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/collectors/linked_list_kit.h"

enum { MODEL_OBJECTS = 60000, MODEL_SLOTS = 12, MODEL_ROOTS = 24 };

struct model {
    uint32_t slot[MODEL_OBJECTS][MODEL_SLOTS];
    uint32_t slots[MODEL_OBJECTS];
    uint8_t shape[MODEL_OBJECTS], reached[MODEL_OBJECTS];
    uint32_t root[MODEL_ROOTS];
    uint32_t global[FIXTURE_GLOBAL_ROOTS]; /* resurrected objects */
    const uint32_t *shape_choice;
    uint32_t shape_choices;
    uint32_t stack[MODEL_OBJECTS];
    uint32_t objects; /* handles are 1 .. objects */
    uint64_t random;
};

static uint64_t seed = 20260729;

/* xorshift64*, Vigna 2016. */
static uint32_t pick(struct model *m, uint32_t n)
{
    m->random ^= m->random >> 12;
    m->random ^= m->random << 25;
    m->random ^= m->random >> 27;
    return (uint32_t)((m->random * 2685821657736338717u) >> 33) % n;
}

static uint32_t model_reach(struct model *m)
{
    uint32_t depth = 0, count = 0;
    memset(m->reached, 0, m->objects + 1);
    for (int i = 0; i < MODEL_ROOTS; i++) {
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
static uint32_t pick_reachable(struct model *m)
{
    uint32_t o =
        pick(m, 10) == 0 ? m->global[pick(m, FIXTURE_GLOBAL_ROOTS)] : m->root[pick(m, MODEL_ROOTS)];
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

static void step_alloc(struct model *m, struct fixture *f)
{
    uint32_t s = m->shape_choice[pick(m, m->shape_choices)], root = pick(m, MODEL_ROOTS);
    uint32_t length =
        gcr_shape_has_items(&kit_shapes[s]) ? pick(m, s == DICT ? 6 : MODEL_SLOTS) : 0;
    unsigned flags = pick(m, 10) == 0 ? pick(m, 4) : 0;
    uint32_t o = fixture_alloc_flags(f, s, length, flags, (int)root);
    assert_int_equal(o, ++m->objects);
    m->root[root] = o;
    m->shape[o] = (uint8_t)s;
    m->slots[o] = slots_of(s, length);
    memset(m->slot[o], 0, sizeof m->slot[o]);
}

static void step_store(struct model *m, struct fixture *f)
{
    uint32_t o = pick_reachable(m), v = pick(m, 8) == 0 ? 0 : pick_reachable(m);
    if (o == 0 || m->slots[o] == 0)
        return;
    uint32_t k = pick(m, m->slots[o]);
    m->slot[o][k] = v;
    fixture_store(f, o, k, v);
}

static void step_copy(struct model *m, struct fixture *f)
{
    uint32_t dst = pick_reachable(m), src = pick(m, 2) ? dst : pick_reachable(m);
    if (dst == 0 || src == 0 || m->slots[dst] == 0 || m->slots[src] == 0)
        return;
    uint32_t d = pick(m, m->slots[dst]), s = pick(m, m->slots[src]);
    uint32_t room = m->slots[dst] - d < m->slots[src] - s ? m->slots[dst] - d : m->slots[src] - s;
    uint32_t n = pick(m, room + 1);
    memmove(&m->slot[dst][d], &m->slot[src][s], n * sizeof m->slot[0][0]);
    fixture_copy(f, dst, d, src, s, n);
}

static void step_resize(struct model *m, struct fixture *f)
{
    uint32_t o = pick_reachable(m);
    if (o == 0 || !gcr_shape_is(&kit_shapes[m->shape[o]], GCR_SHAPE_RESIZABLE))
        return;
    uint32_t length = pick(m, m->shape[o] == DICT ? 7 : MODEL_SLOTS + 1);
    uint32_t slots = slots_of(m->shape[o], length);
    for (uint32_t k = m->slots[o]; k < slots; k++)
        m->slot[o][k] = 0;
    m->slots[o] = slots;
    assert_true(fixture_resize(f, o, length));
}

static void step_rare(struct model *m, struct fixture *f)
{
    uint32_t o = pick_reachable(m), t = pick_reachable(m);
    switch (pick(m, 5)) {
    case 0:
        kit_collect(f, pick(m, 3));
        break;
    case 1:
        if (o != 0 && m->shape[o] == WEAK)
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

/* Finalizers since the last step resurrected their objects into globals, by the fixture's table. */
static void step_resurrected(struct model *m, const struct fixture *f)
{
    for (uint32_t n = 0; n < f->finalized_count && n < FIXTURE_GLOBAL_ROOTS; n++) {
        if (f->globals[n] != NULL && m->global[n] == 0)
            m->global[n] = f->finalized[n].cookie;
    }
}

static void step_drop_global(struct model *m, struct fixture *f)
{
    uint32_t n = pick(m, FIXTURE_GLOBAL_ROOTS);
    if (m->global[n] == 0)
        return;
    m->global[n] = 0;
    f->resurrect_into[n] = FIXTURE_NO_ROOT;
    fixture_global(f, (int)n, 0);
}

static void random_step(struct model *m, struct fixture *f)
{
    uint32_t choice = pick(m, 100), root;
    if (pick(m, 50) == 0)
        step_drop_global(m, f);
    if (choice < 25) {
        step_alloc(m, f);
    } else if (choice < 65) {
        step_store(m, f);
    } else if (choice < 75) {
        step_copy(m, f);
    } else if (choice < 83) {
        step_resize(m, f);
    } else if (choice < 97) {
        root = pick(m, MODEL_ROOTS);
        m->root[root] = pick(m, 3) == 0 ? 0 : pick_reachable(m);
        fixture_root(f, (int)root, m->root[root]);
    } else {
        step_rare(m, f);
    }
    step_resurrected(m, f);
}

/* Every reachable object is there with its slots; `exact`: and nothing else. */
static void compare(struct model *m, const struct fixture *f, bool exact)
{
    uint32_t count = model_reach(m);
    for (uint32_t o = 1; o <= m->objects; o++) {
        if (!m->reached[o])
            continue;
        assert_false(fixture_is_dead(f, o));
        assert_int_equal(slots_of(m->shape[o], fixture_length(f, o)), m->slots[o]);
        for (uint32_t k = 0; k < m->slots[o]; k++)
            assert_ptr_equal(f->collector->slot(f->heap, fixture_ref(f, o), k),
                             fixture_ref(f, m->slot[o][k]));
    }
    if (exact)
        assert_int_equal(fixture_walk_count(f), count);
}

/* `precise`: without finalizers and without cycles that CPython cannot find. */
static void run_random(const char *const *settings, bool precise, uint64_t run_seed, int steps)
{
    static const uint32_t plain[] = {NODE, PAIR, LIST, TUPLE, LEAF, WEAK, DICT, PAIR, LIST};
    static const uint32_t wild[] = {NODE, PAIR,   LIST,   TUPLE,      LEAF, WEAK,
                                    DICT, LEGACY, BUFFER, FINAL_LEAF, FINAL};
    static struct model m;
    memset(m.root, 0, sizeof m.root);
    memset(m.global, 0, sizeof m.global);
    m.objects = 0;
    m.random = run_seed * 2 + 1;
    m.shape_choice = precise ? plain : wild;
    m.shape_choices = precise ? 9 : 11;
    struct fixture f;
    kit_open(&f, settings);
    for (int i = 0; i < FIXTURE_GLOBAL_ROOTS; i++)
        f.resurrect_into[i] = i % 3 == 0 ? FIXTURE_NO_ROOT : i;
    for (int i = 0; i < steps; i++) {
        random_step(&m, &f);
        if (i % 16 == 0)
            fixture_check(&f);
        if (i % 500 == 499) {
            compare(&m, &f, false);
            f.collector->unfreeze(f.heap);
            kit_collect(&f, 2);
            step_resurrected(&m, &f);
            compare(&m, &f, precise);
        }
    }
    kit_close(&f);
}

static void test_random_operations(void **state)
{
    (void)state;
    static const char *const settings[][6] = {
        {"head=16", "threshold0=40", "threshold1=3", "threshold2=2", NULL},
        {"head=24", "threshold0=40", "threshold1=3", "threshold2=2", NULL},
        {"head=32", "threshold0=25", "untrack=fixpoint", "small-limit=128", NULL},
        {"head=16", "threshold0=60", "untrack=off", "separate-pools=on", "empty-free-lists=off",
         NULL},
    };
    print_message("seed %llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        for (uint64_t round = 0; round < 4; round++)
            run_random(settings[i], round < 2, seed + round, 5000);
    }
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--seed") == 0)
        seed = strtoull(argv[2], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
