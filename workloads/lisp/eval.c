/* Evaluation: a loop for tail calls, recursion for everything else. */
#include "lisp.h"

enum { MAX_NESTED = 3000 };

/* The places of one evaluation. */
struct frame {
    place x, scope; /* what is evaluated now, and where */
    place a, b, c;
    place to;
};

static void eval_car(struct lisp *lisp, place list, place to)
{
    if (!is_type(held(lisp, list), TYPE_CONS))
        lisp_fail(lisp, "an expression is too short");
    heap_load(lisp, list, CAR, to);
}

static void eval_cdr(struct lisp *lisp, place list, place to)
{
    if (!is_type(held(lisp, list), TYPE_CONS))
        lisp_fail(lisp, "an expression is too short");
    heap_load(lisp, list, CDR, to);
}

/* ---- names ---- */

/* The pair of the symbol in the scope, into f->a; false: it is global. */
static bool eval_find(struct lisp *lisp, struct frame *f, place symbol)
{
    heap_set(lisp, f->b, f->scope);
    for (; held(lisp, f->b) != 0; heap_load(lisp, f->b, CDR, f->b)) {
        heap_load(lisp, f->b, CAR, f->a);
        heap_load(lisp, f->a, CAR, f->c);
        if (held(lisp, f->c) == held(lisp, symbol))
            return true;
    }
    return false;
}

static void eval_symbol(struct lisp *lisp, struct frame *f)
{
    if (eval_find(lisp, f, f->x))
        heap_load(lisp, f->a, CDR, f->to);
    else
        heap_load(lisp, f->x, SYMBOL_VALUE, f->to);
}

/* One more pair in front of the scope. */
static void eval_bind(struct lisp *lisp, struct frame *f, place symbol, place v, place scope)
{
    lisp_cons(lisp, symbol, v, f->c);
    lisp_cons(lisp, f->c, scope, scope);
}

/* (define name x), (set! name x) */
static void eval_assign(struct lisp *lisp, struct frame *f, bool is_define)
{
    place name = heap_push(lisp), v = heap_push(lisp);
    eval_car(lisp, f->x, name);
    if (!is_type(held(lisp, name), TYPE_SYMBOL))
        lisp_fail(lisp, "no symbol is assigned to");
    eval_cdr(lisp, f->x, f->x);
    eval_car(lisp, f->x, f->x);
    lisp_eval(lisp, f->x, f->scope, v);
    if (!is_define && eval_find(lisp, f, name))
        heap_store(lisp, f->a, CDR, v);
    else
        heap_store(lisp, name, SYMBOL_VALUE, v);
    heap_set(lisp, f->to, v);
    heap_pop_to(lisp, name);
}

/* ---- forms: true if f->x is to be evaluated in their place ---- */

/* All but the last of the list in f->x. */
static bool eval_sequence(struct lisp *lisp, struct frame *f)
{
    if (held(lisp, f->x) == 0) {
        heap_set_plain(lisp, f->to, 0);
        return false;
    }
    for (;;) {
        eval_car(lisp, f->x, f->a);
        heap_load(lisp, f->x, CDR, f->x);
        if (held(lisp, f->x) == 0)
            break;
        lisp_eval(lisp, f->a, f->scope, f->to);
    }
    heap_set(lisp, f->x, f->a);
    return true;
}

static bool eval_if(struct lisp *lisp, struct frame *f)
{
    eval_car(lisp, f->x, f->a);
    lisp_eval(lisp, f->a, f->scope, f->b);
    eval_cdr(lisp, f->x, f->x);
    if (held(lisp, f->b) == 0)
        eval_cdr(lisp, f->x, f->x);
    if (held(lisp, f->x) == 0) {
        heap_set_plain(lisp, f->to, 0);
        return false;
    }
    eval_car(lisp, f->x, f->x);
    return true;
}

static bool eval_lambda(struct lisp *lisp, struct frame *f)
{
    heap_allocate(lisp, TYPE_CLOSURE, 3, f->a);
    eval_car(lisp, f->x, f->b);
    heap_store(lisp, f->a, CLOSURE_PARAMETERS, f->b);
    eval_cdr(lisp, f->x, f->b);
    heap_store(lisp, f->a, CLOSURE_BODY, f->b);
    heap_store(lisp, f->a, CLOSURE_SCOPE, f->scope);
    heap_set(lisp, f->to, f->a);
    return false;
}

/* (let ((name x) ...) body ...): each x sees the names before it. */
static bool eval_let(struct lisp *lisp, struct frame *f)
{
    place list = heap_push(lisp), name = heap_push(lisp), v = heap_push(lisp);
    eval_car(lisp, f->x, list);
    for (; held(lisp, list) != 0; eval_cdr(lisp, list, list)) {
        eval_car(lisp, list, f->a);
        eval_car(lisp, f->a, name);
        eval_cdr(lisp, f->a, f->a);
        eval_car(lisp, f->a, f->a);
        lisp_eval(lisp, f->a, f->scope, v);
        eval_bind(lisp, f, name, v, f->scope);
    }
    heap_pop_to(lisp, list);
    eval_cdr(lisp, f->x, f->x);
    return eval_sequence(lisp, f);
}

static bool eval_while(struct lisp *lisp, struct frame *f)
{
    place loop = heap_push_copy(lisp, f->x), test = heap_push(lisp);
    eval_car(lisp, loop, test);
    for (;;) {
        lisp_eval(lisp, test, f->scope, f->b);
        if (held(lisp, f->b) == 0)
            break;
        eval_cdr(lisp, loop, f->x);
        if (eval_sequence(lisp, f))
            lisp_eval(lisp, f->x, f->scope, f->to);
    }
    heap_pop_to(lisp, loop);
    heap_set_plain(lisp, f->to, 0);
    return false;
}

/* (cond (test body ...) ...) */
static bool eval_cond(struct lisp *lisp, struct frame *f)
{
    for (; held(lisp, f->x) != 0; eval_cdr(lisp, f->x, f->x)) {
        eval_car(lisp, f->x, f->a);
        eval_car(lisp, f->a, f->b);
        lisp_eval(lisp, f->b, f->scope, f->to);
        if (held(lisp, f->to) == 0)
            continue;
        eval_cdr(lisp, f->a, f->x);
        return held(lisp, f->x) != 0 && eval_sequence(lisp, f);
    }
    heap_set_plain(lisp, f->to, 0);
    return false;
}

/* (and x ...), (or x ...): until one decides. */
static bool eval_junction(struct lisp *lisp, struct frame *f, bool is_and)
{
    if (is_and)
        heap_set(lisp, f->to, lisp->t);
    else
        heap_set_plain(lisp, f->to, 0);
    for (; held(lisp, f->x) != 0; heap_load(lisp, f->x, CDR, f->x)) {
        eval_car(lisp, f->x, f->a);
        lisp_eval(lisp, f->a, f->scope, f->to);
        if ((held(lisp, f->to) == 0) == is_and)
            break;
    }
    return false;
}

/* The special form that the symbol in f->a names; FORM_COUNT if none. */
static enum form eval_form(const struct lisp *lisp, const struct frame *f)
{
    unsigned form = 0;
    while (form < FORM_COUNT && held(lisp, lisp->form[form]) != held(lisp, f->a))
        form++;
    return (enum form)form;
}

static bool eval_special(struct lisp *lisp, struct frame *f, enum form form)
{
    heap_load(lisp, f->x, CDR, f->x);
    switch (form) {
    case FORM_QUOTE:
        eval_car(lisp, f->x, f->to);
        return false;
    case FORM_IF:
        return eval_if(lisp, f);
    case FORM_DEFINE:
    case FORM_SET:
        eval_assign(lisp, f, form == FORM_DEFINE);
        return false;
    case FORM_LAMBDA:
        return eval_lambda(lisp, f);
    case FORM_LET:
        return eval_let(lisp, f);
    case FORM_BEGIN:
        return eval_sequence(lisp, f);
    case FORM_WHILE:
        return eval_while(lisp, f);
    case FORM_COND:
        return eval_cond(lisp, f);
    case FORM_AND:
    case FORM_OR:
        return eval_junction(lisp, f, form == FORM_AND);
    case FORM_COUNT:
        break;
    }
    return false;
}

/* ---- calls ---- */

/* Evaluates the arguments onto the stack; their number. */
static uint32_t eval_arguments(struct lisp *lisp, struct frame *f)
{
    uint32_t n = 0;
    for (heap_load(lisp, f->x, CDR, f->x); held(lisp, f->x) != 0; n++) {
        eval_car(lisp, f->x, f->a);
        place argument = heap_push(lisp);
        lisp_eval(lisp, f->a, f->scope, argument);
        heap_load(lisp, f->x, CDR, f->x);
    }
    return n;
}

/* The closure's scope, with its parameters, becomes the frame's; its body is what to evaluate. */
static void eval_enter(struct lisp *lisp, struct frame *f, place closure, uint32_t n)
{
    place first = closure + 1;
    heap_load(lisp, closure, CLOSURE_SCOPE, f->scope);
    heap_load(lisp, closure, CLOSURE_PARAMETERS, f->a);
    for (uint32_t i = 0; i < n; i++) {
        if (held(lisp, f->a) == 0)
            lisp_fail(lisp, "a call with %u arguments, %u wanted", n, i);
        eval_car(lisp, f->a, f->b);
        eval_bind(lisp, f, f->b, first + i, f->scope);
        heap_load(lisp, f->a, CDR, f->a);
    }
    if (held(lisp, f->a) != 0)
        lisp_fail(lisp, "a call with %u arguments, more wanted", n);
    heap_load(lisp, closure, CLOSURE_BODY, f->x);
}

/* True if f->x is to be evaluated now. */
static bool eval_call(struct lisp *lisp, struct frame *f)
{
    place function = heap_push(lisp);
    lisp_eval(lisp, f->a, f->scope, function);
    uint32_t n = eval_arguments(lisp, f);
    bool is_closure = is_type(held(lisp, function), TYPE_CLOSURE);
    if (is_closure)
        eval_enter(lisp, f, function, n);
    else if (is_builtin(held(lisp, function)))
        lisp_call_builtin(lisp, held(lisp, function), function + 1, n, f->to);
    else
        lisp_fail(lisp, "a call of what is no function");
    heap_pop_to(lisp, function);
    return is_closure && eval_sequence(lisp, f);
}

static bool eval_step(struct lisp *lisp, struct frame *f)
{
    if (is_type(held(lisp, f->x), TYPE_SYMBOL)) {
        eval_symbol(lisp, f);
        return false;
    }
    if (!is_type(held(lisp, f->x), TYPE_CONS)) {
        heap_set(lisp, f->to, f->x);
        return false;
    }
    heap_load(lisp, f->x, CAR, f->a);
    enum form form = eval_form(lisp, f);
    return form == FORM_COUNT ? eval_call(lisp, f) : eval_special(lisp, f, form);
}

void lisp_eval(struct lisp *lisp, place expression, place scope, place to)
{
    if (++lisp->nested > MAX_NESTED)
        lisp_fail(lisp, "evaluations nested more than %d deep", MAX_NESTED);
    struct frame f = {.x = heap_push_copy(lisp, expression)};
    f.scope = heap_push_copy(lisp, scope);
    f.a = heap_push(lisp);
    f.b = heap_push(lisp);
    f.c = heap_push(lisp);
    f.to = heap_push(lisp);
    while (eval_step(lisp, &f))
        ;
    heap_set(lisp, to, f.to);
    heap_pop_to(lisp, f.x);
    lisp->nested--;
}

void lisp_call(struct lisp *lisp, place function, place to)
{
    place call = heap_push(lisp), nil = heap_push(lisp);
    lisp_cons(lisp, function, nil, call);
    lisp_eval(lisp, call, nil, to);
    heap_pop_to(lisp, call);
}
