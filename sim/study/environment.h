/* What about a machine may hurt timed runs. */
#ifndef GCR_SIM_STUDY_ENVIRONMENT_H
#define GCR_SIM_STUDY_ENVIRONMENT_H

#include <jansson.h>
#include <stdbool.h>

/* Readings, as the kernel gives them; texts are empty where it does not say. */
struct gcr_environment {
    char host[128];
    char governor[32]; /* of processor 0 */
    enum { GCR_TURBO_UNKNOWN, GCR_TURBO_OFF, GCR_TURBO_ON } turbo;
    int aslr; /* /proc/sys/kernel/randomize_va_space; -1: not known */
    char thp[32];
    bool is_virtual; /* a hypervisor is under it */
    unsigned cores;
    double load; /* average of the last minute; -1: not known */
    int cpu;     /* timed runs are bound to it; -1: to none */
};

void gcr_environment_read(struct gcr_environment *environment);

/* What these readings do to times; the i-th warning that holds, NULL after the last. */
const char *gcr_environment_warning(const struct gcr_environment *environment, size_t i);

/* `environment` of study.json, with its warnings; the caller owns it. */
json_t *gcr_environment_to_json(const struct gcr_environment *environment);

#endif
