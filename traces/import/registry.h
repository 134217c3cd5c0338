/* All importers; one line each. */
#ifndef GCR_TRACES_IMPORT_REGISTRY_H
#define GCR_TRACES_IMPORT_REGISTRY_H

#include "traces/import/importer.h"

#endif
