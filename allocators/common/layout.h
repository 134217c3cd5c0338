/* Object layout with a one-word header, shared by the designs whose header carries a type.
 *
 *     word 0      header: shape id in the low 32 bits, flags above (enum-like constants below)
 *     [word]      target of a weak reference                     (weak shapes)
 *     [word]      length, or the reference to the body           (shapes with items)
 *     payload     as traces/shape.h: fixed slots, items' slots, fixed data, items' data
 *
 * rounded up to 8 bytes, at least 16 in total, so that a forwarding address always fits behind the
 * header. A resizable shape's items are in a *body*: header, length, items' slots, items' data. A
 * body's header holds an id of its own (shape count + shape number), so that it is scanned, copied
 * and walked like any object. *Fillers* cover slack in spaces that are walked linearly: with a
 * length word, or (8 bytes) without.
 *
 * A collector decodes objects through the table of struct gcr_layout, one 32-byte row an id. What
 * the mutator needs for a slot access (where the payload starts, whether there is a body) is
 * repeated in header bits, as a real mutator knows it from the static type: no table look-up there.
 */
#ifndef GCR_ALLOCATORS_COMMON_LAYOUT_H
#define GCR_ALLOCATORS_COMMON_LAYOUT_H

#include <string.h>

#include "allocators/collector.h"
#include "allocators/common/access.h"
#include "base/check.h"

/* Header bits. FORWARDED: word 1 is the object's new address, unless EXTERNAL is set too: then the
 * object never moves. ORDERING: see the finalizer order of the copying designs. The two hash bits
 * are reserved as in the original and stay clear: no event takes an identity hash. UNVISITED: a
 * pinned object that the present collection has not reached. */
#define GCR_HEADER_ID_MASK ((uint64_t)0xffffffff)
#define GCR_HEADER_FORWARDED ((uint64_t)1 << 32)
#define GCR_HEADER_EXTERNAL ((uint64_t)1 << 33)
#define GCR_HEADER_ORDERING ((uint64_t)1 << 34)
#define GCR_HEADER_HASH_MASK ((uint64_t)3 << 35)
#define GCR_HEADER_UNVISITED ((uint64_t)1 << 37)
#define GCR_HEADER_PAYLOAD_SHIFT 40 /* two bits: hidden words between header and payload */
#define GCR_HEADER_RESIZABLE ((uint64_t)1 << 42)
#define GCR_HEADER_INTERNAL ((uint64_t)1 << 43) /* body or filler: no object of the host's */
/* Of designs with a nursery. NO_YOUNG: an object outside the nursery that is not in the remembered
 * set; never set in the nursery. NO_HEAP: the same for prebuilt and non-moving objects and the list
 * of those that refer to younger generations. AGE: collections survived in the semispaces. */
#define GCR_HEADER_NO_YOUNG ((uint64_t)1 << 44)
#define GCR_HEADER_NO_HEAP ((uint64_t)1 << 45)
#define GCR_HEADER_AGE_SHIFT 46
#define GCR_HEADER_AGE_MASK ((uint64_t)3 << GCR_HEADER_AGE_SHIFT)
/* Of marking designs with marks in headers. Bits 48 to 62 are each design's own. */
#define GCR_HEADER_MARKED ((uint64_t)1 << 63)

enum {
    GCR_WORD_BYTES = 8,
    GCR_HEADER_BYTES = 8,
    GCR_OBJECT_MIN_BYTES = 16,
    GCR_BODY_PREFIX_BYTES = 16,
    GCR_LAYOUT_FEW_WORDS = 8
};

/* How to decode objects of one id. */
struct gcr_layout {
    uint64_t header;      /* header word of a new object */
    uint32_t fixed_bytes; /* header, hidden words, fixed part; rounded up if item_bytes is 0 */
    uint32_t item_bytes;  /* of each item that lies in the object itself; 0: none do */
    uint32_t slot_count;  /* references to scan, apart from the items' */
    uint32_t item_slots;  /* more of them for each item in the object itself */
    uint32_t field_bytes; /* of the fixed part, unrounded: what counts as object bytes */
    uint8_t slot_start;   /* offset of the first reference to scan; a body reference comes first */
    uint8_t payload;   /* offset of the fixed part; length or body reference is the word before */
    uint8_t few_words; /* whole size, if that is fixed and at most GCR_LAYOUT_FEW_WORDS; else 0 */
    uint8_t unused;
};
_Static_assert(sizeof(struct gcr_layout) == 32, "two rows a cache line");

struct gcr_layouts {
    struct gcr_layout *row;         /* by id, on side pages */
    const struct gcr_shape *shapes; /* the host's */
    uint32_t shape_count;
    size_t bytes; /* of the table */
};

/* Builds the table on pages of the supply. GCR_HEAP_EXHAUSTED if it refuses. O(shapes). */
gcr_status gcr_layouts_init(struct gcr_layouts *layouts, struct gcr_supply *supply,
                            const struct gcr_shape *shapes, uint32_t shape_count,
                            struct gcr_error *err) GCR_MUST_USE;
/* The same for designs that never put a forwarding address behind the header: an object without
 * fields is its header alone, 8 bytes. */
gcr_status gcr_layouts_init_packed(struct gcr_layouts *layouts, struct gcr_supply *supply,
                                   const struct gcr_shape *shapes, uint32_t shape_count,
                                   struct gcr_error *err) GCR_MUST_USE;
void gcr_layouts_finish(struct gcr_layouts *layouts, struct gcr_supply *supply);

/* ---- decoding ---- */

static inline uint64_t *gcr_object_word(gcr_ref object, uint32_t offset)
{
    return (uint64_t *)((char *)object + offset);
}

static inline uint64_t gcr_object_header(gcr_ref object)
{
    return *gcr_object_word(object, 0);
}

static inline const struct gcr_layout *gcr_layout_of_header(const struct gcr_layouts *layouts,
                                                            uint64_t header)
{
    return &layouts->row[header & GCR_HEADER_ID_MASK];
}

static inline const struct gcr_layout *gcr_layout_of(const struct gcr_layouts *layouts,
                                                     gcr_ref object)
{
    return gcr_layout_of_header(layouts, gcr_object_header(object));
}

static inline const struct gcr_layout *gcr_layout_body(const struct gcr_layouts *layouts,
                                                       uint32_t shape_number)
{
    return &layouts->row[layouts->shape_count + shape_number];
}

static inline uint64_t gcr_word_round(uint64_t bytes)
{
    return (bytes + GCR_WORD_BYTES - 1) & ~(uint64_t)(GCR_WORD_BYTES - 1);
}

/* Whole size of an object with `length` items in itself. */
static inline uint64_t gcr_layout_bytes(const struct gcr_layout *layout, uint64_t length)
{
    return gcr_word_round(layout->fixed_bytes + length * layout->item_bytes);
}

/* The word before the payload: the length of an object with items in itself. */
static inline uint64_t *gcr_layout_length_word(const struct gcr_layout *layout, gcr_ref object)
{
    return gcr_object_word(object, layout->payload - GCR_WORD_BYTES);
}

static inline uint64_t gcr_layout_length(const struct gcr_layout *layout, gcr_ref object)
{
    return layout->item_bytes != 0 ? *gcr_layout_length_word(layout, object) : 0;
}

static inline uint64_t gcr_layout_object_bytes(const struct gcr_layout *layout, gcr_ref object)
{
    return gcr_layout_bytes(layout, gcr_layout_length(layout, object));
}

/* First reference to scan, and how many. */
static inline gcr_ref *gcr_layout_slots(const struct gcr_layout *layout, gcr_ref object,
                                        uint64_t *count)
{
    *count = layout->slot_count;
    if (layout->item_slots != 0)
        *count += *gcr_layout_length_word(layout, object) * layout->item_slots;
    return (gcr_ref *)gcr_object_word(object, layout->slot_start);
}

static inline bool gcr_header_is(uint64_t header, uint64_t bits)
{
    return (header & bits) != 0;
}

static inline char *gcr_object_payload(gcr_ref object, uint64_t header)
{
    return (char *)object + GCR_HEADER_BYTES +
           ((header >> GCR_HEADER_PAYLOAD_SHIFT) & 3) * GCR_WORD_BYTES;
}

/* The hidden word of a resizable object. */
static inline gcr_ref *gcr_object_body(gcr_ref object, uint64_t header)
{
    return (gcr_ref *)(gcr_object_payload(object, header) - GCR_WORD_BYTES);
}

/* The hidden word of a weak reference object. */
static inline gcr_ref *gcr_object_weak_word(gcr_ref object)
{
    return (gcr_ref *)gcr_object_word(object, GCR_HEADER_BYTES);
}

static inline uint64_t gcr_body_length(gcr_ref body)
{
    return body != NULL ? *gcr_object_word(body, GCR_HEADER_BYTES) : 0;
}

/* ---- slots and data, as the events name them ---- */

/* Address of a slot of a resizable object. */
gcr_ref *gcr_layout_resizable_slot(const struct gcr_layouts *layouts, gcr_ref object,
                                   uint32_t slot);

/* Address of a slot. */
static inline gcr_ref *gcr_layout_slot(const struct gcr_layouts *layouts, gcr_ref object,
                                       uint32_t slot)
{
    uint64_t header = gcr_object_header(object);
    if (GCR_UNLIKELY(gcr_header_is(header, GCR_HEADER_RESIZABLE)))
        return gcr_layout_resizable_slot(layouts, object, slot);
    return (gcr_ref *)gcr_object_payload(object, header) + slot;
}

/* n slots from one object to another, as memmove. */
void gcr_layout_copy_slots(const struct gcr_layouts *layouts, gcr_ref dst, uint32_t dst_slot,
                           gcr_ref src, uint32_t src_slot, uint32_t n);

/* Address of a data byte, and how many bytes follow contiguously. */
uint8_t *gcr_layout_data(const struct gcr_layouts *layouts, gcr_ref object, uint64_t offset,
                         uint64_t *bytes);

/* READ and WRITE. */
void gcr_layout_read(const struct gcr_layouts *layouts, gcr_ref object, uint32_t offset,
                     uint32_t length);
void gcr_layout_write(const struct gcr_layouts *layouts, gcr_ref object, uint32_t offset,
                      uint32_t length, uint8_t tag);

/* Items of an object, wherever they are. */
uint32_t gcr_layout_items(const struct gcr_layouts *layouts, gcr_ref object);

/* Shape number of an object of the host's. */
static inline uint32_t gcr_layout_shape(gcr_ref object)
{
    return (uint32_t)(gcr_object_header(object) & GCR_HEADER_ID_MASK);
}

/* What a RESIZE finds: the present body (NULL: no items), its length, and the layout of the next.
 */
struct gcr_resizable {
    const struct gcr_layout *layout;
    gcr_ref body;
    uint64_t length;
};

static inline struct gcr_resizable gcr_resizable_of(const struct gcr_layouts *layouts,
                                                    gcr_ref object)
{
    uint64_t header = gcr_object_header(object);
    GCR_CHECK(1, gcr_header_is(header, GCR_HEADER_RESIZABLE));
    gcr_ref body = *gcr_object_body(object, header);
    return (struct gcr_resizable){gcr_layout_body(layouts, gcr_layout_shape(object)), body,
                                  gcr_body_length(body)};
}

/* ---- carving ---- */

/* Writes header and length word into zeroed memory. Resizable: the body word stays NULL. */
static inline void gcr_layout_set(const struct gcr_layout *layout, gcr_ref object, uint64_t flags,
                                  uint64_t length)
{
    *gcr_object_word(object, 0) = layout->header | flags;
    if (layout->item_bytes != 0)
        *gcr_layout_length_word(layout, object) = length;
}

/* Copies the first `length` items from one body into another, zeroed one that is not shorter. */
void gcr_layout_copy_items(const struct gcr_layout *body, gcr_ref dst, gcr_ref src,
                           uint64_t length);

/* Cuts a body down to `length` items in place: data moves up behind the kept slots. Returns how
 * many bytes of whole words are left over behind it; the caller fills or gives them back. */
uint64_t gcr_layout_shrink(const struct gcr_layout *body, gcr_ref object, uint64_t length);

/* Covers whole words with a filler. */
void gcr_layout_fill(const struct gcr_layouts *layouts, void *start, uint64_t bytes);

/* Visits the host's objects between start and end, which objects and fillers must tile, in address
 * order. False if the visitor stopped. */
bool gcr_layout_walk(const struct gcr_layouts *layouts, char *start, char *end,
                     gcr_walk_visitor *visit, void *arg);

/* A header that could belong to an object: known id, no bit outside those above. */
bool gcr_layout_header_is_sane(const struct gcr_layouts *layouts, uint64_t header);

#endif
