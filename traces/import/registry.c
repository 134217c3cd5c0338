/* The importers, in the order of `gcreplay list`. */
#include "traces/import/registry.h"

#include <string.h>

static const struct gcr_importer *const importers[] = {
    &gcr_importer_garcosim,
    &gcr_importer_heaptrack,
    &gcr_importer_mtrace,
};

const struct gcr_importer *const *gcr_importers(size_t *count)
{
    *count = GCR_COUNT_OF(importers);
    return importers;
}

const struct gcr_importer *gcr_importer_find(const char *name)
{
    for (size_t i = 0; i < GCR_COUNT_OF(importers); i++)
        if (strcmp(importers[i]->name, name) == 0)
            return importers[i];
    return NULL;
}
