/* Sets of slots against an array of truth values: single slots, ranges that overlap, cuts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/study/slot_bits.h"

enum { SLOTS = 400, SETS = 2 };

/* Slots 0 .. SLOTS - 1 of a set as the test knows it. */
struct known {
    bool is_in[SLOTS];
};

static uint64_t random_below(uint64_t *state, uint64_t below)
{
    *state ^= *state >> 12, *state ^= *state << 25, *state ^= *state >> 27;
    return (*state * 2685821657736338717u >> 32) % below;
}

static void assert_equal(const struct gcr_slot_bits *bits, const struct known *known)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < SLOTS; i++)
        count += known->is_in[i];
    assert_int_equal(gcr_slot_bits_count(bits), count);
}

/* A count does not say which slots: each is asked for by taking it away from a copy. */
static void assert_same_slots(const struct gcr_slot_bits *bits, const struct known *known)
{
    uint64_t left = gcr_slot_bits_count(bits);
    struct gcr_slot_bits copy = *bits;
    assert_true(gcr_slot_bits_own(&copy));
    for (unsigned i = 0; i < SLOTS; i++) {
        assert_true(gcr_slot_bits_put(&copy, i, false));
        left -= known->is_in[i];
        assert_int_equal(gcr_slot_bits_count(&copy), left);
    }
    assert_int_equal(left, 0);
    gcr_slot_bits_free(&copy);
}

/* Mostly low slots, so that a set stays inside its word for a while. */
static uint64_t random_slot(uint64_t *random, uint64_t limit)
{
    return random_below(random, random_below(random, 3) == 0 ? limit : limit < 70 ? limit : 70);
}

static void random_put(uint64_t *random, struct gcr_slot_bits *bits, struct known *known)
{
    uint64_t slot = random_slot(random, SLOTS);
    known->is_in[slot] = random_below(random, 3) != 0;
    assert_true(gcr_slot_bits_put(bits, slot, known->is_in[slot]));
}

static void random_copy(uint64_t *random, struct gcr_slot_bits *bits, struct known *known)
{
    size_t to = random_below(random, SETS), from = random_below(random, SETS);
    uint64_t n = random_below(random, 4) == 0 ? SLOTS / 2 : random_below(random, 100);
    uint64_t to_slot = random_slot(random, SLOTS - n + 1);
    uint64_t from_slot = random_slot(random, SLOTS - n + 1);
    assert_true(gcr_slot_bits_copy(&bits[to], to_slot, &bits[from], from_slot, n));
    memmove(known[to].is_in + to_slot, known[from].is_in + from_slot, n * sizeof(bool));
}

static void random_cut(uint64_t *random, struct gcr_slot_bits *bits, struct known *known)
{
    uint64_t first = random_slot(random, SLOTS + 1);
    gcr_slot_bits_cut(bits, first);
    memset(known->is_in + first, 0, (SLOTS - first) * sizeof(bool));
}

static void random_operations_agree(void **state)
{
    uint64_t random = 20240607;
    (void)state;
    for (unsigned round = 0; round < 60; round++) {
        struct gcr_slot_bits bits[SETS] = {{0}};
        struct known known[SETS] = {0};
        for (unsigned i = 0; i < 200; i++) {
            size_t set = random_below(&random, SETS);
            switch (random_below(&random, 8)) {
            case 0:
                random_cut(&random, &bits[set], &known[set]);
                break;
            case 1:
            case 2:
            case 3:
                random_copy(&random, bits, known);
                break;
            default:
                random_put(&random, &bits[set], &known[set]);
            }
            assert_equal(&bits[0], &known[0]);
            assert_equal(&bits[1], &known[1]);
        }
        for (size_t set = 0; set < SETS; set++) {
            assert_same_slots(&bits[set], &known[set]);
            gcr_slot_bits_free(&bits[set]);
        }
    }
}

/* Slot 62 is the last that fits inside, 63 the first that does not. */
static void the_word_is_left_at_slot_63(void **state)
{
    struct gcr_slot_bits bits = {0};
    (void)state;
    for (uint64_t slot = 0; slot < GCR_SLOT_BITS_INSIDE; slot++)
        assert_true(gcr_slot_bits_put(&bits, slot, true));
    assert_int_equal(bits.word, UINT64_MAX >> 1);
    assert_true(gcr_slot_bits_put(&bits, 63, false));
    assert_int_equal(bits.word, UINT64_MAX >> 1);
    assert_true(gcr_slot_bits_put(&bits, 63, true));
    assert_int_equal(gcr_slot_bits_count(&bits), 64);
    gcr_slot_bits_cut(&bits, 63);
    assert_int_equal(gcr_slot_bits_count(&bits), 63);
    gcr_slot_bits_free(&bits);
    assert_int_equal(bits.word, 0);
}

static void what_is_far_away_costs_nothing(void **state)
{
    struct gcr_slot_bits a = {0}, b = {0};
    (void)state;
    assert_true(gcr_slot_bits_put(&a, 5, true));
    assert_true(gcr_slot_bits_copy(&a, 1ull << 40, &b, 1ull << 41, 1ull << 50));
    assert_int_equal(gcr_slot_bits_count(&a), 1);
    assert_true(gcr_slot_bits_copy(&b, 100, &a, 0, 1ull << 50)); /* no slot of `a` behind 62 */
    assert_int_equal(gcr_slot_bits_count(&b), 1);
    assert_true(gcr_slot_bits_copy(&a, 0, &b, 100, 1ull << 50)); /* and so the same again */
    assert_int_equal(gcr_slot_bits_count(&a), 1);
    assert_true(gcr_slot_bits_put(&a, 5, false));
    assert_int_equal(gcr_slot_bits_count(&a), 0);
    gcr_slot_bits_free(&a);
    gcr_slot_bits_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations_agree),
        cmocka_unit_test(the_word_is_left_at_slot_63),
        cmocka_unit_test(what_is_far_away_costs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
