/* The probing checker. */
#include "tests/replay/probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct probe probe;

void probe_reset(void)
{
    probe = (struct probe){0};
}

static gcr_status probe_before(struct gcr_checker *checker, const struct gcr_event *event,
                               uint64_t number, struct gcr_error *err)
{
    struct probe *p = (struct probe *)checker;

    if (p->lane != p->view->lane) {
        p->lane = p->view->lane;
        p->before = p->after = 0;
    }
    assert_int_equal(p->before, number);
    assert_int_equal(p->before, p->after); /* one event at a time */
    p->before++;
    p->last_before = event;
    if (p->refuse_before == number + 1)
        return gcr_fail(err, GCR_INVALID_TRACE, "probe refuses event %llu",
                        (unsigned long long)number);
    return GCR_OK;
}

static gcr_status probe_after(struct gcr_checker *checker, const struct gcr_event *event,
                              uint64_t number, struct gcr_error *err)
{
    struct probe *p = (struct probe *)checker;

    assert_int_equal(p->after, number);
    assert_ptr_equal(p->last_before, event);
    p->after++;
    if (p->on_after != NULL)
        p->on_after(p, event, number);
    if (p->refuse_after == number + 1)
        return gcr_fail(err, GCR_FAULT, "probe finds a fault at event %llu",
                        (unsigned long long)number);
    return GCR_OK;
}

static void probe_freed(struct gcr_checker *checker, gcr_ref object)
{
    (void)checker;
    (void)object;
    fail_msg("a moving design's frees are not reported");
}

static void probe_handle_dead(struct gcr_checker *checker, uint32_t index)
{
    (void)index;
    ((struct probe *)checker)->dead++;
}

static void probe_handle_moved(struct gcr_checker *checker, uint32_t index, gcr_ref from,
                               gcr_ref to)
{
    (void)index;
    assert_ptr_not_equal(from, to);
    ((struct probe *)checker)->moved++;
}

static uint64_t probe_collected(struct gcr_checker *checker, const struct gcr_collection *done)
{
    (void)done;
    return ++((struct probe *)checker)->collected;
}

static void probe_finalized(struct gcr_checker *checker, gcr_ref object, uint32_t index,
                            uint32_t serial, uint32_t global_root)
{
    struct probe *p = (struct probe *)checker;

    assert_non_null(object);
    p->finalized++;
    p->finalized_serial = serial;
    p->finalized_index = index;
    p->finalized_root = global_root;
}

static gcr_status probe_finish(struct gcr_checker *checker, struct gcr_lane_result *out,
                               struct gcr_error *err)
{
    struct probe *p = (struct probe *)checker;

    (void)err;
    if (p->on_finish != NULL)
        out->graph_digest = p->on_finish(p);
    out->verified = true;
    out->comparisons = p->after;
    return GCR_OK;
}

static void probe_destroy(struct gcr_checker *checker)
{
    (void)checker;
}

gcr_status probe_checker(const struct gcr_replay_view *view, enum gcr_verify_mode mode,
                         struct gcr_checker **out, struct gcr_error *err)
{
    (void)err;
    assert_int_equal(mode, GCR_VERIFY_ON);
    probe.checker = (struct gcr_checker){
        .before = probe_before,
        .after = probe_after,
        .freed = probe_freed,
        .handle_dead = probe_handle_dead,
        .handle_moved = probe_handle_moved,
        .collected = probe_collected,
        .finalized = probe_finalized,
        .finish = probe_finish,
        .destroy = probe_destroy,
    };
    probe.view = view;
    *out = &probe.checker;
    return GCR_OK;
}
