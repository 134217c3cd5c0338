/* Linux describes caches in /sys/devices/system/cpu/cpuN/cache/indexM/{level,type,size}. Containers
 * may hide it; glibc's sysconf knows the sizes of some processors from CPUID. */
#include "base/cache_size.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/option.h"

enum { MAX_INDEXES = 8 };

bool gcr_cache_read_line(const char *folder, int index, const char *name, char *out, int size)
{
    char path[512];
    int length = snprintf(path, sizeof path, "%s/index%d/%s", folder, index, name);
    FILE *file = length > 0 && (size_t)length < sizeof path ? fopen(path, "r") : NULL;
    if (file == NULL)
        return false;
    bool ok = fgets(out, size, file) != NULL;
    fclose(file);
    if (ok)
        out[strcspn(out, "\n")] = '\0';
    return ok;
}

/* Where the size of a level belongs; NULL: no level of ours. */
static uint64_t *cache_level(struct gcr_cache_sizes *sizes, const char *level)
{
    if (strcmp(level, "1") == 0)
        return &sizes->l1d_bytes;
    if (strcmp(level, "2") == 0)
        return &sizes->l2_bytes;
    return strcmp(level, "3") == 0 ? &sizes->l3_bytes : NULL;
}

static void cache_read_index(struct gcr_cache_sizes *sizes, const char *folder, int index)
{
    char level[16], type[32], size[32];
    if (!gcr_cache_read_line(folder, index, "level", level, sizeof level) ||
        !gcr_cache_read_line(folder, index, "type", type, sizeof type) ||
        strcmp(type, "Instruction") == 0 ||
        !gcr_cache_read_line(folder, index, "size", size, sizeof size))
        return;
    uint64_t *out = cache_level(sizes, level), bytes;
    if (out != NULL && gcr_parse_bytes(size, &bytes))
        *out = bytes;
}

static void cache_ask_system(uint64_t *bytes, int name)
{
    long answer = *bytes == 0 ? sysconf(name) : 0;
    if (answer > 0)
        *bytes = (uint64_t)answer;
}

struct gcr_cache_sizes gcr_cache_sizes_read(const char *folder)
{
    struct gcr_cache_sizes sizes = {0};
    const char *from = folder != NULL ? folder : "/sys/devices/system/cpu/cpu0/cache";
    for (int i = 0; i < MAX_INDEXES; i++)
        cache_read_index(&sizes, from, i);
    if (folder == NULL) {
        cache_ask_system(&sizes.l1d_bytes, _SC_LEVEL1_DCACHE_SIZE);
        cache_ask_system(&sizes.l2_bytes, _SC_LEVEL2_CACHE_SIZE);
        cache_ask_system(&sizes.l3_bytes, _SC_LEVEL3_CACHE_SIZE);
    }
    return sizes;
}

uint64_t gcr_cache_bytes(unsigned level)
{
    static const uint64_t usual[] = {32 << 10, 1 << 20, 32 << 20};
    struct gcr_cache_sizes sizes = gcr_cache_sizes_read(NULL);
    const uint64_t found[] = {sizes.l1d_bytes, sizes.l2_bytes, sizes.l3_bytes};
    unsigned index = level == 0 ? 0 : level > 3 ? 2 : level - 1;
    return found[index] != 0 ? found[index] : usual[index];
}
