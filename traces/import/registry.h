/* All importers; one line each. */
#ifndef GCR_TRACES_IMPORT_REGISTRY_H
#define GCR_TRACES_IMPORT_REGISTRY_H

#include "traces/import/importer.h"

extern const struct gcr_importer gcr_importer_garcosim;
extern const struct gcr_importer gcr_importer_heaptrack;
extern const struct gcr_importer gcr_importer_mtrace;

#endif
