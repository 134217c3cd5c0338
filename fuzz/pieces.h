/* A trace file taken apart for mutation: its sections with contents uncompressed. Putting it
 * together again compresses, counts, and computes every checksum, so that what was changed is met
 * by the code behind the checksums and not by them. */
#ifndef GCR_FUZZ_PIECES_H
#define GCR_FUZZ_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "traces/section.h"

enum { PIECES_MAX = 64, PIECES_CONTENT = 1 << 16 };

struct piece {
    struct gct_section section; /* sizes and hash are computed again on joining */
    uint8_t *content;           /* PIECES_CONTENT bytes, `size` of them used */
    size_t size;
    bool keeps_sizes; /* raw_bytes as it is, even if it lies */
};

struct pieces {
    struct gct_file_header header;
    struct piece piece[PIECES_MAX];
    size_t count;
    bool has_index; /* index and footer are written behind the pieces */
};

/* Takes the whole sections at the file's beginning; false if it has no header. */
bool pieces_split(const uint8_t *bytes, size_t size, struct pieces *pieces);
/* Returns the file's bytes, 0 if it takes more than `room`. */
size_t pieces_join(struct pieces *pieces, uint8_t *out, size_t room);
void pieces_free(struct pieces *pieces);

/* Structural changes. The piece goes behind the others; false if there is no room. */
bool pieces_duplicate(struct pieces *pieces, size_t i);
void pieces_remove(struct pieces *pieces, size_t i);

#endif
