/* What a dataset is made of: small pieces that live until it is closed, and the documents that some
 * of its texts belong to. */
#ifndef GCR_SIM_STUDY_DATASET_MEMORY_H
#define GCR_SIM_STUDY_DATASET_MEMORY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

struct gcr_dataset_memory;

/* NULL: no memory. */
struct gcr_dataset_memory *gcr_dataset_memory_create(void);
/* Frees all pieces and drops the references to all documents. NULL is nothing. */
void gcr_dataset_memory_destroy(struct gcr_dataset_memory *memory);

/* count zeroed elements; NULL: no memory. */
void *gcr_dataset_array(struct gcr_dataset_memory *memory, size_t count, size_t bytes);
/* A copy. "" if there is no memory: gcr_dataset_memory_failed says so then, so that many texts can
 * be copied before one looks. */
const char *gcr_dataset_text(struct gcr_dataset_memory *memory, const char *text);
const char *gcr_dataset_format(struct gcr_dataset_memory *memory, const char *format, ...)
    GCR_PRINTF(2, 3);

/* Takes the caller's reference over; false, and the reference is dropped, if there is no memory. */
bool gcr_dataset_keep(struct gcr_dataset_memory *memory, json_t *document);

bool gcr_dataset_memory_failed(const struct gcr_dataset_memory *memory);

#endif
