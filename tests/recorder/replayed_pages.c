/* Replays a trace on one design and prints, for each lane that a fork began, how many pages of the
 * heap it wrote of those that it shared at its birth: "LANE SHARED COPIED", as the kernel counts.
 *   replayed_pages TRACE DESIGN
 * Exit code 77: the kernel refuses to say. */
#include <stdio.h>
#include <stdlib.h>

#include "sim/measure/written_pages.h"
#include "sim/replay/replay.h"
#include "traces/reader.h"

/* A checker that judges nothing: it is called before each event, in the lane's own process. */
struct page_counter {
    struct gcr_checker checker; /* first member */
    const struct gcr_replay_view *view;
    struct gcr_written_pages pages;
    uint32_t lane; /* armed for; 0: none */
};

static gcr_status counter_before(struct gcr_checker *checker, const struct gcr_event *event,
                                 uint64_t number, struct gcr_error *err)
{
    struct page_counter *counter = (struct page_counter *)checker;
    const struct gcr_supply *supply = counter->view->heap->supply;
    (void)number;
    if (counter->lane != counter->view->lane) {
        counter->lane = counter->view->lane;
        gcr_status status = gcr_written_pages_arm(&counter->pages, supply, err);
        if (status != GCR_OK)
            return status;
    }
    if (event->op != GCR_OP_EXIT || counter->lane == 0)
        return GCR_OK;
    struct gcr_written_counts counts;
    gcr_status status = gcr_written_pages_count(&counter->pages, &counts, err);
    if (status == GCR_OK)
        printf("%u %llu %llu\n", counter->lane, (unsigned long long)counts.shared,
               (unsigned long long)counts.copied);
    fflush(stdout);
    return status;
}

static gcr_status counter_after(struct gcr_checker *checker, const struct gcr_event *event,
                                uint64_t number, struct gcr_error *err)
{
    (void)checker;
    (void)event;
    (void)number;
    (void)err;
    return GCR_OK;
}

static void counter_freed(struct gcr_checker *checker, gcr_ref object)
{
    (void)checker;
    (void)object;
}

static void counter_handle_dead(struct gcr_checker *checker, uint32_t index)
{
    (void)checker;
    (void)index;
}

static void counter_handle_moved(struct gcr_checker *checker, uint32_t index, gcr_ref from,
                                 gcr_ref to)
{
    (void)checker;
    (void)index;
    (void)from;
    (void)to;
}

static uint64_t counter_collected(struct gcr_checker *checker, const struct gcr_collection *done)
{
    (void)checker;
    (void)done;
    return 0;
}

static void counter_finalized(struct gcr_checker *checker, gcr_ref object, uint32_t index,
                              uint32_t serial, uint32_t global_root)
{
    (void)checker;
    (void)object;
    (void)index;
    (void)serial;
    (void)global_root;
}

static gcr_status counter_finish(struct gcr_checker *checker, struct gcr_lane_result *out,
                                 struct gcr_error *err)
{
    (void)checker;
    (void)out;
    (void)err;
    return GCR_OK;
}

static void counter_destroy(struct gcr_checker *checker)
{
    gcr_written_pages_close(&((struct page_counter *)checker)->pages);
    free(checker);
}

static gcr_status counter_make(const struct gcr_replay_view *view, enum gcr_verify_mode mode,
                               struct gcr_checker **out, struct gcr_error *err)
{
    struct page_counter *counter = calloc(1, sizeof *counter);
    (void)mode;
    if (counter == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory");
    counter->view = view;
    counter->checker = (struct gcr_checker){.before = counter_before,
                                            .after = counter_after,
                                            .freed = counter_freed,
                                            .handle_dead = counter_handle_dead,
                                            .handle_moved = counter_handle_moved,
                                            .collected = counter_collected,
                                            .finalized = counter_finalized,
                                            .finish = counter_finish,
                                            .destroy = counter_destroy};
    *out = &counter->checker;
    return gcr_written_pages_open(&counter->pages, view->heap->supply, err);
}

static int counter_say(const char *what, const char *text)
{
    fprintf(stderr, "replayed_pages: %s: %s\n", what, text);
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct gcr_error err = {""};
    struct gcr_reader *reader = NULL;
    struct gcr_result result;
    struct gcr_option_values options;
    const struct gcr_engine *engine = argc == 3 ? gcr_engine_find(argv[2]) : NULL;
    if (engine == NULL)
        return counter_say("usage", "replayed_pages TRACE DESIGN");
    if (gcr_reader_open(argv[1], &reader, &err) != GCR_OK)
        return counter_say(argv[1], err.text);
    gcr_options_init(gcr_engine_collector(engine)->options, &options);
    const struct gcr_replay_config config = {.reader = reader,
                                             .engine = engine,
                                             .options = &options,
                                             .verify = GCR_VERIFY_ON,
                                             .make_checker = counter_make};
    gcr_status status = gcr_replay(&config, &result, &err);
    gcr_reader_close(reader);
    if (status != GCR_OK)
        return counter_say(argv[1], err.text);
    if (result.outcome != GCR_OUTCOME_OK)
        counter_say(argv[1], result.message);
    int code = result.outcome == GCR_OUTCOME_OK ? EXIT_SUCCESS : EXIT_FAILURE;
    gcr_result_finish(&result);
    return code;
}
