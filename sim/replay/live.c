/* Live accounting. A word with its top bit clear is a size in bytes; with it set, the number of a
 * side entry, which also knows the shape so that RESIZE can work out the new size. */
#include "sim/replay/live.h"

static const uint32_t live_side_bit = 1u << 31;

static struct gcr_live_entry *live_side(const struct gcr_live *live, uint32_t word)
{
    return (struct gcr_live_entry *)live->side_memory.base + (word & ~live_side_bit);
}

static uint64_t live_size(const struct gcr_live *live, uint32_t word)
{
    return (word & live_side_bit) != 0 ? live_side(live, word)->bytes : word;
}

static bool live_add_side(struct gcr_live *live, uint32_t shape, uint64_t bytes, uint32_t *word)
{
    uint32_t entry = live->side_free;

    if (entry != 0) {
        live->side_free = live_side(live, entry)->next_free;
    } else {
        entry = live->side_end == 0 ? 1 : live->side_end;
        if (!gcr_growable_reserve(&live->side_memory,
                                  ((size_t)entry + 1) * sizeof(struct gcr_live_entry)))
            return false;
        live->side_end = entry + 1;
    }
    *live_side(live, entry) = (struct gcr_live_entry){.bytes = bytes, .shape = shape};
    *word = entry | live_side_bit;
    return true;
}

static void live_grow(struct gcr_live *live, uint64_t bytes)
{
    live->bytes += bytes;
    if (live->bytes > live->peak_bytes)
        live->peak_bytes = live->bytes;
}

static uint32_t *live_words(const struct gcr_live *live)
{
    return live->memory.base;
}

static bool live_alloc(struct gcr_live *live, uint32_t index, uint32_t shape, uint32_t length)
{
    uint64_t bytes = gcr_shape_object_bytes(&live->shapes[shape], length);
    uint32_t word = (uint32_t)bytes;

    if ((bytes >= live_side_bit || gcr_shape_is(&live->shapes[shape], GCR_SHAPE_RESIZABLE)) &&
        !live_add_side(live, shape, bytes, &word))
        return false;
    live_words(live)[index] = word;
    live_grow(live, bytes);
    return true;
}

static void live_death(struct gcr_live *live, uint32_t index)
{
    uint32_t word = live_words(live)[index];

    live->bytes -= live_size(live, word);
    if ((word & live_side_bit) != 0) {
        live_side(live, word)->next_free = live->side_free;
        live->side_free = word & ~live_side_bit;
    }
    live_words(live)[index] = 0;
}

static void live_resize(struct gcr_live *live, uint32_t index, uint32_t length)
{
    uint32_t word = live_words(live)[index];
    struct gcr_live_entry *entry;

    if ((word & live_side_bit) == 0)
        return; /* not resizable: an invalid trace, which is not judged here */
    entry = live_side(live, word);
    live->bytes -= entry->bytes;
    entry->bytes = gcr_shape_object_bytes(&live->shapes[entry->shape], length);
    live_grow(live, entry->bytes);
}

/* What the common way does not serve: entries in the side table, and rare events. The objects of
 * ALLOC and DEATH are counted there. */
static GCR_NOINLINE bool live_account_apart(struct gcr_live *live, const struct gcr_event *event)
{
    switch (event->op) {
    case GCR_OP_PREBUILT:
        live->objects++;
        return live_alloc(live, event->a, event->b, event->c);
    case GCR_OP_ALLOC:
        return live_alloc(live, event->a, event->b, event->d);
    case GCR_OP_DEATH:
        live_death(live, event->a);
        return true;
    default:
        live_resize(live, event->a, event->b);
        return true;
    }
}

bool gcr_live_reserve(struct gcr_live *live, uint32_t limit)
{
    live->memory.huge_pages = true;
    return gcr_growable_reserve(&live->memory, (size_t)limit * sizeof(uint32_t));
}

/* Processors foresee well which event comes next: branches cost less here than masks do, which
 * would make every event read and write an entry. Sums are in registers but around what is apart.
 */
bool gcr_live_account(struct gcr_live *live, const struct gcr_event *events, size_t n,
                      uint64_t *deaths)
{
    const struct gcr_shape *shapes = live->shapes;
    uint32_t *words = live_words(live);
    uint64_t bytes = live->bytes, peak = live->peak_bytes, allocs = 0, dead = 0;

    for (const struct gcr_event *e = events; e < events + n; e++) {
        if (e->op == GCR_OP_ALLOC) {
            const struct gcr_shape *shape = &shapes[e->b];
            const uint64_t size = gcr_shape_object_bytes(shape, e->d);

            allocs++;
            if (GCR_LIKELY(size < live_side_bit && !gcr_shape_is(shape, GCR_SHAPE_RESIZABLE))) {
                words[e->a] = (uint32_t)size;
                bytes += size;
                peak = bytes > peak ? bytes : peak;
                continue;
            }
        } else if (e->op == GCR_OP_DEATH) {
            const uint32_t word = words[e->a];

            dead++;
            if (GCR_LIKELY((word & live_side_bit) == 0)) {
                words[e->a] = 0;
                bytes -= word;
                continue;
            }
        } else if (GCR_LIKELY(e->op != GCR_OP_RESIZE && e->op != GCR_OP_PREBUILT)) {
            continue;
        }
        live->bytes = bytes;
        live->peak_bytes = peak;
        if (!live_account_apart(live, e))
            return false;
        bytes = live->bytes;
        peak = live->peak_bytes;
    }
    live->bytes = bytes;
    live->peak_bytes = peak;
    live->objects += allocs - dead;
    *deaths += dead;
    return true;
}

void gcr_live_free(struct gcr_live *live)
{
    gcr_growable_free(&live->memory);
    gcr_growable_free(&live->side_memory);
    *live = (struct gcr_live){.shapes = live->shapes};
}
