/* Reads /proc and /sys. Everything is optional: what cannot be read stays empty. */
#include "sim/measure/machine.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cache_size.h"

/* First line of a file without its newline; false if there is none. */
static bool machine_read_line(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "r");
    bool ok = false;

    out[0] = '\0';
    if (file == NULL)
        return false;
    if (fgets(out, (int)size, file) != NULL) {
        out[strcspn(out, "\n")] = '\0';
        ok = true;
    }
    fclose(file);
    return ok;
}

/* The text after "key" and its colon in a file of "key : value" lines. */
static bool machine_read_key(const char *path, const char *key, char *out, size_t size)
{
    FILE *file = fopen(path, "r");
    char line[512];
    bool found = false;

    out[0] = '\0';
    if (file == NULL)
        return false;
    while (!found && fgets(line, sizeof line, file) != NULL) {
        char *value = strchr(line, ':');

        if (strncmp(line, key, strlen(key)) != 0 || value == NULL)
            continue;
        value += 1 + strspn(value + 1, " \t");
        value[strcspn(value, "\n")] = '\0';
        snprintf(out, size, "%s", value);
        found = true;
    }
    fclose(file);
    return found;
}

/* The word in brackets: "always [madvise] never". */
static void machine_read_thp(struct gcr_machine *machine)
{
    char line[96];
    char *open, *close;

    if (!machine_read_line("/sys/kernel/mm/transparent_hugepage/enabled", line, sizeof line))
        return;
    open = strchr(line, '[');
    close = strchr(line, ']');
    if (open == NULL || close == NULL || close < open)
        return;
    *close = '\0';
    snprintf(machine->thp, sizeof machine->thp, "%s", open + 1);
}

uint64_t gcr_machine_memory_bytes(void)
{
    static const char *const limits[] = {"/sys/fs/cgroup/memory.max",
                                         "/sys/fs/cgroup/memory/memory.limit_in_bytes"};
    long pages = sysconf(_SC_PHYS_PAGES);
    long page_bytes = sysconf(_SC_PAGESIZE);
    uint64_t bytes = pages > 0 && page_bytes > 0 ? (uint64_t)pages * (uint64_t)page_bytes : 0;

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        char line[64];
        uint64_t limit;

        if (!machine_read_line(limits[i], line, sizeof line))
            continue;
        limit = strtoull(line, NULL, 10); /* "max" gives 0 */
        if (limit != 0 && (bytes == 0 || limit < bytes))
            bytes = limit;
    }
    return bytes;
}

void gcr_machine_read(struct gcr_machine *machine)
{
    struct utsname names;
    struct gcr_cache_sizes caches = gcr_cache_sizes_read(NULL);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    *machine = (struct gcr_machine){0};
    machine_read_key("/proc/cpuinfo", "model name", machine->cpu, sizeof machine->cpu);
    machine->cores = cores > 0 ? (uint32_t)cores : 0;
    machine->l1d_bytes = caches.l1d_bytes;
    machine->l2_bytes = caches.l2_bytes;
    machine->l3_bytes = caches.l3_bytes;
    if (uname(&names) == 0)
        snprintf(machine->kernel, sizeof machine->kernel, "%.40s %.40s %.40s", names.sysname,
                 names.release, names.machine);
    machine_read_thp(machine);
    machine_read_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", machine->governor,
                      sizeof machine->governor);
    machine->memory_bytes = gcr_machine_memory_bytes();
}

uint32_t gcr_machine_processors(void)
{
    cpu_set_t allowed;

    return sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? (uint32_t)CPU_COUNT(&allowed) : 1;
}

uint64_t gcr_rss_peak_bytes(void)
{
    char text[64];

    if (!machine_read_key("/proc/self/status", "VmHWM", text, sizeof text))
        return 0;
    return strtoull(text, NULL, 10) << 10; /* the kernel writes kB */
}

bool gcr_rss_peak_reset(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    bool ok;

    if (file == NULL)
        return false;
    ok = fputs("5", file) >= 0;
    return fclose(file) == 0 && ok;
}
