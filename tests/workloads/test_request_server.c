/* request-server with processes: every request is served once, in one worker, from its beginning to
 * its end; the workers' times are those of one program; each worker looks up its share in the
 * catalogue of the parent and is a server with threads and sessions of its own. What the facts say
 * of these traces is held against them in test_generators.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/oracle/flat_trace.h"
#include "workloads/generator.h"

enum { REQUESTS = 203, WORKERS = 4, LOOKUPS = 6, THREADS = 3, CATALOGUE = 50, RATE = 1000 };

static void generate(struct flat_trace *out, const char *writes)
{
    const char *const options[] = {"requests=203", "processes=4",  "lookups=6",    "threads=3",
                                   "rate=1000",    "catalogue=50", "sessions=10",  "objects=4",
                                   writes,         "turnover=0.5", "min-size=100", "seed=3"};
    const struct gcr_generator *generator = gcr_generator_find("request-server");
    struct gcr_option_values values;
    struct gcr_error err = {""};
    struct gcr_reader *reader = NULL;
    char path[64];
    snprintf(path, sizeof path, "request-server-%ld.gct", (long)getpid());
    gcr_options_init(generator->options, &values);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        assert_int_equal(gcr_option_assign(&values, "request-server", options[i], &err), GCR_OK);
    if (gcr_generate_file(generator, &values, path, NULL, NULL, &err) != GCR_OK ||
        gcr_reader_open(path, &reader, &err) != GCR_OK)
        fail_msg("%s", err.text);
    flat_read(out, reader);
    gcr_reader_close(reader);
    unlink(path);
    assert_int_equal(out->lane_count, 1 + WORKERS);
}

static size_t count_ops(const struct flat_lane *lane, enum gcr_op op)
{
    size_t n = 0;
    for (size_t i = 0; i < lane->count; i++)
        n += lane->events[i].op == op;
    return n;
}

static void every_request_is_served_once_by_the_worker_of_its_number(void **state)
{
    struct flat_trace flat;
    unsigned begun[REQUESTS] = {0}, ended[REQUESTS] = {0};
    (void)state;
    generate(&flat, "writes=0");
    assert_int_equal(count_ops(&flat.lanes[0], GCR_OP_REQUEST), 0);
    assert_int_equal(count_ops(&flat.lanes[0], GCR_OP_FORK), WORKERS);
    for (uint32_t lane = 1; lane <= WORKERS; lane++) {
        assert_int_equal(flat.lanes[lane].parent, 0);
        for (size_t i = 0; i < flat.lanes[lane].count; i++) {
            const struct gcr_event *event = &flat.lanes[lane].events[i];
            if (event->op != GCR_OP_REQUEST)
                continue;
            assert_true(event->a < REQUESTS);
            assert_int_equal(event->a % WORKERS, lane - 1);
            if (event->flags == GCR_REQUEST_BEGIN)
                begun[event->a]++;
            else
                ended[event->a] += begun[event->a];
        }
    }
    for (size_t i = 0; i < REQUESTS; i++) {
        assert_int_equal(begun[i], 1);
        assert_int_equal(ended[i], 1);
    }
    flat_finish(&flat);
}

static void times_of_all_workers_are_those_of_one_program(void **state)
{
    struct flat_trace flat;
    unsigned at[REQUESTS + 1] = {0};
    (void)state;
    generate(&flat, "writes=0");
    for (uint32_t lane = 1; lane <= WORKERS; lane++) {
        uint64_t last = 0;
        bool first = true;
        for (size_t i = 0; i < flat.lanes[lane].count; i++) {
            const struct gcr_event *event = &flat.lanes[lane].events[i];
            const uint64_t ns = event->a | (uint64_t)event->b << 32;
            if (event->op != GCR_OP_TIME)
                continue;
            assert_int_equal(ns % (1000000000 / RATE), 0);
            assert_true(first ? ns == 0 : ns > last);
            assert_true(ns / (1000000000 / RATE) <= REQUESTS);
            at[ns / (1000000000 / RATE)]++;
            last = ns;
            first = false;
        }
    }
    assert_int_equal(at[0], WORKERS);
    for (size_t i = 1; i <= REQUESTS; i++)
        assert_int_equal(at[i], 1);
    flat_finish(&flat);
}

/* Events on items: those of the parent but the first object, which is their table. */
struct uses {
    size_t loads, reads, writes;
    bool threads[THREADS];
};

static struct uses count_uses(const struct flat_lane *lane, uint32_t table)
{
    struct uses uses = {0};
    for (size_t i = 0; i < lane->count; i++) {
        const struct gcr_event *event = &lane->events[i];
        const bool of_item = event->a > table && event->a <= table + CATALOGUE;
        uses.loads += event->op == GCR_OP_LOAD && event->a == table;
        uses.reads += event->op == GCR_OP_READ && of_item;
        uses.writes += event->op == GCR_OP_WRITE && of_item;
        assert_false(event->op == GCR_OP_STORE && (of_item || event->a == table));
        if (event->op == GCR_OP_THREAD) {
            assert_true(event->a < THREADS);
            uses.threads[event->a] = true;
        }
    }
    return uses;
}

static void workers_share_the_catalogue(void **state)
{
    static const char *const writes[] = {"writes=0", "writes=0.5", "writes=1"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct flat_trace flat;
        generate(&flat, writes[i]);
        const struct gcr_event *table = &flat.lanes[0].events[0];
        assert_int_equal(table->op, GCR_OP_ALLOC);
        assert_int_equal(table->d, CATALOGUE);
        for (uint32_t lane = 1; lane <= WORKERS; lane++) {
            const struct uses uses = count_uses(&flat.lanes[lane], table->a);
            const size_t served = count_ops(&flat.lanes[lane], GCR_OP_REQUEST) / 2;
            assert_true(served == REQUESTS / WORKERS || served == REQUESTS / WORKERS + 1);
            assert_int_equal(uses.loads, served * LOOKUPS);
            assert_int_equal(uses.reads + uses.writes, served * LOOKUPS);
            assert_int_equal(uses.writes == 0, i == 0);
            assert_int_equal(uses.reads == 0, i == 2);
            for (uint32_t thread = 0; thread < THREADS; thread++)
                assert_true(uses.threads[thread]);
        }
        flat_finish(&flat);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_is_served_once_by_the_worker_of_its_number),
        cmocka_unit_test(times_of_all_workers_are_those_of_one_program),
        cmocka_unit_test(workers_share_the_catalogue),
    };
    return cmocka_run_group_tests_name("request_server", tests, NULL, NULL);
}
