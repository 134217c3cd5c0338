/* Encodes one block: operations as a byte column, each (operation, operand) as a column of small
 * numbers after prediction (predict.h), all of it compressed with zstd.
 *
 * Two passes. The first estimates, from samples of the block, what every predictor would cost
 * in every column (by entropy, since zstd follows), and picks the cheapest; the second goes over
 * all events and writes the differences. A number takes 0, 1, 2 or 4 bytes, its length kept apart
 * in 2 bits (after Lemire, Kurz and Rupp, "Stream VByte", 2018; with a length of 0 instead of 3).
 * O(n); scratch space is allocated once. */
#include "traces/block.h"

#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "base/check.h"
#include "traces/bytes.h"
#include "traces/operands.h"
#include "traces/predict.h"
#include "traces/section.h"

/* The first pass weighs SAMPLE_RUN events out of each SAMPLE_PERIOD, all of a short block, and the
 * first SAMPLE_FIRST values of each column, so that rare operations are not overlooked. */
enum { SAMPLE_RUN = 128, SAMPLE_PERIOD = 1024, SAMPLE_ALL_BELOW = 4096, SAMPLE_FIRST = 64 };

/* 0 .. 31, then numbers of 6, 7 ... 32 bits. */
enum { SMALL_CLASSES = 32, CLASSES = SMALL_CLASSES + 27 };

struct column {
    uint32_t count;
    uint32_t filled;
    uint32_t *values; /* differences, in the order of the events */
    uint32_t previous;
    uint8_t predictor;
    uint32_t weighed;
    uint32_t classes[PREDICT_COUNT][CLASSES]; /* histogram of the weighed differences */
};

struct gcr_block_encoder {
    int zstd_level;
    ZSTD_CCtx *zstd;
    struct predict_state state;
    struct column column[GCR_OP_COUNT][GCR_OP_MAX_OPERANDS];
    uint32_t *values; /* of all columns, one after another */
    uint8_t *raw;
    uint32_t keep_blocks; /* predictors are weighed for one block in so many */
    uint32_t kept_blocks; /* blocks since they were */
    uint8_t kept[GCR_OP_COUNT][GCR_OP_MAX_OPERANDS]; /* 1 + predictor; 0: never weighed */
};

size_t gcr_block_bound(uint32_t n)
{
    return GCT_SECTION_HEADER_BYTES + ZSTD_COMPRESSBOUND(gct_raw_bound(n));
}

gcr_status gcr_block_encoder_create(int zstd_level, struct gcr_block_encoder **out,
                                    struct gcr_error *err)
{
    struct gcr_block_encoder *encoder = calloc(1, sizeof *encoder);
    if (encoder == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for a block encoder");
    encoder->zstd_level = zstd_level;
    encoder->keep_blocks = 1;
    encoder->zstd = ZSTD_createCCtx();
    encoder->values =
        malloc(sizeof *encoder->values * GCR_BLOCK_EVENTS * (size_t)GCR_OP_MAX_OPERANDS);
    encoder->raw = malloc(gct_raw_bound(GCR_BLOCK_EVENTS));
    if (encoder->zstd == NULL || encoder->values == NULL || encoder->raw == NULL) {
        gcr_block_encoder_destroy(encoder);
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for a block encoder");
    }
    *out = encoder;
    return GCR_OK;
}

void gcr_block_encoder_keep(struct gcr_block_encoder *encoder, uint32_t blocks)
{
    encoder->keep_blocks = blocks;
}

void gcr_block_encoder_destroy(struct gcr_block_encoder *encoder)
{
    if (encoder == NULL)
        return;
    (void)ZSTD_freeCCtx(encoder->zstd);
    free(encoder->values);
    free(encoder->raw);
    free(encoder);
}

static inline unsigned encode_code(uint32_t value)
{
    return value == 0 ? 0 : value < 1u << 8 ? 1 : value < 1u << 16 ? 2 : 3;
}

static inline uint32_t encode_operand(const struct gcr_event *event, unsigned j)
{
    const uint32_t operands[GCR_OP_MAX_OPERANDS] = {event->a, event->b, event->c, event->d,
                                                    event->e};
    return operands[j];
}

static inline uint32_t encode_difference(const struct predict_state *state,
                                         const struct column *column, unsigned predictor,
                                         uint32_t value)
{
    if (predictor == PREDICT_RAW)
        return value;
    uint32_t base = predictor == PREDICT_DELTA ? column->previous : state->reg[predictor];
    return predict_zigzag(value - base);
}

/* The class of a difference: small ones each their own, larger ones by their number of bits. */
static inline unsigned encode_class(uint32_t difference)
{
    if (difference < SMALL_CLASSES)
        return difference;
    return SMALL_CLASSES - 6 + 64 - GCR_CLZ64(difference);
}

static void encode_weigh(const struct predict_state *state, struct column *column, uint32_t value)
{
    for (unsigned p = 0; p < PREDICT_COUNT; p++)
        column->classes[p][encode_class(encode_difference(state, column, p, value))]++;
    column->weighed++;
}

/* log2 in units of 1/16 bit, between powers of two linear: the same on every machine. */
static uint32_t encode_log2(uint32_t n)
{
    unsigned bits = 63 - GCR_CLZ64(n);
    return bits * 16 + (uint32_t)(((uint64_t)n << 4 >> bits) & 15);
}

/* Bits (x 16) that an ideal coder would need for the weighed differences of one predictor: the
 * entropy of their classes, and for large ones the bits within the class. */
static uint64_t encode_cost(const struct column *column, unsigned predictor)
{
    uint64_t cost = 0;
    for (unsigned c = 0; c < CLASSES; c++) {
        uint32_t count = column->classes[predictor][c];
        uint32_t inner = c < SMALL_CLASSES ? 0 : (c - SMALL_CLASSES + 5) * 16;
        if (count > 0)
            cost += (uint64_t)count * (encode_log2(column->weighed) - encode_log2(count) + inner);
    }
    return cost;
}

static uint8_t encode_cheapest(const struct column *column)
{
    uint8_t best = PREDICT_RAW;
    uint64_t best_cost = encode_cost(column, PREDICT_RAW);
    for (unsigned p = 1; p < PREDICT_COUNT; p++) {
        uint64_t cost = encode_cost(column, p);
        /* Equally good ones differ in how often they need no byte at all. */
        bool is_shorter = column->classes[p][0] > column->classes[best][0];
        if (cost < best_cost || (cost == best_cost && is_shorter)) {
            best = (uint8_t)p;
            best_cost = cost;
        }
    }
    return best;
}

/* One event of the first pass or the second: weighed or filled into its columns, then followed.
 * Inlined with constants, so that kinds and counts of operands are constants too. */
enum encode_pass { ENCODE_FOLLOW, ENCODE_WEIGH, ENCODE_FILL };

GCR_ALWAYS_INLINE void encode_event(struct gcr_block_encoder *encoder, enum encode_pass pass,
                                    const struct gcr_event *event, enum gcr_op op,
                                    const uint8_t kind[GCR_OP_MAX_OPERANDS])
{
    struct predict_state *state = &encoder->state;
    for (unsigned j = 0; j < GCR_OP_MAX_OPERANDS && kind[j] != GCR_OPERAND_NONE; j++) {
        struct column *column = &encoder->column[op][j];
        uint32_t value = encode_operand(event, j);
        if (pass == ENCODE_FILL)
            column->values[column->filled++] =
                encode_difference(state, column, column->predictor, value);
        else if (pass == ENCODE_WEIGH || column->weighed < SAMPLE_FIRST)
            encode_weigh(state, column, value);
        column->previous = value;
        predict_note(state, kind[j], value, PREDICT_NEEDS_ALL);
    }
    predict_end(state, op, event->a, event->b, event->c, PREDICT_NEEDS_ALL);
}

/* The operations that make up most of a trace get code of their own. */
GCR_ALWAYS_INLINE void encode_dispatch(struct gcr_block_encoder *encoder, enum encode_pass pass,
                                       const struct gcr_event *event)
{
    switch (event->op) {
    case GCR_OP_ALLOC:
        encode_event(encoder, pass, event, GCR_OP_ALLOC, gct_operands_alloc);
        break;
    case GCR_OP_STORE:
        encode_event(encoder, pass, event, GCR_OP_STORE, gct_operands_store);
        break;
    case GCR_OP_ROOT:
        encode_event(encoder, pass, event, GCR_OP_ROOT, gct_operands_root);
        break;
    case GCR_OP_DEATH:
        encode_event(encoder, pass, event, GCR_OP_DEATH, gct_operands_death);
        break;
    default:
        encode_event(encoder, pass, event, event->op, gcr_op_table[event->op].operand);
        break;
    }
}

static void encode_sample(struct gcr_block_encoder *encoder, const struct gcr_event *events,
                          uint32_t n)
{
    predict_init(&encoder->state);
    for (uint32_t i = 0; i < n; i++) {
        if (n < SAMPLE_ALL_BELOW || i % SAMPLE_PERIOD < SAMPLE_RUN)
            encode_dispatch(encoder, ENCODE_WEIGH, &events[i]);
        else
            encode_dispatch(encoder, ENCODE_FOLLOW, &events[i]);
    }
}

/* How many values each column will have. */
static void encode_count(struct gcr_block_encoder *encoder, const struct gcr_event *events,
                         uint32_t n)
{
    uint32_t by_op[GCR_OP_COUNT] = {0};
    for (uint32_t i = 0; i < n; i++)
        by_op[events[i].op]++;
    for (unsigned op = 1; op < GCR_OP_COUNT; op++) {
        for (unsigned j = 0; j < GCR_OP_MAX_OPERANDS && gcr_op_table[op].operand[j] != 0; j++)
            encoder->column[op][j].count = by_op[op];
    }
}

/* The first of equally cheap predictors; without a value to weigh, the one that is kept. */
static uint8_t encode_choose(const struct column *column, uint8_t *kept)
{
    if (column->weighed > 0)
        *kept = (uint8_t)(encode_cheapest(column) + 1);
    return *kept > 0 ? (uint8_t)(*kept - 1) : PREDICT_DELTA;
}

/* Columns lie one after another in `values`. */
static void encode_place_columns(struct gcr_block_encoder *encoder)
{
    uint32_t *next = encoder->values;
    for (unsigned op = 0; op < GCR_OP_COUNT; op++) {
        for (unsigned j = 0; j < GCR_OP_MAX_OPERANDS; j++) {
            struct column *column = &encoder->column[op][j];
            column->values = next;
            next += column->count;
            column->previous = 0;
            column->predictor = encode_choose(column, &encoder->kept[op][j]);
        }
    }
}

static void encode_fill_columns(struct gcr_block_encoder *encoder, const struct gcr_event *events,
                                uint32_t n)
{
    predict_init(&encoder->state);
    for (uint32_t i = 0; i < n; i++)
        encode_dispatch(encoder, ENCODE_FILL, &events[i]);
}

/* Predictor, length codes (four a byte, lowest bits first), then the bytes of the values. */
static uint8_t *encode_write_column(const struct column *column, uint8_t *out)
{
    static const uint8_t length_of_code[4] = {0, 1, 2, 4};
    *out++ = column->predictor;
    uint8_t *codes = out;
    size_t code_bytes = ((size_t)column->count + 3) / 4;
    memset(codes, 0, code_bytes);
    out += code_bytes;
    for (uint32_t i = 0; i < column->count; i++) {
        unsigned code = encode_code(column->values[i]);
        codes[i / 4] = (uint8_t)(codes[i / 4] | code << (i % 4 * 2));
        bytes_put32(out, column->values[i]); /* all four; what is too many is overwritten */
        out += length_of_code[code];
    }
    return out;
}

static size_t encode_write_raw(struct gcr_block_encoder *encoder, const struct gcr_event *events,
                               uint32_t n)
{
    uint8_t *out = encoder->raw;
    for (uint32_t i = 0; i < n; i++)
        *out++ = (uint8_t)(events[i].op | events[i].flags << 5);
    for (unsigned op = 1; op < GCR_OP_COUNT; op++) {
        for (unsigned j = 0; j < GCR_OP_MAX_OPERANDS; j++) {
            if (encoder->column[op][j].count > 0)
                out = encode_write_column(&encoder->column[op][j], out);
        }
    }
    return (size_t)(out - encoder->raw);
}

gcr_status gcr_block_encode(struct gcr_block_encoder *encoder, uint32_t lane, uint64_t first_event,
                            const struct gcr_event *events, uint32_t n, void *out,
                            size_t *out_bytes, struct gcr_error *err)
{
    GCR_CHECK(1, n >= 1 && n <= GCR_BLOCK_EVENTS && lane < GCR_MAX_LANES);
    for (uint32_t i = 0; i < n; i++) {
        if (events[i].op == GCR_OP_NONE || events[i].op >= GCR_OP_COUNT || events[i].flags > 3)
            return gcr_fail(err, GCR_INVALID_TRACE, "event %llu of lane %u: operation %u, flags %u",
                            (unsigned long long)(first_event + i), lane, events[i].op,
                            events[i].flags);
    }
    memset(encoder->column, 0, sizeof encoder->column);
    if (encoder->kept_blocks == 0) {
        memset(encoder->kept, 0, sizeof encoder->kept);
        encode_sample(encoder, events, n);
    }
    encoder->kept_blocks = (encoder->kept_blocks + 1) % encoder->keep_blocks;
    encode_count(encoder, events, n);
    encode_place_columns(encoder);
    encode_fill_columns(encoder, events, n);
    size_t raw_bytes = encode_write_raw(encoder, events, n);
    uint8_t *content = (uint8_t *)out + GCT_SECTION_HEADER_BYTES;
    size_t stored = ZSTD_compressCCtx(encoder->zstd, content, ZSTD_COMPRESSBOUND(gct_raw_bound(n)),
                                      encoder->raw, raw_bytes, encoder->zstd_level);
    if (ZSTD_isError(stored))
        return gcr_fail(err, GCR_NO_MEMORY, "zstd: %s", ZSTD_getErrorName(stored));
    struct gct_section section = {.kind = GCT_EVENTS,
                                  .coding = GCT_ZSTD,
                                  .number = lane,
                                  .events = n,
                                  .first_event = first_event,
                                  .raw_bytes = (uint32_t)raw_bytes};
    gct_put_section(&section, content, (uint32_t)stored, out);
    *out_bytes = GCT_SECTION_HEADER_BYTES + stored;
    return GCR_OK;
}
