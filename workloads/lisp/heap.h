/* The heap of a small Lisp: objects from malloc, found again by a mark-sweep collector.
 *
 * All references of the interpreter lie in one shadow stack, and C code names its places, not
 * objects: a `place` is an index. Every function below that moves a reference does it and, in the
 * recorded build, says so; nothing else touches references. So the recording is exact by
 * construction, and the collector needs no other roots. */
#ifndef GCR_WORKLOADS_LISP_HEAP_H
#define GCR_WORKLOADS_LISP_HEAP_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef LISP_RECORDED
#include "gctrace.h"
#define LISP_TRACE(call) (call)
#else
#define LISP_TRACE(call) ((void)0)
#endif

/* nil is 0; numbers end in 1, built-in functions in 10 (binary), objects in 0000. */
typedef uintptr_t value;
typedef uint32_t place;

enum type { TYPE_CONS, TYPE_CLOSURE, TYPE_SYMBOL, TYPE_STRING, TYPE_VECTOR, TYPE_COUNT };

enum { CAR, CDR };                                        /* slots of a cons */
enum { CLOSURE_PARAMETERS, CLOSURE_BODY, CLOSURE_SCOPE }; /* of a closure */
enum { SYMBOL_VALUE, SYMBOL_NAME };                       /* of a symbol */

struct object {
    struct object *next; /* of all objects */
    uint32_t length;     /* slots; a string's bytes */
    uint8_t type, is_marked;
#ifdef LISP_RECORDED
    gctrace_object name;
#endif
    union {
        value slot[1];
        char text[1];
    } of;
};

struct lisp {
    value *stack;
    uint32_t depth, room;
    struct object *objects;
    uint64_t live, limit; /* objects; a collection begins at the limit */
    uint64_t allocated, collections;
    struct object **marking;
    size_t marking_count, marking_room;
    place symbols;   /* a vector of lists */
    place t;         /* the symbol t: true */
    place form[16];  /* names of special forms */
    uint32_t nested; /* evaluations */
    jmp_buf failed;
    bool is_forked;
#ifdef LISP_RECORDED
    gctrace *recording;
    gctrace_thread *thread; /* NULL: this run is not recorded */
    uint32_t shape[TYPE_COUNT];
#endif
};

static inline bool is_object(value v)
{
    return v != 0 && (v & 15) == 0;
}
static inline bool is_number(value v)
{
    return (v & 1) != 0;
}
static inline bool is_builtin(value v)
{
    return (v & 3) == 2;
}
static inline value number(int64_t n)
{
    return (value)n << 1 | 1;
}
static inline int64_t number_of(value v)
{
    return (int64_t)v >> 1;
}
static inline struct object *object_of(value v)
{
    return (struct object *)v;
}
static inline bool is_type(value v, enum type type)
{
    return is_object(v) && object_of(v)->type == type;
}
/* What a place holds: to look at, never to keep. */
static inline value held(const struct lisp *lisp, place at)
{
    return lisp->stack[at];
}

void heap_create(struct lisp *lisp);
void heap_destroy(struct lisp *lisp);

/* A new place on top that holds nil, or what `from` holds. */
place heap_push(struct lisp *lisp);
place heap_push_copy(struct lisp *lisp, place from);
/* Drops places until the stack is `depth` high. */
void heap_pop_to(struct lisp *lisp, uint32_t depth);

void heap_set(struct lisp *lisp, place to, place from);
/* nil, a number or a built-in function. */
void heap_set_plain(struct lisp *lisp, place to, value plain);
/* A new object, its slots nil or its bytes 0. May collect first. */
void heap_allocate(struct lisp *lisp, enum type type, size_t length, place to);
void heap_load(struct lisp *lisp, place object, uint32_t slot, place to);
void heap_store(struct lisp *lisp, place object, uint32_t slot, place from);
/* A string's bytes, to be read or written at once. */
const char *heap_read_text(struct lisp *lisp, place string);
char *heap_write_text(struct lisp *lisp, place string, uint32_t from, uint32_t bytes);

/* Frees what no place leads to. */
void heap_collect(struct lisp *lisp);

/* Ends the program with one line. */
_Noreturn void lisp_fail(struct lisp *lisp, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
