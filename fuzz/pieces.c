#include "pieces.h"

#include <stdlib.h>
#include <string.h>

#include <zstd.h>

static bool pieces_take(struct pieces *pieces, const struct gct_section *section,
                        const uint8_t *stored)
{
    struct piece piece = {.section = *section, .content = malloc(PIECES_CONTENT)};
    if (piece.content == NULL)
        return false;
    if (section->coding == GCT_ZSTD)
        piece.size = ZSTD_decompress(piece.content, PIECES_CONTENT, stored, section->stored_bytes);
    else
        piece.size = section->stored_bytes;
    if (ZSTD_isError(piece.size) || piece.size > PIECES_CONTENT) {
        free(piece.content);
        return false;
    }
    if (section->coding != GCT_ZSTD)
        memcpy(piece.content, stored, piece.size);
    pieces->piece[pieces->count++] = piece;
    return true;
}

bool pieces_split(const uint8_t *bytes, size_t size, struct pieces *pieces)
{
    *pieces = (struct pieces){.count = 0};
    if (gct_get_file_header(bytes, size, &pieces->header, NULL) != GCR_OK)
        return false;
    size_t at = GCT_FILE_HEADER_BYTES;
    while (pieces->count < PIECES_MAX && size - at >= GCT_SECTION_HEADER_BYTES) {
        struct gct_section section;
        if (gct_get_section(bytes + at, &section, NULL) != GCR_OK ||
            section.stored_bytes > size - at - GCT_SECTION_HEADER_BYTES)
            break;
        if (section.kind == GCT_INDEX) {
            pieces->has_index = true;
            break;
        }
        if (!pieces_take(pieces, &section, bytes + at + GCT_SECTION_HEADER_BYTES))
            break;
        at += GCT_SECTION_HEADER_BYTES + section.stored_bytes;
    }
    return true;
}

/* One section at out; 0 if it does not fit. */
static size_t pieces_put(struct piece *piece, uint8_t *out, size_t room)
{
    struct gct_section *section = &piece->section;
    if (room < GCT_SECTION_HEADER_BYTES)
        return 0;
    uint8_t *stored = out + GCT_SECTION_HEADER_BYTES;
    size_t left = room - GCT_SECTION_HEADER_BYTES;
    size_t size = piece->size;
    if (section->coding == GCT_ZSTD) {
        size = ZSTD_compress(stored, left, piece->content, piece->size, 1);
        if (ZSTD_isError(size))
            return 0;
    } else {
        if (size > left)
            return 0;
        memcpy(stored, piece->content, size);
    }
    if (!piece->keeps_sizes)
        section->raw_bytes = (uint32_t)piece->size;
    gct_put_section(section, stored, (uint32_t)size, out);
    return GCT_SECTION_HEADER_BYTES + size;
}

/* Index and footer for the pieces, which lie one after another behind the file header. */
static size_t pieces_put_index(struct pieces *pieces, uint8_t *out, size_t at, size_t room)
{
    size_t entries = pieces->count * (size_t)GCT_INDEX_ENTRY_BYTES;
    size_t size = GCT_SECTION_HEADER_BYTES + entries + GCT_FOOTER_BYTES;
    struct gct_section index = {.kind = GCT_INDEX, .raw_bytes = (uint32_t)entries};
    if (room - at < size)
        return 0;
    uint8_t *content = out + at + GCT_SECTION_HEADER_BYTES;
    uint64_t offset = GCT_FILE_HEADER_BYTES;
    for (size_t i = 0; i < pieces->count; i++) {
        const struct gct_section *section = &pieces->piece[i].section;
        gct_put_index_entry(section, offset, content + i * GCT_INDEX_ENTRY_BYTES);
        offset += GCT_SECTION_HEADER_BYTES + (uint64_t)section->stored_bytes;
    }
    gct_put_section(&index, content, (uint32_t)entries, out + at);
    const struct gct_footer footer = {at, pieces->count};
    gct_put_footer(&footer, content + entries);
    return size;
}

size_t pieces_join(struct pieces *pieces, uint8_t *out, size_t room)
{
    size_t at = GCT_FILE_HEADER_BYTES;
    if (room < at)
        return 0;
    gct_put_file_header(&pieces->header, out);
    for (size_t i = 0; i < pieces->count; i++) {
        size_t size = pieces_put(&pieces->piece[i], out + at, room - at);
        if (size == 0)
            return 0;
        at += size;
    }
    if (!pieces->has_index)
        return at;
    size_t size = pieces_put_index(pieces, out, at, room);
    return size == 0 ? 0 : at + size;
}

void pieces_free(struct pieces *pieces)
{
    for (size_t i = 0; i < pieces->count; i++)
        free(pieces->piece[i].content);
    pieces->count = 0;
}

bool pieces_duplicate(struct pieces *pieces, size_t i)
{
    if (pieces->count == PIECES_MAX)
        return false;
    struct piece copy = pieces->piece[i];
    copy.content = malloc(PIECES_CONTENT);
    if (copy.content == NULL)
        return false;
    memcpy(copy.content, pieces->piece[i].content, copy.size);
    pieces->piece[pieces->count++] = copy;
    return true;
}

void pieces_remove(struct pieces *pieces, size_t i)
{
    free(pieces->piece[i].content);
    memmove(&pieces->piece[i], &pieces->piece[i + 1],
            (pieces->count - i - 1) * sizeof pieces->piece[0]);
    pieces->count--;
}
