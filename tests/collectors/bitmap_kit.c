#include "tests/collectors/bitmap_kit.h"

struct fixture_config bitmap_kit_config(const char *const *settings)
{
    struct fixture_config config = kit_config(settings);
    config.collector = &gcr_collector_bitmap;
    config.ops = &gcr_mutator_ops_bitmap;
    return config;
}

void bitmap_kit_open(struct fixture *f, const char *const *settings)
{
    struct fixture_config config = bitmap_kit_config(settings);
    fixture_open(f, &config);
}

struct bitmap *bitmap_kit_heap(const struct fixture *f)
{
    return bitmap_of(f->heap);
}

struct bitmap_place bitmap_kit_place(const struct fixture *f, uint32_t object)
{
    return bitmap_place_of(bitmap_kit_heap(f), fixture_ref(f, object));
}

bool bitmap_kit_bit(const struct fixture *f, uint32_t object, int plane)
{
    struct bitmap_place place = bitmap_kit_place(f, object);
    return (place.words[plane] & place.bit) != 0;
}

static bool is_in_list(const struct gcr_gc_head *list, const struct gcr_gc_head *head)
{
    for (const struct gcr_gc_head *h = gcr_head_next(list); h != list; h = gcr_head_next(h)) {
        if (h == head)
            return true;
    }
    return false;
}

int bitmap_kit_generation(const struct fixture *f, uint32_t object)
{
    if (bitmap_is_large(fixture_ref(f, object))) {
        for (int list = 0; list < BITMAP_LISTS; list++) {
            if (is_in_list(&bitmap_kit_heap(f)->large[list],
                           bitmap_head(bitmap_kit_heap(f), fixture_ref(f, object))))
                return list;
        }
        return -1;
    }
    if (!bitmap_kit_bit(f, object, PLANE_TRACKED))
        return -1;
    return bitmap_kit_bit(f, object, PLANE_GEN0) + 2 * bitmap_kit_bit(f, object, PLANE_GEN1);
}

static bool pool_bit(const struct fixture *f, uint32_t object, bool middle)
{
    const struct bitmap *b = bitmap_kit_heap(f);
    uint32_t pool = bitmap_pool_number(b, fixture_ref(f, object));
    uint32_t arena = pool / b->pools_per_arena, in_arena = pool % b->pools_per_arena;
    const uint64_t *words = middle ? bitmap_middle_words(b, arena) : bitmap_young_words(b, arena);
    return words[in_arena / 64] >> in_arena % 64 & 1;
}

bool bitmap_kit_is_young(const struct fixture *f, uint32_t object)
{
    return pool_bit(f, object, false);
}

bool bitmap_kit_is_middle(const struct fixture *f, uint32_t object)
{
    return pool_bit(f, object, true);
}
