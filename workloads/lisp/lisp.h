/* The parts of the interpreter: reader, evaluator, built-in functions, printer. */
#ifndef GCR_WORKLOADS_LISP_LISP_H
#define GCR_WORKLOADS_LISP_LISP_H

#include <stdio.h>
#include <sys/types.h>

#include "heap.h"

enum form {
    FORM_QUOTE,
    FORM_IF,
    FORM_DEFINE,
    FORM_SET,
    FORM_LAMBDA,
    FORM_LET,
    FORM_BEGIN,
    FORM_WHILE,
    FORM_COND,
    FORM_AND,
    FORM_OR,
    FORM_COUNT
};

/* ---- read.c ---- */

/* The next expression into `to`; false at the end of the text. */
bool lisp_read(struct lisp *lisp, FILE *in, place to);
/* The symbol of that name. */
void lisp_intern(struct lisp *lisp, const char *name, size_t bytes, place to);
/* A new string. */
void lisp_string(struct lisp *lisp, const char *text, size_t bytes, place to);
/* A new cons of what `car` and `cdr` hold; `to` may be one of them. */
void lisp_cons(struct lisp *lisp, place car, place cdr, place to);

/* ---- eval.c ---- */

/* The value of the expression in a scope (a list of pairs of symbol and value) into `to`. */
void lisp_eval(struct lisp *lisp, place expression, place scope, place to);
/* Calls a function of no arguments. */
void lisp_call(struct lisp *lisp, place function, place to);

/* ---- builtins.c ---- */

void lisp_define_builtins(struct lisp *lisp);
/* Calls the built-in function with `n` arguments in places from `arguments` on. */
void lisp_call_builtin(struct lisp *lisp, value function, place arguments, uint32_t n, place to);
void lisp_print(struct lisp *lisp, place what, FILE *out);

/* ---- main.c ---- */

/* fork(), in which both sides go on being recorded. */
pid_t lisp_fork(struct lisp *lisp);
/* Collects, ends the recording and the process. */
_Noreturn void lisp_exit(struct lisp *lisp, int status);

#endif
