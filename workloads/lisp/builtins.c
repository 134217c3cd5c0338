/* Functions of the language, and printing. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lisp.h"

/* `n` arguments lie in places a, a + 1 ...; the result goes to `to`. */
typedef void builtin(struct lisp *lisp, place a, uint32_t n, place to);

/* ---- what arguments must be ---- */

static int64_t want_number(struct lisp *lisp, place at)
{
    if (!is_number(held(lisp, at)))
        lisp_fail(lisp, "a number is wanted");
    return number_of(held(lisp, at));
}

static void want_type(struct lisp *lisp, place at, enum type type)
{
    static const char *const names[] = {"pair", "function", "symbol", "string", "vector"};
    if (!is_type(held(lisp, at), type))
        lisp_fail(lisp, "a %s is wanted", names[type]);
}

static uint32_t want_index(struct lisp *lisp, place at, uint32_t below)
{
    int64_t index = want_number(lisp, at);
    if (index < 0 || index >= below)
        lisp_fail(lisp, "index %" PRId64 " of %u", index, below);
    return (uint32_t)index;
}

static uint32_t length_of(const struct lisp *lisp, place at)
{
    return object_of(held(lisp, at))->length;
}

static void give_truth(struct lisp *lisp, place to, bool is_true)
{
    if (is_true)
        heap_set(lisp, to, lisp->t);
    else
        heap_set_plain(lisp, to, 0);
}

/* ---- numbers ---- */

static void fn_add(struct lisp *lisp, place a, uint32_t n, place to)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += want_number(lisp, a + i);
    heap_set_plain(lisp, to, number(sum));
}

static void fn_subtract(struct lisp *lisp, place a, uint32_t n, place to)
{
    int64_t left = want_number(lisp, a);
    for (uint32_t i = 1; i < n; i++)
        left -= want_number(lisp, a + i);
    heap_set_plain(lisp, to, number(n == 1 ? -left : left));
}

static void fn_multiply(struct lisp *lisp, place a, uint32_t n, place to)
{
    uint64_t product = 1; /* modulo 2^63, as numbers are */
    for (uint32_t i = 0; i < n; i++)
        product *= (uint64_t)want_number(lisp, a + i);
    heap_set_plain(lisp, to, number((int64_t)product));
}

static int64_t want_divisor(struct lisp *lisp, place at)
{
    int64_t divisor = want_number(lisp, at);
    if (divisor == 0)
        lisp_fail(lisp, "division by 0");
    return divisor;
}

static void fn_quotient(struct lisp *lisp, place a, uint32_t n, place to)
{
    (void)n;
    heap_set_plain(lisp, to, number(want_number(lisp, a) / want_divisor(lisp, a + 1)));
}

static void fn_remainder(struct lisp *lisp, place a, uint32_t n, place to)
{
    (void)n;
    heap_set_plain(lisp, to, number(want_number(lisp, a) % want_divisor(lisp, a + 1)));
}

static void fn_less(struct lisp *lisp, place a, uint32_t n, place to)
{
    (void)n;
    give_truth(lisp, to, want_number(lisp, a) < want_number(lisp, a + 1));
}

static void fn_equal(struct lisp *lisp, place a, uint32_t n, place to)
{
    (void)n;
    give_truth(lisp, to, held(lisp, a) == held(lisp, a + 1));
}

/* ---- kinds ---- */

static void fn_is_null(struct lisp *lisp, place a, uint32_t n, place to)
{
    (void)n;
    give_truth(lisp, to, held(lisp, a) == 0);
}

static void fn_is_number(struct lisp *lisp, place a, uint32_t n, place to)
{
    (void)n;
    give_truth(lisp, to, is_number(held(lisp, a)));
}

static void fn_is_pair(struct lisp *lisp, place a, uint32_t n, place to)
{
    (void)n;
    give_truth(lisp, to, is_type(held(lisp, a), TYPE_CONS));
}

static void fn_is_symbol(struct lisp *lisp, place a, uint32_t n, place to)
{
    (void)n;
    give_truth(lisp, to, is_type(held(lisp, a), TYPE_SYMBOL));
}

/* ---- pairs ---- */

static void fn_cons(struct lisp *lisp, place a, uint32_t n, place to)
{
    (void)n;
    lisp_cons(lisp, a, a + 1, to);
}

static void fn_car(struct lisp *lisp, place a, uint32_t n, place to)
{
    (void)n;
    want_type(lisp, a, TYPE_CONS);
    heap_load(lisp, a, CAR, to);
}

static void fn_cdr(struct lisp *lisp, place a, uint32_t n, place to)
{
    (void)n;
    want_type(lisp, a, TYPE_CONS);
    heap_load(lisp, a, CDR, to);
}

static void fn_set_car(struct lisp *lisp, place a, uint32_t n, place to)
{
    (void)n;
    want_type(lisp, a, TYPE_CONS);
    heap_store(lisp, a, CAR, a + 1);
    heap_set(lisp, to, a + 1);
}

static void fn_set_cdr(struct lisp *lisp, place a, uint32_t n, place to)
{
    (void)n;
    want_type(lisp, a, TYPE_CONS);
    heap_store(lisp, a, CDR, a + 1);
    heap_set(lisp, to, a + 1);
}

static void fn_list(struct lisp *lisp, place a, uint32_t n, place to)
{
    place list = heap_push(lisp);
    while (n-- > 0)
        lisp_cons(lisp, a + n, list, list);
    heap_set(lisp, to, list);
    heap_pop_to(lisp, list);
}

/* ---- vectors ---- */

static void fn_make_vector(struct lisp *lisp, place a, uint32_t n, place to)
{
    (void)n;
    heap_allocate(lisp, TYPE_VECTOR, want_index(lisp, a, 1 << 24), to);
}

static void fn_vector_ref(struct lisp *lisp, place a, uint32_t n, place to)
{
    (void)n;
    want_type(lisp, a, TYPE_VECTOR);
    heap_load(lisp, a, want_index(lisp, a + 1, length_of(lisp, a)), to);
}

static void fn_vector_set(struct lisp *lisp, place a, uint32_t n, place to)
{
    (void)n;
    want_type(lisp, a, TYPE_VECTOR);
    heap_store(lisp, a, want_index(lisp, a + 1, length_of(lisp, a)), a + 2);
    heap_set(lisp, to, a + 2);
}

static void fn_vector_length(struct lisp *lisp, place a, uint32_t n, place to)
{
    (void)n;
    want_type(lisp, a, TYPE_VECTOR);
    heap_set_plain(lisp, to, number(length_of(lisp, a)));
}

/* ---- strings ---- */

static void fn_string_append(struct lisp *lisp, place a, uint32_t n, place to)
{
    size_t bytes = 0;
    uint32_t at = 0;
    for (uint32_t i = 0; i < n; i++) {
        want_type(lisp, a + i, TYPE_STRING);
        bytes += length_of(lisp, a + i);
    }
    heap_allocate(lisp, TYPE_STRING, bytes, to);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t part = length_of(lisp, a + i);
        const char *from = heap_read_text(lisp, a + i);
        memcpy(heap_write_text(lisp, to, at, part), from, part);
        at += part;
    }
}

static void fn_substring(struct lisp *lisp, place a, uint32_t n, place to)
{
    (void)n;
    want_type(lisp, a, TYPE_STRING);
    uint32_t end = want_index(lisp, a + 2, length_of(lisp, a) + 1);
    uint32_t begin = want_index(lisp, a + 1, end + 1);
    heap_allocate(lisp, TYPE_STRING, end - begin, to);
    const char *from = heap_read_text(lisp, a) + begin;
    memcpy(heap_write_text(lisp, to, 0, end - begin), from, end - begin);
}

static void fn_string_length(struct lisp *lisp, place a, uint32_t n, place to)
{
    (void)n;
    want_type(lisp, a, TYPE_STRING);
    heap_set_plain(lisp, to, number(length_of(lisp, a)));
}

static void fn_string_equal(struct lisp *lisp, place a, uint32_t n, place to)
{
    (void)n;
    want_type(lisp, a, TYPE_STRING);
    want_type(lisp, a + 1, TYPE_STRING);
    uint32_t bytes = length_of(lisp, a);
    give_truth(lisp, to,
               bytes == length_of(lisp, a + 1) &&
                   memcmp(heap_read_text(lisp, a), heap_read_text(lisp, a + 1), bytes) == 0);
}

static void fn_number_to_string(struct lisp *lisp, place a, uint32_t n, place to)
{
    char text[32];
    (void)n;
    int bytes = snprintf(text, sizeof text, "%" PRId64, want_number(lisp, a));
    lisp_string(lisp, text, (size_t)bytes, to);
}

/* ---- the world ---- */

static void fn_display(struct lisp *lisp, place a, uint32_t n, place to)
{
    for (uint32_t i = 0; i < n; i++)
        lisp_print(lisp, a + i, stdout);
    heap_set_plain(lisp, to, 0);
}

static void fn_gc(struct lisp *lisp, place a, uint32_t n, place to)
{
    (void)a;
    (void)n;
    LISP_TRACE(gctrace_collect(lisp->thread, 2));
    heap_collect(lisp);
    heap_set_plain(lisp, to, number((int64_t)lisp->live));
}

static void fn_error(struct lisp *lisp, place a, uint32_t n, place to)
{
    (void)n;
    (void)to;
    want_type(lisp, a, TYPE_STRING);
    lisp_fail(lisp, "%s", heap_read_text(lisp, a));
}

/* (fork f): another process calls f and ends. Gives its number here. */
static void fn_fork(struct lisp *lisp, place a, uint32_t n, place to)
{
    (void)n;
    fflush(stdout);
    pid_t pid = lisp_fork(lisp);
    if (pid < 0)
        lisp_fail(lisp, "no process can be made");
    if (pid == 0) {
        lisp_call(lisp, a, to);
        lisp_exit(lisp, 0);
    }
    heap_set_plain(lisp, to, number(pid));
}

/* Waits for all forked processes: how many ended well. */
static void fn_wait(struct lisp *lisp, place a, uint32_t n, place to)
{
    int status;
    int64_t well = 0;
    (void)a;
    (void)n;
    while (wait(&status) > 0)
        well += status == 0;
    heap_set_plain(lisp, to, number(well));
}

/* ---- the table ---- */

enum { ANY = 1 << 20 };

static const struct {
    const char *name;
    uint32_t least, most;
    builtin *call;
} builtins[] = {
    {"+", 0, ANY, fn_add},
    {"-", 1, ANY, fn_subtract},
    {"*", 0, ANY, fn_multiply},
    {"quotient", 2, 2, fn_quotient},
    {"remainder", 2, 2, fn_remainder},
    {"<", 2, 2, fn_less},
    {"=", 2, 2, fn_equal},
    {"eq?", 2, 2, fn_equal},
    {"null?", 1, 1, fn_is_null},
    {"not", 1, 1, fn_is_null},
    {"number?", 1, 1, fn_is_number},
    {"pair?", 1, 1, fn_is_pair},
    {"symbol?", 1, 1, fn_is_symbol},
    {"cons", 2, 2, fn_cons},
    {"car", 1, 1, fn_car},
    {"cdr", 1, 1, fn_cdr},
    {"set-car!", 2, 2, fn_set_car},
    {"set-cdr!", 2, 2, fn_set_cdr},
    {"list", 0, ANY, fn_list},
    {"make-vector", 1, 1, fn_make_vector},
    {"vector-ref", 2, 2, fn_vector_ref},
    {"vector-set!", 3, 3, fn_vector_set},
    {"vector-length", 1, 1, fn_vector_length},
    {"string-append", 0, ANY, fn_string_append},
    {"substring", 3, 3, fn_substring},
    {"string-length", 1, 1, fn_string_length},
    {"string=?", 2, 2, fn_string_equal},
    {"number->string", 1, 1, fn_number_to_string},
    {"display", 0, ANY, fn_display},
    {"gc", 0, 0, fn_gc},
    {"error", 1, 1, fn_error},
    {"fork", 1, 1, fn_fork},
    {"wait", 0, 0, fn_wait},
};

void lisp_define_builtins(struct lisp *lisp)
{
    place symbol = heap_push(lisp), function = heap_push(lisp);
    for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++) {
        lisp_intern(lisp, builtins[i].name, strlen(builtins[i].name), symbol);
        heap_set_plain(lisp, function, i << 2 | 2);
        heap_store(lisp, symbol, SYMBOL_VALUE, function);
    }
    heap_pop_to(lisp, symbol);
}

void lisp_call_builtin(struct lisp *lisp, value function, place arguments, uint32_t n, place to)
{
    size_t i = function >> 2;
    if (n < builtins[i].least || n > builtins[i].most)
        lisp_fail(lisp, "%s: %u arguments", builtins[i].name, n);
    builtins[i].call(lisp, arguments, n, to);
}

/* ---- printing ---- */

static void print_list(struct lisp *lisp, place what, FILE *out)
{
    place rest = heap_push_copy(lisp, what), item = heap_push(lisp);
    const char *between = "(";
    for (; is_type(held(lisp, rest), TYPE_CONS); heap_load(lisp, rest, CDR, rest)) {
        heap_load(lisp, rest, CAR, item);
        fputs(between, out);
        lisp_print(lisp, item, out);
        between = " ";
    }
    if (held(lisp, rest) != 0) {
        fputs(" . ", out);
        lisp_print(lisp, rest, out);
    }
    putc(')', out);
    heap_pop_to(lisp, rest);
}

static void print_symbol(struct lisp *lisp, place what, FILE *out)
{
    place name = heap_push(lisp);
    heap_load(lisp, what, SYMBOL_NAME, name);
    fputs(heap_read_text(lisp, name), out);
    heap_pop_to(lisp, name);
}

void lisp_print(struct lisp *lisp, place what, FILE *out)
{
    value v = held(lisp, what);
    if (v == 0)
        fputs("nil", out);
    else if (is_number(v))
        fprintf(out, "%" PRId64, number_of(v));
    else if (is_type(v, TYPE_CONS))
        print_list(lisp, what, out);
    else if (is_type(v, TYPE_STRING))
        fputs(heap_read_text(lisp, what), out);
    else if (is_type(v, TYPE_SYMBOL))
        print_symbol(lisp, what, out);
    else
        fputs(is_type(v, TYPE_VECTOR) ? "#<vector>" : "#<function>", out);
}
