/* Study files and the plans made of them: what is refused and in which words, which jobs come out,
 * in which order, and what a study may add to one that has begun. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "sim/study/environment.h"
#include "sim/study/job_document.h"
#include "sim/study/plan.h"
#include "tests/study/study_kit.h"
#include "traces/text.h"

/* Plans with modelled runs are refused by builds without the model. */
#ifdef GCR_HAVE_MODEL
static const bool has_model = true;
#else
static const bool has_model = false;
#endif

static void need_model(void)
{
    if (!has_model)
        skip();
}

/* ---- a folder with traces a.gct, b.gct and more/a.gct ---- */

static const char trace_head[] =
    "gct 1\ncapabilities stores=exact loads=exact reads=exact deaths=%s "
    "roots=exact tracking=no threads=no forks=no times=no faithful=no\n"
    "shape 1 pair fields=16 slots=2 items=0 item-slots=0 "
    "flags=container\nlane 0\n";

static void put_trace(const struct study_kit *kit, const char *name, unsigned objects, bool deaths)
{
    char text[4096];
    struct gcr_error err = {""};
    int used = snprintf(text, sizeof text, trace_head, deaths ? "exact" : "none");
    for (unsigned i = 1; i <= objects; i++)
        used += snprintf(text + used, sizeof text - (size_t)used, "alloc o%u 1 t%u\n", i, i);
    FILE *in = fmemopen(text, (size_t)used, "r");
    assert_non_null(in);
    assert_int_equal(gcr_text_assemble(in, name, study_kit_path(kit, name), &err), GCR_OK);
    fclose(in);
}

static void begin(struct study_kit *kit)
{
    study_kit_begin(kit);
    assert_int_equal(mkdir(study_kit_path(kit, "more"), 0777), 0);
    put_trace(kit, "a.gct", 3, true);
    put_trace(kit, "b.gct", 5, false);
    put_trace(kit, "more/a.gct", 7, true);
}

static gcr_status plan_of(const struct study_kit *kit, const char *ini, struct gcr_plan **plan,
                          struct gcr_error *err)
{
    struct gcr_study_file *file = NULL;
    study_kit_write(kit, "study.ini", ini);
    gcr_status status = gcr_study_file_read(study_kit_path(kit, "study.ini"), &file, err);
    if (status != GCR_OK)
        return status;
    const struct gcr_plan_source source = {.file = file};
    status = gcr_plan_make(&source, plan, err);
    gcr_study_file_destroy(file);
    return status;
}

static struct gcr_plan *plan_must(const struct study_kit *kit, const char *ini)
{
    struct gcr_plan *plan = NULL;
    struct gcr_error err = {""};
    if (plan_of(kit, ini, &plan, &err) != GCR_OK)
        fail_msg("%s", err.text);
    return plan;
}

/* ---- what is refused ---- */

static const struct {
    const char *ini, *says;
} refused[] = {
    {"", "[study] has no traces"},
    {"[study]\ntraces=a.gct\n", "[study] has no collectors"},
    {"traces=a.gct\n", ":1: 'traces' stands in no section"},
    {"[study]\n\n[studies]\n", ":3: no section [studies]"},
    {"[study]\nnoise\n", ":2: expected KEY = VALUE"},
    {"[study]\ntrace=a.gct\n", ":2: [study] has no key 'trace'; known: question, traces"},
    {"[study]\ntraces=a.gct\n# \ntraces=b.gct\n", ":4: traces is given twice; first in line 2"},
    {"[study]\nseed=\n", ":2: seed has no value"},
    {"[study]\nseed=-1\n", ":2: seed cannot be '-1'; allowed: 0 .. 4294967295"},
    {"[study]\nseed=99999999999999999999999\n", ":2: seed cannot be '9999"},
    {"[study]\ninvocations=0\n", ":2: invocations cannot be '0'; allowed: 1 .. 1000"},
    {"[study]\ninvocations=5x\n", ":2: invocations cannot be '5x'"},
    {"[study]\ninvocations=5\n  6\n", ":3: the value of invocations does not go on"},
    {"[study]\ntimeout=0\n", ":2: timeout cannot be '0'"},
    {"[study]\nverify=maybe\n", ":2: verify cannot be 'maybe'; allowed: on, off"},
    {"[study]\nmode=fast\n", ":2: mode cannot be 'fast'; allowed: timed, cache"},
    {"[study]\nbaseline=a b\n", ":2: baseline must be one design"},
    {"[study]\ntraces=a.gct\ncollectors=semispace\n[options]\nnursery=1M\n",
     ":5: 'nursery': expected COLLECTOR.OPTION = VALUE..."},
    {"[study]\ntraces=a.gct\ncollectors=semispace\n[options]\nsemispace.start=\n",
     ":5: semispace.start has no value"},
    {"[study]\ntraces=c.gct\ncollectors=semispace\n", ":2: no trace matches '"},
    {"[study]\ntraces=a.gct\n  *.gtc\ncollectors=semispace\n", ":3: no trace matches '"},
    {"[study]\ntraces=study.ini\ncollectors=semispace\n", "study.ini: "},
    {"[study]\ntraces=a.gct\ncollectors=semispaces\n",
     ":3: no back end is named 'semispaces'; known: "},
    {"[study]\ntraces=a.gct\ncollectors=semispace,semispace\n", ":3: semispace is named twice"},
    {"[study]\ntraces=a.gct\ncollectors=all semispace\n", ":3: semispace is named twice"},
    {"[study]\ntraces=a.gct\ncollectors=semispace:begin=1M\n", ":3: "},
    {"[study]\ntraces=a.gct\ncollectors=semispace:start=1M:start=2M\n",
     ":3: semispace: start is set twice"},
    {"[study]\ntraces=a.gct\ncollectors=semispace\n[options]\nsemispace.start=1M\n"
     "semispace.start=2M\n",
     ":6: semispace.start is given twice; first in line 5"},
    {"[study]\ntraces=a.gct\ncollectors=semispace\n[options]\nsemispace.start=1M\n  fast\n",
     ":6: "},
    {"[study]\ntraces=a.gct\ncollectors=semispace\n[options]\nhybrid.nursery=1M\n",
     ":5: hybrid is not among the collectors of this study"},
    {"[study]\ntraces=a.gct\ncollectors=semispace:start=1M\n[options]\nsemispace.start=1M\n",
     ":5: semispace is not among the collectors of this study, or only with options of its own"},
    {"[study]\ntraces=a.gct\ncollectors=semispace\n[options]\nnone.start=1M\n",
     ":5: no back end is named 'none'"},
    {"[study]\ntraces=a.gct\ncollectors=semispace\nbaseline=hybrid\n",
     ":4: baseline 'hybrid' is no design of this study; these are: semispace"},
    {"[study]\ntraces=a.gct\ncollectors=semispace\nheap=2y\n", ":4: heap cannot be '2y'"},
    {"[study]\ntraces=a.gct\ncollectors=semispace\nheap=0x\n", ":4: heap cannot be '0x'"},
    {"[study]\ntraces=a.gct\ncollectors=semispace\nheap=0\n", ":4: heap cannot be '0'"},
    {"[study]\ntraces=a.gct\ncollectors=semispace\nheap=2.2.2min\n",
     ":4: heap cannot be '2.2.2min'"},
    {"[study]\ntraces=a.gct\ncollectors=semispace\nheap=2x 64M\n  2x\n",
     ":5: heap 2x is named twice"},
};

static void what_is_wrong_is_named_with_its_line(void **state)
{
    struct study_kit kit;
    (void)state;
    begin(&kit);
    for (size_t i = 0; i < GCR_COUNT_OF(refused); i++) {
        struct gcr_plan *plan = NULL;
        struct gcr_error err = {""};
        gcr_status status = plan_of(&kit, refused[i].ini, &plan, &err);
        if (gcr_status_exit_code(status) != 2 || strstr(err.text, refused[i].says) == NULL ||
            strstr(err.text, kit.directory) != err.text)
            fail_msg("%s\nstatus %d: %s\nexpected: %s", refused[i].ini, (int)status, err.text,
                     refused[i].says);
        assert_null(strchr(err.text, '\n'));
    }
    study_kit_end(&kit);
}

static void a_line_that_inih_would_cut_is_refused(void **state)
{
    struct study_kit kit;
    struct gcr_plan *plan = NULL;
    struct gcr_error err = {""};
    char ini[600] = "[study]\ntraces =";
    (void)state;
    begin(&kit);
    while (strlen(ini) < 400)
        strcat(ini, " a.gct");
    strcat(ini, "\ncollectors = semispace\n");
    assert_int_equal(plan_of(&kit, ini, &plan, &err), GCR_USAGE);
    assert_non_null(strstr(err.text, ":2: the line is longer than 197 letters"));
    study_kit_end(&kit);
}

static void a_file_that_is_no_text_is_refused(void **state)
{
    struct study_kit kit;
    struct gcr_study_file *file = NULL;
    struct gcr_error err = {""};
    (void)state;
    study_kit_begin(&kit);
    assert_int_equal(gcr_study_file_read(study_kit_path(&kit, "none.ini"), &file, &err),
                     GCR_BAD_INPUT);
    FILE *out = fopen(study_kit_path(&kit, "nul.ini"), "w");
    assert_int_equal(fwrite("[study]\0", 1, 8, out), 8);
    fclose(out);
    assert_int_equal(gcr_study_file_read(study_kit_path(&kit, "nul.ini"), &file, &err),
                     GCR_BAD_INPUT);
    assert_non_null(strstr(err.text, "NUL"));
    assert_int_equal(gcr_study_file_read(kit.directory, &file, &err), GCR_BAD_INPUT);
    study_kit_end(&kit);
}

/* ---- what comes out ---- */

static void defaults_are_those_of_the_documentation(void **state)
{
    struct study_kit kit;
    (void)state;
    begin(&kit);
    struct gcr_plan *plan = plan_must(&kit, "[study]\ntraces = a.gct\ncollectors = semispace\n");
    assert_int_equal(plan->invocations, 5);
    assert_int_equal(plan->timeout_s, 600);
    assert_int_equal(plan->seed, 1);
    assert_true(plan->is_timed && !plan->is_cache && !plan->verify);
    assert_string_equal(plan->baseline, "");
    assert_int_equal(plan->heap_count, 1);
    assert_string_equal(plan->heaps[0].word, "native");
    assert_int_equal(plan->job_count, 5);
    assert_non_null(gcr_plan_find(plan, "a.semispace.native.timed.5"));
    assert_int_equal(plan->traces[0].events, 3);
    assert_int_equal(plan->traces[0].peak_live_bytes, 3 * 16);
    gcr_plan_destroy(plan);
    study_kit_end(&kit);
}

static void all_values_are_read_over_lines_and_comments(void **state)
{
    struct study_kit kit;
    (void)state;
    need_model();
    begin(&kit);
    struct gcr_plan *plan = plan_must(
        &kit, "; a comment\n[study]\nquestion = Which one?  ; really\n  And why? ; yes\n"
              "traces = a.gct, ; the first\n   b.gct ; the second\n\n# another\n"
              "collectors = hybrid,generational\nheap=2x ,64M\ninvocations = 2\nseed = 7\n"
              "timeout = 9\nverify = on\nmode = cache\n  timed\nbaseline = generational\n"
              "[options]\n  generational.nursery = 64K 128K\n");
    assert_string_equal(plan->question, "Which one? And why?");
    assert_int_equal(plan->trace_count, 2);
    assert_int_equal(plan->design_count, 3);
    assert_string_equal(plan->designs[2].name, "generational:nursery=128K");
    assert_string_equal(plan->designs[2].collector, "generational");
    assert_string_equal(json_string_value(json_object_get(plan->designs[2].options, "nursery")),
                        "128K");
    assert_int_equal(plan->seed, 7);
    assert_int_equal(plan->timeout_s, 9);
    assert_true(plan->is_timed && plan->is_cache && plan->verify);
    /* 2 traces, 3 designs, 2 heaps: 2 invocations of timed runs, 1 of modelled ones. */
    assert_int_equal(plan->job_count, 2 * 3 * 2 * (2 + 1));
    gcr_plan_destroy(plan);
    study_kit_end(&kit);
}

static void options_are_combined_each_with_each(void **state)
{
    struct study_kit kit;
    (void)state;
    begin(&kit);
    struct gcr_plan *plan =
        plan_must(&kit, "[study]\ntraces = a.gct\ncollectors = linked-list bitmap:counts=side\n"
                        "[options]\nlinked-list.threshold0 = 100 200 300\n"
                        "linked-list.freeze = trace fork\n");
    static const char *const names[] = {
        "linked-list:threshold0=100:freeze=trace",
        "linked-list:threshold0=100:freeze=fork",
        "linked-list:threshold0=200:freeze=trace",
        "linked-list:threshold0=200:freeze=fork",
        "linked-list:threshold0=300:freeze=trace",
        "linked-list:threshold0=300:freeze=fork",
        "bitmap:counts=side",
    };
    assert_int_equal(plan->design_count, GCR_COUNT_OF(names));
    for (size_t i = 0; i < GCR_COUNT_OF(names); i++)
        assert_string_equal(plan->designs[i].name, names[i]);
    assert_non_null(gcr_plan_find(plan, "a.linked-list-threshold0=200-freeze=fork.native.timed.1"));
    gcr_plan_destroy(plan);
    study_kit_end(&kit);
}

static void traces_of_one_name_get_numbers_and_none_counts_twice(void **state)
{
    struct study_kit kit;
    (void)state;
    begin(&kit);
    struct gcr_plan *plan = plan_must(
        &kit, "[study]\ntraces = b.gct *.gct more/*.gct ./a.gct\ncollectors = semispace\n");
    assert_int_equal(plan->trace_count, 3);
    assert_string_equal(plan->traces[0].name, "b");
    assert_string_equal(plan->traces[1].name, "a");
    assert_string_equal(plan->traces[2].name, "a-2");
    assert_int_equal(plan->traces[2].events, 7);
    assert_non_null(gcr_plan_find(plan, "a-2.semispace.native.timed.1"));
    gcr_plan_destroy(plan);
    study_kit_end(&kit);
}

static void two_jobs_of_one_file_name_are_refused(void **state)
{
    struct study_kit kit;
    struct gcr_plan *plan = NULL;
    struct gcr_error err = {""};
    (void)state;
    begin(&kit);
    put_trace(&kit, "x y.gct", 2, true);
    put_trace(&kit, "x-y.gct", 2, true);
    assert_int_equal(
        plan_of(&kit, "[study]\ntraces = x*.gct\ncollectors = semispace\n", &plan, &err),
        GCR_USAGE);
    assert_non_null(strstr(err.text, "x-y.semispace.native.timed."));
    study_kit_end(&kit);
}

static void budgets_are_those_of_the_heap_words(void **state)
{
    struct study_kit kit;
    (void)state;
    begin(&kit);
    struct gcr_plan *plan =
        plan_must(&kit, "[study]\ntraces = a.gct\ncollectors = semispace\ninvocations = 1\n"
                        "heap = native 64K 2.5x 1.5min\n");
    assert_int_equal(plan->job_count, 5);
    assert_string_equal(plan->jobs[0].id, "a.semispace.minheap");
    assert_int_equal(gcr_plan_find(plan, "a.semispace.native.timed.1")->budget_bytes, 0);
    assert_int_equal(gcr_plan_find(plan, "a.semispace.64K.timed.1")->budget_bytes, 65536);
    assert_int_equal(gcr_plan_find(plan, "a.semispace.2.5x.timed.1")->budget_bytes, 120);
    const struct gcr_plan_job *waits = gcr_plan_find(plan, "a.semispace.1.5min.timed.1");
    assert_int_equal(waits->budget_bytes, 0);
    assert_ptr_equal(gcr_plan_minheap_of(plan, waits), &plan->jobs[0]);
    assert_null(gcr_plan_minheap_of(plan, gcr_plan_find(plan, "a.semispace.2.5x.timed.1")));
    gcr_plan_destroy(plan);
    study_kit_end(&kit);
}

static void what_cannot_be_run_says_why(void **state)
{
    struct study_kit kit;
    (void)state;
    need_model();
    begin(&kit);
    struct gcr_plan *plan =
        plan_must(&kit, "[study]\ntraces = a.gct b.gct\ncollectors = explicit-free bdw\n"
                        "mode = timed cache\n");
    assert_non_null(gcr_plan_find(plan, "b.explicit-free.native.timed.1")->refusal);
    assert_null(gcr_plan_find(plan, "a.explicit-free.native.timed.1")->refusal);
    assert_non_null(gcr_plan_find(plan, "a.bdw.native.cache.1")->refusal);
    assert_null(gcr_plan_find(plan, "a.bdw.native.timed.1")->refusal);
    gcr_plan_destroy(plan);
    study_kit_end(&kit);
}

static void long_names_are_cut_and_stay_different(void **state)
{
    struct study_kit kit;
    char name[300], other[300];
    (void)state;
    begin(&kit);
    memset(name, 'n', 200);
    strcpy(name + 200, ".gct");
    memset(other, 'n', 199);
    strcpy(other + 199, "m.gct");
    put_trace(&kit, name, 1, true);
    put_trace(&kit, other, 2, true);
    struct gcr_plan *plan =
        plan_must(&kit, "[study]\ntraces = n*.gct\ncollectors = semispace\ninvocations = 1\n");
    assert_int_equal(plan->job_count, 2);
    assert_string_not_equal(plan->jobs[0].id, plan->jobs[1].id);
    assert_true(strlen(plan->jobs[0].id) < 120);
    gcr_plan_destroy(plan);
    study_kit_end(&kit);
}

/* ---- order ---- */

static const char order_ini[] =
    "[study]\ntraces = a.gct b.gct\ncollectors = semispace hybrid bitmap\n"
    "heap = native 64M\ninvocations = 3\nmode = timed cache\nseed = %u\n";

static struct gcr_plan *order_of(const struct study_kit *kit, unsigned seed)
{
    char ini[400];
    snprintf(ini, sizeof ini, order_ini, seed);
    return plan_must(kit, ini);
}

static bool order_is_equal(const struct gcr_plan *a, const struct gcr_plan *b)
{
    bool is_equal = a->job_count == b->job_count;
    for (size_t i = 0; is_equal && i < a->job_count; i++)
        is_equal = strcmp(a->jobs[i].id, b->jobs[i].id) == 0;
    return is_equal;
}

static void order_is_the_seeds_and_rounds_are_whole(void **state)
{
    struct study_kit kit;
    (void)state;
    need_model();
    begin(&kit);
    struct gcr_plan *one = order_of(&kit, 1), *again = order_of(&kit, 1), *two = order_of(&kit, 2);
    assert_true(order_is_equal(one, again));
    assert_false(order_is_equal(one, two));
    /* Each round has every configuration once, and rounds are not shuffled alike. */
    assert_int_equal(one->job_count, 4 * 12);
    bool alike = true;
    for (size_t i = 0; i < one->job_count; i++) {
        const struct gcr_plan_job *job = &one->jobs[i];
        assert_int_equal(job->invocation, i < 36 ? i / 12 + 1 : 1);
        assert_int_equal(job->kind, i < 36 ? GCR_JOB_TIMED : GCR_JOB_CACHE);
        for (size_t k = i - i % 12; k < i; k++)
            assert_string_not_equal(one->jobs[k].id, job->id);
        const struct gcr_plan_job *above = i < 12 ? job : &one->jobs[i - 12];
        alike = alike && above->trace == job->trace && above->design == job->design &&
                above->heap == job->heap;
    }
    assert_false(alike);
    gcr_plan_destroy(one);
    gcr_plan_destroy(again);
    gcr_plan_destroy(two);
    study_kit_end(&kit);
}

/* ---- study.json ---- */

static void a_plan_comes_back_from_its_document(void **state)
{
    struct study_kit kit;
    struct gcr_plan *back = NULL;
    struct gcr_error err = {""};
    (void)state;
    need_model();
    begin(&kit);
    struct gcr_plan *plan =
        plan_must(&kit, "[study]\nquestion = Q?\ntraces = a.gct b.gct\n"
                        "collectors = explicit-free generational\nheap = native 2x 3min\n"
                        "invocations = 2\nmode = timed cache\nbaseline = explicit-free\n"
                        "timeout = 77\nverify = on\n[options]\ngenerational.nursery = 64K 1M\n");
    json_t *document = gcr_plan_to_json(plan);
    assert_int_equal(gcr_plan_from_json(document, "study.json", &back, &err), GCR_OK);
    json_t *again = gcr_plan_to_json(back);
    assert_true(json_equal(document, again));
    assert_true(order_is_equal(plan, back));
    assert_int_equal(gcr_plan_check_extends(plan, back, &err), GCR_OK);
    json_decref(again);
    gcr_plan_destroy(back);

    static const char *const needed[] = {"schema", "question", "seed",
                                         "traces", "designs",  "heaps"};
    for (size_t i = 0; i < GCR_COUNT_OF(needed); i++) {
        json_t *damaged = json_deep_copy(document);
        json_object_del(damaged, needed[i]);
        assert_int_equal(gcr_plan_from_json(damaged, "study.json", &back, &err), GCR_BAD_INPUT);
        json_decref(damaged);
    }
    json_t *escaping = json_deep_copy(document);
    json_object_set_new(json_array_get(json_object_get(escaping, "jobs"), 0), "id",
                        json_string("../../x"));
    assert_int_equal(gcr_plan_from_json(escaping, "study.json", &back, &err), GCR_BAD_INPUT);
    json_decref(escaping);
    json_decref(document);
    gcr_plan_destroy(plan);
    study_kit_end(&kit);
}

/* ---- what may be added ---- */

#define OLDER                                                                                      \
    "[study]\ntraces = a.gct\ncollectors = semispace hybrid\nheap = native 2x\ninvocations = 2\n"

static const struct {
    const char *ini, *says; /* NULL: it only adds */
} changes[] = {
    {OLDER, NULL},
    {OLDER "question = Another?\nbaseline = hybrid\ntimeout = 5\n", NULL},
    {OLDER "mode = timed cache\n", NULL},
    {"[study]\ntraces = b.gct a.gct\ncollectors = bitmap semispace hybrid\n"
     "heap = 3x native 2x 1min\ninvocations = 4\n",
     NULL},
    {OLDER "mode = cache\n", "mode timed is no longer in it"},
    {OLDER "seed = 2\n", "its seed was 1"},
    {OLDER "verify = on\n", "verify was off"},
    {OLDER "[options]\nhybrid.nursery = 1M\n", "design hybrid is no longer in it"},
    {"[study]\ntraces = b.gct\ncollectors = semispace hybrid\nheap = native 2x\ninvocations = 2\n",
     "trace a is no longer in it"},
    {"[study]\ntraces = more/a.gct\ncollectors = semispace hybrid\nheap = native 2x\n"
     "invocations = 2\n",
     "trace a is another one: digest "},
    {"[study]\ntraces = a.gct\ncollectors = semispace\nheap = native 2x\ninvocations = 2\n",
     "design hybrid is no longer in it"},
    {"[study]\ntraces = a.gct\ncollectors = semispace hybrid\nheap = native\ninvocations = 2\n",
     "heap 2x is no longer in it"},
    {"[study]\ntraces = a.gct\ncollectors = semispace hybrid\nheap = native 2x\ninvocations = 1\n",
     "it had 2 invocations"},
};

static void a_study_may_only_be_added_to(void **state)
{
    struct study_kit kit;
    (void)state;
    begin(&kit);
    struct gcr_plan *older = plan_must(&kit, OLDER);
    for (size_t i = 0; i < GCR_COUNT_OF(changes); i++) {
        struct gcr_error err = {""};
        if (!has_model && strstr(changes[i].ini, "cache") != NULL)
            continue;
        struct gcr_plan *newer = plan_must(&kit, changes[i].ini);
        gcr_status status = gcr_plan_check_extends(older, newer, &err);
        if (changes[i].says == NULL)
            assert_int_equal(status, GCR_OK);
        else if (status != GCR_USAGE ||
                 strncmp(err.text, changes[i].says, strlen(changes[i].says)) != 0)
            fail_msg("%s: %s", changes[i].ini, err.text);
        gcr_plan_destroy(newer);
    }
    gcr_plan_destroy(older);
    study_kit_end(&kit);
}

/* ---- results and the machine ---- */

static void a_thin_result_has_figures_and_no_lists(void **state)
{
    static const char list[] = "{\"columns\": [\"a\"], \"rows\": [[1]]}";
    char text[600];
    (void)state;
    snprintf(text, sizeof text,
             "{\"freed_by_collection\": [1], \"events\": 3, \"reclaimed_by_collection\": [2], "
             "\"lanes\": [{\"pauses\": {\"count\": 2, \"list\": %s}, \"footprint_series\": %s, "
             "\"checkpoints\": %s, \"cow\": [{\"series\": %s, \"pages_model\": 7}]}]}",
             list, list, list, list);
    json_t *document = json_loads(text, 0, NULL);
    json_t *expected = json_loads("{\"events\": 3, \"lanes\": [{\"pauses\": {\"count\": 2}, "
                                  "\"cow\": [{\"pages_model\": 7}]}]}",
                                  0, NULL);
    assert_non_null(document);
    gcr_job_document_thin(document);
    assert_true(json_equal(document, expected));
    json_decref(document);
    json_decref(expected);
}

static size_t warnings_of(const struct gcr_environment *environment)
{
    size_t count = 0;
    while (gcr_environment_warning(environment, count) != NULL)
        count++;
    return count;
}

static void each_thing_that_hurts_has_one_warning(void **state)
{
    const struct gcr_environment quiet = {
        .governor = "performance", .thp = "madvise", .cores = 8, .load = 0.1, .cpu = 7};
    const struct gcr_environment worst = {.governor = "powersave",
                                          .thp = "always",
                                          .turbo = GCR_TURBO_ON,
                                          .aslr = 2,
                                          .is_virtual = true,
                                          .cores = 1,
                                          .load = 3,
                                          .cpu = -1};
    struct gcr_environment one = quiet;
    (void)state;
    assert_int_equal(warnings_of(&quiet), 0);
    assert_int_equal(warnings_of(&worst), 8);
    one.load = 4.5;
    assert_int_equal(warnings_of(&one), 1);
    assert_non_null(strstr(gcr_environment_warning(&one, 0), "busy"));
    json_t *document = gcr_environment_to_json(&one);
    assert_int_equal(json_array_size(json_object_get(document, "warnings")), 1);
    assert_true(json_is_null(json_object_get(document, "turbo")));
    json_decref(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_named_with_its_line),
        cmocka_unit_test(a_line_that_inih_would_cut_is_refused),
        cmocka_unit_test(a_file_that_is_no_text_is_refused),
        cmocka_unit_test(defaults_are_those_of_the_documentation),
        cmocka_unit_test(all_values_are_read_over_lines_and_comments),
        cmocka_unit_test(options_are_combined_each_with_each),
        cmocka_unit_test(traces_of_one_name_get_numbers_and_none_counts_twice),
        cmocka_unit_test(two_jobs_of_one_file_name_are_refused),
        cmocka_unit_test(budgets_are_those_of_the_heap_words),
        cmocka_unit_test(what_cannot_be_run_says_why),
        cmocka_unit_test(long_names_are_cut_and_stay_different),
        cmocka_unit_test(order_is_the_seeds_and_rounds_are_whole),
        cmocka_unit_test(a_plan_comes_back_from_its_document),
        cmocka_unit_test(a_study_may_only_be_added_to),
        cmocka_unit_test(a_thin_result_has_figures_and_no_lists),
        cmocka_unit_test(each_thing_that_hurts_has_one_warning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
