/* What the fuzz targets have in common: files that live in memory, and the rules that hold for
 * every trace that opens. A broken rule aborts, which is what libFuzzer takes for a finding. */
#ifndef GCR_FUZZ_SUPPORT_H
#define GCR_FUZZ_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* libFuzzer's entry points, and its mutator for use in a mutator of one's own. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* Says which rule the input breaks, and aborts. */
_Noreturn void fuzz_found(const char *rule, const char *detail);

/* A path under which the bytes can be opened, valid until the next call. */
const char *fuzz_file(const uint8_t *bytes, size_t size);
/* A path in a folder in memory that is this process's own and is removed at its exit. The name is
 * a constant; equal names give equal paths. */
const char *fuzz_path(const char *name, char out[static 64]);
/* All of a file (malloc), or a finding if it cannot be read. */
uint8_t *fuzz_slurp(const char *path, size_t *size);

/* Opens a trace, reads every lane to its end, and dumps it. Rules: a failure has a message that
 * names the file; a lane delivers as many events as were promised, unless reading fails; the dump
 * succeeds if and only if every lane could be read. True if all of it could be read. */
bool fuzz_read_trace(const char *path);
/* The trace must be readable, and assembling its dump must give the same file, byte for byte. */
void fuzz_round_trip(const char *path);

#endif
