#include "sim/study/slurm_array.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/measure/output.h"
#include "sim/study/mark.h"
#include "sim/study/plan.h"
#include "sim/study/slurm_script.h"
#include "sim/study/study_job.h"
#include "sim/study/tool.h"

enum { PATH_ROOM = 4096 + 64, USUAL_MAX_ARRAY_SIZE = 1001 };

static void array_path(const struct gcr_slurm_array *array, char *path, const char *ending)
{
    snprintf(path, PATH_ROOM, "%s/array-%u.%s", array->folder, array->number, ending);
}

static gcr_status array_open(struct gcr_slurm_array *array,
                             const struct gcr_engine_setting *setting, struct gcr_error *err)
{
    *array = (struct gcr_slurm_array){.setting = setting};
    if (snprintf(array->folder, sizeof array->folder, "%s/slurm", setting->directory) >=
        (int)sizeof array->folder)
        return gcr_fail(err, GCR_USAGE, "%s: the path is too long", setting->directory);
    if (mkdir(array->folder, 0777) != 0 && errno != EEXIST)
        return gcr_fail(err, GCR_IO, "%s: %s", array->folder, strerror(errno));
    return GCR_OK;
}

void gcr_slurm_array_close(struct gcr_slurm_array *array)
{
    for (size_t i = 0; i < array->count; i++)
        free(array->ids[i]);
    free(array->ids);
    array->ids = NULL;
    array->count = 0;
}

/* ---- Slurm's commands ---- */

/* Runs one in the folder; what it complains of is kept. */
static gcr_status array_call(const struct gcr_slurm_array *array, const char *const *words,
                             void (*line)(void *, const char *), void *arg, struct gcr_error *err)
{
    char errors[PATH_ROOM];
    snprintf(errors, sizeof errors, "%s/errors.log", array->folder);
    struct gcr_tool tool = {
        .words = words, .directory = array->folder, .errors = errors, .line = line, .arg = arg};
    int code;
    gcr_status status = gcr_tool_run(&tool, &code, err);
    if (status == GCR_OK && code != 0)
        status = gcr_fail(err, GCR_IO, "%s ended with exit code %d; what it said is in %s",
                          words[0], code, errors);
    return status;
}

static void hear_id(void *arg, const char *line)
{
    uint64_t *id = arg, said = gcr_slurm_job_id(line);
    if (said != 0)
        *id = said;
}

static void hear_max_array_size(void *arg, const char *line)
{
    size_t *size = arg, said = gcr_slurm_max_array_size(line);
    if (said != 0)
        *size = said;
}

static void hear_task(void *arg, const char *line)
{
    gcr_slurm_tally_line(arg, line);
}

gcr_status gcr_slurm_array_ask(const struct gcr_slurm_array *array, struct gcr_slurm_tally *tally,
                               struct gcr_error *err)
{
    const char *const words[] = {
        "squeue", "--noheader", "--array", "--me", "--format=" GCR_SLURM_QUEUE_FORMAT, NULL};
    *tally = (struct gcr_slurm_tally){.array = array->id};
    return array_call(array, words, hear_task, tally, err);
}

/* ---- a new array ---- */

/* "array-12.jobs" has 12; false: another kind of file. */
static bool number_of_file(const char *name, const char *ending, unsigned *number)
{
    int end = 0;
    return sscanf(name, "array-%u.%n", number, &end) == 1 && end > 0 &&
           strcmp(name + end, ending) == 0;
}

static gcr_status array_take_number(struct gcr_slurm_array *array, struct gcr_error *err)
{
    DIR *folder = opendir(array->folder);
    if (folder == NULL)
        return gcr_fail(err, GCR_IO, "%s: %s", array->folder, strerror(errno));
    array->number = 1;
    const struct dirent *entry;
    unsigned number;
    while ((entry = readdir(folder)) != NULL)
        if (number_of_file(entry->d_name, "jobs", &number) && number >= array->number)
            array->number = number + 1;
    closedir(folder);
    return GCR_OK;
}

static gcr_status array_name(const struct gcr_slurm_array *array, char *name, size_t room,
                             struct gcr_error *err)
{
    struct gcr_study_mark mark;
    gcr_status status = gcr_study_mark_get(array->setting->directory, &mark, err);
    if (status == GCR_OK)
        snprintf(name, room, "gcreplay-%s-%u", mark.text, array->number);
    return status;
}

/* The highest index that Slurm allows is MaxArraySize - 1. */
static gcr_status array_most_tasks(const struct gcr_slurm_array *array, size_t *tasks,
                                   struct gcr_error *err)
{
    const char *const words[] = {"scontrol", "show", "config", NULL};
    size_t size = 0;
    gcr_status status = array_call(array, words, hear_max_array_size, &size, err);
    if (status != GCR_OK)
        return status;
    *tasks = (size != 0 ? size : USUAL_MAX_ARRAY_SIZE) - 1;
    return *tasks != 0 ? GCR_OK
                       : gcr_fail(err, GCR_UNSUPPORTED,
                                  "this Slurm allows no job arrays (MaxArraySize is 1)");
}

/* sbatch --parsable OPTIONS array-N.sh; the options are words between blanks. */
static gcr_status array_sbatch(struct gcr_slurm_array *array, struct gcr_error *err)
{
    const char *options = array->setting->slurm_options;
    char *text = strdup(options != NULL ? options : ""), script[64], *rest = NULL;
    const char **words = calloc((text != NULL ? strlen(text) : 0) + 8, sizeof *words);
    if (text == NULL || words == NULL) {
        free(text);
        free(words);
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for a command line");
    }
    size_t n = 0;
    words[n++] = "sbatch";
    words[n++] = "--parsable";
    for (char *word = strtok_r(text, " \t", &rest); word != NULL;
         word = strtok_r(NULL, " \t", &rest))
        words[n++] = word;
    snprintf(script, sizeof script, "array-%u.sh", array->number);
    words[n++] = script;
    gcr_status status = array_call(array, words, hear_id, &array->id, err);
    if (status == GCR_OK && array->id == 0)
        status = gcr_fail(err, GCR_IO, "sbatch did not say a job's id");
    free(words);
    free(text);
    return status;
}

static gcr_status array_write_id(const struct gcr_slurm_array *array, struct gcr_error *err)
{
    char path[PATH_ROOM];
    array_path(array, path, "id");
    struct gcr_output output;
    gcr_status status = gcr_output_open(&output, path, err);
    if (status != GCR_OK)
        return status;
    fprintf(output.file, "%" PRIu64 "\n", array->id);
    return gcr_output_close(&output, err);
}

static gcr_status array_copy_ids(struct gcr_slurm_array *array, const char *const *ids,
                                 size_t count, struct gcr_error *err)
{
    array->ids = calloc(count + 1, sizeof *array->ids);
    for (size_t i = 0; array->ids != NULL && i < count; i++) {
        array->ids[i] = strdup(ids[i]);
        if (array->ids[i] == NULL)
            break;
        array->count++;
    }
    return array->ids != NULL && array->count == count
               ? GCR_OK
               : gcr_fail(err, GCR_NO_MEMORY, "no memory for %zu jobs", count);
}

static unsigned longest_timeout(const struct gcr_plan *plan, const char *const *ids, size_t count)
{
    unsigned longest = plan->timeout_s;
    for (size_t i = 0; i < count; i++) {
        const struct gcr_plan_job *job = gcr_plan_find(plan, ids[i]);
        unsigned timeout = job != NULL ? gcr_study_job_timeout(plan, job) : 0;
        longest = timeout > longest ? timeout : longest;
    }
    return longest;
}

gcr_status gcr_slurm_array_submit(struct gcr_slurm_array *array,
                                  const struct gcr_engine_setting *setting, const char *const *ids,
                                  size_t count, bool is_timed, struct gcr_error *err)
{
    char name[64];
    size_t tasks;
    gcr_status status = array_open(array, setting, err);
    if (status == GCR_OK)
        status = array_take_number(array, err);
    if (status == GCR_OK)
        status = array_name(array, name, sizeof name, err);
    if (status == GCR_OK)
        status = array_most_tasks(array, &tasks, err);
    if (status == GCR_OK)
        status = array_copy_ids(array, ids, count, err);
    if (status != GCR_OK)
        return status;
    struct gcr_slurm_script script = {
        .number = array->number,
        .name = name,
        .program = setting->remote_program != NULL ? setting->remote_program : setting->program,
        .ids = ids,
        .count = count,
        .tasks = tasks,
        .timeout_s = longest_timeout(setting->plan, ids, count),
        .is_timed = is_timed};
    status = gcr_slurm_script_write(&script, array->folder, err);
    if (status == GCR_OK)
        status = array_sbatch(array, err);
    return status == GCR_OK ? array_write_id(array, err) : status;
}

/* ---- an array of an earlier driver ---- */

static gcr_status array_read_ids(struct gcr_slurm_array *array, struct gcr_error *err)
{
    char path[PATH_ROOM];
    array_path(array, path, "jobs");
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return gcr_fail(err, GCR_IO, "%s: %s", path, strerror(errno));
    char *line = NULL, **ids = NULL;
    size_t room = 0, count = 0;
    ssize_t length;
    gcr_status status = GCR_OK;
    while (status == GCR_OK && (length = getline(&line, &room, file)) >= 0) {
        line[strcspn(line, "\n")] = '\0';
        char **more = realloc(ids, (count + 1) * sizeof *ids);
        if (more != NULL)
            ids = more;
        if (more == NULL || (ids[count] = strdup(line)) == NULL)
            status = gcr_fail(err, GCR_NO_MEMORY, "no memory for %s", path);
        else
            count++;
    }
    free(line);
    fclose(file);
    array->ids = ids;
    array->count = count;
    return status;
}

/* From array-N.id, or the queue. 0: it was never submitted, or the queue has forgotten it. */
static gcr_status array_recall_id(struct gcr_slurm_array *array, struct gcr_error *err)
{
    char path[PATH_ROOM], name[64], option[96];
    array_path(array, path, "id");
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        bool is_good = fscanf(file, "%" SCNu64, &array->id) == 1;
        fclose(file);
        return is_good ? GCR_OK : gcr_fail(err, GCR_BAD_INPUT, "%s: not a job's id", path);
    }
    gcr_status status = array_name(array, name, sizeof name, err);
    if (status != GCR_OK)
        return status;
    snprintf(option, sizeof option, "--name=%s", name);
    const char *const words[] = {"squeue", "--noheader", "--me", option, "--format=%F", NULL};
    array->id = 0;
    status = array_call(array, words, hear_id, &array->id, err);
    if (status == GCR_OK)
        status = array_write_id(array, err);
    return status == GCR_OK && array->id == 0 ? gcr_slurm_array_end(array, err) : status;
}

gcr_status gcr_slurm_array_find(struct gcr_slurm_array *array,
                                const struct gcr_engine_setting *setting, struct gcr_error *err)
{
    gcr_status status = array_open(array, setting, err);
    if (status == GCR_OK)
        status = array_take_number(array, err);
    unsigned behind = array->number;
    array->id = 0;
    for (array->number = 1; status == GCR_OK && array->number < behind; array->number++) {
        char path[PATH_ROOM], script[PATH_ROOM];
        array_path(array, path, "over");
        array_path(array, script, "sh");
        if (access(path, F_OK) == 0 || access(script, F_OK) != 0)
            continue;
        status = array_recall_id(array, err);
        if (status == GCR_OK && array->id != 0)
            return array_read_ids(array, err);
    }
    return status;
}

gcr_status gcr_slurm_array_end(const struct gcr_slurm_array *array, struct gcr_error *err)
{
    char before[PATH_ROOM], after[PATH_ROOM];
    array_path(array, before, "id");
    array_path(array, after, "over");
    if (rename(before, after) != 0)
        return gcr_fail(err, GCR_IO, "%s: %s", before, strerror(errno));
    return GCR_OK;
}

bool gcr_slurm_array_has_spoken(const struct gcr_slurm_array *array)
{
    DIR *folder = opendir(array->folder);
    if (folder == NULL)
        return false;
    bool found = false;
    const struct dirent *entry;
    while (!found && (entry = readdir(folder)) != NULL) {
        unsigned number, task;
        int end = 0;
        found = sscanf(entry->d_name, "array-%u.%u.log%n", &number, &task, &end) == 2 && end > 0 &&
                number == array->number;
    }
    closedir(folder);
    return found;
}
