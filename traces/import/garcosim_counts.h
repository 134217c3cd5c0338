/* What an import of a GarCoSim trace counts. */
#ifndef GCR_TRACES_IMPORT_GARCOSIM_COUNTS_H
#define GCR_TRACES_IMPORT_GARCOSIM_COUNTS_H

#include "traces/import/importer.h"

struct garcosim_counts {
    uint64_t objects, classes, threads, roots, stores, static_stores, loads, reads, writes;
    uint64_t zombies, zombie_accesses, unknown_accesses, pinned, grown;
    uint64_t fields_cut, fields_guessed, static_accesses, locks, volatiles, missing_roots;
};

/* Each as a note of the report. */
void garcosim_counts_note(const struct garcosim_counts *counts, struct gcr_import_report *report);

#endif
