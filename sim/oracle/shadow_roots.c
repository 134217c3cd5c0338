/* Root slots in chunks; see shadow_roots.h. */
#include "sim/oracle/shadow_roots.h"

#include <stdlib.h>
#include <string.h>

static bool roots_grow(struct gcr_shadow_roots *roots, uint32_t chunk)
{
    uint32_t count = roots->chunk_count == 0 ? 1 : roots->chunk_count;
    struct gcr_shadow_edge **grown;

    while (count <= chunk)
        count *= 2;
    grown = realloc(roots->chunk, count * sizeof(struct gcr_shadow_edge *));
    if (grown == NULL)
        return false;
    for (uint32_t i = roots->chunk_count; i < count; i++)
        grown[i] = NULL;
    roots->chunk = grown;
    roots->chunk_count = count;
    return true;
}

struct gcr_shadow_edge *gcr_shadow_roots_make(struct gcr_shadow_roots *roots, uint32_t slot)
{
    uint32_t chunk = slot / GCR_ROOT_CHUNK_SLOTS;

    if (chunk >= roots->chunk_count && !roots_grow(roots, chunk))
        return NULL;
    if (roots->chunk[chunk] == NULL) {
        roots->chunk[chunk] = calloc(GCR_ROOT_CHUNK_SLOTS, sizeof(struct gcr_shadow_edge));
        if (roots->chunk[chunk] == NULL)
            return NULL;
    }
    if (slot >= roots->end)
        roots->end = slot + 1;
    return &roots->chunk[chunk][slot % GCR_ROOT_CHUNK_SLOTS];
}

uint32_t gcr_shadow_roots_next(const struct gcr_shadow_roots *roots, uint32_t from)
{
    uint32_t chunk = from / GCR_ROOT_CHUNK_SLOTS;

    if (chunk >= roots->chunk_count || roots->chunk[chunk] != NULL)
        return from;
    while (chunk < roots->chunk_count && roots->chunk[chunk] == NULL)
        chunk++;
    return chunk * GCR_ROOT_CHUNK_SLOTS;
}

bool gcr_shadow_roots_clone(const struct gcr_shadow_roots *roots, struct gcr_shadow_roots *copy)
{
    *copy = (struct gcr_shadow_roots){0};
    for (uint32_t i = 0; i < roots->chunk_count; i++) {
        struct gcr_shadow_edge *slots;

        if (roots->chunk[i] == NULL)
            continue;
        slots = gcr_shadow_roots_make(copy, i * GCR_ROOT_CHUNK_SLOTS);
        if (slots == NULL) {
            gcr_shadow_roots_finish(copy);
            return false;
        }
        memcpy(slots, roots->chunk[i], GCR_ROOT_CHUNK_SLOTS * sizeof *slots);
    }
    copy->end = roots->end;
    return true;
}

void gcr_shadow_roots_finish(struct gcr_shadow_roots *roots)
{
    for (uint32_t i = 0; i < roots->chunk_count; i++)
        free(roots->chunk[i]);
    free(roots->chunk);
    *roots = (struct gcr_shadow_roots){0};
}
