/* The preload library's entry, and the life of a recorded process: start, forks, exit, the
 * functions of the gc module.
 *
 * The constructor runs before main. In a process that is CPython 3.11 and that was started by
 * `gcreplay record`, it puts hooks before the allocators (hooks.c); in every other process it does
 * nothing. It takes itself out of the environment, so programs that the recorded one executes are
 * left alone; with --follow it stays there, and each Python in which it finds itself is recorded.
 *
 * `the_recorder` is the one mutable global: hooks are found through the allocator's context, but
 * constructors, fork handlers and the replaced functions are handed nothing. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workloads/cpython/command_line.h"
#include "workloads/cpython/hooks.h"

static struct {
    struct recorder recorder;
    struct py_functions original;
} the_recorder;

/* ---- the gc module ---- */

static PyObject *process_gc_collect(PyObject *module, PyObject *const *args, Py_ssize_t nargs,
                                    PyObject *keywords)
{
    struct recorder *recorder = &the_recorder.recorder;
    int generation = -1;
    if (recorder->on && !recorder->gc->collecting)
        generation = py_collect_argument(args, nargs, keywords);
    bool recorded = generation >= 0 && hooks_enter(recorder);
    if (recorded) {
        hooks_sync_count(recorder);
        snapshot_take(recorder, generation, true);
        sampler_take(recorder);
        mirror_event(&recorder->mirror, GCR_OP_COLLECT, (uint32_t)generation, 0, 0);
        collection_begin(recorder, recorder->channel.head - 1);
        hooks_leave(recorder);
    }
    PyObject *result = the_recorder.original.collect(module, args, nargs, keywords);
    if (recorded && hooks_enter(recorder)) {
        hooks_sync(recorder, 0);
        hooks_leave(recorder);
    }
    return result;
}

static PyObject *process_gc_freeze(PyObject *module, PyObject *ignored)
{
    struct recorder *recorder = &the_recorder.recorder;
    if (recorder->on && hooks_enter(recorder)) {
        hooks_sync_count(recorder);
        snapshot_take(recorder, 2, false);
        mirror_event(&recorder->mirror, GCR_OP_FREEZE, 0, 0, 0);
        snapshot_freeze(recorder);
        hooks_leave(recorder);
    }
    return the_recorder.original.freeze(module, ignored);
}

static PyObject *process_gc_unfreeze(PyObject *module, PyObject *ignored)
{
    struct recorder *recorder = &the_recorder.recorder;
    if (recorder->on && hooks_enter(recorder)) {
        hooks_sync(recorder, 0);
        mirror_event(&recorder->mirror, GCR_OP_UNFREEZE, 0, 0, 0);
        snapshot_unfreeze(recorder);
        hooks_leave(recorder);
    }
    return the_recorder.original.unfreeze(module, ignored);
}

/* ---- exit ---- */

/* os._exit ends a process without finalising the interpreter: forked children often end so. */
static PyObject *process_exit(PyObject *module, PyObject *const *args, Py_ssize_t nargs,
                              PyObject *keywords)
{
    struct recorder *recorder = &the_recorder.recorder;
    if (recorder->on && hooks_enter(recorder)) {
        hooks_sync_count(recorder);
        sampler_take(recorder);
        hooks_leave(recorder);
    }
    return the_recorder.original.exit(module, args, nargs, keywords);
}

/* ---- fork ---- */

/* The child goes on with a copy of the mirror, in a lane of its own: no event of the parent may be
 * unsettled when they part. */
static void process_before_fork(void)
{
    struct recorder *recorder = &the_recorder.recorder;
    recorder->child_ring = NULL;
    if (!recorder->on || !hooks_enter(recorder))
        return;
    hooks_sync_count(recorder);
    if (!recorder->collection.running) {
        if (recorder->neutral)
            snapshot_take_tiers(recorder, 0);
        else
            snapshot_take(recorder, 0, false);
        sampler_take(recorder);
        recorder->child_ring = recorder->window.waiting ? channel_reserve_silent(&recorder->channel)
                                                        : channel_reserve(&recorder->channel);
    }
    /* Before there is a child: should this process be killed meanwhile, the child's lane is known.
     */
    if (recorder->child_ring != NULL) {
        mirror_event(&recorder->mirror, GCR_OP_FORK, recorder->child_ring->lane, 0, 0);
        channel_commit(&recorder->channel, recorder->channel.head);
    } else {
        recorder->counts->lost_lanes++;
    }
    hooks_leave(recorder);
}

static void process_after_fork_in_parent(void)
{
    struct recorder *recorder = &the_recorder.recorder;
    if (recorder->child_ring == NULL)
        return;
    recorder->child_ring = NULL;
    if (recorder->segment->sample != GCR_SAMPLE_NOTHING)
        sampler_arm(recorder, false);
}

static void process_after_fork_in_child(void)
{
    struct recorder *recorder = &the_recorder.recorder;
    /* Without a ring there is no lane; one that comes too late finds its lane closed. */
    recorder->on =
        recorder->child_ring != NULL && channel_start(&recorder->channel, recorder->child_ring);
    if (!recorder->on) {
        sampler_stop(recorder);
        return;
    }
    recorder->counts = &recorder->child_ring->counts;
    recorder->scanner.counts = recorder->counts;
    recorder->child_ring = NULL;
    window_fork(recorder);
    if (recorder->segment->sample != GCR_SAMPLE_NOTHING)
        sampler_arm(recorder, true);
}

/* ---- start ---- */

static void process_settle(void *arg, uint32_t object)
{
    struct recorder *recorder = arg;
    types_settle_block(&recorder->types, object);
}

/* The segment is a file of the recorder's. NULL: it has ended, or runs another build. */
static struct gcr_segment *process_map_segment(const char *place)
{
    struct stat info;
    int file = open(place, O_RDWR | O_CLOEXEC);
    if (file < 0)
        return NULL;
    void *range = MAP_FAILED;
    if (fstat(file, &info) == 0 && info.st_size == (off_t)sizeof(struct gcr_segment))
        range = mmap(NULL, sizeof(struct gcr_segment), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (range == MAP_FAILED)
        return NULL;
    struct gcr_segment *segment = range;
    if (segment->magic == GCR_SEGMENT_MAGIC && segment->bytes_of_ring == sizeof(struct gcr_ring))
        return segment;
    munmap(range, sizeof(struct gcr_segment));
    return NULL;
}

static void process_leave_environment(void)
{
    const char *before = getenv(GCR_PRELOAD_VARIABLE);
    if (before != NULL && before[0] != '\0')
        setenv("LD_PRELOAD", before, 1);
    else
        unsetenv("LD_PRELOAD");
    unsetenv(GCR_PRELOAD_VARIABLE);
    unsetenv(GCR_SEGMENT_VARIABLE);
}

static bool process_build(struct recorder *recorder, struct gcr_segment *segment)
{
    recorder->segment = segment;
    recorder->neutral = segment->neutral != 0;
    recorder->channel.segment = segment;
    recorder->channel.settle = process_settle;
    recorder->channel.arg = recorder;
    recorder->gc = py_gc_state();
    recorder->interpreter = py_interpreter();
    recorder->sites = recorder_reserve((SITE_TABLE + 1) * sizeof *recorder->sites);
    recorder->free_lists = recorder_reserve(PY_FREE_LISTS * sizeof *recorder->free_lists);
    recorder->enabled = -1;
    recorder->sampler.watch.file = -1;
    return recorder->sites != NULL && recorder->free_lists != NULL &&
           heap_map_init(&recorder->map) && mirror_init(&recorder->mirror, &recorder->channel) &&
           types_init(&recorder->types, segment, &recorder->mirror, &recorder->map) &&
           scanner_init(&recorder->scanner, &recorder->mirror, &recorder->types, &recorder->map) &&
           snapshot_init(recorder) && collection_init(recorder) && reach_init(recorder) &&
           (segment->sample == GCR_SAMPLE_NOTHING || sampler_init(recorder));
}

/* Everything static is one immortal object: its slots are not followed, and it keeps a tuple's item
 * from looking empty. */
static void process_write_static(struct recorder *recorder)
{
    struct mirror *mirror = &recorder->mirror;
    mirror->static_record = mirror->record_top++;
    mirror->records[mirror->static_record] =
        (struct record){.kind = RECORD_STATIC, .generation = GENERATION_NONE};
    mirror_event(mirror, GCR_OP_PREBUILT, mirror->static_record, mirror->raw_shape, 0);
}

static enum gcr_refusal process_refusal(enum py_presence presence)
{
    const char *allocator = getenv("PYTHONMALLOC");
    const char *developer = getenv("PYTHONDEVMODE");
    if (presence == PY_OTHER_VERSION)
        return GCR_REFUSED_VERSION;
    if ((allocator != NULL && allocator[0] != '\0') || (developer != NULL && developer[0] != '\0'))
        return GCR_REFUSED_ALLOCATOR;
    return GCR_REFUSED_NOT;
}

/* This process was recorded until it executed another program, this one: its lanes are over. */
static void process_end_former_image(struct gcr_segment *segment)
{
    for (unsigned i = 0; i < GCR_RINGS; i++) {
        uint32_t running = GCR_RING_RUNNING;
        if (segment->rings[i].pid == (int32_t)getpid())
            atomic_compare_exchange_strong(&segment->rings[i].state, &running, GCR_RING_STOPPED);
    }
}

/* Lane 0 of a group of its own. */
static enum gcr_refusal process_begin_group(struct recorder *recorder, bool first)
{
    char words[GCR_COMMAND_BYTES];
    struct gcr_ring *ring =
        window_init(recorder, !first)
            ? channel_reserve_silent(&recorder->channel)
            : channel_reserve_group(&recorder->channel,
                                    first ? GCR_GROUP_PROGRAM : GCR_GROUP_EXECUTED, words,
                                    command_line_read(words, sizeof words));
    if (ring == NULL || !channel_start(&recorder->channel, ring))
        return GCR_REFUSED_ROOM;
    recorder->counts = &ring->counts;
    recorder->scanner.counts = &ring->counts;
    return GCR_REFUSED_NOT;
}

static void process_begin(struct recorder *recorder)
{
    const bool sampled = recorder->segment->sample != GCR_SAMPLE_NOTHING;
    py_find_static_range();
    process_write_static(recorder);
    hooks_install(recorder);
    const struct py_functions replacements = {process_gc_collect, process_gc_freeze,
                                              process_gc_unfreeze, sampled ? process_exit : NULL};
    py_wrap_modules(&replacements, &the_recorder.original);
    marks_add_module(recorder);
    pthread_atfork(process_before_fork, process_after_fork_in_parent, process_after_fork_in_child);
    if (recorder->segment->sample == GCR_SAMPLE_ALL)
        sampler_arm(recorder, false);
    recorder->on = true;
}

/* A recording's first Python is what was to be recorded: if it cannot be, the recording fails. Of
 * others, found with --follow, it is noted. */
GCR_CONSTRUCTOR static void process_start(void)
{
    const char *place = getenv(GCR_SEGMENT_VARIABLE);
    enum py_presence presence = py_presence();
    if (place == NULL || presence == PY_ABSENT)
        return;
    struct gcr_segment *segment = process_map_segment(place);
    if (segment == NULL || !segment->follow)
        process_leave_environment();
    if (segment == NULL)
        return;
    enum gcr_refusal refusal = process_refusal(presence);
    bool passed_over = segment->follow && refusal == GCR_REFUSED_VERSION;
    bool first = !passed_over && atomic_exchange(&segment->claimed, 1) == 0;
    if (!first && !segment->follow) {
        atomic_fetch_add(&segment->not_followed, 1);
        return;
    }
    process_end_former_image(segment);
    if (first)
        strncpy(segment->python_version, Py_GetVersion(), sizeof segment->python_version - 1);
    struct recorder *recorder = &the_recorder.recorder;
    if (refusal == GCR_REFUSED_NOT && !process_build(recorder, segment))
        refusal = GCR_REFUSED_MEMORY;
    if (refusal == GCR_REFUSED_NOT)
        refusal = process_begin_group(recorder, first);
    if (refusal == GCR_REFUSED_NOT)
        process_begin(recorder);
    else if (first)
        atomic_store(&segment->refused, refusal);
    else
        atomic_fetch_add(&segment->skipped[refusal], 1);
}
