/* The page of profiles shows the table that the model uses. `--print` writes what it must say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "sim/model/geometry.h"

enum { PAGE_SIZE = 1 << 16, TEXT_SIZE = 1 << 15 };

struct text {
    char at[TEXT_SIZE];
    size_t length;
};

static void add(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int added =
        vsnprintf(text->at + text->length, sizeof text->at - text->length, format, arguments);
    va_end(arguments);
    assert_true(added >= 0 && (size_t)added < sizeof text->at - text->length);
    text->length += (size_t)added;
}

static void add_cache(struct text *text, const struct gcr_cache_level *level)
{
    if (level->bytes == 0)
        add(text, " none |");
    else if (level->bytes % (1 << 20) == 0)
        add(text, " %u MiB, %u ways |", (unsigned)(level->bytes >> 20), level->ways);
    else
        add(text, " %u KiB, %u ways |", (unsigned)(level->bytes >> 10), level->ways);
}

static void add_tlb(struct text *text, const struct gcr_tlb_level *level)
{
    add(text, " %u, %u ways |", level->sets * level->ways, level->ways);
}

static void add_profiles(struct text *text)
{
    const struct gcr_machine_profile *first = gcr_machine_profiles();
    add(text, "| name | L1D | L2 | LLC | L1 data TLB | L2 TLB |\n|---|---|---|---|---|---|\n");
    for (const struct gcr_machine_profile *row = first; row->name != NULL; row++) {
        add(text, "| `%s` |", row->name);
        add_cache(text, &row->geometry.l1);
        add_cache(text, &row->geometry.l2);
        add_cache(text, &row->geometry.llc);
        add_tlb(text, &row->geometry.tlb1);
        add_tlb(text, &row->geometry.tlb2);
        add(text, "\n");
    }
    add(text, "\n");
    for (const struct gcr_machine_profile *row = first; row->name != NULL; row++)
        add(text, "- `%s`: %s. Sources: %s.\n", row->name, row->summary, row->sources);
}

static void the_page_shows_the_table(void **state)
{
    (void)state;
    static char page[PAGE_SIZE];
    static struct text expected;
    FILE *file = fopen(PROFILES_PAGE, "r");
    assert_non_null(file);
    size_t size = fread(page, 1, sizeof page - 1, file);
    assert_int_equal(fclose(file), 0);
    page[size] = '\0';
    add_profiles(&expected);
    if (strstr(page, expected.at) == NULL)
        fail_msg("%s differs from sim/model/profiles.c: put there what unit.model_profiles "
                 "--print writes",
                 PROFILES_PAGE);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_shows_the_table),
    };
    static struct text text;
    if (argc == 2 && strcmp(argv[1], "--print") == 0) {
        add_profiles(&text);
        return fputs(text.at, stdout) == EOF;
    }
    return cmocka_run_group_tests_name("unit.model_profiles", tests, NULL, NULL);
}
