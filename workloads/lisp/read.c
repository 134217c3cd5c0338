/* Text to lists. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lisp.h"

enum { SYMBOL_BUCKETS = 128, MAX_WORD = 1024 };

void lisp_string(struct lisp *lisp, const char *text, size_t bytes, place to)
{
    heap_allocate(lisp, TYPE_STRING, bytes, to);
    memcpy(heap_write_text(lisp, to, 0, (uint32_t)bytes), text, bytes);
}

void lisp_cons(struct lisp *lisp, place car, place cdr, place to)
{
    place cons = heap_push(lisp);
    heap_allocate(lisp, TYPE_CONS, 2, cons);
    heap_store(lisp, cons, CAR, car);
    heap_store(lisp, cons, CDR, cdr);
    heap_set(lisp, to, cons);
    heap_pop_to(lisp, cons);
}

/* ---- symbols ---- */

static uint32_t intern_bucket(const char *name, size_t bytes)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ (unsigned char)name[i]) * 16777619u;
    return hash % SYMBOL_BUCKETS;
}

static bool intern_find(struct lisp *lisp, uint32_t bucket, const char *name, size_t bytes,
                        place to)
{
    place list = heap_push(lisp), text = heap_push(lisp);
    bool is_found = false;
    heap_load(lisp, lisp->symbols, bucket, list);
    while (!is_found && held(lisp, list) != 0) {
        heap_load(lisp, list, CAR, to);
        heap_load(lisp, to, SYMBOL_NAME, text);
        is_found = object_of(held(lisp, text))->length == bytes &&
                   memcmp(heap_read_text(lisp, text), name, bytes) == 0;
        heap_load(lisp, list, CDR, list);
    }
    heap_pop_to(lisp, list);
    return is_found;
}

static void intern_new(struct lisp *lisp, uint32_t bucket, const char *name, size_t bytes, place to)
{
    place other = heap_push(lisp);
    lisp_string(lisp, name, bytes, other);
    heap_allocate(lisp, TYPE_SYMBOL, 2, to);
    heap_store(lisp, to, SYMBOL_NAME, other);
    heap_load(lisp, lisp->symbols, bucket, other);
    lisp_cons(lisp, to, other, other);
    heap_store(lisp, lisp->symbols, bucket, other);
    heap_pop_to(lisp, other);
}

void lisp_intern(struct lisp *lisp, const char *name, size_t bytes, place to)
{
    if (held(lisp, lisp->symbols) == 0)
        heap_allocate(lisp, TYPE_VECTOR, SYMBOL_BUCKETS, lisp->symbols);
    uint32_t bucket = intern_bucket(name, bytes);
    if (!intern_find(lisp, bucket, name, bytes, to))
        intern_new(lisp, bucket, name, bytes, to);
}

/* ---- expressions ---- */

/* The next character that means something. */
static int read_skip(FILE *in)
{
    int c;
    do {
        c = getc(in);
        while (c == ';') {
            while (c != '\n' && c != EOF)
                c = getc(in);
        }
    } while (isspace(c));
    return c;
}

static void read_string(struct lisp *lisp, FILE *in, place to)
{
    char text[MAX_WORD];
    size_t bytes = 0;
    int c;
    while ((c = getc(in)) != '"') {
        if (c == '\\')
            c = (c = getc(in)) == 'n' ? '\n' : c;
        if (c == EOF || bytes == sizeof text)
            lisp_fail(lisp, "a string without end");
        text[bytes++] = (char)c;
    }
    lisp_string(lisp, text, bytes, to);
}

static void read_word(struct lisp *lisp, FILE *in, int c, place to)
{
    char word[MAX_WORD];
    size_t bytes = 0;
    for (; c != EOF && !isspace(c) && strchr("()'\";", c) == NULL; c = getc(in)) {
        if (bytes == sizeof word - 1)
            lisp_fail(lisp, "a word of more than %d characters", MAX_WORD - 1);
        word[bytes++] = (char)c;
    }
    ungetc(c, in);
    word[bytes] = '\0';
    char *end;
    long long n = strtoll(word, &end, 10);
    if (*end == '\0')
        heap_set_plain(lisp, to, number(n));
    else if (strcmp(word, "nil") == 0)
        heap_set_plain(lisp, to, 0);
    else
        lisp_intern(lisp, word, bytes, to);
}

/* Up to the closing parenthesis, built from front to back. */
static void read_list(struct lisp *lisp, FILE *in, place to)
{
    place item = heap_push(lisp), last = heap_push(lisp), cons = heap_push(lisp);
    heap_set_plain(lisp, to, 0);
    for (int c; (c = read_skip(in)) != ')';) {
        ungetc(c, in);
        if (c == EOF || !lisp_read(lisp, in, item))
            lisp_fail(lisp, "a list without end");
        heap_allocate(lisp, TYPE_CONS, 2, cons);
        heap_store(lisp, cons, CAR, item);
        if (held(lisp, to) == 0)
            heap_set(lisp, to, cons);
        else
            heap_store(lisp, last, CDR, cons);
        heap_set(lisp, last, cons);
    }
    heap_pop_to(lisp, item);
}

static void read_quoted(struct lisp *lisp, FILE *in, place to)
{
    place nil = heap_push(lisp);
    if (!lisp_read(lisp, in, to))
        lisp_fail(lisp, "nothing is quoted");
    lisp_cons(lisp, to, nil, to);
    lisp_cons(lisp, lisp->form[FORM_QUOTE], to, to);
    heap_pop_to(lisp, nil);
}

bool lisp_read(struct lisp *lisp, FILE *in, place to)
{
    int c = read_skip(in);
    if (c == EOF)
        return false;
    if (c == ')')
        lisp_fail(lisp, "a ')' too many");
    if (c == '(')
        read_list(lisp, in, to);
    else if (c == '\'')
        read_quoted(lisp, in, to);
    else if (c == '"')
        read_string(lisp, in, to);
    else
        read_word(lisp, in, c, to);
    return true;
}
