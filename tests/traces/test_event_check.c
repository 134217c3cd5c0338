/* The rules for one event: what each refuses, and that writer and decoder refuse the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "samples.h"
#include "traces/block_decode.h"

static const struct gcr_shape shapes[SAMPLE_SHAPES + 1] = {
    {0}, {.field_bytes = 24}, {.item_bytes = 8}, {.item_bytes = 24}};
static const struct gct_limits limits = {shapes, SAMPLE_SHAPES, SAMPLE_NAMES};

static void each_rule_refuses(void **state)
{
    (void)state;
    static const struct {
        struct gcr_event event;
        const char *message;
    } rows[] = {
        {{.op = GCR_OP_NONE}, "unknown operation 0"},
        {{.op = GCR_OP_COUNT}, "unknown operation 28"},
        {{.op = GCR_OP_STORE, .flags = 1, .a = 1}, "store with unknown flags 0x1"},
        {{.op = GCR_OP_FREEZE, .unused = 1}, "freeze with unknown flags"},
        {{.op = GCR_OP_ALLOC, .flags = 4, .a = 1, .b = 1}, "alloc with unknown flags 0x4"},
        {{.op = GCR_OP_STORE}, "store: object 0 is not allowed"},
        {{.op = GCR_OP_STORE, .a = 1, .c = GCR_MAX_OBJECT + 1u}, "store: value 2147483647"},
        {{.op = GCR_OP_ALLOC, .a = 1, .b = 4}, "alloc: shape 4 is not allowed"},
        {{.op = GCR_OP_ALLOC, .a = 1}, "alloc: shape 0 is not allowed"},
        {{.op = GCR_OP_ROOT, .a = 0x80000000}, "root: root 2147483648 is not allowed"},
        {{.op = GCR_OP_DEATH, .a = 1, .b = 1}, "death: unused operand 1"},
        {{.op = GCR_OP_PREBUILT, .a = 1, .b = 1, .c = 2}, "length of a shape without items"},
        {{.op = GCR_OP_GCCONTROL, .a = 2}, "enabled is neither 0 nor 1"},
        {{.op = GCR_OP_COLLECT, .a = 3}, "generation above 2"},
        {{.op = GCR_OP_RESURRECT, .a = 1, .b = 2}, "not global"},
        {{.op = GCR_OP_THREAD, .a = GCR_MAX_THREADS}, "thread number too large"},
        {{.op = GCR_OP_FORK}, "no such lane"},
        {{.op = GCR_OP_FORK, .a = GCR_MAX_LANES}, "no such lane"},
        {{.op = GCR_OP_REQUEST, .flags = 3}, "neither begin nor end"},
        {{.op = GCR_OP_PHASE, .a = 3}, "undeclared name"}};
    for (size_t i = 0; i < GCR_COUNT_OF(rows); i++) {
        struct gcr_error err;
        assert_int_equal(gct_check_event(&rows[i].event, &limits, &err), GCR_INVALID_TRACE);
        assert_false(gct_event_is_plain(&rows[i].event));
        if (strstr(err.text, rows[i].message) == NULL)
            fail_msg("'%s' instead of '%s'", err.text, rows[i].message);
    }
}

/* Any one operand or flag changed at random: a block with the event in its middle decodes exactly
 * if the event passes. (An operand that the operation has not is never stored.) */
static void decoder_and_writer_agree(void **state)
{
    (void)state;
    enum { ROUNDS = 20000, EVENTS = 9, BAD = 5 };
    uint64_t seed = sample_seed(8);
    struct gcr_error err;
    struct gcr_block_encoder *encoder;
    struct gct_block_decoder *decoder;
    unsigned refused = 0;
    assert_int_equal(gcr_block_encoder_create(1, &encoder, &err), GCR_OK);
    assert_int_equal(gct_block_decoder_create(&decoder, &err), GCR_OK);
    uint8_t *input = gct_block_decoder_input(decoder);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct gcr_event events[EVENTS];
        struct gct_section section;
        size_t size;
        for (unsigned i = 0; i < EVENTS; i++)
            events[i] = sample_random_event(&seed);
        struct gcr_event *bad = &events[BAD];
        uint32_t *const operands[] = {&bad->a, &bad->b, &bad->c, &bad->d, &bad->e};
        unsigned j = (unsigned)(sample_random(&seed) % GCR_OP_MAX_OPERANDS);
        if (gcr_op_table[bad->op].operand[j] == GCR_OPERAND_NONE)
            bad->flags = (uint8_t)(sample_random(&seed) % 4);
        else
            *operands[j] = (uint32_t)(sample_random(&seed) >> (round % 64));
        bool is_good = gct_check_event(bad, &limits, &err) == GCR_OK;
        assert_true(is_good || !gct_event_is_plain(bad));
        assert_int_equal(gcr_block_encode(encoder, 0, 0, events, EVENTS, input, &size, &err),
                         GCR_OK);
        assert_int_equal(gct_get_section(input, &section, &err), GCR_OK);
        gcr_status status = gct_block_decode(decoder, &section, &limits, events, &err);
        assert_int_equal(status, is_good ? GCR_OK : GCR_BAD_INPUT);
        refused += !is_good;
    }
    assert_true(refused > ROUNDS / 20);
    gct_block_decoder_destroy(decoder);
    gcr_block_encoder_destroy(encoder);
}

static void encoder_refuses_what_has_no_code(void **state)
{
    (void)state;
    struct gcr_error err;
    struct gcr_block_encoder *encoder;
    static uint8_t out[8192];
    size_t size;
    const struct gcr_event events[2] = {{.op = GCR_OP_FREEZE}, {.op = GCR_OP_COUNT}};
    assert_int_equal(gcr_block_encoder_create(1, &encoder, &err), GCR_OK);
    assert_int_equal(gcr_block_encode(encoder, 3, 10, events, 2, out, &size, &err),
                     GCR_INVALID_TRACE);
    assert_string_equal(err.text, "event 11 of lane 3: operation 28, flags 0");
    gcr_block_encoder_destroy(encoder);
}

/* The short way accepts nothing that the long one refuses, at every edge of every operand. */
static void the_short_way_agrees_with_the_long(void **state)
{
    (void)state;
    static const uint32_t edges[] = {0,          1,          GCR_MAX_OBJECT, GCR_MAX_OBJECT + 1u,
                                     0x7fffffff, 0x80000000, UINT32_MAX};
    static const uint8_t operations[] = {GCR_OP_STORE, GCR_OP_ROOT, GCR_OP_DEATH, GCR_OP_ALLOC};
    enum { EDGES = sizeof edges / sizeof *edges };
    unsigned plain = 0;
    for (size_t op = 0; op < sizeof operations; op++) {
        for (unsigned i = 0; i < EDGES * EDGES * EDGES * EDGES; i++) {
            struct gcr_event event = {.op = operations[op],
                                      .a = edges[i % EDGES],
                                      .b = edges[i / EDGES % EDGES],
                                      .c = edges[i / EDGES / EDGES % EDGES],
                                      .d = edges[i / EDGES / EDGES / EDGES]};
            bool is_good = gct_check_event(&event, &limits, NULL) == GCR_OK;
            if (operations[op] == GCR_OP_ALLOC)
                assert_false(gct_event_is_plain(&event));
            else
                assert_int_equal(gct_event_is_plain(&event), is_good);
            plain += gct_event_is_plain(&event);
        }
    }
    assert_true(plain > 0);
}

static void table_is_complete(void **state)
{
    (void)state;
    for (unsigned op = 0; op < GCR_OP_COUNT; op++) {
        const struct gcr_op_info *info = &gcr_op_table[op];
        assert_non_null(info->name);
        bool has_ended = false;
        for (unsigned j = 0; j < GCR_OP_MAX_OPERANDS; j++) {
            bool is_used = info->operand[j] != GCR_OPERAND_NONE;
            assert_false(has_ended && is_used);
            assert_true((info->operand_name[j] != NULL) == is_used);
            has_ended |= !is_used;
        }
    }
}

int main(int argc, char **argv)
{
    sample_take_arguments(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_refuses),
        cmocka_unit_test(decoder_and_writer_agree),
        cmocka_unit_test(the_short_way_agrees_with_the_long),
        cmocka_unit_test(encoder_refuses_what_has_no_code),
        cmocka_unit_test(table_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
