/* libFuzzer's custom mutator for traces. Seven mutations of eight are made behind the checksums
 * (pieces.h): to the content of a section, to the fields of its header, or to the order of
 * sections. */
#include "base/splitmix.h"
#include "pieces.h"
#include "support.h"

static void mutate_fields(struct gct_section *section, uint64_t random)
{
    uint32_t value = (uint32_t)(random >> 32) >> (random >> 8 & 31);
    switch (random % 6) {
    case 0:
        section->number = value;
        break;
    case 1:
        section->events = value % (GCR_BLOCK_EVENTS + 2);
        break;
    case 2:
        section->first_event = value;
        break;
    case 3:
        section->kind = value % 7;
        break;
    case 4:
        section->coding = value % 3;
        break;
    default:
        section->raw_bytes = value;
        break;
    }
}

static void mutate_pieces(struct pieces *pieces, uint64_t random)
{
    if (random % 16 == 0)
        pieces->has_index = !pieces->has_index;
    if (pieces->count == 0)
        return;
    size_t i = (random >> 8) % pieces->count;
    struct piece *piece = &pieces->piece[i];
    switch (random >> 4 & 15) {
    case 0:
        (void)pieces_duplicate(pieces, i);
        break;
    case 1:
        pieces_remove(pieces, i);
        break;
    case 2:
    case 3:
    case 4:
        piece->keeps_sizes = true;
        mutate_fields(&piece->section, gcr_splitmix_mix(random));
        break;
    default:
        piece->size = LLVMFuzzerMutate(piece->content, piece->size, PIECES_CONTENT / 4);
        break;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    struct pieces pieces;
    uint64_t state = seed;
    uint64_t random = gcr_splitmix_next(&state);
    if (random % 8 == 0 || !pieces_split(data, size, &pieces))
        return LLVMFuzzerMutate(data, size, max_size);
    mutate_pieces(&pieces, random >> 3);
    size_t joined = pieces_join(&pieces, data, max_size);
    pieces_free(&pieces);
    return joined == 0 ? size : joined;
}
