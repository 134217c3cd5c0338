/* What the tests of bitmap share, on top of the shapes of linked_list_kit.h: heaps, and looks at
 * planes. */
#ifndef GCR_TESTS_COLLECTORS_BITMAP_KIT_H
#define GCR_TESTS_COLLECTORS_BITMAP_KIT_H

#include "allocators/bitmap/bitmap_inline.h"
#include "tests/collectors/linked_list_kit.h"

extern const struct gcr_collector gcr_collector_bitmap;

struct fixture_config bitmap_kit_config(const char *const *settings);
void bitmap_kit_open(struct fixture *f, const char *const *settings);
struct bitmap *bitmap_kit_heap(const struct fixture *f);

struct bitmap_place bitmap_kit_place(const struct fixture *f, uint32_t object);
bool bitmap_kit_bit(const struct fixture *f, uint32_t object, int plane);
/* 0 to 2, 3 frozen, -1 untracked; small and large containers. */
int bitmap_kit_generation(const struct fixture *f, uint32_t object);
bool bitmap_kit_is_young(const struct fixture *f, uint32_t object);  /* its pool is */
bool bitmap_kit_is_middle(const struct fixture *f, uint32_t object); /* the same */

#endif
