/* What a modelled run needs beyond a timed one: addresses that repeat, the model, the twin. */
#ifndef GCR_SIM_CMD_MODELLED_RUN_H
#define GCR_SIM_CMD_MODELLED_RUN_H

#include "sim/cmd/job.h"

/* Turns address randomisation off for this process by executing it anew, if one of argv's words
 * asks for the model. Where the kernel forbids that the run goes on, and its result says so. */
void gcr_modelled_run_exec(char **argv);
/* True if it is off. */
bool gcr_modelled_run_repeats(void);

/* Reads --cache. */
gcr_status gcr_modelled_run_read(const struct gcr_arguments *arguments, struct gcr_job *job,
                                 struct gcr_error *err) GCR_MUST_USE;

/* Why this back end cannot run modelled, or NULL. */
const char *gcr_modelled_run_refusal(const struct gcr_job *job);

/* Opens the model for a job that asks for it and points config at the twin, made in *room. */
gcr_status gcr_modelled_run_begin(const struct gcr_job *job, struct gcr_replay_config *config,
                                  struct gcr_engine *room, struct gcr_error *err) GCR_MUST_USE;
void gcr_modelled_run_end(const struct gcr_job *job, struct gcr_result *result);

/* Calls work(arg) on a stack at an address that is always the same, and waits for its end: twins
 * have locals in memory, which the model sees. False: no such stack; work has not been called. */
bool gcr_modelled_run_on_stack(void (*work)(void *arg), void *arg);

#endif
