/* The modelled twins' malloc: whole pages for each block, so that where one lies does not depend on
 * what else the process has allocated before, and counts repeat. Back ends ask for very few: tables
 * that stand for type descriptors, and work memory of their checks. The link of the twins gives
 * them these names in place of libc's (cmake/modelled.cmake). */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "base/compiler.h"

void *gcr_model_calloc(size_t count, size_t bytes);
void *gcr_model_malloc(size_t bytes);
void *gcr_model_realloc(void *block, size_t bytes);
void gcr_model_free(void *block);

enum { HEADER_BYTES = 64 }; /* keeps blocks aligned to lines */

static size_t *memory_header(void *block)
{
    return (size_t *)(void *)((char *)block - HEADER_BYTES);
}

void *gcr_model_malloc(size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        return NULL;
    size_t all = bytes + HEADER_BYTES;
    void *got = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (got == MAP_FAILED)
        return NULL;
    *(size_t *)got = all;
    return (char *)got + HEADER_BYTES;
}

/* Fresh pages are zero. */
void *gcr_model_calloc(size_t count, size_t bytes)
{
    size_t all;
    return GCR_MULTIPLY_OVERFLOWS(count, bytes, &all) ? NULL : gcr_model_malloc(all);
}

void *gcr_model_realloc(void *block, size_t bytes)
{
    void *larger = gcr_model_malloc(bytes);
    if (larger == NULL || block == NULL)
        return larger;
    size_t have = *memory_header(block) - HEADER_BYTES;
    memcpy(larger, block, have < bytes ? have : bytes);
    gcr_model_free(block);
    return larger;
}

void gcr_model_free(void *block)
{
    if (block != NULL)
        munmap(memory_header(block), *memory_header(block));
}
