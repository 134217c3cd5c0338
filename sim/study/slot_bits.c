/* Sets of slots; see slot_bits.h. Words of 64 slots; the inside form is a first word whose top bit
 * is never in use. */
#include "sim/study/slot_bits.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t bits_outside = (uint64_t)1 << 63;

struct bits_array {
    uint64_t words; /* how many follow */
    uint64_t word[];
};

static bool bits_is_array(const struct gcr_slot_bits *bits)
{
    return (bits->word & bits_outside) != 0;
}

static struct bits_array *bits_array(const struct gcr_slot_bits *bits)
{
    return (struct bits_array *)(uintptr_t)(bits->word & ~bits_outside);
}

/* Slots that there is room for: the others are not in the set. */
static uint64_t bits_room(const struct gcr_slot_bits *bits)
{
    return bits_is_array(bits) ? 64 * bits_array(bits)->words : GCR_SLOT_BITS_INSIDE;
}

static const uint64_t *bits_words(const struct gcr_slot_bits *bits, uint64_t *count)
{
    *count = bits_is_array(bits) ? bits_array(bits)->words : 1;
    return bits_is_array(bits) ? bits_array(bits)->word : &bits->word;
}

static bool bits_grow(struct gcr_slot_bits *bits, uint64_t slot)
{
    uint64_t count;
    const uint64_t *old = bits_words(bits, &count);
    uint64_t words = slot / 64 + 1 > 2 * count ? slot / 64 + 1 : 2 * count;
    struct bits_array *array =
        words <= UINT64_MAX / 64 ? calloc(1, sizeof *array + words * sizeof array->word[0]) : NULL;
    if (array == NULL)
        return false;
    array->words = words;
    memcpy(array->word, old, count * sizeof *old);
    gcr_slot_bits_free(bits);
    bits->word = (uint64_t)(uintptr_t)array | bits_outside;
    return true;
}

bool gcr_slot_bits_put(struct gcr_slot_bits *bits, uint64_t slot, bool is_in)
{
    if (slot >= bits_room(bits)) {
        if (!is_in)
            return true;
        if (!bits_grow(bits, slot))
            return false;
    }
    uint64_t *word = bits_is_array(bits) ? &bits_array(bits)->word[slot / 64] : &bits->word;
    uint64_t mask = (uint64_t)1 << slot % 64;
    *word = is_in ? *word | mask : *word & ~mask;
    return true;
}

/* ---- ranges: up to 64 slots at a time ---- */

static uint64_t bits_mask(uint64_t n)
{
    return n < 64 ? ((uint64_t)1 << n) - 1 : UINT64_MAX;
}

static uint64_t bits_get_range(const struct gcr_slot_bits *bits, uint64_t first, uint64_t n)
{
    uint64_t count, at = first / 64, shift = first % 64;
    const uint64_t *words = bits_words(bits, &count);
    uint64_t range = at < count ? words[at] >> shift : 0;
    if (shift != 0 && at + 1 < count)
        range |= words[at + 1] << (64 - shift);
    return range & bits_mask(n);
}

static void bits_put_word(struct gcr_slot_bits *bits, uint64_t at, uint64_t mask, uint64_t range)
{
    if (64 * at >= bits_room(bits))
        return; /* then nothing of it is in the set */
    uint64_t *word = bits_is_array(bits) ? &bits_array(bits)->word[at] : &bits->word;
    *word = (*word & ~mask) | range;
}

static bool bits_put_range(struct gcr_slot_bits *bits, uint64_t first, uint64_t n, uint64_t range)
{
    if (range != 0) {
        uint64_t highest = first + 63 - GCR_CLZ64(range);
        if (highest >= bits_room(bits) && !bits_grow(bits, highest))
            return false;
    }
    uint64_t shift = first % 64, mask = bits_mask(n);
    if (!bits_is_array(bits) && first / 64 == 0)
        mask &= bits_mask(GCR_SLOT_BITS_INSIDE - (shift < 63 ? shift : 63));
    bits_put_word(bits, first / 64, mask << shift, range << shift);
    if (shift != 0)
        bits_put_word(bits, first / 64 + 1, mask >> (64 - shift), range >> (64 - shift));
    return true;
}

/* Slots behind both sets' room are not in `from` and not in `to`: they need no copying. */
static uint64_t bits_copied(const struct gcr_slot_bits *to, uint64_t to_slot,
                            const struct gcr_slot_bits *from, uint64_t from_slot, uint64_t n)
{
    uint64_t to_room = bits_room(to), from_room = bits_room(from);
    uint64_t written = to_slot < to_room ? to_room - to_slot : 0;
    uint64_t read = from_slot < from_room ? from_room - from_slot : 0;
    uint64_t most = written > read ? written : read;
    return n < most ? n : most;
}

bool gcr_slot_bits_copy(struct gcr_slot_bits *to, uint64_t to_slot,
                        const struct gcr_slot_bits *from, uint64_t from_slot, uint64_t n)
{
    n = bits_copied(to, to_slot, from, from_slot, n);
    bool is_upward = to_slot > from_slot; /* then from the end, as memmove does */
    for (uint64_t done = 0; done < n;) {
        uint64_t part = n - done < 64 ? n - done : 64;
        uint64_t offset = is_upward ? n - done - part : done;
        uint64_t range = bits_get_range(from, from_slot + offset, part);
        if (!bits_put_range(to, to_slot + offset, part, range))
            return false;
        done += part;
    }
    return true;
}

void gcr_slot_bits_cut(struct gcr_slot_bits *bits, uint64_t first)
{
    uint64_t room = bits_room(bits);
    if (!bits_is_array(bits)) {
        bits->word &= bits_mask(first);
        return;
    }
    if (first >= room)
        return;
    struct bits_array *array = bits_array(bits);
    array->word[first / 64] &= bits_mask(first % 64);
    uint64_t whole = first / 64 + 1;
    memset(array->word + whole, 0, (array->words - whole) * sizeof array->word[0]);
}

uint64_t gcr_slot_bits_count(const struct gcr_slot_bits *bits)
{
    uint64_t words, count = 0;
    const uint64_t *word = bits_words(bits, &words);
    for (uint64_t i = 0; i < words; i++)
        count += GCR_POPCOUNT64(word[i]);
    return count;
}

bool gcr_slot_bits_own(struct gcr_slot_bits *bits)
{
    if (!bits_is_array(bits))
        return true;
    const struct bits_array *old = bits_array(bits);
    size_t bytes = sizeof *old + old->words * sizeof old->word[0];
    struct bits_array *array = malloc(bytes);
    bits->word = 0;
    if (array == NULL)
        return false;
    memcpy(array, old, bytes);
    bits->word = (uint64_t)(uintptr_t)array | bits_outside;
    return true;
}

void gcr_slot_bits_free(struct gcr_slot_bits *bits)
{
    if (bits_is_array(bits))
        free(bits_array(bits));
    bits->word = 0;
}
