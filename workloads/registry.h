/* One line a generator: its descriptor, defined in the file of the same name. */
#ifndef GCR_WORKLOADS_REGISTRY_H
#define GCR_WORKLOADS_REGISTRY_H

#include "workloads/generator.h"

extern const struct gcr_generator gcr_generator_gcbench;
extern const struct gcr_generator gcr_generator_ring;
extern const struct gcr_generator gcr_generator_list;
extern const struct gcr_generator gcr_generator_steady;
extern const struct gcr_generator gcr_generator_fork_read;
extern const struct gcr_generator gcr_generator_fork_gc;

#endif
