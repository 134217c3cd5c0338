/* Random options of back ends: whatever their tables allow, with a preference for small numbers.
 * What a design then refuses to start with is passed over (random_run.c). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/splitmix.h"
#include "tests/oracle/random_run.h"

/* A number between 1 and 2^63, small ones as likely as large ones; bounds included. */
static uint64_t design_number(uint64_t *rng, double least, double most)
{
    double low = log2(least < 1 ? 1 : least), high = log2(most < 1 ? 1 : most);
    double share = (double)gcr_splitmix_below(rng, 1u << 20) / (1 << 20);

    return (uint64_t)floor(exp2(low + share * (high - low)));
}

/* The word that stands i-th in "a|b|c". */
static void design_choice(const char *choices, uint32_t i, char *out, size_t size)
{
    while (i-- > 0 && strchr(choices, '|') != NULL)
        choices = strchr(choices, '|') + 1;
    snprintf(out, size, "%.*s", (int)strcspn(choices, "|"), choices);
}

static uint32_t design_choice_count(const char *choices)
{
    uint32_t count = 1;

    for (; (choices = strchr(choices, '|')) != NULL; choices++)
        count++;
    return count;
}

/* A value for one option; empty: left alone. */
static void design_value(const struct gcr_option *option, uint64_t preset, uint64_t *rng, char *out,
                         size_t size)
{
    double most = (double)preset * (gcr_splitmix_below(rng, 4) == 0 ? 4 : 1);

    out[0] = '\0';
    switch (option->type) {
    case GCR_OPT_FLAG:
        snprintf(out, size, "%s", gcr_splitmix_below(rng, 2) == 0 ? "off" : "on");
        break;
    case GCR_OPT_CHOICE:
        design_choice(option->choices,
                      gcr_splitmix_below(rng, design_choice_count(option->choices)), out, size);
        break;
    case GCR_OPT_COUNT:
    case GCR_OPT_BYTES:
    case GCR_OPT_CACHE_BYTES:
        if (most > option->max)
            most = option->max;
        if (most >= option->min && most >= 1)
            snprintf(out, size, "%llu", (unsigned long long)design_number(rng, option->min, most));
        break;
    default: /* ratios are tuned by design; their defaults stand */
        break;
    }
}

static void design_set(struct random_design *design, size_t row, uint64_t *rng)
{
    const struct gcr_option *option = &design->options.table[row];
    struct gcr_option_values before = design->options;
    char *value = design->values[row]; /* the option's value keeps pointing to it */
    size_t used = strlen(design->name);

    design_value(option, before.row[row].number, rng, value, sizeof design->values[row]);
    if (value[0] == '\0')
        return;
    if (gcr_option_set(&design->options, option->name, value, NULL) != GCR_OK)
        design->options = before;
    else
        snprintf(design->name + used, sizeof design->name - used, " %s=%s", option->name, value);
}

void random_design_choose(const struct gcr_engine *engine, uint64_t seed, unsigned variant,
                          struct random_design *out)
{
    static const struct gcr_option none[] = {{0}};
    const struct gcr_collector *collector = gcr_engine_collector(engine);
    const struct gcr_option *options = collector->options != NULL ? collector->options : none;
    uint64_t rng = gcr_splitmix_mix(seed * 64 + variant);
    size_t used;

    *out = (struct random_design){.engine = engine};
    snprintf(out->name, sizeof out->name, "%s", collector->name);
    gcr_options_init(options, &out->options);
    if (variant == 0)
        return;
    out->may_exhaust = true;
    for (size_t i = 0; options[i].name != NULL; i++)
        if (gcr_splitmix_below(&rng, 3) == 0)
            design_set(out, i, &rng);
    if (gcr_splitmix_below(&rng, 4) != 0)
        return;
    out->budget_bytes = (64 + gcr_splitmix_below(&rng, 2048)) << 10;
    used = strlen(out->name);
    snprintf(out->name + used, sizeof out->name - used, " budget=%lluK",
             (unsigned long long)(out->budget_bytes >> 10));
}
