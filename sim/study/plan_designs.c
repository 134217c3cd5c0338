/* The designs of a study: back ends times the values of their options; and its heap sizes. */
#include <stdlib.h>
#include <string.h>

#include "base/option.h"
#include "sim/replay/replay.h"
#include "sim/study/plan_parts.h"
#include "sim/study/reference.h"

enum { DESIGN_MOST_LETTERS = 500, DESIGN_MOST = 4096 };

/* Lines of [options] that vary one back end, and which value of each is being taken. */
struct design_choice {
    const struct gcr_study_option *lines[GCR_MAX_OPTIONS];
    size_t value[GCR_MAX_OPTIONS];
    size_t count;
};

static const struct gcr_engine *design_engine(const struct gcr_study_file *file, const char *name,
                                              unsigned line, struct gcr_error *err)
{
    const struct gcr_engine *engine = gcr_engine_find(name);
    if (engine != NULL)
        return engine;
    char known[256] = "";
    gcr_engine_names(known, sizeof known);
    (void)gcr_study_file_fail(file, line, err, "no back end is named '%.64s'; known: %s", name,
                              known);
    return NULL;
}

static gcr_status design_set(json_t *options, struct gcr_option_values *values, const char *owner,
                             const char *assignment, struct gcr_error *err)
{
    gcr_status status = gcr_option_assign(values, owner, assignment, err);
    size_t length = strcspn(assignment, "=");
    for (size_t i = 0; status == GCR_OK && values->table[i].name != NULL; i++) {
        const char *name = values->table[i].name;
        if (strlen(name) != length || strncmp(name, assignment, length) != 0)
            continue;
        char text[256];
        gcr_option_format(&values->table[i], &values->row[i], text, sizeof text);
        if (json_object_get(options, name) != NULL)
            return gcr_fail(err, GCR_USAGE, "%s: %s is set twice", owner, name);
        if (json_object_set_new(options, name, json_string(text)) != 0)
            return gcr_plan_no_memory(err);
    }
    return status;
}

/* name: "bitmap:counts=side". */
static gcr_status design_add(struct gcr_plan *plan, const struct gcr_study_file *file,
                             const char *name, unsigned line, struct gcr_error *err)
{
    static const struct gcr_option none[] = {{0}};
    char words[DESIGN_MOST_LETTERS + 1];
    size_t length = strlen(name);
    if (length > DESIGN_MOST_LETTERS)
        return gcr_study_file_fail(file, line, err, "'%.64s...' is longer than %d letters", name,
                                   DESIGN_MOST_LETTERS);
    for (size_t i = 0; i < plan->design_count; i++)
        if (strcmp(plan->designs[i].name, name) == 0)
            return gcr_study_file_fail(file, line, err, "%.128s is named twice", name);
    if (plan->design_count == DESIGN_MOST)
        return gcr_study_file_fail(file, line, err, "more than %d designs", DESIGN_MOST);
    memcpy(words, name, length + 1);
    for (char *colon = words; (colon = strchr(colon, ':')) != NULL;)
        *colon++ = '\0';
    const struct gcr_engine *engine = design_engine(file, words, line, err);
    if (engine == NULL)
        return GCR_USAGE;
    struct gcr_plan_design *design =
        gcr_plan_grow((void **)&plan->designs, &plan->design_count, sizeof *design);
    if (design == NULL || (design->name = strdup(name)) == NULL ||
        (design->collector = strdup(words)) == NULL || (design->options = json_object()) == NULL)
        return gcr_plan_no_memory(err);
    const struct gcr_option *table = gcr_engine_collector(engine)->options;
    struct gcr_option_values values;
    gcr_options_init(table != NULL ? table : none, &values);
    gcr_status status = GCR_OK;
    for (size_t at = strlen(words) + 1; at <= length && status == GCR_OK;
         at += strlen(words + at) + 1)
        status = design_set(design->options, &values, words, words + at, err);
    if (status == GCR_USAGE)
        gcr_error_prefix(err, "%s:%u", file->path, line);
    return status;
}

/* ---- options each with each ---- */

static gcr_status design_choices(const struct gcr_study_file *file, const char *collector,
                                 struct design_choice *choice, struct gcr_error *err)
{
    *choice = (struct design_choice){0};
    for (size_t i = 0; i < file->option_count; i++) {
        if (strcmp(file->options[i].collector, collector) != 0)
            continue;
        if (choice->count == GCR_MAX_OPTIONS)
            return gcr_study_file_fail(file, file->options[i].line, err,
                                       "%s has more than %d options", collector, GCR_MAX_OPTIONS);
        choice->lines[choice->count++] = &file->options[i];
    }
    return GCR_OK;
}

/* The last option turns fastest; false after the last combination. */
static bool design_choice_next(struct design_choice *choice)
{
    for (size_t i = choice->count; i-- > 0;) {
        if (++choice->value[i] < choice->lines[i]->values.count)
            return true;
        choice->value[i] = 0;
    }
    return false;
}

static gcr_status design_vary(struct gcr_plan *plan, const struct gcr_study_file *file,
                              const char *collector, unsigned line, struct gcr_error *err)
{
    struct design_choice choice;
    gcr_status status = design_choices(file, collector, &choice, err);
    do {
        char name[DESIGN_MOST_LETTERS + 256];
        size_t used = (size_t)snprintf(name, sizeof name, "%s", collector);
        unsigned at = line;
        for (size_t i = 0; i < choice.count && used < sizeof name; i++) {
            const struct gcr_study_word *value = &choice.lines[i]->values.at[choice.value[i]];
            used += (size_t)snprintf(name + used, sizeof name - used, ":%s=%s",
                                     choice.lines[i]->option, value->text);
            at = value->line;
        }
        if (status == GCR_OK)
            status = design_add(plan, file, name, at, err);
    } while (status == GCR_OK && design_choice_next(&choice));
    return status;
}

/* An item of `collectors`. */
static gcr_status design_add_word(struct gcr_plan *plan, const struct gcr_study_file *file,
                                  const struct gcr_study_word *word, struct gcr_error *err)
{
    if (strchr(word->text, ':') != NULL)
        return design_add(plan, file, word->text, word->line, err);
    if (strcmp(word->text, "all") != 0)
        return design_vary(plan, file, word->text, word->line, err);
    size_t count = 0;
    const struct gcr_engine *const *engines = gcr_engines(&count);
    gcr_status status = GCR_OK;
    for (size_t i = 0; i < count && status == GCR_OK; i++)
        status = design_vary(plan, file, gcr_engine_collector(engines[i])->name, word->line, err);
    return status;
}

/* Every line of [options] must have varied something. */
static gcr_status design_check_options(const struct gcr_study_file *file, struct gcr_error *err)
{
    for (size_t i = 0; i < file->option_count; i++) {
        const struct gcr_study_option *option = &file->options[i];
        bool is_used = false;
        for (size_t k = 0; k < file->collectors.count; k++)
            is_used = is_used || strcmp(file->collectors.at[k].text, "all") == 0 ||
                      strcmp(file->collectors.at[k].text, option->collector) == 0;
        if (design_engine(file, option->collector, option->line, err) == NULL)
            return GCR_USAGE;
        if (!is_used)
            return gcr_study_file_fail(file, option->line, err,
                                       "%s is not among the collectors of this study, or only with "
                                       "options of its own",
                                       option->collector);
    }
    return GCR_OK;
}

gcr_status gcr_plan_add_designs(struct gcr_plan *plan, const struct gcr_study_file *file,
                                struct gcr_error *err)
{
    gcr_status status = design_check_options(file, err);
    for (size_t i = 0; i < file->collectors.count && status == GCR_OK; i++)
        status = design_add_word(plan, file, &file->collectors.at[i], err);
    return status;
}

/* ---- heap sizes ---- */

static gcr_status plan_add_heap(struct gcr_plan *plan, const char *word,
                                const struct gcr_heap_word *size, struct gcr_error *err)
{
    struct gcr_plan_heap *heap =
        gcr_plan_grow((void **)&plan->heaps, &plan->heap_count, sizeof *heap);
    if (heap == NULL || (heap->word = strdup(word)) == NULL)
        return gcr_plan_no_memory(err);
    heap->size = *size;
    return GCR_OK;
}

/* A design that never frees ends in any budget that is of interest to others. It is run in a heap
 * without one, as the bound that it is. */
static gcr_status plan_add_heap_for_bounds(struct gcr_plan *plan, struct gcr_error *err)
{
    const struct gcr_heap_word native = {.kind = GCR_HEAP_NATIVE};
    bool has_bound = false;
    for (size_t i = 0; i < plan->heap_count; i++)
        if (plan->heaps[i].size.kind == GCR_HEAP_NATIVE)
            return GCR_OK;
    for (size_t i = 0; i < plan->design_count; i++)
        has_bound = has_bound || gcr_collector_never_frees(plan->designs[i].collector);
    if (!has_bound)
        return GCR_OK;
    gcr_status status = plan_add_heap(plan, "native", &native, err);
    if (status == GCR_OK)
        plan->heaps[plan->heap_count - 1].for_bounds = true;
    return status;
}

gcr_status gcr_plan_add_heaps(struct gcr_plan *plan, const struct gcr_study_file *file,
                              struct gcr_error *err)
{
    for (size_t i = 0; i < file->heaps.count; i++) {
        const struct gcr_study_word *word = &file->heaps.at[i];
        struct gcr_heap_word size;
        for (size_t k = 0; k < plan->heap_count; k++)
            if (strcmp(plan->heaps[k].word, word->text) == 0)
                return gcr_study_file_fail(file, word->line, err, "heap %s is named twice",
                                           word->text);
        if (!gcr_heap_word_parse(word->text, &size))
            return gcr_study_file_fail(
                file, word->line, err,
                "heap cannot be '%.64s'; allowed: native, bytes (64M), a multiple of the trace's "
                "peak live bytes (2x), or of the smallest heap of each design (2min); %g .. %g",
                word->text, gcr_heap_least_factor, gcr_heap_most_factor);
        gcr_status status = plan_add_heap(plan, word->text, &size, err);
        if (status != GCR_OK)
            return status;
    }
    return plan_add_heap_for_bounds(plan, err);
}
