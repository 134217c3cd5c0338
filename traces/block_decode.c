/* Decodes one block (see block_encode.c): the columns in bulk (column.h), then one walk over the
 * operations that undoes predictions, puts the events together and checks them (resolve.h).
 *
 * Every count in the content is checked against what remains before it is used. O(events). */
#include "traces/block_decode.h"

#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "base/check.h"
#include "traces/column.h"
#include "traces/resolve.h"

enum { DECODE_VALUES = GCR_BLOCK_EVENTS * GCR_OP_MAX_OPERANDS + GCT_MAX_COLUMNS * COLUMN_GROUP };

struct gct_block_decoder {
    const struct column_ops *columns;
    ZSTD_DCtx *zstd;
    uint8_t *input;
    uint8_t *raw; /* operations first */
    uint32_t *values;
    uint32_t count[RESOLVE_OPS]; /* events of each operation */
    struct resolve_input resolve;
    struct predict_state state;
};

gcr_status gct_block_decoder_create(struct gct_block_decoder **out, struct gcr_error *err)
{
    struct gct_block_decoder *d = calloc(1, sizeof *d);
    if (d == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for a block decoder");
    d->columns = column_best();
    d->zstd = ZSTD_createDCtx();
    d->input = malloc(gcr_block_bound(GCR_BLOCK_EVENTS));
    d->raw = malloc(gct_raw_bound(GCR_BLOCK_EVENTS) + COLUMN_SLACK_BYTES);
    d->values = malloc(sizeof *d->values * DECODE_VALUES);
    if (d->zstd == NULL || d->input == NULL || d->raw == NULL || d->values == NULL) {
        gct_block_decoder_destroy(d);
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for a block decoder");
    }
    *out = d;
    return GCR_OK;
}

void gct_block_decoder_destroy(struct gct_block_decoder *decoder)
{
    if (decoder == NULL)
        return;
    (void)ZSTD_freeDCtx(decoder->zstd);
    free(decoder->input);
    free(decoder->raw);
    free(decoder->values);
    free(decoder);
}

uint8_t *gct_block_decoder_input(struct gct_block_decoder *decoder)
{
    return decoder->input;
}

/* How often each byte occurs. Four tables, so that equal bytes in a row do not wait for each other.
 */
static void decode_count_bytes(const uint8_t *bytes, uint32_t n, uint32_t histogram[256])
{
    uint32_t part[4][256] = {{0}};
    uint32_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (unsigned k = 0; k < 4; k++)
            part[k][bytes[i + k]]++;
    for (; i < n; i++)
        part[0][bytes[i]]++;
    for (unsigned byte = 0; byte < 256; byte++)
        histogram[byte] = part[0][byte] + part[1][byte] + part[2][byte] + part[3][byte];
}

/* Counts operations and refuses unknown ones and unknown flags. */
static gcr_status decode_count_operations(struct gct_block_decoder *d, uint32_t n,
                                          struct gcr_error *err)
{
    uint32_t histogram[256];
    decode_count_bytes(d->raw, n, histogram);
    memset(d->count, 0, sizeof d->count);
    for (unsigned byte = 0; byte < 256; byte++) {
        unsigned op = byte % RESOLVE_OPS;
        unsigned flags = byte >> RESOLVE_OP_BITS;
        if (histogram[byte] == 0)
            continue;
        if (op == GCR_OP_NONE || op >= GCR_OP_COUNT ||
            (flags & ~gcr_op_table[op].flags & 7u) != 0 ||
            (op == GCR_OP_REQUEST && flags != GCR_REQUEST_BEGIN && flags != GCR_REQUEST_END))
            return gcr_fail(err, GCR_BAD_INPUT, "unknown operation %u with flags %u", op, flags);
        d->count[op] += histogram[byte];
    }
    return GCR_OK;
}

static enum column_form decode_form(uint32_t predictor)
{
    if (predictor == PREDICT_RAW)
        return COLUMN_PLAIN;
    return predictor == PREDICT_DELTA ? COLUMN_DELTA : COLUMN_ZIGZAG;
}

/* Reads the column of `count` values at in[0..size) to `values`; *used is what it took. */
static gcr_status decode_column(const struct gct_block_decoder *d, uint32_t count,
                                const uint8_t *in, size_t size, uint32_t *values, size_t *used,
                                struct gcr_error *err)
{
    size_t code_bytes = ((size_t)count + 3) / 4;
    if (size < 1 + code_bytes)
        return gcr_fail(err, GCR_BAD_INPUT, "a column is cut short");
    if (in[0] >= PREDICT_COUNT)
        return gcr_fail(err, GCR_BAD_INPUT, "unknown predictor %u", in[0]);
    const uint8_t *codes = in + 1;
    size_t data_bytes = d->columns->data_bytes(codes, code_bytes);
    if (count % 4 != 0 && codes[code_bytes - 1] >> (count % 4 * 2) != 0)
        return gcr_fail(err, GCR_BAD_INPUT, "length codes beyond the end of a column");
    if (data_bytes > size - 1 - code_bytes)
        return gcr_fail(err, GCR_BAD_INPUT, "a column is cut short");
    d->columns->values(codes, codes + code_bytes, count, decode_form(in[0]), values);
    *used = 1 + code_bytes + data_bytes;
    return GCR_OK;
}

static gcr_status decode_columns(struct gct_block_decoder *d, size_t raw_bytes,
                                 struct gcr_error *err)
{
    size_t at = d->resolve.events;
    uint32_t *values = d->values;
    d->resolve.predictors = 0;
    for (unsigned op = 1; op < GCR_OP_COUNT; op++) {
        uint32_t count = d->count[op];
        for (unsigned j = 0; count > 0 && j < GCR_OP_MAX_OPERANDS; j++) {
            size_t used = 0;
            if (gcr_op_table[op].operand[j] == GCR_OPERAND_NONE)
                break;
            gcr_status status =
                decode_column(d, count, d->raw + at, raw_bytes - at, values, &used, err);
            if (status != GCR_OK)
                return status;
            uint32_t predictor = d->raw[at];
            d->resolve.column[op][j] = (struct resolve_column){values, predictor};
            d->resolve.predictors |= 1u << predictor;
            values += (count + COLUMN_GROUP - 1) / COLUMN_GROUP * COLUMN_GROUP;
            at += used;
        }
    }
    if (at != raw_bytes)
        return gcr_fail(err, GCR_BAD_INPUT, "%zu bytes behind the last column", raw_bytes - at);
    return GCR_OK;
}

/* Says what is wrong with the first event that breaks a rule. */
static gcr_status decode_blame(const struct gcr_event *events, uint32_t n,
                               const struct gct_limits *limits, struct gcr_error *err)
{
    for (uint32_t i = 0; i < n; i++) {
        if (gct_check_event(&events[i], limits, err) != GCR_OK)
            return GCR_BAD_INPUT;
    }
    return gcr_fail(err, GCR_BAD_INPUT, "an event breaks a rule");
}

gcr_status gct_block_decode(struct gct_block_decoder *d, const struct gct_section *section,
                            const struct gct_limits *limits, struct gcr_event *events,
                            struct gcr_error *err)
{
    GCR_CHECK(1, section->kind == GCT_EVENTS && section->events <= GCR_BLOCK_EVENTS);
    size_t raw_bytes =
        ZSTD_decompressDCtx(d->zstd, d->raw, section->raw_bytes,
                            d->input + GCT_SECTION_HEADER_BYTES, section->stored_bytes);
    if (ZSTD_isError(raw_bytes))
        return gcr_fail(err, GCR_BAD_INPUT, "zstd: %s", ZSTD_getErrorName(raw_bytes));
    if (raw_bytes != section->raw_bytes || raw_bytes < section->events)
        return gcr_fail(err, GCR_BAD_INPUT, "%zu bytes before compression, %u were promised",
                        raw_bytes, section->raw_bytes);
    memset(d->raw + raw_bytes, 0, COLUMN_SLACK_BYTES);
    gcr_status status = decode_count_operations(d, section->events, err);
    if (status != GCR_OK)
        return status;
    d->resolve.codes = d->raw;
    d->resolve.events = section->events;
    status = decode_columns(d, raw_bytes, err);
    if (status != GCR_OK)
        return status;
    if (!resolve_events(&d->resolve, limits, &d->state, events))
        return decode_blame(events, section->events, limits, err);
    return GCR_OK;
}
