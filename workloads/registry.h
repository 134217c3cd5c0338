/* One line a generator: its descriptor, defined in the file of the same name. */
#ifndef GCR_WORKLOADS_REGISTRY_H
#define GCR_WORKLOADS_REGISTRY_H

#include "workloads/generator.h"

extern const struct gcr_generator gcr_generator_gcbench;
extern const struct gcr_generator gcr_generator_tree;
extern const struct gcr_generator gcr_generator_ring;
extern const struct gcr_generator gcr_generator_list;
extern const struct gcr_generator gcr_generator_growlist;
extern const struct gcr_generator gcr_generator_sizes;
extern const struct gcr_generator gcr_generator_steady;
extern const struct gcr_generator gcr_generator_ramp;
extern const struct gcr_generator gcr_generator_cliff;
extern const struct gcr_generator gcr_generator_midlife;
extern const struct gcr_generator gcr_generator_bigarray;
extern const struct gcr_generator gcr_generator_deepstack;
extern const struct gcr_generator gcr_generator_popular;
extern const struct gcr_generator gcr_generator_green;
extern const struct gcr_generator gcr_generator_whiteshare;
extern const struct gcr_generator gcr_generator_finchain;
extern const struct gcr_generator gcr_generator_lateweak;
extern const struct gcr_generator gcr_generator_mt_store;
extern const struct gcr_generator gcr_generator_request_server;
extern const struct gcr_generator gcr_generator_cache;
extern const struct gcr_generator gcr_generator_fork_idle;
extern const struct gcr_generator gcr_generator_fork_read;
extern const struct gcr_generator gcr_generator_fork_gc;

#endif
