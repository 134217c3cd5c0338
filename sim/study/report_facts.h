/* What a report says beside its figures: the machine, the command of each run, what the traces
 * cannot tell, and everything that a reader should be warned of. */
#ifndef GCR_SIM_STUDY_REPORT_FACTS_H
#define GCR_SIM_STUDY_REPORT_FACTS_H

#include <jansson.h>

#include "sim/study/dataset.h"

struct gcr_report_facts {
    json_t *machines; /* distinct ones: {"host", "cpu", "cores", ..., as in a result} */
    json_t *builds;   /* distinct ones */
    json_t
        *commands;  /* of the first run of each of the dataset's points: a text, "" if not known */
    json_t *labels; /* trace: {label: [designs]} */
    json_t *warnings; /* texts, the gravest first */
    json_t *failures; /* {"trace", "design", "heap", "mode", "invocation", "outcome", "message"} */
};

/* Reads one result of each configuration. GCR_NO_MEMORY. O(bytes of those). */
gcr_status gcr_report_facts_read(const struct gcr_dataset *dataset, struct gcr_report_facts *out,
                                 struct gcr_error *err) GCR_MUST_USE;
void gcr_report_facts_finish(struct gcr_report_facts *facts);

/* A word as a POSIX shell reads it back. The caller frees it; NULL: no memory. */
char *gcr_shell_quote(const char *word);

#endif
