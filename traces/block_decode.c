/* Decodes one block (see block_encode.c): columns in bulk, then predictions undone in one walk over
 * the operations, then bounds checked column by column; events are put together only as they are
 * taken. Nothing is delivered from a block that breaks a rule.
 *
 * Columns hold final values from the walk on, so taking events is a gather without decisions.
 * Every count in the content is checked against what remains before it is used. O(events). */
#include "traces/block_decode.h"

#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "base/check.h"
#include "traces/bytes.h"
#include "traces/predict.h"

enum {
    DECODE_SLACK = 16, /* readable bytes behind the raw content: values are fetched 4 bytes wide */
    DECODE_OP_BITS = 5,
    DECODE_OP_MASK = (1 << DECODE_OP_BITS) - 1
};
_Static_assert(GCR_OP_COUNT <= DECODE_OP_MASK + 1, "an operation must fit in five bits");

struct column {
    uint32_t *values;
    uint32_t predictor;
    uint32_t mask; /* 0 for an operand that the operation has not: always values[0], a zero */
};

struct operation {
    uint32_t count;
    uint32_t next; /* to resolve or to take */
    struct column column[GCR_OP_MAX_OPERANDS];
};

struct gct_block_decoder {
    ZSTD_DCtx *zstd;
    uint8_t *input;
    uint8_t *raw; /* operations first */
    uint32_t *values;
    uint32_t events, taken;
    uint32_t zero;
    struct operation operation[DECODE_OP_MASK + 1];
    struct predict_state state;
};

gcr_status gct_block_decoder_create(struct gct_block_decoder **out, struct gcr_error *err)
{
    struct gct_block_decoder *d = calloc(1, sizeof *d);
    if (d == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for a block decoder");
    d->zstd = ZSTD_createDCtx();
    d->input = malloc(gcr_block_bound(GCR_BLOCK_EVENTS));
    d->raw = malloc(gct_raw_bound(GCR_BLOCK_EVENTS) + DECODE_SLACK);
    d->values = malloc(sizeof *d->values * GCR_BLOCK_EVENTS * (size_t)GCR_OP_MAX_OPERANDS);
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

/* Counts operations and refuses unknown ones and unknown flags. */
static gcr_status decode_count_operations(struct gct_block_decoder *d, uint32_t n,
                                          struct gcr_error *err)
{
    uint32_t histogram[256] = {0};
    for (uint32_t i = 0; i < n; i++)
        histogram[d->raw[i]]++;
    for (unsigned op = 0; op <= DECODE_OP_MASK; op++)
        d->operation[op] = (struct operation){0};
    for (unsigned byte = 0; byte < 256; byte++) {
        unsigned op = byte & DECODE_OP_MASK;
        unsigned flags = byte >> DECODE_OP_BITS;
        if (histogram[byte] == 0)
            continue;
        if (op == GCR_OP_NONE || op >= GCR_OP_COUNT ||
            (flags & ~gcr_op_table[op].flags & 7u) != 0 ||
            (op == GCR_OP_REQUEST && flags != GCR_REQUEST_BEGIN && flags != GCR_REQUEST_END))
            return gcr_fail(err, GCR_BAD_INPUT, "unknown operation %u with flags %u", op, flags);
        d->operation[op].count += histogram[byte];
    }
    return GCR_OK;
}

static void decode_place_columns(struct gct_block_decoder *d)
{
    uint32_t *next = d->values;
    for (unsigned op = 0; op < GCR_OP_COUNT; op++) {
        for (unsigned j = 0; j < GCR_OP_MAX_OPERANDS; j++) {
            struct column *column = &d->operation[op].column[j];
            bool is_used = gcr_op_table[op].operand[j] != GCR_OPERAND_NONE;
            column->mask = is_used ? UINT32_MAX : 0;
            column->values = is_used ? next : &d->zero;
            if (is_used)
                next += d->operation[op].count;
        }
    }
}

/* Bytes of data that four length codes stand for. */
static inline unsigned decode_code_bytes(uint8_t codes)
{
    static const uint8_t length[4] = {0, 1, 2, 4};
    return (unsigned)length[codes & 3] + length[codes >> 2 & 3] + length[codes >> 4 & 3] +
           length[codes >> 6];
}

/* Fetches `count` values. The sum of the lengths has been checked; fetches are 4 bytes wide. */
static void decode_values(const uint8_t *codes, const uint8_t *data, uint32_t count, uint32_t *out)
{
    static const uint32_t mask[4] = {0, 0xff, 0xffff, 0xffffffff};
    static const uint8_t length[4] = {0, 1, 2, 4};
    uint32_t i = 0;
    for (; i + 4 <= count; i += 4) {
        unsigned code = codes[i / 4];
        if (code == 0) { /* four good guesses: the common case */
            memset(out + i, 0, 4 * sizeof *out);
            continue;
        }
        for (unsigned k = 0; k < 4; k++, code >>= 2) {
            out[i + k] = bytes_get32(data) & mask[code & 3];
            data += length[code & 3];
        }
    }
    for (; i < count; i++) {
        unsigned code = ((unsigned)codes[i / 4] >> (i % 4 * 2)) & 3u;
        out[i] = bytes_get32(data) & mask[code];
        data += length[code];
    }
}

static void decode_undo_zigzag(uint32_t predictor, uint32_t count, uint32_t *values)
{
    if (predictor == PREDICT_RAW)
        return;
    for (uint32_t i = 0; i < count; i++)
        values[i] = predict_unzigzag(values[i]);
    if (predictor != PREDICT_DELTA)
        return;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += values[i];
        values[i] = sum;
    }
}

/* Reads one column at in[0..size); *used is what it took. */
static gcr_status decode_column(struct column *column, uint32_t count, const uint8_t *in,
                                size_t size, size_t *used, struct gcr_error *err)
{
    size_t code_bytes = ((size_t)count + 3) / 4;
    if (size < 1 + code_bytes)
        return gcr_fail(err, GCR_BAD_INPUT, "a column is cut short");
    column->predictor = in[0];
    if (column->predictor >= PREDICT_COUNT)
        return gcr_fail(err, GCR_BAD_INPUT, "unknown predictor %u", in[0]);
    const uint8_t *codes = in + 1;
    size_t data_bytes = 0;
    for (size_t i = 0; i < code_bytes; i++)
        data_bytes += decode_code_bytes(codes[i]);
    if (count % 4 != 0 && codes[code_bytes - 1] >> (count % 4 * 2) != 0)
        return gcr_fail(err, GCR_BAD_INPUT, "length codes beyond the end of a column");
    if (data_bytes > size - 1 - code_bytes)
        return gcr_fail(err, GCR_BAD_INPUT, "a column is cut short");
    decode_values(codes, codes + code_bytes, count, column->values);
    decode_undo_zigzag(column->predictor, count, column->values);
    *used = 1 + code_bytes + data_bytes;
    return GCR_OK;
}

static gcr_status decode_columns(struct gct_block_decoder *d, size_t raw_bytes,
                                 struct gcr_error *err)
{
    size_t at = d->events;
    for (unsigned op = 1; op < GCR_OP_COUNT; op++) {
        struct operation *operation = &d->operation[op];
        for (unsigned j = 0; operation->count > 0 && j < GCR_OP_MAX_OPERANDS; j++) {
            size_t used = 0;
            if (operation->column[j].mask == 0)
                break;
            gcr_status status = decode_column(&operation->column[j], operation->count, d->raw + at,
                                              raw_bytes - at, &used, err);
            if (status != GCR_OK)
                return status;
            at += used;
        }
    }
    if (at != raw_bytes)
        return gcr_fail(err, GCR_BAD_INPUT, "%zu bytes behind the last column", raw_bytes - at);
    return GCR_OK;
}

GCR_ALWAYS_INLINE uint32_t resolve_operand(struct predict_state *state, struct column *column,
                                           uint32_t k, enum gcr_operand kind)
{
    if (kind == GCR_OPERAND_NONE)
        return 0;
    /* The registers of RAW and DELTA are always 0: those columns are final already. */
    uint32_t value = column->values[k] + state->reg[column->predictor];
    column->values[k] = value;
    predict_note(state, kind, value);
    return value;
}

GCR_ALWAYS_INLINE void resolve_event(struct gct_block_decoder *d, enum gcr_op op,
                                     enum gcr_operand ka, enum gcr_operand kb, enum gcr_operand kc,
                                     enum gcr_operand kd, enum gcr_operand ke)
{
    struct operation *operation = &d->operation[op];
    uint32_t k = operation->next++;
    uint32_t a = resolve_operand(&d->state, &operation->column[0], k, ka);
    uint32_t b = resolve_operand(&d->state, &operation->column[1], k, kb);
    uint32_t c = resolve_operand(&d->state, &operation->column[2], k, kc);
    (void)resolve_operand(&d->state, &operation->column[3], k, kd);
    (void)resolve_operand(&d->state, &operation->column[4], k, ke);
    predict_end(&d->state, op, a, b, c);
}

static void resolve_by_table(struct gct_block_decoder *d, unsigned op)
{
    const uint8_t *kind = gcr_op_table[op].operand;
    resolve_event(d, op, kind[0], kind[1], kind[2], kind[3], kind[4]);
}

/* Undoes the predictions. The common operations are spelt out, so that the compiler specialises
 * them; they must agree with gcr_op_table, by which all others go. */
static void decode_resolve(struct gct_block_decoder *d)
{
    predict_init(&d->state);
    for (uint32_t i = 0; i < d->events; i++) {
        unsigned op = d->raw[i] & DECODE_OP_MASK;
        switch (op) {
        case GCR_OP_ALLOC:
            resolve_event(d, GCR_OP_ALLOC, GCR_OPERAND_NEW_OBJECT, GCR_OPERAND_SHAPE,
                          GCR_OPERAND_ROOT, GCR_OPERAND_NUMBER, GCR_OPERAND_NONE);
            break;
        case GCR_OP_STORE:
            resolve_event(d, GCR_OP_STORE, GCR_OPERAND_OBJECT, GCR_OPERAND_NUMBER,
                          GCR_OPERAND_VALUE, GCR_OPERAND_NONE, GCR_OPERAND_NONE);
            break;
        case GCR_OP_LOAD:
            resolve_event(d, GCR_OP_LOAD, GCR_OPERAND_OBJECT, GCR_OPERAND_NUMBER, GCR_OPERAND_ROOT,
                          GCR_OPERAND_NONE, GCR_OPERAND_NONE);
            break;
        case GCR_OP_READ:
        case GCR_OP_WRITE:
            resolve_event(d, op, GCR_OPERAND_OBJECT, GCR_OPERAND_NUMBER, GCR_OPERAND_NUMBER,
                          GCR_OPERAND_NONE, GCR_OPERAND_NONE);
            break;
        case GCR_OP_ROOT:
            resolve_event(d, GCR_OP_ROOT, GCR_OPERAND_ROOT, GCR_OPERAND_VALUE, GCR_OPERAND_NONE,
                          GCR_OPERAND_NONE, GCR_OPERAND_NONE);
            break;
        case GCR_OP_DEATH:
            resolve_event(d, GCR_OP_DEATH, GCR_OPERAND_OBJECT, GCR_OPERAND_NONE, GCR_OPERAND_NONE,
                          GCR_OPERAND_NONE, GCR_OPERAND_NONE);
            break;
        default:
            resolve_by_table(d, op);
            break;
        }
    }
    for (unsigned op = 0; op < GCR_OP_COUNT; op++)
        d->operation[op].next = 0;
}

/* Lowest and highest value that the kind allows. */
static void decode_get_range(enum gcr_operand kind, const struct gct_limits *limits, uint32_t *low,
                             uint32_t *high)
{
    bool is_object = kind == GCR_OPERAND_NEW_OBJECT || kind == GCR_OPERAND_OBJECT;
    *low = is_object || kind == GCR_OPERAND_SHAPE ? 1 : 0;
    *high = UINT32_MAX;
    if (is_object || kind == GCR_OPERAND_VALUE)
        *high = GCR_MAX_OBJECT;
    else if (kind == GCR_OPERAND_SHAPE)
        *high = limits->shape_count;
    else if (kind == GCR_OPERAND_ROOT)
        *high = gcr_root_global(GCR_MAX_ROOT_SLOT);
}

static bool decode_is_in_range(const struct column *column, uint32_t count, uint32_t low,
                               uint32_t high)
{
    uint32_t min = UINT32_MAX;
    uint32_t max = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t value = column->values[i];
        min = value < min ? value : min;
        max = value > max ? value : max;
    }
    return min >= low && max <= high;
}

/* The k-th event of an operation, put together from its columns (flags are not among them). */
static struct gcr_event decode_gather(const struct operation *operation, unsigned op, uint32_t k)
{
    const struct column *c = operation->column;
    return (struct gcr_event){.op = (uint8_t)op,
                              .flags = op == GCR_OP_REQUEST ? GCR_REQUEST_BEGIN : 0,
                              .a = c[0].values[k & c[0].mask],
                              .b = c[1].values[k & c[1].mask],
                              .c = c[2].values[k & c[2].mask],
                              .d = c[3].values[k & c[3].mask],
                              .e = c[4].values[k & c[4].mask]};
}

/* Says what is wrong with the first event of the operation that breaks a rule, if one does. */
static gcr_status decode_check_each(const struct operation *operation, unsigned op,
                                    const struct gct_limits *limits, struct gcr_error *err)
{
    for (uint32_t k = 0; k < operation->count; k++) {
        struct gcr_event event = decode_gather(operation, op, k);
        if (gct_check_event(&event, limits, err) != GCR_OK)
            return GCR_BAD_INPUT;
    }
    return GCR_OK;
}

/* Of all shapes in a column of ALLOC or PREBUILT, does one without items come with a length? */
static bool decode_lengths_are_sane(const struct operation *operation, unsigned length_operand,
                                    const struct gct_limits *limits)
{
    const uint32_t *shapes = operation->column[1].values;
    const uint32_t *lengths = operation->column[length_operand].values;
    bool sane = true;
    for (uint32_t k = 0; k < operation->count; k++)
        sane &= lengths[k] == 0 || gcr_shape_has_items(&limits->shapes[shapes[k]]);
    return sane;
}

static gcr_status decode_check_operation(const struct operation *operation, unsigned op,
                                         const struct gct_limits *limits, struct gcr_error *err)
{
    for (unsigned j = 0; j < GCR_OP_MAX_OPERANDS && operation->column[j].mask != 0; j++) {
        uint32_t low;
        uint32_t high;
        decode_get_range(gcr_op_table[op].operand[j], limits, &low, &high);
        if (!decode_is_in_range(&operation->column[j], operation->count, low, high))
            return decode_check_each(operation, op, limits, err);
    }
    switch (op) {
    case GCR_OP_PREBUILT:
        return decode_lengths_are_sane(operation, 2, limits)
                   ? GCR_OK
                   : decode_check_each(operation, op, limits, err);
    case GCR_OP_ALLOC:
        return decode_lengths_are_sane(operation, 3, limits)
                   ? GCR_OK
                   : decode_check_each(operation, op, limits, err);
    case GCR_OP_STORE:
    case GCR_OP_COPY:
    case GCR_OP_LOAD:
    case GCR_OP_READ:
    case GCR_OP_WRITE:
    case GCR_OP_ROOT:
    case GCR_OP_DEATH:
        return GCR_OK; /* nothing beyond the ranges, and common */
    default:
        return decode_check_each(operation, op, limits, err);
    }
}

static gcr_status decode_content(struct gct_block_decoder *d, const struct gct_section *section,
                                 const struct gct_limits *limits, struct gcr_error *err)
{
    size_t raw_bytes =
        ZSTD_decompressDCtx(d->zstd, d->raw, section->raw_bytes,
                            d->input + GCT_SECTION_HEADER_BYTES, section->stored_bytes);
    if (ZSTD_isError(raw_bytes))
        return gcr_fail(err, GCR_BAD_INPUT, "zstd: %s", ZSTD_getErrorName(raw_bytes));
    if (raw_bytes != section->raw_bytes || raw_bytes < section->events)
        return gcr_fail(err, GCR_BAD_INPUT, "%zu bytes before compression, %u were promised",
                        raw_bytes, section->raw_bytes);
    memset(d->raw + raw_bytes, 0, DECODE_SLACK);
    gcr_status status = decode_count_operations(d, section->events, err);
    if (status != GCR_OK)
        return status;
    d->events = section->events;
    decode_place_columns(d);
    status = decode_columns(d, raw_bytes, err);
    if (status != GCR_OK)
        return status;
    decode_resolve(d);
    for (unsigned op = 1; op < GCR_OP_COUNT && status == GCR_OK; op++) {
        if (d->operation[op].count > 0)
            status = decode_check_operation(&d->operation[op], op, limits, err);
    }
    return status;
}

gcr_status gct_block_decode(struct gct_block_decoder *decoder, const struct gct_section *section,
                            const struct gct_limits *limits, struct gcr_error *err)
{
    GCR_CHECK(1, section->kind == GCT_EVENTS && section->events <= GCR_BLOCK_EVENTS);
    decoder->taken = 0;
    gcr_status status = decode_content(decoder, section, limits, err);
    if (status != GCR_OK)
        decoder->events = 0;
    return status;
}

size_t gct_block_take(struct gct_block_decoder *decoder, struct gcr_event *events, size_t room)
{
    size_t left = decoder->events - decoder->taken;
    size_t n = room < left ? room : left;
    const uint8_t *codes = decoder->raw + decoder->taken;
    for (size_t i = 0; i < n; i++) {
        struct operation *operation = &decoder->operation[codes[i] & DECODE_OP_MASK];
        const struct column *c = operation->column;
        uint32_t k = operation->next++;
        events[i].op = codes[i] & DECODE_OP_MASK;
        events[i].flags = codes[i] >> DECODE_OP_BITS;
        events[i].unused = 0;
        events[i].a = c[0].values[k & c[0].mask];
        events[i].b = c[1].values[k & c[1].mask];
        events[i].c = c[2].values[k & c[2].mask];
        events[i].d = c[3].values[k & c[3].mask];
        events[i].e = c[4].values[k & c[4].mask];
    }
    decoder->taken += (uint32_t)n;
    return n;
}
