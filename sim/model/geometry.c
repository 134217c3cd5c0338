/* Geometries as users write them: "skylake,llc=32MiB/16,prefetch=on". Sizes are those of
 * base/option.h. */
#include "sim/model/geometry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/option.h"

enum { WORD_BYTES = 64 };

/* Room for the model's tables: 256 MiB a level. */
#define MOST_SETS (UINT32_C(1) << 22)

/* Which of a geometry's levels a word is about. */
struct geometry_key {
    const char *name;
    struct gcr_cache_level *cache; /* or */
    struct gcr_tlb_level *tlb;
    bool may_be_off;
};

static gcr_status geometry_ways(const char *word, const char *text, uint32_t *ways,
                                struct gcr_error *err)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value < 1 || value > GCR_CACHE_MOST_WAYS)
        return gcr_fail(err, GCR_USAGE, "cache geometry: %s: %s ways; 1 .. %d are possible", word,
                        text, GCR_CACHE_MOST_WAYS);
    *ways = (uint32_t)value;
    return GCR_OK;
}

/* Units (lines, TLB entries) over ways, in whole sets. */
static gcr_status geometry_sets(const char *word, uint64_t units, uint32_t ways, uint32_t *sets,
                                struct gcr_error *err)
{
    if (units == 0 || units % ways != 0)
        return gcr_fail(err, GCR_USAGE, "cache geometry: %s: not a whole number of sets of %u",
                        word, ways);
    if (units / ways > MOST_SETS)
        return gcr_fail(err, GCR_USAGE, "cache geometry: %s: more than %u sets", word, MOST_SETS);
    *sets = (uint32_t)(units / ways);
    return GCR_OK;
}

/* SIZE/WAYS[/LINE]; `parts` are its two or three parts. */
static gcr_status geometry_set_cache(const char *word, char *const parts[3],
                                     struct gcr_cache_level *level, struct gcr_error *err)
{
    struct gcr_cache_level set = {.source = "given"};
    if (!gcr_parse_bytes(parts[0], &set.bytes) || set.bytes % GCR_CACHE_LINE_BYTES != 0)
        return gcr_fail(err, GCR_USAGE,
                        "cache geometry: %s: %s is no size in lines of 64 bytes (32K, 1MiB ...)",
                        word, parts[0]);
    if (parts[2] != NULL && strcmp(parts[2], "64") != 0)
        return gcr_fail(err, GCR_USAGE, "cache geometry: %s: lines are 64 bytes, not %s", word,
                        parts[2]);
    gcr_status status = geometry_ways(word, parts[1], &set.ways, err);
    if (status == GCR_OK)
        status = geometry_sets(word, set.bytes / GCR_CACHE_LINE_BYTES, set.ways, &set.sets, err);
    if (status == GCR_OK)
        *level = set;
    return status;
}

/* ENTRIES/WAYS. */
static gcr_status geometry_set_tlb(const char *word, char *const parts[3],
                                   struct gcr_tlb_level *level, struct gcr_error *err)
{
    struct gcr_tlb_level set = {.source = "given"};
    char *end;
    unsigned long entries = strtoul(parts[0], &end, 10);
    if (parts[0][0] < '0' || parts[0][0] > '9' || *end != '\0' || parts[2] != NULL)
        return gcr_fail(err, GCR_USAGE, "cache geometry: %s: a TLB is ENTRIES/WAYS", word);
    gcr_status status = geometry_ways(word, parts[1], &set.ways, err);
    if (status == GCR_OK)
        status = geometry_sets(word, entries, set.ways, &set.sets, err);
    if (status == GCR_OK)
        *level = set;
    return status;
}

static gcr_status geometry_set_level(const char *word, const struct geometry_key *key, char *value,
                                     struct gcr_error *err)
{
    char *parts[3] = {value, NULL, NULL};
    if (strcmp(value, "off") == 0) {
        if (!key->may_be_off)
            return gcr_fail(err, GCR_USAGE, "cache geometry: %s: there is always one", word);
        if (key->cache != NULL)
            *key->cache = (struct gcr_cache_level){.source = "given"};
        else
            *key->tlb = (struct gcr_tlb_level){.source = "given"};
        return GCR_OK;
    }
    for (size_t i = 1; i < GCR_COUNT_OF(parts); i++) {
        char *slash = strchr(parts[i - 1], '/');
        if (slash == NULL)
            break;
        *slash = '\0';
        parts[i] = slash + 1;
    }
    if (parts[1] == NULL)
        return gcr_fail(err, GCR_USAGE, "cache geometry: %s: expected %s=%s", word, key->name,
                        key->cache != NULL ? "SIZE/WAYS[/64]" : "ENTRIES/WAYS");
    return key->cache != NULL ? geometry_set_cache(word, parts, key->cache, err)
                              : geometry_set_tlb(word, parts, key->tlb, err);
}

static gcr_status geometry_set_prefetch(const char *word, const char *value, bool *prefetch,
                                        struct gcr_error *err)
{
    if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
        return gcr_fail(err, GCR_USAGE, "cache geometry: %s: prefetch=on or prefetch=off", word);
    *prefetch = value[1] == 'n';
    return GCR_OK;
}

/* KEY=VALUE, cut at its '='. `word` is the whole, for messages. */
static gcr_status geometry_assign(const char *word, const char *name, char *value,
                                  struct gcr_geometry *out, struct gcr_error *err)
{
    const struct geometry_key keys[] = {
        {"l1", &out->l1, NULL, false},    {"l2", &out->l2, NULL, true},
        {"llc", &out->llc, NULL, true},   {"tlb1", NULL, &out->tlb1, false},
        {"tlb2", NULL, &out->tlb2, true},
    };
    for (size_t i = 0; i < GCR_COUNT_OF(keys); i++)
        if (strcmp(name, keys[i].name) == 0)
            return geometry_set_level(word, &keys[i], value, err);
    if (strcmp(name, "prefetch") == 0)
        return geometry_set_prefetch(word, value, &out->prefetch, err);
    return gcr_fail(err, GCR_USAGE,
                    "cache geometry: %s: no level of that name (l1, l2, llc, tlb1, tlb2, prefetch)",
                    word);
}

static gcr_status geometry_take_profile(const char *name, struct gcr_geometry *out,
                                        struct gcr_error *err)
{
    char known[256] = "host";
    const struct gcr_machine_profile *row = gcr_machine_profiles();
    if (strcmp(name, "host") == 0) {
        gcr_geometry_host(out);
        return GCR_OK;
    }
    for (; row->name != NULL; row++) {
        if (strcmp(name, row->name) == 0) {
            *out = row->geometry;
            return GCR_OK;
        }
        size_t length = strlen(known);
        (void)snprintf(known + length, sizeof known - length, ", %s", row->name);
    }
    return gcr_fail(err, GCR_USAGE, "cache geometry: no profile %s (there are %s)", name, known);
}

/* One word of a list, `length` characters of it. */
static gcr_status geometry_take_word(const char *list, size_t length, struct gcr_geometry *out,
                                     struct gcr_error *err)
{
    char word[WORD_BYTES], cut[WORD_BYTES];
    if (length == 0 || (list[length] == ',' && list[length + 1] == '\0'))
        return gcr_fail(err, GCR_USAGE, "cache geometry: an empty word at \"%.40s\"", list);
    if (length >= sizeof word)
        return gcr_fail(err, GCR_USAGE, "cache geometry: %.40s...: too long", list);
    (void)snprintf(word, sizeof word, "%.*s", (int)length, list);
    (void)snprintf(cut, sizeof cut, "%s", word);
    char *equals = strchr(cut, '=');
    if (equals == NULL)
        return geometry_take_profile(word, out, err);
    *equals = '\0';
    return geometry_assign(word, cut, equals + 1, out, err);
}

gcr_status gcr_geometry_parse(const char *list, struct gcr_geometry *out, struct gcr_error *err)
{
    struct gcr_geometry geometry;
    gcr_status status = GCR_OK;
    gcr_geometry_host(&geometry);
    while (status == GCR_OK && list != NULL && *list != '\0') {
        size_t length = strcspn(list, ",");
        status = geometry_take_word(list, length, &geometry, err);
        list += length + (list[length] == ',');
    }
    if (status == GCR_OK && geometry.prefetch && geometry.l2.sets == 0)
        return gcr_fail(err, GCR_USAGE, "cache geometry: prefetch=on needs an L2 to fetch into");
    if (status == GCR_OK)
        *out = geometry;
    return status;
}
