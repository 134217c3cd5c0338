/* The cache model as the replay sees it: nothing at all in a build without modelled twins. */
#ifndef GCR_SIM_REPLAY_MODELLING_H
#define GCR_SIM_REPLAY_MODELLING_H

#include "sim/model/model.h"

#ifndef GCR_HAVE_MODEL /* defined by the build */

static inline bool gcr_modelling_pause(bool paused)
{
    return paused;
}

static inline void gcr_modelling_restart(void) {}

static inline void gcr_modelling_read(struct gcr_model_counts *out)
{
    (void)out;
}

static inline enum gcr_gc_phase gcr_modelling_enter(enum gcr_gc_phase phase)
{
    return phase;
}

static inline void gcr_modelling_gc_phase(enum gcr_gc_phase phase)
{
    (void)phase;
}

#else

#define gcr_modelling_pause gcr_model_pause
#define gcr_modelling_restart gcr_model_restart
#define gcr_modelling_read gcr_model_read
#define gcr_modelling_enter gcr_model_enter
#define gcr_modelling_gc_phase gcr_model_gc_phase

#endif

#endif
