/* mark-compact: one space whose live objects slide to its low end; descriptor, options, creation.
 *
 * Source: PyPy's mark-compact collector (Fijalkowski, Rigo, about 2009 to 2012), in the modes of
 * common/compact.h, which holds everything but the options and the allocation fast path. */
#include "allocators/mark_compact/mark_compact.h"

static const struct gcr_option mark_compact_options[] = {
    {"mode", GCR_OPT_CHOICE, NULL, "doc", 0, 0, "doc|2010|ideal",
     "which version: as documented (2009), the last one (2010), or one without their limits"},
    {"factor", GCR_OPT_RATIO, "1", "1.5", 1.05, 16, NULL,
     "collect when the used space is this many times what lived after the last collection (mode "
     "2010: 5/3 unless set)"},
    {"floor", GCR_OPT_BYTES, "bytes", "16M", 0, 1099511627776.0, NULL,
     "no collection below this much used space; mode 2010: least growth between two collections "
     "(mode doc: 0 unless set)"},
    {"first", GCR_OPT_BYTES, "bytes", "16M", 4096, 1099511627776.0, NULL,
     "used space at the first collection (mode doc: half of the first space unless set)"},
    {"space", GCR_OPT_BYTES, "bytes", "8M", 8192, 1099511627776.0, NULL,
     "address space of the first space (modes 2010 and ideal: 1984M unless set)"},
    {"chunk", GCR_OPT_BYTES, "bytes", "32K", 4096, 1073741824.0, NULL,
     "a move to a larger space gives the old one back in multiples of this"},
    {"move", GCR_OPT_CHOICE, NULL, "objects", 0, 0, "objects|pieces",
     "how a move copies an object that is larger than a chunk: whole, or chunk by chunk"},
    {"grow", GCR_OPT_CHOICE, NULL, "auto", 0, 0, "auto|on|off",
     "move to a space of doubled size when this one is too small (auto: not in mode 2010)"},
    {"backup", GCR_OPT_CHOICE, NULL, "auto", 0, 0, "auto|2|4",
     "bytes of a saved type id (auto: 2 in mode doc if all ids fit, else 4)"},
    {"worklist", GCR_OPT_CHOICE, NULL, "auto", 0, 0, "auto|queue|stack",
     "order of marking: breadth first or depth first (auto: depth first in mode doc)"},
    {"release", GCR_OPT_CHOICE, NULL, "auto", 0, 0, "auto|on|off",
     "give the space's free end back after each collection (auto: not in mode 2010)"},
    {"marks", GCR_OPT_CHOICE, NULL, "header", 0, 0, "header|side",
     "marks and new places in headers with a backup of type ids, or in side tables (mode ideal)"},
    {.name = NULL},
};

enum { CHOICE_AUTO, CHOICE_FIRST, CHOICE_SECOND };
static const uint64_t RESERVATION_BYTES = (uint64_t)1984 << 20; /* 15/16 GiB more than 1 GiB */

static uint64_t number_or(const struct gcr_option_values *options, const char *name, bool use,
                          uint64_t otherwise)
{
    const struct gcr_option_value *value = gcr_option_get(options, name);
    return use && !value->is_set ? otherwise : value->number;
}

/* "auto|first|second": whether it is the first. */
static bool choice_or(const struct gcr_option_values *options, const char *name, bool otherwise)
{
    uint64_t choice = gcr_option_number(options, name);
    return choice == CHOICE_AUTO ? otherwise : choice == CHOICE_FIRST;
}

static uint32_t backup_width(const struct gcr_compact_config *config,
                             const struct gcr_option_values *options, uint32_t shape_count)
{
    if (config->format == GCR_COMPACT_SIDE)
        return 0;
    bool fits = 2 * (uint64_t)shape_count + 3 <= UINT16_MAX;
    return choice_or(options, "backup", config->mode == GCR_COMPACT_DOC && fits) ? 2 : 4;
}

static struct gcr_compact_config mark_compact_configure(const struct gcr_heap_config *heap,
                                                        const struct gcr_host *host)
{
    const struct gcr_option_values *options = heap->options;
    enum gcr_compact_mode mode = (enum gcr_compact_mode)gcr_option_number(options, "mode");
    const struct gcr_option_value *factor = gcr_option_get(options, "factor");
    bool doc = mode == GCR_COMPACT_DOC, last = mode == GCR_COMPACT_2010;
    bool side = gcr_option_number(options, "marks") == 1;
    struct gcr_compact_config config = {
        .mode = mode,
        .format = side  ? GCR_COMPACT_SIDE
                  : doc ? GCR_COMPACT_ALL
                        : GCR_COMPACT_SURVIVORS,
        .factor = last && !factor->is_set ? 5.0 / 3.0 : factor->ratio,
        .floor_bytes = number_or(options, "floor", doc, 0),
        .space_bytes = number_or(options, "space", !doc, RESERVATION_BYTES),
        .chunk_bytes = gcr_page_round(gcr_option_number(options, "chunk")),
        .lifo = !choice_or(options, "worklist", !doc),
        .release = choice_or(options, "release", !last),
        .grow = heap->budget_bytes == 0 && choice_or(options, "grow", !last),
        .pieces = gcr_option_number(options, "move") == 1,
        .budget_bytes = heap->budget_bytes,
    };
    config.first_bytes = number_or(options, "first", doc, config.space_bytes / 2);
    config.backup_bytes = backup_width(&config, options, host->shape_count);
    return config;
}

static gcr_status mark_compact_create(const struct gcr_heap_config *config, struct gcr_host *host,
                                      struct gcr_heap **out, struct gcr_error *err)
{
    struct gcr_compact_config compact = mark_compact_configure(config, host);
    if (compact.format == GCR_COMPACT_SIDE && compact.mode != GCR_COMPACT_IDEAL)
        return gcr_fail(err, GCR_USAGE, "mark-compact: marks=side needs mode=ideal");
    struct gcr_compact *h = gcr_supply_map(host->supply, GCR_PAGES_SIDE, sizeof *h, GCR_PAGE_BYTES);
    if (h == NULL)
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "mark-compact: no room for its first page");
    h->heap = gcr_heap_begin(&gcr_collector_mark_compact, host);
    gcr_status status = gcr_compact_init(h, &compact, err);
    if (status != GCR_OK) {
        gcr_supply_unmap(host->supply, GCR_PAGES_SIDE, h, sizeof *h);
        return status;
    }
    *out = &h->heap;
    return GCR_OK;
}

static void mark_compact_destroy(struct gcr_heap *heap)
{
    gcr_compact_finish(gcr_compact_of(heap));
    gcr_supply_unmap(heap->supply, GCR_PAGES_SIDE, heap, sizeof(struct gcr_compact));
}

static void mark_compact_explicit_collect(struct gcr_heap *heap, uint32_t generation,
                                          enum gcr_reason reason)
{
    if (generation >= 2)
        (void)mark_compact_collect(gcr_compact_of(heap), reason, 0);
}

/* ---- looking ---- */

static void mark_compact_walk(struct gcr_heap *heap, gcr_walk_visitor *visit, void *arg)
{
    bool go_on;
    gcr_compact_walk_old(gcr_compact_of(heap), visit, arg, &go_on);
}

static size_t mark_compact_figures(struct gcr_heap *heap, struct gcr_design_figure *out)
{
    return gcr_compact_list_figures(gcr_compact_of(heap), out);
}

static bool mark_compact_check(struct gcr_heap *heap, int level, struct gcr_error *err)
{
    return gcr_compact_check(gcr_compact_of(heap), level, NULL, err);
}

const struct gcr_collector gcr_collector_mark_compact = {
    .name = "mark-compact",
    .summary = "sliding mark-compact: one-word headers, no copy reserve, objects keep their order",
    .source = "PyPy's markcompact.py (Fijalkowski, Rigo), its states of 2009 and 2010; side marks "
              "after Kermany and Petrank, The Compressor, PLDI 2006",
    .caps = GCR_CAP_COLLECTS | GCR_CAP_MOVING | GCR_CAP_PRECISE,
    .generations = 1,
    .options = mark_compact_options,
    .create = mark_compact_create,
    .destroy = mark_compact_destroy,
    .prebuilt = mark_compact_prebuilt,
    .resize = mark_compact_resize,
    .weakref = gcr_layout_op_weakref,
    .collect = mark_compact_explicit_collect,
    .walk = mark_compact_walk,
    .shape_number = gcr_layout_op_shape_number,
    .length = gcr_layout_op_length,
    .slot = gcr_layout_op_slot,
    .data = gcr_layout_op_data,
    .weak_target = gcr_layout_op_weak_target,
    .footprint = gcr_compact_footprint,
    .figures = mark_compact_figures,
    .check = mark_compact_check,
};
