/* The inside of a recording. Internal to traces/gctrace/.
 *
 * Order. Every event takes the next number of one atomic counter, its ticket, and goes with it into
 * the ring of its thread. Tickets are dense, so whoever drains needs no comparison of clocks: the
 * next event of the lane is the one that has the next ticket, at the head of some ring. There is no
 * thread for draining: a thread that finds its own ring full drains all of them, up to its own
 * events, into the block, and writes the block when it is full.
 *
 * The gate. The counter's top bit closes it: whoever takes a ticket then gets a void one, waits
 * and tries again. Who closed it drains everything that has a true ticket, is alone then, and sets
 * the counter back when it opens: tickets stay dense. Forks, flushes and ends happen behind the
 * gate.
 *
 * Locks, in this order: gate, drain, names; the file's own lock (file.h) is innermost. */
#ifndef GCR_GCTRACE_RECORDING_H
#define GCR_GCTRACE_RECORDING_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/status.h"
#include "traces/block_decode.h"
#include "traces/gctrace/file.h"
#include "traces/gctrace/gctrace.h"

enum {
    RING_ENTRIES = 1 << 13,
    NAME_CACHE = 512, /* names of objects that a thread keeps for itself */
    NAME_CHUNK = 256, /* new ones that it takes at once */
    MAX_NAMED_ROOTS = 1 << 16
};

#define GATE_CLOSED (UINT64_C(1) << 63)

struct ring_entry {
    uint64_t ticket;
    struct gcr_event event;
};

struct gctrace_thread {
    /* Its owner's. */
    struct gctrace *recording;
    uint64_t room; /* the head may get there: drained + RING_ENTRIES when last looked at */
    uint32_t number;
    uint32_t named;
    uint32_t cached, fresh, fresh_end;
    uint32_t cache[NAME_CACHE];
    pthread_t owner;
    _Atomic uint32_t depth; /* others read it in a forked child */
    _Alignas(64) _Atomic uint64_t head;
    /* The drain's. */
    _Alignas(64) _Atomic uint64_t drained;
    struct gctrace_thread *next;
    struct ring_entry ring[RING_ENTRIES];
};

enum recording_state {
    RECORDING_RUNS = 0,
    RECORDING_FAILED, /* see `failure` */
    RECORDING_ENDED   /* after gctrace_exit */
};

struct gctrace {
    gctrace_options promises;
    uint64_t start_ns;
    pid_t pid; /* of the process whose lane this is */
    uint32_t lane;

    _Alignas(64) _Atomic uint64_t tickets;
    _Alignas(64) _Atomic uint32_t state; /* enum recording_state */

    pthread_mutex_t gate;                   /* error-checking: who holds it must not record */
    pthread_mutex_t drain;                  /* all of the following */
    struct gctrace_thread *threads;         /* who recorded lately first */
    uint64_t numbers[GCR_MAX_THREADS / 64]; /* threads' numbers in use */
    uint64_t next;                          /* ticket */
    uint32_t current;                       /* thread of the last event */
    bool has_begun;                         /* an event other than PREBUILT was seen */
    bool is_over;                           /* the lane has its EXIT, or an error ended it */
    uint32_t block_events;
    uint64_t written; /* events of the lane in the file */
    struct gcr_event *block;
    struct gcr_block_encoder *encoder;
    uint8_t *out;
    struct gcr_shape *shapes; /* [file's number], as far as this process declared them */
    struct gct_limits limits;
    uint32_t shape_room;

    pthread_mutex_t names; /* of objects */
    uint32_t next_name;
    uint32_t *free_names;
    size_t free_count, free_room;

    pthread_mutex_t failure_lock;
    gctrace_status failure;
    char message[sizeof(struct gcr_error)];

    /* Between the steps of a fork. */
    struct gctrace_thread *forker; /* NULL: not attached */
    bool fork_holds;               /* the gate is closed for it */
    uint32_t fork_lane;            /* GCR_MAX_LANES: the child is not recorded */
    uint64_t fork_tickets;

    struct trace_file file;
    struct gctrace *next_handled; /* forks.c */
};

/* ---- status.c ---- */

/* The first one sticks. Returns the status. Any thread, under any lock but failure_lock. */
gctrace_status recording_fail(struct gctrace *recording, gctrace_status status, const char *format,
                              ...) GCR_PRINTF(3, 4);
/* The same for a failure inside the format's code. */
gctrace_status recording_fail_as(struct gctrace *recording, gcr_status status,
                                 const struct gcr_error *err);
static inline bool recording_runs(struct gctrace *recording)
{
    return atomic_load_explicit(&recording->state, memory_order_relaxed) == RECORDING_RUNS;
}

/* ---- record.c ---- */

void recording_put(struct gctrace_thread *thread, const struct gcr_event *event);

/* ---- drain.c: all of them with the drain lock held ---- */

/* Takes events out in order up to `until` (a ticket). False: one of them never comes. */
bool drain_until(struct gctrace *recording, uint64_t until);
/* Takes events out in order until the thread's ring is empty. */
bool drain_thread(struct gctrace *recording, struct gctrace_thread *thread);
/* Appends one event of `thread` to the lane, with a THREAD before it if need be. */
bool drain_emit(struct gctrace *recording, uint32_t thread, const struct gcr_event *event);
/* The following events are the thread's. */
bool drain_switch(struct gctrace *recording, uint32_t thread);
/* Writes the block, also if it is short. */
bool drain_write(struct gctrace *recording);

/* ---- gate.c ---- */

int gate_init(struct gctrace *recording);

/* Closes the gate, drains all, and holds both locks. False: the caller holds it already, or a
 * thread's event never comes; then nothing is held. *tickets goes back to gate_open. */
bool gate_close(struct gctrace *recording, uint64_t *tickets);
void gate_open(struct gctrace *recording, uint64_t tickets);
/* Waits until it is open. False: the caller itself holds it. */
bool gate_wait(struct gctrace *recording);

/* ---- names.c ---- */

/* 0 after a failure. */
uint32_t names_take(struct gctrace_thread *thread);
void names_give(struct gctrace_thread *thread, uint32_t name);
/* All that the thread keeps goes back. */
void names_return(struct gctrace_thread *thread);

/* ---- threads.c ---- */

/* Emits what clears the thread's roots. With the drain lock held. */
bool threads_clear_roots(struct gctrace *recording, const struct gctrace_thread *thread);
void threads_unlink(struct gctrace *recording, struct gctrace_thread *thread);

/* ---- forks.c ---- */

bool forks_handle(struct gctrace *recording);
void forks_forget(struct gctrace *recording);

#endif
