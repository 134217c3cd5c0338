/* Growable mappings. Doubling keeps the number of remaps logarithmic; MAP_NORESERVE keeps a sparse
 * table from being charged for pages that nobody touches. */
#include "sim/measure/growable.h"

#include <stdint.h>
#include <sys/mman.h>

enum { GROWABLE_FIRST_BYTES = 1 << 16, GROWABLE_HUGE_BYTES = 1 << 21 };

static bool growable_target(size_t now, size_t wanted, size_t *bytes)
{
    size_t target = now == 0 ? GROWABLE_FIRST_BYTES : now;

    while (target < wanted) {
        if (target > SIZE_MAX / 4)
            return false;
        target *= 2;
    }
    *bytes = target;
    return true;
}

bool gcr_growable_reserve(struct gcr_growable *memory, size_t bytes)
{
    size_t target;
    void *base;

    if (bytes <= memory->bytes)
        return true;
    if (!growable_target(memory->bytes, bytes, &target))
        return false;
    if (memory->base == NULL)
        base = mmap(NULL, target, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    else
        base = mremap(memory->base, memory->bytes, target, MREMAP_MAYMOVE);
    if (base == MAP_FAILED)
        return false;
    if (memory->huge_pages && target >= GROWABLE_HUGE_BYTES)
        (void)madvise(base, target, MADV_HUGEPAGE); /* refused: pages are small, nothing else */
    memory->base = base;
    memory->bytes = target;
    return true;
}

void gcr_growable_free(struct gcr_growable *memory)
{
    if (memory->base != NULL)
        munmap(memory->base, memory->bytes);
    *memory = (struct gcr_growable){.huge_pages = memory->huge_pages};
}
