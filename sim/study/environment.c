/* Reads /proc and /sys. Everything is optional. */
#include "sim/study/environment.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/measure/machine.h"
#include "sim/study/job_process.h"

static const double environment_quiet_share = 0.5; /* load average per core */

/* The number that a file begins with, or -1. */
static int environment_number(const char *path)
{
    FILE *file = fopen(path, "re");
    char line[32] = "", *end = line;
    long number = -1;
    if (file == NULL)
        return -1;
    if (fgets(line, sizeof line, file) != NULL)
        number = strtol(line, &end, 10);
    fclose(file);
    return end == line || number < 0 || number > INT_MAX ? -1 : (int)number;
}

static void environment_read_turbo(struct gcr_environment *environment)
{
    int off = environment_number("/sys/devices/system/cpu/intel_pstate/no_turbo");
    int on = environment_number("/sys/devices/system/cpu/cpufreq/boost");
    if (off >= 0)
        environment->turbo = off == 0 ? GCR_TURBO_ON : GCR_TURBO_OFF;
    else if (on >= 0)
        environment->turbo = on != 0 ? GCR_TURBO_ON : GCR_TURBO_OFF;
}

/* The flag of x86 processors that only hypervisors set. */
static bool environment_is_virtual(void)
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    char *line = NULL;
    size_t room = 0;
    bool found = false;
    if (file == NULL)
        return false;
    while (!found && getline(&line, &room, file) >= 0)
        found = strncmp(line, "flags", 5) == 0 && strstr(line, " hypervisor") != NULL;
    free(line);
    fclose(file);
    return found;
}

void gcr_environment_read(struct gcr_environment *environment)
{
    struct gcr_machine machine;
    *environment = (struct gcr_environment){.load = -1};
    gcr_machine_read(&machine);
    gethostname(environment->host, sizeof environment->host - 1);
    snprintf(environment->governor, sizeof environment->governor, "%s", machine.governor);
    snprintf(environment->thp, sizeof environment->thp, "%s", machine.thp);
    environment->cores = machine.cores;
    environment->aslr = environment_number("/proc/sys/kernel/randomize_va_space");
    environment->is_virtual = environment_is_virtual();
    environment->cpu = gcr_job_timed_cpu();
    environment_read_turbo(environment);
    if (getloadavg(&environment->load, 1) != 1)
        environment->load = -1;
}

const char *gcr_environment_warning(const struct gcr_environment *environment, size_t i)
{
    const struct gcr_environment *e = environment;
    if (e->governor[0] != '\0' && strcmp(e->governor, "performance") != 0 && i-- == 0)
        return "the frequency governor is not 'performance': clock rates follow the load, and "
               "times with them";
    if (e->turbo == GCR_TURBO_ON && i-- == 0)
        return "turbo is on: clock rates hang on temperature and on what other cores do";
    if (e->thp[0] != '\0' && strcmp(e->thp, "always") == 0 && i-- == 0)
        return "transparent huge pages are 'always': heaps under test refuse them, but other "
               "memory, such as libgc's and libc's, gets them when the kernel likes";
    if (e->load > environment_quiet_share * e->cores && i-- == 0)
        return "the machine is busy (load average above half of its cores): other programs take "
               "caches and time from timed runs";
    if (e->cores < 2 && i-- == 0)
        return "there is one core: designs with threads of their own compete with the mutator, and "
               "timed runs share it with everything else";
    if (e->is_virtual && i-- == 0)
        return "this is a virtual machine: other guests may take caches and time, and counters and "
               "cache sizes may not be the processor's";
    if (e->cpu < 0 && i-- == 0)
        return "timed runs cannot be bound to a processor";
    if (e->aslr > 0 && i-- == 0)
        return "addresses are randomised: libc's heap and the stack lie elsewhere in each timed "
               "run, which adds noise (heaps under test lie at fixed addresses, and modelled runs "
               "turn it off)";
    return NULL;
}

json_t *gcr_environment_to_json(const struct gcr_environment *environment)
{
    const struct gcr_environment *e = environment;
    json_t *warnings = json_array(), *turbo = json_null();
    const char *warning;
    for (size_t i = 0; (warning = gcr_environment_warning(e, i)) != NULL; i++)
        json_array_append_new(warnings, json_string(warning));
    if (e->turbo != GCR_TURBO_UNKNOWN)
        turbo = json_boolean(e->turbo == GCR_TURBO_ON);
    return json_pack("{s:s, s:s, s:o, s:o, s:s, s:b, s:I, s:o, s:o, s:o}", "host", e->host,
                     "governor", e->governor, "turbo", turbo, "aslr",
                     e->aslr >= 0 ? json_integer(e->aslr) : json_null(), "thp", e->thp, "virtual",
                     e->is_virtual, "cores", (json_int_t)e->cores, "load",
                     e->load >= 0 ? json_real(e->load) : json_null(), "cpu",
                     e->cpu >= 0 ? json_integer(e->cpu) : json_null(), "warnings", warnings);
}
