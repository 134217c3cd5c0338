/* The notes of an import; see garcosim_counts.h. */
#include "traces/import/garcosim_counts.h"

void garcosim_counts_note(const struct garcosim_counts *c, struct gcr_import_report *report)
{
    const struct gcr_import_note notes[] = {
        {"objects", "objects allocated", c->objects, false},
        {"classes", "classes whose names are known", c->classes, false},
        {"threads", "threads", c->threads, false},
        {"root_additions", "root references added", c->roots, false},
        {"stores", "references stored into objects", c->stores, false},
        {"static_stores", "references stored into static fields", c->static_stores, false},
        {"loads", "reads of reference slots", c->loads, false},
        {"reads", "reads of data", c->reads, false},
        {"writes", "writes of data", c->writes, false},
        {"zombie_accesses", "accesses to objects that could not be reached", c->zombie_accesses,
         true},
        {"zombies_held", "objects kept alive for such accesses", c->zombies, true},
        {"unknown_accesses", "accesses to objects never allocated, left out", c->unknown_accesses,
         true},
        {"pinned", "allocations without a root, pinned until the thread's next one", c->pinned,
         true},
        {"missing_roots", "removals of roots that were not there", c->missing_roots, true},
        {"enlarged", "objects whose size did not hold their slots", c->grown, true},
        {"fields_cut", "fields that reach beyond their object's data", c->fields_cut, true},
        {"fields_guessed", "fields whose place was guessed from an index", c->fields_guessed, true},
        {"static_accesses", "accesses to static data, which is not in the heap", c->static_accesses,
         true},
        {"locked_regions", "brackets of locked regions, left out", c->locks, true},
        {"volatile_accesses", "accesses whose being volatile is left out", c->volatiles, true},
    };
    for (size_t i = 0; i < GCR_COUNT_OF(notes); i++)
        gcr_import_note(report, notes[i].name, notes[i].meaning, notes[i].count, notes[i].is_loss);
}
