#include "sim/study/quantity.h"
#include "sim/study/median.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

#define THIN "\xE2\x80\xAF" /* U+202F, narrow no-break space */

/* ---- units ---- */

struct unit_step {
    double divisor;
    const char *unit;
};

static const struct unit_step time_steps[] = {{1, "ns"}, {1e3, "µs"}, {1e6, "ms"}, {1e9, "s"}};
static const struct unit_step byte_steps[] = {
    {1, "bytes"}, {1024, "KiB"}, {1048576, "MiB"}, {1073741824, "GiB"}};
static const struct unit_step miss_steps[] = {{1, ""}, {1e3, "10³"}, {1e6, "10⁶"}, {1e9, "10⁹"}};
static const struct unit_step page_steps[] = {{1, ""}, {1e3, "10³"}, {1e6, "10⁶"}};
static const struct unit_step rate_steps[] = {
    {1, "1/s"}, {1e3, "10³/s"}, {1e6, "10⁶/s"}, {1e9, "10⁹/s"}};
static const struct unit_step count_steps[] = {{1, ""}, {1e6, "10⁶"}, {1e9, "10⁹"}};

static const struct {
    const char *unit;
    const struct unit_step *steps;
    size_t count;
} unit_families[] = {
    {"ns", time_steps, GCR_COUNT_OF(time_steps)},
    {"bytes", byte_steps, GCR_COUNT_OF(byte_steps)},
    {"misses", miss_steps, GCR_COUNT_OF(miss_steps)},
    {"pages", page_steps, GCR_COUNT_OF(page_steps)},
    {"1/s", rate_steps, GCR_COUNT_OF(rate_steps)},
    {"", count_steps, GCR_COUNT_OF(count_steps)},
};

/* Of the absolute values that are known; 0 if there are none. */
static double quantity_typical(const double *values, size_t count)
{
    double *sorted = malloc((count + 1) * sizeof *sorted);
    if (sorted == NULL)
        return 0;
    size_t known = 0;
    for (size_t i = 0; i < count; i++)
        if (isfinite(values[i]) && values[i] != 0)
            sorted[known++] = fabs(values[i]);
    gcr_sort_doubles(sorted, known);
    double typical = known > 0 ? sorted[known / 2] : 0;
    free(sorted);
    return typical;
}

struct gcr_scale gcr_scale_of(const char *unit, const double *values, size_t count)
{
    double typical = quantity_typical(values, count);
    for (size_t f = 0; f < GCR_COUNT_OF(unit_families); f++) {
        if (strcmp(unit_families[f].unit, unit) != 0)
            continue;
        const struct unit_step *steps = unit_families[f].steps;
        size_t at = 0;
        while (at + 1 < unit_families[f].count && typical >= steps[at + 1].divisor)
            at++;
        return (struct gcr_scale){steps[at].divisor, steps[at].unit};
    }
    return (struct gcr_scale){1, unit};
}

/* ---- digits ---- */

/* The place of the first digit: 0 for 1..9.99, 2 for 100..999, -1 for 0.1..0.99. */
static int quantity_place(double value)
{
    return value == 0 ? 0 : (int)floor(log10(fabs(value)));
}

static int quantity_clamp(int decimals)
{
    return decimals < 0 ? 0 : decimals > 9 ? 9 : decimals;
}

int gcr_decimals(double value, struct gcr_interval in)
{
    if (!isfinite(value))
        return 0;
    double half = (in.high - in.low) / 2;
    if (isfinite(half) && half > 0) {
        int by_interval = 1 - quantity_place(half), by_value = 3 - quantity_place(value);
        return quantity_clamp(by_interval < by_value ? by_interval : by_value);
    }
    if (fabs(value) < 1e7 && value == rint(value))
        return 0;
    return quantity_clamp(2 - quantity_place(value));
}

char *gcr_number_format(char *out, size_t size, double value, int decimals)
{
    char plain[400];
    out[0] = '\0';
    if (!isfinite(value) || fabs(value) > 1e300)
        return out;
    snprintf(plain, sizeof plain, "%.*f", decimals, value);
    size_t whole = strcspn(plain, "."), at = 0;
    size_t sign = plain[0] == '-';
    for (size_t i = 0; plain[i] != '\0'; i++) {
        bool is_group = i > sign && i < whole && (whole - i) % 3 == 0 && whole - sign > 4;
        const char *before = is_group ? THIN : "";
        int n = snprintf(out + at, size - at, "%s%c", before, plain[i]);
        if (n < 0 || (size_t)n >= size - at)
            break;
        at += (size_t)n;
    }
    return out;
}

/* ---- ratios ---- */

/* How far from 1, without a word about how sure. */
static void ratio_distance(char *out, size_t size, double value)
{
    char number[64];
    double percent = fabs(value - 1) * 100;
    if (value >= 2) {
        gcr_number_format(number, sizeof number, value, value < 10 ? 1 : 0);
        snprintf(out, size, "%s times", number);
    } else {
        gcr_number_format(number, sizeof number, percent, percent < 9.95 ? 1 : 0);
        snprintf(out, size, "%s %% %s", number, value < 1 ? "less" : "more");
    }
}

char *gcr_ratio_format(char *out, size_t size, const struct gcr_ratio *ratio)
{
    out[0] = '\0';
    char distance[128];
    switch (gcr_verdict_of(ratio)) {
    case GCR_VERDICT_UNKNOWN:
        break;
    case GCR_VERDICT_SAME:
        snprintf(out, size, "%s",
                 ratio->value == 1 && !(ratio->in.low < ratio->in.high) ? "the same"
                                                                        : "no difference shown");
        break;
    case GCR_VERDICT_LESS:
    case GCR_VERDICT_MORE:
        ratio_distance(out, size, ratio->value);
        break;
    case GCR_VERDICT_UNSURE:
        ratio_distance(distance, sizeof distance, ratio->value);
        snprintf(out, size, "%s, not sure", distance);
        break;
    }
    return out;
}
