/* incminimark: sizes, limits, and when a major collection begins.
 *
 * Source: PyPy's rpython/memory/gc/incminimark.py: TRANSLATION_PARAMS, set_major_threshold_from.
 * The threshold after a major collection is 1.82 times what is in use, at most that and max-delta,
 * at most 1.4 times the threshold before, never below min-heap, never above max-heap. */
#include "allocators/incminimark/incminimark.h"

enum {
    ARENA_DEFAULT_SHARE = 16, /* of a budget, at most, in one arena */
    NURSERY_BUDGET_SHARE = 8,
    LEAST_NURSERY_BYTES = 4096
};

const struct gcr_option incminimark_options[] = {
    {"nursery", GCR_OPT_CACHE_BYTES, "bytes", "4M", 4096, 4294967296.0, NULL,
     "size of the nursery; with a budget at most an eighth of it"},
    {"incremental", GCR_OPT_FLAG, NULL, "on", 0, 0, NULL,
     "mark and sweep in steps between minor collections; off: minimark"},
    {"marks", GCR_OPT_CHOICE, NULL, "header", 0, 0, "header|bitmap",
     "where mark bits are: in the objects' headers, or in a side bitmap"},
    {"pinning", GCR_OPT_FLAG, NULL, "on", 0, 0, NULL,
     "pinned objects without references may be born in the nursery (incremental only)"},
    {"max-pinned", GCR_OPT_COUNT, "objects", "0", 0, 65536, NULL,
     "pinned objects in the nursery at a time; 0: nursery / (2 x large)"},
    {"small", GCR_OPT_BYTES, "bytes", "280", 16, INCMINIMARK_MAX_SMALL_BYTES, NULL,
     "largest old object that lies in a page of equal blocks"},
    {"arena", GCR_OPT_BYTES, "bytes", "512K", 16384, 4194304, NULL,
     "pages of small objects are taken from the system so much at a time"},
    {"large", GCR_OPT_BYTES, "bytes", "135168", 1024, 4294967296.0, NULL,
     "objects from this size on, or from half of the nursery, are raw from birth"},
    {"card-items", GCR_OPT_COUNT, "items", "128", 8, 65536, NULL,
     "items of a large array of references that one card bit stands for, a power of two"},
    {"zero-step", GCR_OPT_BYTES, "bytes", "256K", 4096, 1073741824.0, NULL,
     "the nursery is zeroed so much at a time ahead of allocation (incremental=off)"},
    {"factor", GCR_OPT_RATIO, "1", "1.82", 1.01, 100, NULL,
     "a major collection begins at this multiple of what the last one left"},
    {"growth", GCR_OPT_RATIO, "1", "1.4", 1.01, 100, NULL,
     "a threshold is at most this multiple of the one before"},
    {"min-heap", GCR_OPT_BYTES, "bytes", "0", 0, 1099511627776.0, NULL,
     "least threshold; 0: eight nurseries; never under factor x nursery"},
    {"max-heap", GCR_OPT_BYTES, "bytes", "0", 0, 1099511627776.0, NULL,
     "largest threshold; a major collection that leaves more ends the run; 0: none"},
    {"max-delta", GCR_OPT_BYTES, "bytes", "2G", 4096, 1099511627776.0, NULL,
     "a threshold is at most so much above what is in use"},
    {"increment", GCR_OPT_RATIO, "nurseries", "4", 0.01, 1000, NULL, "bytes marked in one step"},
    {"credit", GCR_OPT_RATIO, "nurseries", "0.5", 0.01, 100, NULL,
     "bytes that may become old for each step of a cycle"},
    {"sweep", GCR_OPT_RATIO, "nurseries", "3", 0.01, 1000, NULL, "bytes swept in one step"},
    {.name = NULL},
};

static uint64_t page_floor(uint64_t bytes)
{
    return bytes & ~(uint64_t)(GCR_PAGE_BYTES - 1);
}

static void policy_sizes(struct incminimark_policy *policy, const struct gcr_option_values *options,
                         uint64_t budget)
{
    uint64_t nursery = gcr_option_number(options, "nursery");
    uint64_t arena = gcr_option_number(options, "arena");
    uint64_t large = gcr_option_number(options, "large");
    if (budget != 0 && nursery > budget / NURSERY_BUDGET_SHARE)
        nursery = budget / NURSERY_BUDGET_SHARE;
    if (budget != 0 && arena > budget / ARENA_DEFAULT_SHARE)
        arena = budget / ARENA_DEFAULT_SHARE;
    if (nursery < LEAST_NURSERY_BYTES)
        nursery = LEAST_NURSERY_BYTES;
    if (arena < 2 * INCMINIMARK_PAGE_BYTES)
        arena = 2 * INCMINIMARK_PAGE_BYTES;
    policy->nursery_bytes = page_floor(nursery);
    policy->arena_bytes = (uint32_t)(arena / INCMINIMARK_PAGE_BYTES * INCMINIMARK_PAGE_BYTES);
    policy->large_bytes = large < policy->nursery_bytes / 2 ? large : policy->nursery_bytes / 2;
    policy->small_bytes = (uint32_t)(gcr_option_number(options, "small") & ~(uint64_t)7);
}

static uint64_t policy_share(const struct gcr_option_values *options, const char *name,
                             uint64_t nursery)
{
    return (uint64_t)(gcr_option_ratio(options, name) * (double)nursery);
}

gcr_status incminimark_policy_init(struct incminimark_policy *policy,
                                   const struct gcr_heap_config *config, struct gcr_error *err)
{
    const struct gcr_option_values *options = config->options;
    *policy = (struct incminimark_policy){.budget_bytes = config->budget_bytes};
    policy_sizes(policy, options, config->budget_bytes);
    policy->card_items = (uint32_t)gcr_option_number(options, "card-items");
    if ((policy->card_items & (policy->card_items - 1)) != 0)
        return gcr_fail(err, GCR_USAGE, "incminimark: card-items is %u, which is no power of two",
                        policy->card_items);
    policy->incremental = gcr_option_flag(options, "incremental");
    policy->marks_in_bitmap = gcr_option_number(options, "marks") == 1;
    policy->factor = gcr_option_ratio(options, "factor");
    policy->growth = gcr_option_ratio(options, "growth");
    policy->max_heap_bytes = gcr_option_number(options, "max-heap");
    policy->max_delta_bytes = gcr_option_number(options, "max-delta");

    uint64_t nursery = policy->nursery_bytes, least = policy_share(options, "factor", nursery);
    policy->min_heap_bytes = gcr_option_number(options, "min-heap");
    if (policy->min_heap_bytes == 0)
        policy->min_heap_bytes = 8 * nursery;
    if (policy->min_heap_bytes < least)
        policy->min_heap_bytes = least;
    policy->increment_bytes = policy_share(options, "increment", nursery);
    policy->credit_bytes = policy_share(options, "credit", nursery);
    uint64_t sweep = policy_share(options, "sweep", nursery);
    policy->sweep_raws = sweep / policy->small_bytes + 1;
    policy->sweep_pages = sweep / INCMINIMARK_PAGE_BYTES + 1;
    uint64_t pinned = gcr_option_number(options, "max-pinned");
    if (pinned == 0)
        pinned = nursery / (2 * policy->large_bytes);
    if (policy->incremental && gcr_option_flag(options, "pinning"))
        policy->max_pinned = (uint32_t)pinned;
    return GCR_OK;
}

/* ---- the threshold ---- */

/* What a minor collection may need at worst, while the nursery is full: every object to be copied,
 * with the rounding of blocks and pages, and lists of them. */
static uint64_t policy_reserve(const struct gcr_incminimark *h)
{
    return h->policy.nursery_bytes + h->policy.nursery_bytes / 8 + h->policy.arena_bytes;
}

/* The largest threshold: of the option, and of what a budget leaves; 0: none. */
static uint64_t policy_max_heap(const struct gcr_incminimark *h)
{
    const uint64_t *kinds = h->heap.supply->by_kind_bytes;
    uint64_t most = h->policy.max_heap_bytes;
    if (h->policy.budget_bytes == 0)
        return most;
    uint64_t others =
        kinds[GCR_PAGES_SIDE] + kinds[GCR_PAGES_WORK] + policy_reserve(h) + h->policy.nursery_bytes;
    uint64_t left = others < h->policy.budget_bytes ? h->policy.budget_bytes - others : 1;
    return most != 0 && most < left ? most : left;
}

void incminimark_set_threshold(struct gcr_incminimark *h, uint64_t used_bytes,
                               uint64_t reserving_bytes)
{
    const struct incminimark_policy *policy = &h->policy;
    double next = (double)used_bytes * policy->factor;
    double most = (double)h->previous_threshold_bytes * policy->growth;
    if (next > (double)used_bytes + (double)policy->max_delta_bytes)
        next = (double)used_bytes + (double)policy->max_delta_bytes;
    if (next > most)
        next = most;
    uint64_t threshold = (uint64_t)next + reserving_bytes, max_heap = policy_max_heap(h);
    if (threshold < policy->min_heap_bytes)
        threshold = policy->min_heap_bytes;
    bool bounded = max_heap != 0 && threshold > max_heap;
    if (bounded)
        threshold = max_heap;
    h->threshold_bytes = h->previous_threshold_bytes = threshold;
    h->over_max_heap = bounded && incminimark_threshold_reached(h, reserving_bytes);
}

/* Half of the free blocks count: they may be of other sizes than what survives next, but to count
 * on none of them would end a fragmented heap too early. */
bool incminimark_has_reserve(const struct gcr_incminimark *h, uint64_t bytes)
{
    uint64_t headroom = gcr_supply_headroom(h->heap.supply);
    if (headroom == UINT64_MAX)
        return true;
    uint64_t pages = h->pages.free_pages * INCMINIMARK_PAGE_BYTES;
    uint64_t blocks = h->pages.pages_in_use * INCMINIMARK_PAGE_BYTES - h->pages.used_bytes;
    return headroom >= bytes + h->policy.nursery_bytes / 4 &&
           headroom + pages + blocks / 2 >= bytes + policy_reserve(h);
}
