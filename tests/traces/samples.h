/* Event streams for the tests of the format: random ones, and one like GCBench. They are well
 * formed event by event; whether objects are alive does not matter to the format. */
#ifndef GCR_TESTS_TRACES_SAMPLES_H
#define GCR_TESTS_TRACES_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

#include "traces/reader.h"
#include "traces/writer.h"

/* xorshift64*: a seed names a stream. */
uint64_t sample_random(uint64_t *state);
/* Takes `--seed N` from a test program's arguments, for sample_seed. */
void sample_take_arguments(int argc, char **argv);
/* The seed of this run: the one given, else `fallback`. Printed. */
uint64_t sample_seed(uint64_t fallback);

enum { SAMPLE_SHAPES = 3, SAMPLE_NAMES = 2 };
/* Shapes 1 (node), 2 (array of pointers), 3 (resizable); names 1 and 2. */
void sample_declare(struct gcr_writer *writer);
extern const struct gcr_capabilities sample_capabilities;

/* Any operation with any operands that are in bounds: small, clustered and extreme values mixed. No
 * EXIT, no PREBUILT. */
struct gcr_event sample_random_event(uint64_t *state);

/* About `events` events of a GCBench-like program: binary trees built bottom up, dropped, their
 * indexes used again in LIFO order. Returns how many; *out is the caller's to free. */
size_t sample_gcbench(size_t events, struct gcr_event **out);

/* A path under the build's working folder; the caller unlinks. */
const char *sample_path(const char *name, char *out, size_t size);

/* Writes a small file: shapes, names, metadata, two interleaved lanes, several blocks. */
void sample_write_file(const char *path, uint64_t seed, unsigned blocks, unsigned events_per_block);

/* All of a file; the caller frees. */
uint8_t *sample_read_file(const char *path, size_t *size);
/* Asserts that the files hold the same bytes, and removes both. */
void sample_take_equal_files(const char *a, const char *b);
void sample_write_bytes(const char *path, const uint8_t *bytes, size_t size);

/* Reads all events of all lanes and returns a hash over them in *hash. */
gcr_status sample_read_events(const char *path, uint64_t *events, uint64_t *hash, bool *warned,
                              struct gcr_error *err) GCR_MUST_USE;

#endif
