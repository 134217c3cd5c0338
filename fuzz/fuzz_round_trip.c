/* Writer and reader: bytes are taken as a program that declares shapes and names and appends events
 * to lanes. What the writer takes must come back event by event, and dump and assemble must give
 * the same file. Rules of the writer that refuse an event are not findings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"
#include "traces/reader.h"
#include "traces/writer.h"

enum { TRIP_LANES = 4, TRIP_EVENTS = 1 << 14 };

struct trip {
    const uint8_t *at, *end;
    struct gcr_writer *writer;
    struct gcr_event *events[TRIP_LANES];
    uint32_t count[TRIP_LANES];
    uint32_t shapes, names;
};

static uint8_t trip_byte(struct trip *trip)
{
    return trip->at < trip->end ? *trip->at++ : 0;
}

/* Mostly small, sometimes anything: one byte, or after 255 four more. */
static uint32_t trip_number(struct trip *trip)
{
    uint32_t number = trip_byte(trip);
    if (number < 0xff)
        return number;
    for (unsigned i = 0; i < 4; i++)
        number = number << 8 | trip_byte(trip);
    return number;
}

static void trip_shape(struct trip *trip)
{
    struct gcr_shape shape = {.field_bytes = trip_number(trip),
                              .slots = trip_number(trip),
                              .item_bytes = trip_number(trip),
                              .item_slots = trip_number(trip),
                              .flags = trip_number(trip)};
    size_t length = trip_byte(trip) % sizeof shape.name;
    uint32_t number;
    for (size_t i = 0; i < length; i++)
        shape.name[i] = (char)trip_byte(trip);
    if (gcr_writer_shape(trip->writer, &shape, &number, NULL) == GCR_OK && number != ++trip->shapes)
        fuzz_found("a shape's number is not the next one", shape.name);
}

static void trip_name(struct trip *trip)
{
    char name[256] = "";
    uint32_t number;
    size_t length = trip_byte(trip);
    for (size_t i = 0; i < length; i++)
        name[i] = (char)trip_byte(trip);
    if (gcr_writer_name(trip->writer, name, &number, NULL) == GCR_OK && number != ++trip->names)
        fuzz_found("a name's number is not the next one", name);
}

static void trip_meta(struct trip *trip)
{
    char json[256] = "";
    size_t length = trip_byte(trip);
    for (size_t i = 0; i < length; i++)
        json[i] = (char)trip_byte(trip);
    if (gcr_writer_meta(trip->writer, json, NULL) != GCR_OK)
        return;
}

static void trip_event(struct trip *trip, uint32_t lane, unsigned op)
{
    struct gcr_event event = {.op = (uint8_t)op};
    uint32_t *const operands[] = {&event.a, &event.b, &event.c, &event.d, &event.e};
    const struct gcr_op_info *info = &gcr_op_table[op];
    if (info->flags != 0)
        event.flags = trip_byte(trip);
    for (unsigned j = 0; j < GCR_OP_MAX_OPERANDS && info->operand[j] != GCR_OPERAND_NONE; j++)
        *operands[j] = trip_number(trip);
    if (trip->count[lane] < TRIP_EVENTS &&
        gcr_writer_event(trip->writer, lane, &event, NULL) == GCR_OK)
        trip->events[lane][trip->count[lane]++] = event;
}

static void trip_write(struct trip *trip, const char *path)
{
    const struct gcr_capabilities capabilities = {.deaths = trip_byte(trip) % 3};
    struct gcr_error err;
    if (gcr_writer_open(path, &capabilities, &trip->writer, &err) != GCR_OK)
        fuzz_found("a file cannot be written", err.text);
    if (trip_byte(trip) % 2 != 0)
        gcr_writer_explicit_blocks(trip->writer);
    while (trip->at < trip->end) {
        uint8_t byte = trip_byte(trip);
        uint32_t lane = byte >> 5 & (TRIP_LANES - 1);
        unsigned what = byte & 31;
        if (what == GCR_OP_NONE)
            trip_shape(trip);
        else if (what < GCR_OP_COUNT)
            trip_event(trip, lane, what);
        else if (what == GCR_OP_COUNT)
            trip_name(trip);
        else if (what == GCR_OP_COUNT + 1)
            trip_meta(trip);
        else if (gcr_writer_cut(trip->writer, lane, &err) != GCR_OK)
            fuzz_found("a block cannot be ended", err.text);
    }
    if (gcr_writer_close(trip->writer, &err) != GCR_OK)
        fuzz_found("a file cannot be closed", err.text);
}

static void trip_compare_lane(const struct trip *trip, struct gcr_reader *reader, uint32_t lane)
{
    static struct gcr_event found[TRIP_EVENTS + 1];
    struct gcr_error err;
    struct gcr_cursor *cursor;
    size_t seen = 0;
    size_t n = 0;
    if (gcr_reader_lane_events(reader, lane) != trip->count[lane])
        fuzz_found("a lane has another number of events", gcr_reader_path(reader));
    if (trip->count[lane] == 0)
        return;
    if (gcr_cursor_open(reader, lane, &cursor, &err) != GCR_OK)
        fuzz_found("a lane cannot be opened", err.text);
    do {
        if (gcr_cursor_read(cursor, found + seen, TRIP_EVENTS + 1 - seen, &n, &err) != GCR_OK)
            fuzz_found("a written lane cannot be read", err.text);
        seen += n;
    } while (n > 0);
    gcr_cursor_close(cursor);
    if (seen != trip->count[lane] || memcmp(found, trip->events[lane], seen * sizeof found[0]) != 0)
        fuzz_found("other events come back than were written", gcr_reader_path(reader));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct gcr_error err;
    struct gcr_reader *reader;
    struct trip trip = {.at = data, .end = data + size};
    for (unsigned i = 0; i < TRIP_LANES; i++) {
        trip.events[i] = malloc(TRIP_EVENTS * sizeof(struct gcr_event));
        if (trip.events[i] == NULL)
            abort();
    }
    trip_write(&trip, fuzz_path("trip.gct", path));
    if (gcr_reader_open(path, &reader, &err) != GCR_OK)
        fuzz_found("a written file does not open", err.text);
    for (uint32_t lane = 0; lane < TRIP_LANES; lane++)
        trip_compare_lane(&trip, reader, lane);
    gcr_reader_close(reader);
    fuzz_round_trip(path);
    for (unsigned i = 0; i < TRIP_LANES; i++)
        free(trip.events[i]);
    return 0;
}
