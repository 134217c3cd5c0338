/* The events of a trace: what a program did to its heap, free of any runtime's object layout.
 * FORMAT.md gives their meaning in full; the table below is what tools share.
 *
 * Objects are named by index, 1 and up; 0 is null. An index may be used again by a later ALLOC once
 * its object is dead (DEATH). Roots are named by number x 2, plus 1 if the slot is a global one of
 * the lane and not one of the current thread. */
#ifndef GCR_TRACES_EVENT_H
#define GCR_TRACES_EVENT_H

#include <stdbool.h>
#include <stdint.h>

enum gcr_op {
    GCR_OP_NONE = 0, /* never in a trace */
    GCR_OP_PREBUILT, /* a object, b shape, c length: exists at start, immortal; before all others */
    GCR_OP_ALLOC,    /* a object, b shape, c root, d length; flags: enum gcr_alloc_flag */
    GCR_OP_STORE,    /* a object, b slot, c value */
    GCR_OP_COPY,   /* a dst, b first dst slot, c src, d first src slot, e slots; one bulk barrier */
    GCR_OP_LOAD,   /* a object, b slot, c root */
    GCR_OP_READ,   /* a object, b data offset, c bytes */
    GCR_OP_WRITE,  /* a object, b data offset, c bytes */
    GCR_OP_RESIZE, /* a object, b new length; resizable shapes only */
    GCR_OP_ROOT,   /* a root, b value */
    GCR_OP_DEATH,  /* a object: unreachable from here on; a fact, not an action */
    GCR_OP_TRACK,  /* a object */
    GCR_OP_UNTRACK,   /* a object */
    GCR_OP_RECYCLE,   /* a object: its coming death goes to a runtime's free list */
    GCR_OP_GCCONTROL, /* a enabled, b, c, d thresholds */
    GCR_OP_COLLECT,   /* a generation: explicit collection; 2 = full */
    GCR_OP_FREEZE,
    GCR_OP_UNFREEZE,
    GCR_OP_WEAKREF,   /* a weak reference object, b target */
    GCR_OP_FINALIZED, /* a object: the recorded run of its finalizer */
    GCR_OP_RESURRECT, /* a object, b global root: when a design finalizes a, the host stores it in b
                       */
    GCR_OP_THREAD,    /* a thread: the following events are its */
    GCR_OP_FORK,      /* a lane of the child */
    GCR_OP_EXIT,      /* a status: last event of a lane */
    GCR_OP_REQUEST,   /* a request number; flags: 1 begin, 2 end */
    GCR_OP_PHASE,     /* a name number */
    GCR_OP_TIME,      /* nanoseconds since start: low word in a, high word in b */
    GCR_OP_COLLECTED, /* a generation, b collected, c uncollectable: what the recorded runtime's own
                         collection reported; nobody acts on it, fidelity is judged by it */
    GCR_OP_COUNT
};

enum gcr_alloc_flag {
    GCR_ALLOC_UNCOUNTED = 1u << 0, /* a runtime's free list was reused: no count, no trigger */
    GCR_ALLOC_NOTRIGGER = 1u << 1, /* counts but cannot trigger (CPython: exception pending) */
    GCR_ALLOC_ALL_FLAGS = 3
};

enum gcr_request_flag { GCR_REQUEST_BEGIN = 1, GCR_REQUEST_END = 2 };

/* In memory. Unused operands are 0. */
struct gcr_event {
    uint8_t op;    /* enum gcr_op */
    uint8_t flags; /* ALLOC, REQUEST */
    uint16_t unused;
    uint32_t a, b, c, d, e;
};
_Static_assert(sizeof(struct gcr_event) == 24, "in-memory events are fixed width");

enum { GCR_OP_MAX_OPERANDS = 5 };

/* What an operand is: decides prediction on disk, spelling in text, and bounds. */
enum gcr_operand {
    GCR_OPERAND_NONE = 0,
    GCR_OPERAND_NEW_OBJECT, /* index that this event gives */
    GCR_OPERAND_OBJECT,     /* may not be null */
    GCR_OPERAND_VALUE,      /* object or null */
    GCR_OPERAND_SHAPE,
    GCR_OPERAND_ROOT,
    GCR_OPERAND_NUMBER
};

struct gcr_op_info {
    const char *name;                     /* lower case, as in the text form */
    uint8_t operand[GCR_OP_MAX_OPERANDS]; /* enum gcr_operand of a .. e */
    const char *operand_name[GCR_OP_MAX_OPERANDS];
    uint8_t flags; /* flag bits allowed */
};

/* Indexed by enum gcr_op. */
extern const struct gcr_op_info gcr_op_table[GCR_OP_COUNT];

static inline uint32_t gcr_root_thread(uint32_t slot)
{
    return slot * 2;
}
static inline uint32_t gcr_root_global(uint32_t slot)
{
    return slot * 2 + 1;
}
static inline bool gcr_root_is_global(uint32_t root)
{
    return (root & 1) != 0;
}
static inline uint32_t gcr_root_slot(uint32_t root)
{
    return root >> 1;
}

enum {
    GCR_MAX_LANES = 1 << 16,
    GCR_MAX_THREADS = 1 << 16,
    GCR_MAX_ROOT_SLOT = (1 << 30) - 1,
    GCR_MAX_OBJECT = 0x7ffffffe
};

#endif
