#include "sim/study/slurm_script.h"

#include <stdio.h>

#include "sim/measure/output.h"
#include "sim/study/shell_word.h"

size_t gcr_slurm_chunk(size_t jobs, size_t most_tasks)
{
    return (jobs + most_tasks - 1) / most_tasks;
}

/* The jobs' timeouts, and half a minute around each. */
static size_t task_minutes(const struct gcr_slurm_script *script, size_t chunk)
{
    return (chunk * (script->timeout_s + 30) + 59) / 60 + 1;
}

static void print_head(FILE *out, const struct gcr_slurm_script *script, size_t chunk)
{
    size_t tasks = (script->count + chunk - 1) / chunk;
    fprintf(out,
            "#!/bin/bash\n"
            "# %zu %s runs of a study in %zu tasks: task T takes lines (T - 1) * %zu + 1 to T * "
            "%zu of\n"
            "# array-%u.jobs. Written by gcreplay study; to submit it by hand: sbatch array-%u.sh "
            "here.\n"
            "#SBATCH --job-name=%s\n"
            "#SBATCH --array=1-%zu\n"
            "#SBATCH --output=array-%u.%%a.log\n"
            "#SBATCH --open-mode=append\n"
            "#SBATCH --ntasks=1\n"
            "#SBATCH --cpus-per-task=1\n"
            "#SBATCH --time=%zu\n"
            "#SBATCH --requeue\n",
            script->count, script->is_timed ? "timed" : "untimed", tasks, chunk, chunk,
            script->number, script->number, script->name, tasks, script->number,
            task_minutes(script, chunk));
    if (script->is_timed)
        fputs("#SBATCH --exclusive\n", out);
}

static void print_body(FILE *out, const struct gcr_slurm_script *script, size_t chunk)
{
    fputs("\nprogram=", out);
    gcr_shell_word_print(out, script->program);
    fprintf(out,
            "\n"
            "jobs=array-%u.jobs\n"
            "if [ ! -e \"$jobs\" ]; then\n"
            "  echo \"$(hostname): no $PWD/$jobs here: the study must lie on a file system that all"
            " nodes share\" >&2\n"
            "  exit 1\n"
            "fi\n"
            "last=$((SLURM_ARRAY_TASK_ID * %zu))\n"
            "sed -n \"$((last - %zu)),${last}p\" \"$jobs\" | while IFS= read -r id; do\n"
            "  if [ ! -e \"../results/$id.json\" ]; then\n"
            "    \"$program\" study -o .. --job \"$id\" </dev/null\n"
            "  fi\n"
            "done\n",
            script->number, chunk, chunk - 1);
}

static gcr_status open_part(struct gcr_output *output, const struct gcr_slurm_script *script,
                            const char *directory, const char *ending, struct gcr_error *err)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/array-%u.%s", directory, script->number, ending) >=
        (int)sizeof path)
        return gcr_fail(err, GCR_USAGE, "%s: the path is too long", directory);
    return gcr_output_open(output, path, err);
}

gcr_status gcr_slurm_script_write(const struct gcr_slurm_script *script, const char *directory,
                                  struct gcr_error *err)
{
    size_t chunk = gcr_slurm_chunk(script->count, script->tasks);
    struct gcr_output output;
    gcr_status status = open_part(&output, script, directory, "jobs", err);
    if (status != GCR_OK)
        return status;
    for (size_t i = 0; i < script->count; i++)
        fprintf(output.file, "%s\n", script->ids[i]);
    status = gcr_output_close(&output, err);
    if (status != GCR_OK)
        return status;
    status = open_part(&output, script, directory, "sh", err);
    if (status != GCR_OK)
        return status;
    print_head(output.file, script, chunk);
    print_body(output.file, script, chunk);
    return gcr_output_close(&output, err);
}
