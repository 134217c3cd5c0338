/* Modelled runs; see modelled_run.h.
 *
 * The heap lies at fixed addresses anyway, and the executable is not position independent. What is
 * left are libc's heap and mappings, which the personality fixes, and the stack, whose depth
 * depends on the environment and the command line: so the run has a stack of its own. */
#include "sim/cmd/modelled_run.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <unistd.h>

#include "sim/model/model.h"
#include "sim/replay/engine.h"
#include "sim/replay/modelled.h"

/* ---- addresses ---- */

bool gcr_modelled_run_repeats(void)
{
    int persona = personality(0xffffffff);
    return persona != -1 && (persona & ADDR_NO_RANDOMIZE) != 0;
}

void gcr_modelled_run_exec(char **argv)
{
    bool asked = false;
    for (char **word = argv; *word != NULL && strcmp(*word, "--") != 0; word++)
        asked = asked || strncmp(*word, "--cache", 7) == 0 ||
                (strncmp(*word, "--cow", 5) == 0 && strcmp(*word, "--cow=kernel") != 0);
    if (asked)
        json_object_seed(1); /* else random, and with it what malloc gives to whom */
    int persona = personality(0xffffffff);
    if (!asked || persona == -1 || (persona & ADDR_NO_RANDOMIZE) != 0)
        return;
    if (personality((unsigned long)persona | ADDR_NO_RANDOMIZE) != -1 && gcr_modelled_run_repeats())
        execv("/proc/self/exe", argv); /* returns only where there is no /proc: then as it is */
}

struct stack_call {
    void (*work)(void *arg);
    void *arg;
};

static void *stack_enter(void *call)
{
    struct stack_call *c = call;
    c->work(c->arg);
    return NULL;
}

bool gcr_modelled_run_on_stack(void (*work)(void *arg), void *arg)
{
    static const uintptr_t address = (uintptr_t)0x1f0000000000;
    static const size_t bytes = (size_t)64 << 20;
    struct stack_call call = {work, arg};
    pthread_attr_t attributes;
    pthread_t thread;
    void *stack = mmap((void *)address, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (stack == MAP_FAILED)
        return false;
    bool ok = pthread_attr_init(&attributes) == 0 &&
              pthread_attr_setstack(&attributes, stack, bytes) == 0 &&
              pthread_create(&thread, &attributes, stack_enter, &call) == 0;
    if (ok)
        pthread_join(thread, NULL);
    munmap(stack, bytes);
    return ok;
}

/* ---- the model ---- */

#ifdef GCR_HAVE_MODEL /* the build has modelled twins */
static const bool has_twins = true;
#else
static const bool has_twins = false;
#endif

gcr_status gcr_modelled_run_read(const struct gcr_arguments *arguments, struct gcr_job *job,
                                 struct gcr_error *err)
{
    const char *list = gcr_argument(arguments, "--cache");
    job->must_model = list != NULL;
    if (!has_twins && job->must_model)
        return gcr_fail(err, GCR_UNSUPPORTED,
                        "--cache: this build has no cache model (it needs gcc without "
                        "ThreadSanitizer)");
    job->modelled = has_twins && (job->must_model || (job->cow && !job->cow_by_kernel));
    if (!job->modelled)
        return GCR_OK;
    gcr_status status = gcr_geometry_parse(list, &job->geometry, err);
    if (status != GCR_OK)
        gcr_error_prefix(err, "--cache");
    return status;
}

/* --cow alone is content with the timed code where there is no other. */
static bool modelled_run_applies(const struct gcr_job *job)
{
    return job->modelled && (job->must_model || gcr_engine_twin(job->engine) != NULL);
}

const char *gcr_modelled_run_refusal(const struct gcr_job *job)
{
    return !modelled_run_applies(job) || gcr_engine_twin(job->engine) != NULL
               ? NULL
               : "it cannot be modelled: its loads and stores are those of a library that was "
                 "compiled elsewhere";
}

gcr_status gcr_modelled_run_begin(const struct gcr_job *job, struct gcr_replay_config *config,
                                  struct gcr_engine *room, struct gcr_error *err)
{
    const char *refusal = gcr_modelled_run_refusal(job);
    const struct gcr_model_config model = {.geometry = &job->geometry, .pages = job->cow};
    if (!modelled_run_applies(job))
        return GCR_OK;
    if (refusal != NULL)
        return gcr_fail(err, GCR_UNSUPPORTED, "%s: %s", gcr_engine_collector(job->engine)->name,
                        refusal);
    gcr_modelled_engine(gcr_engine_twin(job->engine), room);
    config->engine = room;
    return gcr_model_open(&model, err);
}

void gcr_modelled_run_end(const struct gcr_job *job, struct gcr_result *result)
{
    if (!modelled_run_applies(job))
        return;
    result->model.is_on = true;
    result->model.is_repeatable = gcr_modelled_run_repeats();
    result->model.vectors = gcr_model_vectors_name();
    result->model.geometry = job->geometry;
}
