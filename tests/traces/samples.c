#include "samples.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

const struct gcr_capabilities sample_capabilities = {.loads = 1,
                                                     .reads = GCR_READS_EXACT,
                                                     .deaths = GCR_DEATHS_EXACT,
                                                     .threads = 1,
                                                     .forks = 1,
                                                     .times = 1};

uint64_t sample_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static uint64_t given_seed; /* 0: none */

void sample_take_arguments(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--seed") == 0)
        given_seed = strtoull(argv[2], NULL, 0);
}

uint64_t sample_seed(uint64_t fallback)
{
    uint64_t seed = given_seed != 0 ? given_seed : fallback;
    print_message("seed %" PRIu64 " (repeat with --seed)\n", seed);
    return seed;
}

void sample_declare(struct gcr_writer *writer)
{
    const struct gcr_shape shapes[SAMPLE_SHAPES] = {
        {.field_bytes = 24, .slots = 2, .flags = GCR_SHAPE_CONTAINER, .name = "node"},
        {.item_bytes = 8, .item_slots = 1, .flags = GCR_SHAPE_TUPLE, .name = "an array # of"},
        {.field_bytes = 16,
         .slots = 1,
         .item_bytes = 24,
         .item_slots = 2,
         .flags = GCR_SHAPE_CONTAINER | GCR_SHAPE_RESIZABLE,
         .name = "d\xc3\xa9j\xc3\xa0 \"vu\""}};
    static const char *const names[SAMPLE_NAMES] = {"warm-up", "two words"};
    struct gcr_error err;
    uint32_t number;
    for (uint32_t i = 0; i < SAMPLE_SHAPES; i++) {
        assert_int_equal(gcr_writer_shape(writer, &shapes[i], &number, &err), GCR_OK);
        assert_int_equal(number, i + 1);
    }
    for (uint32_t i = 0; i < SAMPLE_NAMES; i++) {
        assert_int_equal(gcr_writer_name(writer, names[i], &number, &err), GCR_OK);
        assert_int_equal(number, i + 1);
    }
}

static uint32_t random_number(uint64_t *state)
{
    uint64_t r = sample_random(state);
    switch (r % 8) {
    case 0:
        return 0;
    case 1:
        return UINT32_MAX - (uint32_t)(r >> 61);
    case 2:
        return (uint32_t)(r >> 32);
    case 3:
        return (uint32_t)(r >> 48);
    default:
        return (uint32_t)(r >> 57);
    }
}

static uint32_t random_operand(uint64_t *state, enum gcr_operand kind)
{
    uint32_t n = random_number(state);
    switch (kind) {
    case GCR_OPERAND_NEW_OBJECT:
    case GCR_OPERAND_OBJECT:
        return n % GCR_MAX_OBJECT + 1;
    case GCR_OPERAND_VALUE:
        return n % ((uint32_t)GCR_MAX_OBJECT + 1);
    case GCR_OPERAND_SHAPE:
        return n % SAMPLE_SHAPES + 1;
    case GCR_OPERAND_ROOT:
        return n & 0x7fffffff;
    case GCR_OPERAND_NUMBER:
        return n;
    default:
        return 0;
    }
}

/* Puts right what the operand's kind alone does not say. */
static void make_sane(struct gcr_event *e)
{
    switch (e->op) {
    case GCR_OP_ALLOC:
        e->d = e->b == 1 ? 0 : e->d;
        break;
    case GCR_OP_GCCONTROL:
        e->a %= 2;
        break;
    case GCR_OP_COLLECT:
    case GCR_OP_COLLECTED:
        e->a %= 3;
        break;
    case GCR_OP_RESURRECT:
        e->b |= 1;
        break;
    case GCR_OP_THREAD:
        e->a %= GCR_MAX_THREADS;
        break;
    case GCR_OP_FORK:
        e->a = e->a % (GCR_MAX_LANES - 8) + 8;
        break;
    case GCR_OP_REQUEST:
        e->flags = (uint8_t)(e->flags % 2 + 1);
        break;
    case GCR_OP_PHASE:
        e->a = e->a % SAMPLE_NAMES + 1;
        break;
    default:
        break;
    }
}

struct gcr_event sample_random_event(uint64_t *state)
{
    struct gcr_event e = {0};
    do {
        e.op = (uint8_t)(sample_random(state) % GCR_OP_COUNT);
    } while (e.op == GCR_OP_NONE || e.op == GCR_OP_PREBUILT || e.op == GCR_OP_EXIT);
    const struct gcr_op_info *info = &gcr_op_table[e.op];
    e.flags = (uint8_t)(sample_random(state) % 4) & info->flags;
    uint32_t *const operands[] = {&e.a, &e.b, &e.c, &e.d, &e.e};
    for (unsigned j = 0; j < GCR_OP_MAX_OPERANDS; j++)
        *operands[j] = random_operand(state, info->operand[j]);
    make_sane(&e);
    return e;
}

/* --- GCBench-like --- */

struct bench {
    struct gcr_event *events;
    size_t count, room;
    uint32_t next_object;
    uint32_t *free_objects;
    size_t free_count;
    uint32_t left[1 << 18], right[1 << 18];
};

static void bench_put(struct bench *bench, struct gcr_event event)
{
    if (bench->count < bench->room)
        bench->events[bench->count++] = event;
}

static uint32_t bench_alloc(struct bench *bench, uint32_t root)
{
    uint32_t object =
        bench->free_count > 0 ? bench->free_objects[--bench->free_count] : bench->next_object++;
    bench_put(bench, (struct gcr_event){.op = GCR_OP_ALLOC, .a = object, .b = 1, .c = root});
    return object;
}

/* Builds bottom up; the subtree is held by the thread's root slot `depth` x 2 + side. */
static uint32_t bench_build(struct bench *bench, unsigned depth, unsigned side)
{
    uint32_t left = depth > 0 ? bench_build(bench, depth - 1, 0) : 0;
    uint32_t right = depth > 0 ? bench_build(bench, depth - 1, 1) : 0;
    uint32_t node = bench_alloc(bench, gcr_root_thread(depth * 2 + side));
    bench->left[node] = left;
    bench->right[node] = right;
    if (depth == 0)
        return node;
    bench_put(bench, (struct gcr_event){.op = GCR_OP_STORE, .a = node, .b = 0, .c = left});
    bench_put(bench,
              (struct gcr_event){.op = GCR_OP_ROOT, .a = gcr_root_thread((depth - 1) * 2), .b = 0});
    bench_put(bench, (struct gcr_event){.op = GCR_OP_STORE, .a = node, .b = 1, .c = right});
    bench_put(bench, (struct gcr_event){
                         .op = GCR_OP_ROOT, .a = gcr_root_thread((depth - 1) * 2 + 1), .b = 0});
    return node;
}

static void bench_drop(struct bench *bench, uint32_t node)
{
    if (node == 0)
        return;
    bench_put(bench, (struct gcr_event){.op = GCR_OP_DEATH, .a = node});
    bench_drop(bench, bench->left[node]);
    bench_drop(bench, bench->right[node]);
    bench->free_objects[bench->free_count++] = node;
}

size_t sample_gcbench(size_t events, struct gcr_event **out)
{
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    bench->events = malloc(sizeof *bench->events * events);
    bench->free_objects = malloc(sizeof *bench->free_objects * (1 << 18));
    assert_non_null(bench->events);
    assert_non_null(bench->free_objects);
    bench->room = events;
    bench->next_object = 1;
    for (unsigned depth = 4; bench->count < bench->room; depth = depth < 14 ? depth + 2 : 4) {
        for (unsigned i = 0; i < 1u << (16 - depth) && bench->count < bench->room; i++) {
            uint32_t tree = bench_build(bench, depth, 0);
            bench_put(bench,
                      (struct gcr_event){.op = GCR_OP_ROOT, .a = gcr_root_thread(depth * 2)});
            bench_drop(bench, tree);
        }
    }
    *out = bench->events;
    size_t count = bench->count;
    free(bench->free_objects);
    free(bench);
    return count;
}

/* --- Files --- */

const char *sample_path(const char *name, char *out, size_t size)
{
    (void)snprintf(out, size, "gct-test-%d-%s", (int)getpid(), name);
    return out;
}

void sample_write_file(const char *path, uint64_t seed, unsigned blocks, unsigned events_per_block)
{
    struct gcr_writer *writer;
    struct gcr_error err;
    assert_int_equal(gcr_writer_open(path, &sample_capabilities, &writer, &err), GCR_OK);
    gcr_writer_explicit_blocks(writer);
    sample_declare(writer);
    assert_int_equal(gcr_writer_meta(writer, "{\"program\":\"x\",\"n\":1}", &err), GCR_OK);
    for (unsigned block = 0; block < blocks; block++) {
        for (unsigned i = 0; i < events_per_block; i++) {
            struct gcr_event event = sample_random_event(&seed);
            assert_int_equal(gcr_writer_event(writer, block % 2, &event, &err), GCR_OK);
        }
        assert_int_equal(gcr_writer_cut(writer, block % 2, &err), GCR_OK);
    }
    assert_int_equal(gcr_writer_meta(writer, "{\n\"n\": 2}", &err), GCR_OK);
    assert_int_equal(gcr_writer_close(writer, &err), GCR_OK);
}

uint8_t *sample_read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long length = ftell(file);
    assert_true(length >= 0);
    rewind(file);
    uint8_t *bytes = malloc((size_t)length + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)length, file), length);
    (void)fclose(file);
    *size = (size_t)length;
    return bytes;
}

void sample_take_equal_files(const char *a, const char *b)
{
    size_t a_size;
    size_t b_size;
    uint8_t *a_bytes = sample_read_file(a, &a_size);
    uint8_t *b_bytes = sample_read_file(b, &b_size);
    assert_int_equal(a_size, b_size);
    assert_memory_equal(a_bytes, b_bytes, a_size);
    free(a_bytes);
    free(b_bytes);
    (void)unlink(a);
    (void)unlink(b);
}

void sample_write_bytes(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static gcr_status read_lane(struct gcr_reader *reader, uint32_t lane, uint64_t *events,
                            uint64_t *hash, struct gcr_error *err)
{
    struct gcr_event batch[100];
    struct gcr_cursor *cursor;
    size_t n = 0;
    gcr_status status = gcr_cursor_open(reader, lane, &cursor, err);
    if (status != GCR_OK)
        return status;
    do {
        status = gcr_cursor_read(cursor, batch, GCR_COUNT_OF(batch), &n, err);
        for (size_t i = 0; status == GCR_OK && i < n; i++) {
            const uint8_t *byte = (const uint8_t *)&batch[i];
            for (size_t k = 0; k < sizeof batch[i]; k++)
                *hash = (*hash ^ byte[k]) * UINT64_C(1099511628211);
        }
        *events += status == GCR_OK ? n : 0;
    } while (status == GCR_OK && n > 0);
    gcr_cursor_close(cursor);
    return status;
}

gcr_status sample_read_events(const char *path, uint64_t *events, uint64_t *hash, bool *warned,
                              struct gcr_error *err)
{
    struct gcr_reader *reader;
    gcr_status status = gcr_reader_open(path, &reader, err);
    *events = 0;
    *hash = UINT64_C(14695981039346656037);
    if (status != GCR_OK)
        return status;
    *warned = gcr_reader_warning(reader) != NULL;
    for (uint32_t lane = 0; lane < gcr_reader_lane_count(reader) && status == GCR_OK; lane++)
        status = read_lane(reader, lane, events, hash, err);
    gcr_reader_close(reader);
    return status;
}
