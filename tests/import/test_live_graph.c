/* Reachability kept up to date, against a search from the roots after each change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/splitmix.h"
#include "traces/import/live_graph.h"

enum { MOST = 60, SLOTS = 4 };

struct model {
    uint32_t count, roots[MOST + 1], slot[MOST + 1][SLOTS];
    bool reached[MOST + 1];
};

static void model_reach(struct model *m, uint32_t object)
{
    if (object == 0 || m->reached[object])
        return;
    m->reached[object] = true;
    for (int i = 0; i < SLOTS; i++)
        model_reach(m, m->slot[object][i]);
}

static void expect_equal(struct model *m, const struct live_graph *graph)
{
    memset(m->reached, 0, sizeof m->reached);
    for (uint32_t i = 1; i <= m->count; i++)
        if (m->roots[i] > 0)
            model_reach(m, i);
    for (uint32_t i = 1; i <= m->count; i++) {
        assert_int_equal(live_graph_reaches(graph, i), m->reached[i]);
        for (uint32_t k = 0; k < SLOTS; k++)
            assert_int_equal(live_graph_slot(graph, i, k), m->slot[i][k]);
    }
}

static uint32_t pick(uint64_t *rng, uint32_t bound)
{
    return gcr_splitmix_below(rng, bound);
}

/* Also of unreachable objects, which may come back. `spread`: how far references lead, so that
 * long chains and dense graphs both occur. */
static void random_changes(uint64_t seed, uint32_t spread)
{
    struct model m = {.count = 0};
    struct live_graph graph = {.nodes = NULL};
    uint64_t rng = seed;
    for (int step = 0; step < 1500; step++) {
        uint32_t what = pick(&rng, 10);
        if (m.count == 0 || (what == 0 && m.count < MOST)) {
            m.count++;
            assert_int_equal(live_graph_add(&graph), m.count);
        }
        uint32_t object = 1 + pick(&rng, m.count);
        if (what == 1 || (what == 2 && m.roots[object] == 0)) {
            m.roots[object]++;
            live_graph_root(&graph, object);
        } else if (what <= 4) {
            if (m.roots[object] > 0) {
                m.roots[object]--;
                live_graph_unroot(&graph, object);
            }
        } else {
            uint32_t near = 1 + (object + pick(&rng, spread)) % m.count, slot = pick(&rng, SLOTS);
            uint32_t value = what == 5 ? 0 : near;
            m.slot[object][slot] = value;
            live_graph_store(&graph, object, slot, value);
        }
        expect_equal(&m, &graph);
    }
    assert_false(graph.out_of_memory);
    live_graph_finish(&graph);
}

static void test_random_changes(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++)
        random_changes(seed, seed % 3 == 0 ? 2 : seed % 3 == 1 ? 6 : MOST);
}

/* A list walked by a root: each step takes away what stands behind, and nothing ahead. */
static void test_long_list(void **state)
{
    (void)state;
    enum { LENGTH = 100000 };
    struct live_graph graph = {.nodes = NULL};
    for (uint32_t i = 1; i <= LENGTH; i++) {
        live_graph_add(&graph);
        if (i == 1)
            live_graph_root(&graph, 1);
        else
            live_graph_store(&graph, i - 1, 0, i);
    }
    for (uint32_t i = 1; i < LENGTH; i++) {
        live_graph_root(&graph, i + 1);
        live_graph_unroot(&graph, i);
        assert_false(live_graph_reaches(&graph, i));
        assert_true(live_graph_reaches(&graph, i + 1) && live_graph_reaches(&graph, LENGTH));
    }
    live_graph_root(&graph, 1); /* the head comes back, and all with it */
    live_graph_unroot(&graph, LENGTH);
    for (uint32_t i = 1; i <= LENGTH; i++)
        assert_true(live_graph_reaches(&graph, i));
    live_graph_unroot(&graph, 1);
    for (uint32_t i = 1; i <= LENGTH; i++)
        assert_false(live_graph_reaches(&graph, i));
    live_graph_finish(&graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_changes),
                                       cmocka_unit_test(test_long_list)};
    return cmocka_run_group_tests_name("unit.import_live_graph", tests, NULL, NULL);
}
