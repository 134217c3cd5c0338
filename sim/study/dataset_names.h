/* What a dataset calls things whose document does not name them. Texts are the dataset's. */
#ifndef GCR_SIM_STUDY_DATASET_NAMES_H
#define GCR_SIM_STUDY_DATASET_NAMES_H

#include "sim/study/dataset_builder.h"

/* "dir/gcbench.gct": "gcbench". */
const char *gcr_dataset_stem(struct gcr_dataset *dataset, const char *path);
/* 0: "native"; else as a user would write it: "64M". */
const char *gcr_dataset_heap_name(struct gcr_dataset *dataset, uint64_t budget_bytes);
/* A document's entry about a trace: `path`, `digest`, `events`, `lanes`, `peak_live_bytes`, each
 * where it is there. The name stays. */
void gcr_dataset_read_trace(struct gcr_dataset *dataset, struct gcr_dataset_trace *facts,
                            const json_t *trace);

#endif
