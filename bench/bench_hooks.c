/* What libgctrace adds to a runtime for each thing that it records: bench/README.md.
 *
 * The calls of one thread, the encoding and writing of full blocks included, into a file in TMPDIR
 * (/tmp by default) that is removed afterwards. `unattached`: the handle is NULL, as in a runtime
 * that is built to record and does not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "bench/gcr_bench.h"
#include "gctrace.h"

enum { OBJECTS = 4096, CALLS = 4096, PATH_BYTES = 1024 };

struct recording {
    char path[PATH_BYTES];
    gctrace *recording;
    gctrace_thread *thread;
    uint32_t pair;
    gctrace_object objects[OBJECTS]; /* each in a global root */
};

struct task {
    const char *name;
    /* CALLS calls, or pairs of them. */
    void (*calls)(struct recording *r);
    bool unattached;
};

/* ---- a recording ---- */

static void teardown(void *fixture)
{
    struct recording *r = fixture;
    char partial[PATH_BYTES + 16];
    (void)gctrace_close(r->recording, NULL, 0);
    (void)snprintf(partial, sizeof partial, "%s.partial", r->path);
    (void)unlink(partial);
    (void)unlink(r->path);
    free(r);
}

static bool choose_path(struct recording *r)
{
    const char *folder = getenv("TMPDIR");
    int used = snprintf(r->path, sizeof r->path, "%s/bench_hooks.XXXXXX",
                        folder != NULL && folder[0] != '\0' ? folder : "/tmp");
    int file = used > 0 && (size_t)used < sizeof r->path ? mkstemp(r->path) : -1;
    if (file >= 0)
        (void)close(file);
    return file >= 0;
}

static void *setup(struct gcr_bench *b)
{
    const struct task *task = gcr_bench_context(b);
    const gctrace_options options = {.size = sizeof options,
                                     .loads = 1,
                                     .reads = GCTRACE_READS_EXACT,
                                     .deaths = GCTRACE_DEATHS_EXACT};
    const gctrace_shape pair = {.name = "pair", .fixed_bytes = 24, .slots = 2};
    char message[256] = "no memory, or no file";
    struct recording *r = calloc(1, sizeof *r);
    if (r == NULL || !choose_path(r) ||
        gctrace_open(r->path, &options, &r->recording, message, sizeof message) != GCTRACE_OK) {
        gcr_bench_fail(b, message);
        free(r);
        return NULL;
    }
    r->pair = gctrace_declare_shape(r->recording, &pair);
    gctrace_thread *thread = gctrace_attach(r->recording, 16);
    for (uint32_t i = 0; i < OBJECTS; i++)
        r->objects[i] = gctrace_allocate(thread, r->pair, 0, GCTRACE_GLOBAL(i));
    r->thread = task->unattached ? NULL : thread;
    return r;
}

static void run(struct gcr_bench *b, void *fixture)
{
    const struct task *task = gcr_bench_context(b);
    struct recording *r = fixture;
    while (gcr_bench_batch(b, CALLS))
        task->calls(r);
    if (gctrace_get_status(r->recording, NULL) != GCTRACE_OK)
        gcr_bench_fail(b, "the recording has failed");
}

/* ---- the calls ---- */

static void allocate_and_death(struct recording *r)
{
    for (uint32_t i = 0; i < CALLS; i++) {
        gctrace_object object = gctrace_allocate(r->thread, r->pair, 0, GCTRACE_LOCAL(0));
        gctrace_set_root(r->thread, GCTRACE_LOCAL(0), 0);
        gctrace_death(r->thread, object);
    }
}

static void store(struct recording *r)
{
    for (uint32_t i = 0; i < CALLS; i++)
        gctrace_store(r->thread, r->objects[i], i % 2, r->objects[i * 7 % OBJECTS]);
}

static void load(struct recording *r)
{
    for (uint32_t i = 0; i < CALLS; i++)
        gctrace_load(r->thread, r->objects[i], i % 2, GCTRACE_LOCAL(i % 16));
}

static void set_root(struct recording *r)
{
    for (uint32_t i = 0; i < CALLS; i++)
        gctrace_set_root(r->thread, GCTRACE_LOCAL(i % 16), r->objects[i]);
}

static void push_and_pop(struct recording *r)
{
    for (uint32_t i = 0; i < CALLS; i++) {
        (void)gctrace_push(r->thread, r->objects[i]);
        gctrace_pop(r->thread, 1);
    }
}

static void read_data(struct recording *r)
{
    for (uint32_t i = 0; i < CALLS; i++)
        gctrace_read(r->thread, r->objects[i], 0, 8);
}

static void write_data(struct recording *r)
{
    for (uint32_t i = 0; i < CALLS; i++)
        gctrace_write(r->thread, r->objects[i], 0, 8);
}

int main(int argc, char **argv)
{
    static const struct task tasks[] = {
        {"allocate_clear_death", allocate_and_death, false},
        {"store", store, false},
        {"load", load, false},
        {"set_root", set_root, false},
        {"push_pop", push_and_pop, false},
        {"read", read_data, false},
        {"write", write_data, false},
        {"allocate_clear_death/unattached", allocate_and_death, true},
        {"store/unattached", store, true},
        {"set_root/unattached", set_root, true},
    };
    for (size_t i = 0; i < GCR_COUNT_OF(tasks); i++) {
        struct gcr_benchmark benchmark = {.name = tasks[i].name,
                                          .run = run,
                                          .setup = setup,
                                          .teardown = teardown,
                                          .context = &tasks[i]};
        gcr_bench_add(&benchmark);
    }
    return gcr_bench_main(argc, argv, NULL, 0);
}
