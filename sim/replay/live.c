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

static bool live_alloc(struct gcr_live *live, uint32_t index, uint32_t shape, uint32_t length)
{
    uint64_t bytes = gcr_shape_object_bytes(&live->shapes[shape], length);
    uint32_t *words, word = (uint32_t)bytes;

    if (!gcr_growable_reserve(&live->memory, ((size_t)index + 1) * sizeof *words))
        return false;
    if ((bytes >= live_side_bit || gcr_shape_is(&live->shapes[shape], GCR_SHAPE_RESIZABLE)) &&
        !live_add_side(live, shape, bytes, &word))
        return false;
    words = live->memory.base;
    words[index] = word;
    live->objects++;
    live_grow(live, bytes);
    return true;
}

static void live_death(struct gcr_live *live, uint32_t index)
{
    uint32_t *words = live->memory.base;
    uint32_t word = words[index];

    live->objects--;
    live->bytes -= live_size(live, word);
    if ((word & live_side_bit) != 0) {
        live_side(live, word)->next_free = live->side_free;
        live->side_free = word & ~live_side_bit;
    }
    words[index] = 0;
}

static void live_resize(struct gcr_live *live, uint32_t index, uint32_t length)
{
    const uint32_t *words = live->memory.base;
    struct gcr_live_entry *entry;

    if ((words[index] & live_side_bit) == 0)
        return; /* not resizable: an invalid trace, which is not judged here */
    entry = live_side(live, words[index]);
    live->bytes -= entry->bytes;
    entry->bytes = gcr_shape_object_bytes(&live->shapes[entry->shape], length);
    live_grow(live, entry->bytes);
}

bool gcr_live_account(struct gcr_live *live, const struct gcr_event *event)
{
    switch (event->op) {
    case GCR_OP_PREBUILT:
        return live_alloc(live, event->a, event->b, event->c);
    case GCR_OP_ALLOC:
        return live_alloc(live, event->a, event->b, event->d);
    case GCR_OP_DEATH:
        live_death(live, event->a);
        return true;
    case GCR_OP_RESIZE:
        live_resize(live, event->a, event->b);
        return true;
    default:
        return true;
    }
}

void gcr_live_free(struct gcr_live *live)
{
    gcr_growable_free(&live->memory);
    gcr_growable_free(&live->side_memory);
    *live = (struct gcr_live){.shapes = live->shapes};
}
