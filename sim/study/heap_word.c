#include "sim/study/heap_word.h"

#include <stdlib.h>
#include <string.h>

#include "base/option.h"

const double gcr_heap_least_factor = 0.01, gcr_heap_most_factor = 1000;

/* A number followed by `unit` and nothing else. */
static bool heap_word_multiple(const char *text, const char *unit, double *factor)
{
    size_t digits = strspn(text, "0123456789.");
    char *end = NULL;
    if (digits == 0 || strcmp(text + digits, unit) != 0)
        return false;
    *factor = strtod(text, &end);
    return end == text + digits;
}

bool gcr_heap_word_parse(const char *text, struct gcr_heap_word *out)
{
    *out = (struct gcr_heap_word){.kind = GCR_HEAP_NATIVE};
    if (strcmp(text, "native") == 0)
        return true;
    if (heap_word_multiple(text, "x", &out->factor))
        out->kind = GCR_HEAP_LIVE_MULTIPLE;
    else if (heap_word_multiple(text, "min", &out->factor))
        out->kind = GCR_HEAP_MINIMUM_MULTIPLE;
    else if (gcr_parse_bytes(text, &out->bytes) && out->bytes > 0)
        out->kind = GCR_HEAP_BYTES;
    else
        return false;
    return out->kind == GCR_HEAP_BYTES ||
           (out->factor >= gcr_heap_least_factor && out->factor <= gcr_heap_most_factor);
}
