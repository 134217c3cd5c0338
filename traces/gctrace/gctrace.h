/* libgctrace: records what a runtime does to its heap into a trace file for gcreplay.
 *
 * A runtime (interpreter, virtual machine, allocator) calls one function for each thing that it
 * does: allocate, store, load, set a root, fork. This header is all that it needs; link -lgctrace.
 *
 * Threads. Each thread that records attaches once and passes its own handle to every call; no other
 * thread may use that handle. Recording an event takes no lock. All events of a process form one
 * total order: if one call returned before another began (in the same thread, or because the
 * threads synchronised in between), its event comes first. So an object that thread A allocates,
 * stores and then publishes through any synchronisation is there before anything that B does with
 * it. For accesses that race in the runtime itself, docs/c-api.md says what to record, and when.
 *
 * Errors. No call aborts, prints or leaves a lock held. The first error sticks: from then on
 * recording calls do nothing, gctrace_get_status tells, and gctrace_close tells once more. A new
 * object is then 0, as null is.
 *
 * Files. Events go to PATH.partial in whole blocks of up to 32768, from all processes of the
 * program; the last one to close renames it to PATH. Whatever kills a process leaves all blocks
 * that it wrote readable.
 *
 * No function may be called from a signal handler that can interrupt another, and a thread must
 * not be suspended for good inside one (stop threads at safepoints). */
#ifndef GCTRACE_H
#define GCTRACE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

#define GCTRACE_VERSION_MAJOR 0
#define GCTRACE_VERSION_MINOR 1

/* "MAJOR.MINOR.PATCH" of the library that is loaded. */
const char *gctrace_version(void);

typedef struct gctrace gctrace;               /* a recording, in one process */
typedef struct gctrace_thread gctrace_thread; /* a thread's handle on it */
typedef uint32_t gctrace_object;              /* names an object until its death; 0 is null */
typedef uint32_t gctrace_root; /* a slot that holds an object from outside the heap */

typedef enum gctrace_status {
    GCTRACE_OK = 0,
    GCTRACE_USAGE,     /* an argument or an event that the format does not allow */
    GCTRACE_IO,        /* the system refused to open, write or rename */
    GCTRACE_NO_MEMORY, /* the library itself found none */
    GCTRACE_LIMIT      /* objects, threads, lanes or shapes beyond the format's bounds */
} gctrace_status;

/* ---- a recording ---- */

/* What the recording can be trusted for; results that need more are refused. Zero promises the
 * least that is useful: stores and roots exact, nothing else. */
enum gctrace_stores { GCTRACE_STORES_EXACT = 0, GCTRACE_STORES_SAMPLED = 1 };
enum gctrace_reads { GCTRACE_READS_NONE = 0, GCTRACE_READS_EXACT = 2 };
enum gctrace_deaths {
    GCTRACE_DEATHS_NONE = 0,       /* no gctrace_death is ever called */
    GCTRACE_DEATHS_GRANULATED = 1, /* told when the runtime's own collector finds out */
    GCTRACE_DEATHS_EXACT = 2       /* told at once */
};
enum gctrace_roots { GCTRACE_ROOTS_EXACT = 0, GCTRACE_ROOTS_SYNTHESISED = 1 };

typedef struct gctrace_options {
    uint32_t size;         /* set by GCTRACE_OPTIONS */
    uint8_t stores;        /* enum gctrace_stores */
    uint8_t loads;         /* 1: every load of a reference is recorded */
    uint8_t reads;         /* enum gctrace_reads */
    uint8_t deaths;        /* enum gctrace_deaths */
    uint8_t roots;         /* enum gctrace_roots */
    uint8_t threads;       /* 1: more than one thread may attach */
    uint8_t forks;         /* 1: the process may fork and go on recording on both sides */
    uint8_t times;         /* 1: gctrace_time may be called */
    uint8_t fork_handlers; /* 1: fork() itself records (pthread_atfork); needs `forks` */
    uint8_t reserved[3];   /* 0 */
    int32_t level;         /* of zstd; 0: its default */
} gctrace_options;

#define GCTRACE_OPTIONS                                                                            \
    {                                                                                              \
        (uint32_t)sizeof(gctrace_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, {0, 0, 0}, 0                 \
    }

/* Creates PATH.partial (replacing one that is there). `message` (NULL allowed) gets one line if the
 * status is not GCTRACE_OK. `options` are copied; NULL means all zero. The calling thread is not
 * attached yet. */
gctrace_status gctrace_open(const char *path, const gctrace_options *options, gctrace **out,
                            char *message, size_t message_bytes);

/* Writes out what is buffered, ends this process's part, and frees the recording with all handles
 * that are still attached; no thread may use it any more. The last process of the program to do so
 * writes the index and gives the file its name. Returns the first error of the recording, which
 * then ends there: a file that is valid up to it has its name nevertheless, unless writing itself
 * failed. */
gctrace_status gctrace_close(gctrace *recording, char *message, size_t message_bytes);

/* The first error, and its one line in *message (NULL allowed), which lives as long as the
 * recording. */
gctrace_status gctrace_get_status(gctrace *recording, const char **message);

/* Writes out everything recorded so far, as blocks that a crash cannot take back. */
gctrace_status gctrace_flush(gctrace *recording);

/* Adds KEY: VALUE, both UTF-8 text, to the trace's metadata ("program", "version" ...). */
gctrace_status gctrace_note(gctrace *recording, const char *key, const char *value);

/* ---- shapes ---- */

/* The type of an object. Its bytes are fixed_bytes + length x item_bytes, without any header of the
 * runtime. Pointers are slots of 8 bytes, numbered through: `slots` in the fixed part, then
 * `item_slots` of each item in order. What is not a slot is plain data, addressed from 0 on its
 * own. */
typedef struct gctrace_shape {
    const char *name;     /* printable, up to 63 bytes; copied */
    uint32_t fixed_bytes; /* 8 x slots at least */
    uint32_t slots;
    uint32_t item_bytes; /* 8 x item_slots at least; 0: no items */
    uint32_t item_slots;
    uint32_t flags; /* enum gctrace_shape_flag */
} gctrace_shape;

enum gctrace_shape_flag {
    GCTRACE_ACYCLIC = 1 << 1,   /* can never be part of a cycle */
    GCTRACE_FINALIZER = 1 << 2, /* finalized once, when found unreachable */
    GCTRACE_WEAK = 1 << 4,      /* a weak reference: one hidden target, see gctrace_weakref */
    GCTRACE_PINNED = 1 << 7,    /* may not move */
    GCTRACE_RESIZABLE = 1 << 8  /* items lie in a body of their own; gctrace_resize allowed */
};

/* Declares a shape; its number, or 0 after an error. Any thread, at any time before its first use.
 */
uint32_t gctrace_declare_shape(gctrace *recording, const gctrace_shape *shape);

/* ---- threads ---- */

/* The calling thread's handle; NULL after an error (every call accepts NULL and does nothing).
 * `named_roots` is the number of root slots that the thread addresses by number (at most 65536);
 * its shadow stack lies above them. The first to attach is the trace's thread 0. */
gctrace_thread *gctrace_attach(gctrace *recording, uint32_t named_roots);

/* Clears all of the thread's roots and frees the handle. */
void gctrace_detach(gctrace_thread *thread);

/* ---- roots ---- */

#define GCTRACE_LOCAL(slot) ((gctrace_root)(slot)*2)      /* slot of the calling thread */
#define GCTRACE_GLOBAL(slot) ((gctrace_root)(slot)*2 + 1) /* slot of the process */
/* Instead of a root: push the reference onto the thread's shadow stack. */
#define GCTRACE_PUSH UINT32_MAX

/* The root now holds `value`, 0 clears it. */
void gctrace_set_root(gctrace_thread *thread, gctrace_root root, gctrace_object value);

/* The shadow stack: pushes one reference and gives its slot; pops (and clears) the last `count`. */
gctrace_root gctrace_push(gctrace_thread *thread, gctrace_object value);
void gctrace_pop(gctrace_thread *thread, uint32_t count);
/* How many are pushed: a runtime that unwinds pops down to a depth that it noted. */
uint32_t gctrace_depth(const gctrace_thread *thread);

/* ---- objects ---- */

/* An object with null slots and zero data comes into being and replaces what `root` holds. `length`
 * is its number of items. Returns its name; names of dead objects are used again. */
gctrace_object gctrace_allocate(gctrace_thread *thread, uint32_t shape, uint32_t length,
                                gctrace_root root);

/* An object that existed before the recording began, is immortal and holds whatever it refers to.
 * Before all other events. */
gctrace_object gctrace_prebuilt(gctrace_thread *thread, uint32_t shape, uint32_t length);

/* object.slot = value */
void gctrace_store(gctrace_thread *thread, gctrace_object object, uint32_t slot,
                   gctrace_object value);
/* root = object.slot. Record it where the runtime really loads. */
void gctrace_load(gctrace_thread *thread, gctrace_object object, uint32_t slot, gctrace_root root);
/* `count` slots as memmove would; one bulk barrier. */
void gctrace_copy(gctrace_thread *thread, gctrace_object target, uint32_t target_slot,
                  gctrace_object source, uint32_t source_slot, uint32_t count);
/* Plain data was read or written. */
void gctrace_read(gctrace_thread *thread, gctrace_object object, uint32_t offset, uint32_t bytes);
void gctrace_write(gctrace_thread *thread, gctrace_object object, uint32_t offset, uint32_t bytes);
/* Changes the number of items of an object of a resizable shape. */
void gctrace_resize(gctrace_thread *thread, gctrace_object object, uint32_t length);

/* The object of a weak shape now refers weakly to target. */
void gctrace_weakref(gctrace_thread *thread, gctrace_object weak, gctrace_object target);
/* The object's finalizer ran here. */
void gctrace_finalized(gctrace_thread *thread, gctrace_object object);
/* A rule for replays: whoever finalizes the object stores it into that global root. */
void gctrace_resurrect(gctrace_thread *thread, gctrace_object object, gctrace_root global);
/* The program can no longer reach the object. Its name may now be given to another. */
void gctrace_death(gctrace_thread *thread, gctrace_object object);

/* ---- collections ---- */

/* The program asked for a collection: generation 0, 1 or 2, which is a full one. */
void gctrace_collect(gctrace_thread *thread, uint32_t generation);
/* The runtime's own collector ran, and reports. Nobody acts on it; fidelity is judged by it. */
void gctrace_collected(gctrace_thread *thread, uint32_t generation, uint32_t collected,
                       uint32_t uncollectable);

/* ---- marks ---- */

void gctrace_request_begin(gctrace_thread *thread, uint32_t number);
void gctrace_request_end(gctrace_thread *thread, uint32_t number);
/* Declares the name of a phase (printable, up to 1024 bytes): its number, or 0 after an error. */
uint32_t gctrace_declare_phase(gctrace *recording, const char *name);
void gctrace_phase(gctrace_thread *thread, uint32_t phase);
/* Notes the time since the recording began. */
void gctrace_time(gctrace_thread *thread);

/* ---- processes ---- */

/* fork(), recorded: the child goes on in a lane of its own, with the heap and the roots as they
 * are; of its threads only the caller's is left, and the roots of the others are cleared. */
pid_t gctrace_fork(gctrace_thread *thread);

/* The same in three steps, for a runtime that calls fork itself: before it, and after it in the
 * parent (pid as fork returned it, also if it failed) or in the child. In between other threads
 * wait at their next call. `thread` may be NULL: the caller is not attached. */
void gctrace_fork_prepare(gctrace *recording, gctrace_thread *thread);
void gctrace_fork_parent(gctrace *recording, pid_t pid);
void gctrace_fork_child(gctrace *recording);

/* The process ends with this status: the last event of its lane. Later calls do nothing. */
void gctrace_exit(gctrace *recording, uint32_t status);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
