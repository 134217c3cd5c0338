/* linked-list and bitmap, each with counts in the objects and in a side table, free the same
 * objects, collection by collection: golden traces, generated ones, random ones, and any trace
 * named on the command line (recordings).
 *
 *   collector.lockstep [--seed N] [--count N] [TRACE...]
 *
 * A checker gives each allocation a serial number and folds the serials of all objects freed
 * between the ends of two collections into a digest that does not depend on their order; the
 * digests, in the order of collections, become the lane's. Both designs repeat the untracking of
 * tuples until nothing changes, so that order does not matter there either. Timed replays, whose
 * allocation takes other paths, are held to the same collections. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "sim/replay/replay.h"
#include "tests/oracle/random_trace.h"
#include "tests/oracle/trace_file.h"
#include "traces/text.h"
#include "workloads/generator.h"

/* ---- the checker ---- */

struct place {
    const void *address; /* NULL: free entry */
    uint64_t serial;
};

struct freed_checker {
    struct gcr_checker checker; /* first */
    const struct gcr_replay_view *view;
    struct place *place; /* open addressing; freed places keep their entry with serial 0 */
    size_t capacity, used;
    uint64_t serials, freed, set, digest;
};

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u; /* splitmix64, Vigna 2015 */
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static struct place *find_place(struct freed_checker *c, const void *address)
{
    size_t i = (size_t)(mix((uintptr_t)address) & (c->capacity - 1));
    while (c->place[i].address != NULL && c->place[i].address != address)
        i = (i + 1) & (c->capacity - 1);
    return &c->place[i];
}

static void grow(struct freed_checker *c)
{
    struct place *old = c->place;
    size_t capacity = c->capacity;
    c->capacity = capacity == 0 ? 1024 : 2 * capacity;
    c->place = calloc(c->capacity, sizeof *c->place);
    if (c->place == NULL)
        abort();
    for (size_t i = 0; i < capacity; i++) {
        if (old[i].address != NULL)
            *find_place(c, old[i].address) = old[i];
    }
    free(old);
}

static gcr_status freed_before(struct gcr_checker *checker, const struct gcr_event *event,
                               uint64_t number, struct gcr_error *err)
{
    (void)checker;
    (void)event;
    (void)number;
    (void)err;
    return GCR_OK;
}

static gcr_status freed_after(struct gcr_checker *checker, const struct gcr_event *event,
                              uint64_t number, struct gcr_error *err)
{
    struct freed_checker *c = (struct freed_checker *)checker;
    (void)number;
    (void)err;
    if (event->op != GCR_OP_ALLOC && event->op != GCR_OP_PREBUILT)
        return GCR_OK;
    if (2 * c->used >= c->capacity)
        grow(c);
    struct place *place = find_place(c, c->view->handle(c->view, event->a));
    c->used += place->address == NULL;
    *place = (struct place){c->view->handle(c->view, event->a), ++c->serials};
    return GCR_OK;
}

static void freed_freed(struct gcr_checker *checker, gcr_ref object)
{
    struct freed_checker *c = (struct freed_checker *)checker;
    struct place *place = find_place(c, object);
    c->freed++;
    c->set += mix(place->serial);
    place->serial = 0;
}

static void fold(struct freed_checker *c, uint64_t more)
{
    c->digest = mix(c->digest + c->set + mix(more));
    c->set = 0;
}

static uint64_t freed_collected(struct gcr_checker *checker, const struct gcr_collection *done)
{
    fold((struct freed_checker *)checker,
         done->generation + 4 * done->collected + ((uint64_t)done->uncollectable << 40));
    return 0; /* the graph's digest here is that of the freed sets, at the end */
}

static void freed_dead(struct gcr_checker *checker, uint32_t index)
{
    (void)checker;
    (void)index;
}

static void freed_moved(struct gcr_checker *checker, uint32_t index, gcr_ref from, gcr_ref to)
{
    (void)checker;
    (void)index;
    (void)from;
    (void)to;
}

static void freed_finalized(struct gcr_checker *checker, gcr_ref object, uint32_t index,
                            uint32_t serial, uint32_t global_root)
{
    (void)checker;
    (void)object;
    (void)index;
    (void)serial;
    (void)global_root;
}

static gcr_status freed_finish(struct gcr_checker *checker, struct gcr_lane_result *out,
                               struct gcr_error *err)
{
    struct freed_checker *c = (struct freed_checker *)checker;
    (void)err;
    fold(c, c->freed);
    out->verified = true;
    out->comparisons = 1;
    out->graph_digest = c->digest;
    return GCR_OK;
}

static void freed_destroy(struct gcr_checker *checker)
{
    free(((struct freed_checker *)checker)->place);
    free(checker);
}

static gcr_status make_freed_checker(const struct gcr_replay_view *view, enum gcr_verify_mode mode,
                                     struct gcr_checker **out, struct gcr_error *err)
{
    struct freed_checker *c = calloc(1, sizeof *c);
    (void)mode;
    if (c == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for a checker");
    c->checker = (struct gcr_checker){.before = freed_before,
                                      .after = freed_after,
                                      .freed = freed_freed,
                                      .handle_dead = freed_dead,
                                      .handle_moved = freed_moved,
                                      .collected = freed_collected,
                                      .finalized = freed_finalized,
                                      .finish = freed_finish,
                                      .destroy = freed_destroy};
    c->view = view;
    grow(c);
    *out = &c->checker;
    return GCR_OK;
}

/* ---- running both ---- */

/* The first is what the others are compared with. */
static const struct {
    const char *name, *settings[5];
} runs[] = {
    {"linked-list", {NULL}},
    {"bitmap", {NULL}},
    {"linked-list", {"counts=side", NULL}},
    {"bitmap", {"counts=side", NULL}},
    {"bitmap", {"index=granule", "working-counts=full", "planes=header", NULL}},
    {"bitmap", {"ownership=radix", "separate-arenas=off", "work-list=16", NULL}},
    {"bitmap", {"ownership=sized", "alignment=8", "pool=4K", "arena=256K", NULL}},
    {"linked-list", {"counts=side", "head=24", NULL}},
    {"bitmap", {"counts=side", "index=granule", "alignment=8", "planes=header", NULL}},
};
enum { RUNS = GCR_COUNT_OF(runs), FEW_RUNS = 4 }; /* all: timed, too */

static bool replay(struct gcr_reader *reader, size_t run, const char *const *policy, bool verified,
                   struct gcr_result *result)
{
    const char *name = runs[run].name;
    const char *const *settings = runs[run].settings;
    struct gcr_error err = {""};
    struct gcr_option_values options;
    struct gcr_replay_config config = {.reader = reader,
                                       .engine = gcr_engine_find(name),
                                       .options = &options,
                                       .verify = verified ? GCR_VERIFY_ON : GCR_VERIFY_OFF,
                                       .make_checker = make_freed_checker};
    gcr_status status = GCR_OK;
    memset(result, 0, sizeof *result);
    gcr_options_init(gcr_engine_collector(config.engine)->options, &options);
    status = gcr_option_assign(&options, name, "untrack=fixpoint", &err);
    for (; *policy != NULL && status == GCR_OK; policy++)
        status = gcr_option_assign(&options, name, *policy, &err);
    for (; *settings != NULL && status == GCR_OK; settings++)
        status = gcr_option_assign(&options, name, *settings, &err);
    if (status == GCR_OK)
        status = gcr_replay(&config, result, &err);
    if (status != GCR_OK)
        fprintf(stderr, "%s: %s\n", name, err.text);
    else if (result->outcome != GCR_OUTCOME_OK)
        fprintf(stderr, "%s: %s: %s\n", name, gcr_outcome_name[result->outcome], result->message);
    return status == GCR_OK && result->outcome == GCR_OUTCOME_OK;
}

static bool lanes_agree(const struct gcr_lane_result *a, const struct gcr_lane_result *b)
{
    size_t n = a->pause_count < b->pause_count ? a->pause_count : b->pause_count;
    for (size_t i = 0; i < n; i++) {
        const struct gcr_pause *x = &a->pauses[i], *y = &b->pauses[i];
        if (x->generation == y->generation && x->collected == y->collected &&
            x->freed == y->freed && x->event == y->event)
            continue;
        fprintf(stderr,
                "lane %u: collection %zu: generation %u freed %llu (%llu) at event %llu, but "
                "generation %u freed %llu (%llu) at event %llu\n",
                a->lane, i, x->generation, (unsigned long long)x->collected,
                (unsigned long long)x->freed, (unsigned long long)x->event, y->generation,
                (unsigned long long)y->collected, (unsigned long long)y->freed,
                (unsigned long long)y->event);
        return false;
    }
    if (a->pause_count != b->pause_count || a->graph_digest != b->graph_digest) {
        fprintf(stderr, "lane %u: %zu and %zu collections, freed sets %s\n", a->lane,
                a->pause_count, b->pause_count,
                a->graph_digest == b->graph_digest ? "equal" : "different");
        return false;
    }
    return true;
}

static bool results_agree(const struct gcr_result *a, const struct gcr_result *b)
{
    if (a->lane_count != b->lane_count)
        return false;
    for (size_t i = 0; i < a->lane_count; i++) {
        if (!lanes_agree(&a->lanes[i], &b->lanes[i]))
            return false;
    }
    return true;
}

/* policy: settings that both designs have. */
static bool agree_as(struct gcr_reader *reader, const char *label, const char *const *policy,
                     size_t n, bool verified)
{
    struct gcr_result expected, got;
    size_t collections = 0;
    bool good = replay(reader, 0, policy, verified, &expected);
    for (size_t i = 1; i < n && good; i++) {
        good = replay(reader, i, policy, verified, &got) && results_agree(&expected, &got);
        if (!good)
            fprintf(stderr, "FAILED: %s, run %zu (%s), %s\n", label, i, runs[i].name,
                    verified ? "verified" : "timed");
        gcr_result_finish(&got);
    }
    for (size_t i = 0; good && i < expected.lane_count; i++)
        collections += expected.lanes[i].pause_count;
    if (good && verified)
        printf("ok   %s: %zu collections\n", label, collections);
    gcr_result_finish(&expected);
    return good;
}

static bool agree(struct gcr_reader *reader, const char *label, const char *const *policy, size_t n)
{
    return agree_as(reader, label, policy, n, true) &&
           (n != RUNS || agree_as(reader, label, policy, FEW_RUNS, false));
}

/* ---- traces ---- */

static const char *const often[] = {"threshold0=30", "threshold1=3", "threshold2=2", NULL};
static const char *const as_is[] = {NULL};

static bool golden(const char *name)
{
    char path[512];
    struct trace_file file;
    struct gcr_error err;
    snprintf(path, sizeof path, "%s/%s.gtt", GCR_GOLDEN_TRACES, name);
    FILE *in = fopen(path, "re");
    if (in == NULL) {
        perror(path);
        return false;
    }
    trace_file_name(&file);
    bool good = gcr_text_assemble(in, path, file.path, &err) == GCR_OK;
    (void)fclose(in);
    if (!good) {
        fprintf(stderr, "%s\n", err.text);
        return false;
    }
    trace_file_open(&file);
    good = agree(file.reader, name, often, RUNS);
    trace_file_finish(&file);
    return good;
}

static bool generated(const char *name, const char *const *settings)
{
    const struct gcr_generator *generator = gcr_generator_find(name);
    struct gcr_option_values options;
    struct gcr_error err = {""};
    struct trace_file file;
    gcr_status status = GCR_OK;
    gcr_options_init(generator->options, &options);
    for (; *settings != NULL && status == GCR_OK; settings++)
        status = gcr_option_assign(&options, name, *settings, &err);
    trace_file_name(&file);
    if (status == GCR_OK)
        status = gcr_generate_file(generator, &options, file.path, NULL, NULL, &err);
    if (status != GCR_OK) {
        fprintf(stderr, "%s: %s\n", name, err.text);
        return false;
    }
    trace_file_open(&file);
    bool good = agree(file.reader, name, as_is, RUNS);
    trace_file_finish(&file);
    return good;
}

static bool generated_all(void)
{
    static const struct {
        const char *name, *settings[4];
    } cases[] = {
        {"gcbench", {"stretch-depth=12", "long-depth=11", "max-depth=10", NULL}},
        {"ring", {"rings=3000", NULL}},
        {"list", {"length=20000", "lists=2", NULL}},
        {"tree", {"long-depth=12", "trees=20", NULL}},
        {"growlist", {"lists=20", "length=2000", "rounds=2", NULL}},
        {"finchain", {"groups=60", NULL}},
        {"whiteshare", {"groups=200", NULL}},
        {"lateweak", {"references=4000", "rounds=4", NULL}},
        {"midlife", {"window=5000", "steps=50000", NULL}},
        {"fork-gc", {"objects=20000", "pairs=10000", NULL}},
    };
    for (size_t i = 0; i < GCR_COUNT_OF(cases); i++) {
        if (!generated(cases[i].name, cases[i].settings))
            return false;
    }
    return true;
}

/* No resurrection: which finalizer finds its root taken would depend on their order. */
static bool random_traces(uint64_t seed, uint64_t count)
{
    for (uint64_t s = seed; s < seed + count; s++) {
        struct gcr_random_options options = {.seed = s, .max_events = s % 8 == 7 ? 12000 : 1500};
        struct trace_file file;
        struct gcr_error err;
        char label[64];
        trace_file_name(&file);
        if (gcr_random_trace_write(file.path, &options, &err) != GCR_OK) {
            fprintf(stderr, "%s\n", err.text);
            return false;
        }
        trace_file_open(&file);
        snprintf(label, sizeof label, "random trace of seed %llu", (unsigned long long)s);
        bool good = agree(file.reader, label, often, s % 4 == 0 ? RUNS : RUNS - 1);
        trace_file_finish(&file);
        if (!good)
            return false;
    }
    return true;
}

static bool named(const char *path)
{
    struct gcr_reader *reader;
    struct gcr_error err;
    if (gcr_reader_open(path, &reader, &err) != GCR_OK) {
        fprintf(stderr, "%s\n", err.text);
        return false;
    }
    bool good = agree(reader, path, as_is, FEW_RUNS);
    gcr_reader_close(reader);
    return good;
}

int main(int argc, char **argv)
{
    static const char *const goldens[] = {"finalizer", "fork", "list", "ring", "resize", "weak"};
    uint64_t seed = 1, count = 40;
    bool good = true;
    int i = 1;
    for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
        if (strcmp(argv[i], "--seed") == 0)
            seed = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--count") == 0)
            count = strtoull(argv[i + 1], NULL, 10);
    }
    if (i < argc) {
        for (; i < argc && good; i++)
            good = named(argv[i]);
        return good ? 0 : 1;
    }
    for (size_t g = 0; g < GCR_COUNT_OF(goldens) && good; g++)
        good = golden(goldens[g]);
    good = good && generated_all() && random_traces(seed, count);
    return good ? 0 : 1;
}
