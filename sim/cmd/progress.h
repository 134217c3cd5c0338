/* A progress bar with the time left, on standard error: drawn only if that is a terminal, and only
 * once the work has lasted over a second. Silent otherwise. */
#ifndef GCR_SIM_CMD_PROGRESS_H
#define GCR_SIM_CMD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct gcr_bar {
    const char *label; /* what is being done; not copied */
    uint64_t total;    /* used by gcr_bar_count */
    const char *unit;  /* of `done`, for the rate, e.g. "events"; NULL: no rate is shown */
    uint64_t begin_ns, drawn_ns;
    bool on_terminal, is_drawn;
};

void gcr_bar_begin(struct gcr_bar *bar, const char *label, uint64_t total);

/* The same where `done` counts events: their rate is shown. */
void gcr_bar_begin_events(struct gcr_bar *bar, const char *label, uint64_t events);

/* Shaped as gcr_progress; arg is the bar. Redraws at most ten times a second. */
void gcr_bar_update(void *arg, uint64_t done, uint64_t total);
/* The same against the total given at the beginning. */
void gcr_bar_count(void *arg, uint64_t done);
/* Wipes the bar off the terminal. */
void gcr_bar_end(struct gcr_bar *bar);

#endif
