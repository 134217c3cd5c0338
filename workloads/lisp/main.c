/* A small Lisp: `lisp [-o TRACE.gct] PROGRAM.lisp`. Built twice: without instrumentation, and as
 * `lisp-recorded`, which knows -o. At the end it collects, and says on standard error how many
 * objects are left. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lisp.h"

/* ---- recording ---- */

#ifdef LISP_RECORDED
static void record_begin(struct lisp *lisp, const char *path, const char *program)
{
    char message[512];
    const gctrace_options options = {.size = sizeof options,
                                     .loads = 1,
                                     .reads = GCTRACE_READS_EXACT,
                                     .deaths = GCTRACE_DEATHS_GRANULATED,
                                     .forks = 1};
    /* The length of a vector or string, and where a string ends, are the header's business. */
    static const gctrace_shape shapes[TYPE_COUNT] = {
        [TYPE_CONS] = {"cons", 16, 2, 0, 0, 0},
        [TYPE_CLOSURE] = {"closure", 24, 3, 0, 0, 0},
        [TYPE_SYMBOL] = {"symbol", 16, 2, 0, 0, 0},
        [TYPE_STRING] = {"string", 0, 0, 1, 0, GCTRACE_ACYCLIC},
        [TYPE_VECTOR] = {"vector", 0, 0, 8, 1, 0}};
    if (gctrace_open(path, &options, &lisp->recording, message, sizeof message) != GCTRACE_OK) {
        fprintf(stderr, "lisp: %s\n", message);
        exit(2);
    }
    gctrace_note(lisp->recording, "program", program);
    for (unsigned type = 0; type < TYPE_COUNT; type++)
        lisp->shape[type] = gctrace_declare_shape(lisp->recording, &shapes[type]);
    lisp->thread = gctrace_attach(lisp->recording, 0);
}

static int record_end(struct lisp *lisp, int status)
{
    char message[512];
    if (lisp->recording == NULL)
        return status;
    gctrace_exit(lisp->recording, (uint32_t)status);
    if (gctrace_close(lisp->recording, message, sizeof message) == GCTRACE_OK)
        return status;
    fprintf(stderr, "lisp: %s\n", message);
    return 1;
}
#else
static int record_end(struct lisp *lisp, int status)
{
    (void)lisp;
    return status;
}
#endif

pid_t lisp_fork(struct lisp *lisp)
{
#ifdef LISP_RECORDED
    pid_t pid = gctrace_fork(lisp->thread);
#else
    pid_t pid = fork();
#endif
    lisp->is_forked |= pid == 0;
    return pid;
}

/* ---- life and death ---- */

void lisp_exit(struct lisp *lisp, int status)
{
    heap_pop_to(lisp,
                lisp->form[FORM_COUNT - 1] + 1); /* the table of symbols and well-known ones */
    heap_collect(lisp);
    fflush(stdout);
    fprintf(stderr, "lisp: %" PRIu64 " objects live of %" PRIu64 ", %" PRIu64 " collections\n",
            lisp->live, lisp->allocated, lisp->collections);
    status = record_end(lisp, status);
    heap_destroy(lisp);
    if (lisp->is_forked)
        _exit(status); /* exit would move the program's file, which the parent reads on */
    exit(status);
}

void lisp_fail(struct lisp *lisp, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("lisp: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    longjmp(lisp->failed, 1);
}

/* The lowest places: symbol table, t, and the names of forms. */
static void lisp_create(struct lisp *lisp)
{
    static const char *const forms[FORM_COUNT] = {
        [FORM_QUOTE] = "quote", [FORM_IF] = "if",         [FORM_DEFINE] = "define",
        [FORM_SET] = "set!",    [FORM_LAMBDA] = "lambda", [FORM_LET] = "let",
        [FORM_BEGIN] = "begin", [FORM_WHILE] = "while",   [FORM_COND] = "cond",
        [FORM_AND] = "and",     [FORM_OR] = "or"};
    heap_create(lisp);
    lisp->symbols = heap_push(lisp);
    lisp->t = heap_push(lisp);
    for (unsigned form = 0; form < FORM_COUNT; form++)
        lisp->form[form] = heap_push(lisp);
    lisp_intern(lisp, "t", 1, lisp->t);
    heap_store(lisp, lisp->t, SYMBOL_VALUE, lisp->t);
    for (unsigned form = 0; form < FORM_COUNT; form++)
        lisp_intern(lisp, forms[form], strlen(forms[form]), lisp->form[form]);
    lisp_define_builtins(lisp);
}

static void lisp_run(struct lisp *lisp, FILE *in)
{
    place x = heap_push(lisp), nil = heap_push(lisp), result = heap_push(lisp);
    while (lisp_read(lisp, in, x))
        lisp_eval(lisp, x, nil, result);
}

#ifdef LISP_RECORDED
static const char usage[] = "usage: lisp-recorded [-o TRACE.gct] PROGRAM.lisp\n";
#else
static const char usage[] = "usage: lisp PROGRAM.lisp\n";
#endif

int main(int argc, char **argv)
{
    static struct lisp lisp;
    bool is_traced = argc == 4 && strcmp(argv[1], "-o") == 0;
    if (argc != 2 && !is_traced) {
        fputs(usage, stderr);
        return 2;
    }
    FILE *in = fopen(argv[argc - 1], "r");
    if (in == NULL) {
        fprintf(stderr, "lisp: %s: %s\n", argv[argc - 1], strerror(errno));
        return 2;
    }
#ifdef LISP_RECORDED
    if (is_traced)
        record_begin(&lisp, argv[2], argv[3]);
#else
    if (is_traced) {
        fputs(usage, stderr);
        return 2;
    }
#endif
    volatile int status = 1;
    if (setjmp(lisp.failed) == 0) {
        lisp_create(&lisp);
        lisp_run(&lisp, in);
        status = 0;
    }
    fclose(in);
    lisp_exit(&lisp, status);
}
