/* A cluster: jobs as Slurm job arrays.
 *
 * Slurm itself runs tasks again whose node died (--requeue); what a task leaves undone for another
 * reason is missing in results/ afterwards and goes into the array of the next round. The study's
 * directory must lie on a file system that driver and nodes share. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/study/awaited.h"
#include "sim/study/engine.h"
#include "sim/study/say.h"
#include "sim/study/slurm_array.h"
#include "sim/study/tool.h"

/* Looks are first this far apart, then ever further, up to the other. */
enum { SHORTEST_WAIT_MS = 250, LONGEST_WAIT_MS = 20000 };
/* squeue may fail for so long before that is an error: controllers are restarted now and then. */
enum { MOST_SILENCE_MS = 15 * 60 * 1000 };
/* After the last task is over its results may take so many looks to be seen from here. */
enum { LAST_LOOKS = 3 };

static gcr_status slurm_check(const struct gcr_engine_setting *setting, struct gcr_error *err)
{
    (void)setting;
    static const char *const commands[] = {"sbatch", "scontrol", "squeue"};
    for (size_t i = 0; i < GCR_COUNT_OF(commands); i++) {
        const char *const words[] = {commands[i], "--version", NULL};
        struct gcr_tool tool = {.words = words, .errors = "/dev/null"};
        int code = 0;
        gcr_status status = gcr_tool_run(&tool, &code, err);
        if (status == GCR_UNSUPPORTED)
            return gcr_fail(err, GCR_UNSUPPORTED,
                            "--engine slurm needs %s, which is not on the PATH (Debian: "
                            "slurm-client)",
                            commands[i]);
        if (status != GCR_OK)
            return status;
    }
    const char *const words[] = {"squeue", "--noheader", "--me", "--format=%F", NULL};
    struct gcr_tool tool = {.words = words};
    int code = 0;
    gcr_status status = gcr_tool_run(&tool, &code, err);
    if (status == GCR_OK && code != 0)
        status = gcr_fail(err, GCR_UNSUPPORTED,
                          "--engine slurm: squeue fails here (exit code %d): is Slurm set up, and "
                          "its controller there?",
                          code);
    return status;
}

static void wait_ms(unsigned ms)
{
    struct timespec rest = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
        continue;
}

/* How the wait for one array stands. */
struct vigil {
    struct gcr_slurm_tally tally;
    unsigned wait_ms, silent_ms, last_looks;
    bool is_over;
};

static void say_tally(const struct gcr_slurm_array *array, const struct gcr_slurm_tally *tally)
{
    gcr_say(array->setting, "slurm: array %" PRIu64 ": %zu running, %zu pending%s%s%s", array->id,
            tally->running, tally->pending, tally->pending > 0 ? " (" : "", tally->reason,
            tally->pending > 0 ? ")" : "");
    if (tally->held > 0)
        gcr_say(array->setting,
                "slurm: %zu tasks are held and wait for you: scontrol release %" PRIu64
                " lets them go, scancel %" PRIu64 " gives them up",
                tally->held, array->id, array->id);
}

/* Whether a person may want to know: tasks are held, or all of them wait, and for another reason
 * than before. (A reason of None is one that Slurm has not looked for yet.) */
static bool tally_is_news(const struct gcr_slurm_tally *now, const struct gcr_slurm_tally *before)
{
    if (now->held > 0 && now->held != before->held)
        return true;
    return now->pending > 0 && now->running == 0 && strcmp(now->reason, "None") != 0 &&
           strcmp(now->reason, before->reason) != 0;
}

/* Asks the queue. It is over if no task is left; silence is no answer. */
static gcr_status vigil_ask(struct vigil *vigil, const struct gcr_slurm_array *array,
                            struct gcr_error *err)
{
    struct gcr_slurm_tally now;
    gcr_status status = gcr_slurm_array_ask(array, &now, err);
    if (status == GCR_IO && vigil->silent_ms < MOST_SILENCE_MS) {
        if (vigil->silent_ms == 0)
            gcr_say(array->setting, "slurm: %s; asking again", err->text);
        vigil->silent_ms += vigil->wait_ms;
        return GCR_OK;
    }
    if (status != GCR_OK)
        return status;
    vigil->silent_ms = 0;
    if (tally_is_news(&now, &vigil->tally))
        say_tally(array, &now);
    vigil->tally = now;
    vigil->is_over = now.pending + now.running == 0;
    return GCR_OK;
}

/* Until every result is there, or no task is left and time enough has passed. */
static gcr_status array_await(const struct gcr_slurm_array *array, struct gcr_awaited *awaited,
                              struct gcr_error *err)
{
    struct vigil vigil = {.wait_ms = SHORTEST_WAIT_MS};
    while (awaited->there < awaited->count) {
        size_t before = awaited->there;
        gcr_status status = vigil.is_over ? GCR_OK : vigil_ask(&vigil, array, err);
        if (status == GCR_OK)
            status = gcr_awaited_look(awaited, err);
        if (status != GCR_OK)
            return status;
        if (awaited->there == awaited->count || (vigil.is_over && vigil.last_looks++ >= LAST_LOOKS))
            break;
        vigil.wait_ms = awaited->there > before ? SHORTEST_WAIT_MS : vigil.wait_ms * 3 / 2;
        if (vigil.wait_ms > LONGEST_WAIT_MS)
            vigil.wait_ms = LONGEST_WAIT_MS;
        wait_ms(vigil.is_over ? (unsigned)SHORTEST_WAIT_MS << vigil.last_looks : vigil.wait_ms);
    }
    return GCR_OK;
}

/* Waits for an array that was submitted, and says how it went. *results: of its jobs, there now. */
static gcr_status array_finish(const struct gcr_slurm_array *array, size_t *results,
                               struct gcr_error *err)
{
    struct gcr_awaited awaited;
    gcr_status status = gcr_awaited_open(&awaited, array->setting, (const char *const *)array->ids,
                                         array->count, err);
    if (status != GCR_OK)
        return status;
    size_t before = awaited.there;
    status = array_await(array, &awaited, err);
    if (status == GCR_OK) {
        gcr_say(array->setting, "slurm: array %" PRIu64 " is over: %zu of %zu jobs left results",
                array->id, awaited.there - before, array->count - before);
        status = gcr_slurm_array_end(array, err);
    }
    *results = awaited.there;
    gcr_awaited_close(&awaited);
    return status;
}

/* Arrays that a driver left behind when it was killed. */
static gcr_status finish_old_arrays(const struct gcr_engine_setting *setting, struct gcr_error *err)
{
    for (;;) {
        struct gcr_slurm_array array;
        size_t results;
        gcr_status status = gcr_slurm_array_find(&array, setting, err);
        if (status == GCR_OK && array.id == 0)
            return GCR_OK;
        if (status == GCR_OK) {
            gcr_say(setting,
                    "slurm: array %" PRIu64 " of %zu jobs was submitted earlier and comes first",
                    array.id, array.count);
            status = array_finish(&array, &results, err);
        }
        gcr_slurm_array_close(&array);
        if (status != GCR_OK)
            return status;
    }
}

static gcr_status run_new_array(const struct gcr_engine_setting *setting, const char *const *ids,
                                size_t count, bool is_timed, struct gcr_error *err)
{
    struct gcr_slurm_array array;
    size_t results = 0;
    gcr_status status = gcr_slurm_array_submit(&array, setting, ids, count, is_timed, err);
    if (status == GCR_OK) {
        gcr_say(setting,
                "slurm: array %" PRIu64 " has %zu jobs; scancel %" PRIu64 " ends it, and a study "
                "that is started again finds it",
                array.id, count, array.id);
        status = array_finish(&array, &results, err);
    }
    if (status == GCR_OK && results == 0 && !gcr_slurm_array_has_spoken(&array))
        status =
            gcr_fail(err, GCR_UNSUPPORTED,
                     "no task of array %" PRIu64 " left anything in %s: the nodes do not share "
                     "this file system, or it was cancelled before it began",
                     array.id, array.folder);
    gcr_slurm_array_close(&array);
    return status;
}

static gcr_status slurm_run(const struct gcr_engine_setting *setting, const char *const *ids,
                            size_t count, bool is_timed, struct gcr_error *err)
{
    gcr_status status = finish_old_arrays(setting, err);
    if (status != GCR_OK)
        return status;
    struct gcr_awaited awaited;
    status = gcr_awaited_open(&awaited, setting, ids, count, err);
    if (status != GCR_OK)
        return status;
    const char **missing = calloc(count + 1, sizeof *missing);
    if (missing == NULL)
        status = gcr_fail(err, GCR_NO_MEMORY, "no memory for %zu jobs", count);
    size_t left = status == GCR_OK ? gcr_awaited_missing(&awaited, missing) : 0;
    if (left > 0)
        status = run_new_array(setting, missing, left, is_timed, err);
    free(missing);
    gcr_awaited_close(&awaited);
    return status;
}

const struct gcr_study_engine gcr_slurm_engine = {
    .name = "slurm",
    .summary = "a cluster: Slurm job arrays",
    .check = slurm_check,
    .run = slurm_run,
};
