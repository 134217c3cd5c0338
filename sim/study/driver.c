/* Drivers; see driver.h. */
#include "sim/study/driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sim/study/job_document.h"
#include "sim/study/plan_parts.h"
#include "sim/study/standing.h"

struct drive {
    const struct gcr_study_driver *driver;
    struct gcr_plan *plan;
    struct gcr_standing standing;
    struct gcr_engine_setting setting;
    unsigned at_a_time; /* runs that are not timed */
    double begin_s;
    bool is_unwritten; /* a job could not write its result: the disk is full, or worse */
    char unwritten[512];
};

static double drive_now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- what jobs say ---- */

static void drive_tell(const struct drive *drive, const char *id, const char *outcome,
                       const char *message, double seconds)
{
    size_t known = 0;
    if (drive->driver->ended == NULL)
        return;
    const struct gcr_study_progress progress = {
        .id = id,
        .outcome = outcome,
        .message = message,
        .seconds = seconds,
        .done = drive->standing.done,
        .total = drive->plan->job_count,
        .spent_s = drive_now_s() - drive->begin_s,
        .left_s = gcr_standing_left(&drive->standing, drive->at_a_time, &known),
    };
    drive->driver->ended(drive->driver->arg, &progress);
}

/* A job's end: its result is what counts, the line may be cut short. */
static void drive_note_end(struct drive *drive, size_t job, const char *rest)
{
    const char *id = drive->plan->jobs[job].id;
    char word[32];
    rest += strspn(rest, " ");
    size_t length = strcspn(rest, " ");
    snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : 0), rest);
    char *end = NULL;
    double seconds = strtod(rest + length, &end);
    const char *message = end + strspn(end, " ");
    char *outcome =
        gcr_job_document_outcome(drive->setting.directory, &drive->plan->jobs[job], &seconds);
    if (outcome != NULL)
        gcr_standing_note(&drive->standing, job, seconds);
    if (outcome == NULL && strcmp(word, "unwritten") == 0 && !drive->is_unwritten) {
        drive->is_unwritten = true;
        snprintf(drive->unwritten, sizeof drive->unwritten, "%s", message);
    }
    drive_tell(drive, id, outcome != NULL ? outcome : word, message, seconds);
    free(outcome);
}

static void drive_say(void *arg, const char *line)
{
    struct drive *drive = arg;
    size_t length = strcspn(line, " ");
    for (size_t i = 0; i < drive->plan->job_count; i++) {
        const char *id = drive->plan->jobs[i].id;
        if (strncmp(id, line, length) == 0 && id[length] == '\0') {
            if (!drive->standing.is_done[i])
                drive_note_end(drive, i, line + length);
            return;
        }
    }
    if (drive->driver->remark != NULL)
        drive->driver->remark(drive->driver->arg, line);
}

/* ---- jobs that are not run ---- */

static gcr_status drive_give_up(struct drive *drive, size_t job, const char *outcome,
                                const char *message, struct gcr_error *err)
{
    const struct gcr_plan_job *given = &drive->plan->jobs[job];
    json_t *document = gcr_job_document_without_figures(drive->plan, given, outcome, message);
    json_object_set_new(
        document, "job",
        json_pack("{s:s, s:i}", "id", given->id, "invocation", (int)given->invocation));
    gcr_status status =
        gcr_job_document_write(drive->setting.directory, given, document, NULL, err);
    json_decref(document);
    if (status != GCR_OK)
        return status;
    gcr_standing_note(&drive->standing, job, 0);
    drive_tell(drive, given->id, outcome, message, 0);
    return GCR_OK;
}

static gcr_status drive_refuse(struct drive *drive, struct gcr_error *err)
{
    gcr_status status = GCR_OK;
    for (size_t i = 0; i < drive->plan->job_count && status == GCR_OK; i++)
        if (!drive->standing.is_done[i] && drive->plan->jobs[i].refusal != NULL)
            status = drive_give_up(drive, i, "refused", drive->plan->jobs[i].refusal, err);
    return status;
}

/* Budgets of "1.5min", once the searches are over. */
static gcr_status drive_take_minimums(struct drive *drive, struct gcr_error *err)
{
    struct gcr_plan *plan = drive->plan;
    gcr_status status = GCR_OK;
    bool has_changed = false;
    for (size_t i = 0; i < plan->job_count && status == GCR_OK; i++) {
        struct gcr_plan_job *job = &plan->jobs[i];
        const struct gcr_plan_job *search = gcr_plan_minheap_of(plan, job);
        char why[600];
        if (search == NULL)
            continue;
        uint64_t minimum =
            gcr_job_document_minimum(drive->setting.directory, search, why, sizeof why);
        job->budget_bytes = (uint64_t)(plan->heaps[job->heap].size.factor * (double)minimum + 0.5);
        has_changed = true;
        if (minimum == 0 && !drive->standing.is_done[i])
            status = drive_give_up(drive, i, "refused", why, err);
    }
    return status == GCR_OK && has_changed
               ? gcr_study_store_write_plan(drive->driver->store, plan, err)
               : status;
}

/* ---- stages ---- */

static size_t drive_list_missing(const struct drive *drive, enum gcr_job_kind kind,
                                 const char **ids)
{
    size_t count = 0;
    for (size_t i = 0; i < drive->plan->job_count; i++)
        if (drive->plan->jobs[i].kind == kind && !drive->standing.is_done[i])
            ids[count++] = drive->plan->jobs[i].id;
    return count;
}

/* Lines may be lost; results are not. */
static void drive_take_silent(struct drive *drive, enum gcr_job_kind kind)
{
    for (size_t i = 0; i < drive->plan->job_count; i++)
        if (drive->plan->jobs[i].kind == kind && !drive->standing.is_done[i]) {
            double seconds = 0;
            char *outcome =
                gcr_job_document_outcome(drive->setting.directory, &drive->plan->jobs[i], &seconds);
            if (outcome != NULL) {
                gcr_standing_note(&drive->standing, i, seconds);
                drive_tell(drive, drive->plan->jobs[i].id, outcome, "", seconds);
            }
            free(outcome);
        }
}

/* Results that are to be made anew must not be taken for new ones. */
static void drive_remove_missing(const struct drive *drive)
{
    for (size_t i = 0; i < drive->plan->job_count; i++)
        if (!drive->standing.is_done[i]) {
            char path[4096];
            const char *id = drive->plan->jobs[i].id;
            snprintf(path, sizeof path, "%s/results/%s.json", drive->setting.directory, id);
            unlink(path);
            snprintf(path, sizeof path, "%s/results/%s.full.json", drive->setting.directory, id);
            unlink(path);
        }
}

static gcr_status drive_give_up_missing(struct drive *drive, enum gcr_job_kind kind,
                                        struct gcr_error *err)
{
    char message[128];
    gcr_status status = GCR_OK;
    snprintf(message, sizeof message,
             "killed from outside in %d attempts (no memory left on the machine?)",
             GCR_STUDY_MOST_ROUNDS);
    for (size_t i = 0; i < drive->plan->job_count && status == GCR_OK; i++)
        if (drive->plan->jobs[i].kind == kind && !drive->standing.is_done[i])
            status = drive_give_up(drive, i, "crashed", message, err);
    return status;
}

static gcr_status drive_stage(struct drive *drive, enum gcr_job_kind kind, struct gcr_error *err)
{
    const char **ids = malloc((drive->plan->job_count + 1) * sizeof(const char *));
    gcr_status status = GCR_OK;
    if (ids == NULL)
        return gcr_plan_no_memory(err);
    for (unsigned round = 0; round < GCR_STUDY_MOST_ROUNDS && status == GCR_OK; round++) {
        size_t count = drive_list_missing(drive, kind, ids);
        if (count == 0)
            break;
        status =
            drive->driver->engine->run(&drive->setting, ids, count, kind == GCR_JOB_TIMED, err);
        drive_take_silent(drive, kind);
        if (drive->is_unwritten)
            status = gcr_fail(err, GCR_IO, "%s; the study goes on with the same command",
                              drive->unwritten);
    }
    free(ids);
    return status == GCR_OK ? drive_give_up_missing(drive, kind, err) : status;
}

gcr_status gcr_study_drive(const struct gcr_study_driver *driver, struct gcr_error *err)
{
    struct drive drive = {.driver = driver,
                          .plan = driver->plan,
                          .setting = driver->setting,
                          .begin_s = drive_now_s()};
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    drive.at_a_time = driver->setting.jobs > 0 ? driver->setting.jobs
                      : cores > 0              ? (unsigned)cores
                                               : 1;
    drive.setting.plan = driver->plan;
    drive.setting.directory = driver->store->directory;
    drive.setting.say = drive_say;
    drive.setting.arg = &drive;
    gcr_status status = gcr_standing_init(&drive.standing, driver->plan, err);
    if (status != GCR_OK)
        return status;
    gcr_standing_read(&drive.standing, drive.setting.directory, driver->retry_failed);
    drive_remove_missing(&drive);
    status = drive_refuse(&drive, err);
    if (status == GCR_OK)
        status = drive_stage(&drive, GCR_JOB_MINHEAP, err);
    if (status == GCR_OK)
        status = drive_take_minimums(&drive, err);
    if (status == GCR_OK)
        status = drive_stage(&drive, GCR_JOB_TIMED, err);
    if (status == GCR_OK)
        status = drive_stage(&drive, GCR_JOB_CACHE, err);
    if (status == GCR_OK && driver->engine->end != NULL)
        driver->engine->end(&drive.setting);
    gcr_standing_finish(&drive.standing);
    return status;
}

gcr_status gcr_study_look(const char *directory, const struct gcr_plan *plan, bool retry_failed,
                          unsigned at_a_time, bool *is_done, struct gcr_study_outlook *outlook,
                          struct gcr_error *err)
{
    struct gcr_standing standing;
    gcr_status status = gcr_standing_init(&standing, plan, err);
    if (status != GCR_OK)
        return status;
    gcr_standing_read(&standing, directory, retry_failed);
    *outlook = (struct gcr_study_outlook){.done = standing.done,
                                          .missing = plan->job_count - standing.done};
    outlook->left_s = gcr_standing_left(&standing, at_a_time, &outlook->estimated);
    for (size_t i = 0; i < plan->job_count && is_done != NULL; i++)
        is_done[i] = standing.is_done[i];
    gcr_standing_finish(&standing);
    return GCR_OK;
}
