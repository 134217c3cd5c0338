/* Plain, gzip and zstd; see unpack.h. */
#include "traces/import/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ZLIB_CONST /* next_in points to const */
#include <zlib.h>
#include <zstd.h>

enum { UNPACK_CHUNK = 1 << 16 };

struct unpack {
    int fd;                /* -1: from memory */
    const uint8_t *memory; /* of memory_bytes */
    size_t memory_bytes;
    const uint8_t *packed; /* not yet unpacked: of the chunk, or of the caller's memory */
    size_t packed_bytes;
    bool at_end; /* of the file */
    uint64_t read_bytes;
    enum { UNPACK_UNKNOWN, UNPACK_PLAIN, UNPACK_GZIP, UNPACK_ZSTD } kind;
    bool in_frame; /* a member or frame has begun and not ended */
    z_stream gzip;
    ZSTD_DStream *zstd;
    char torn[96];
    uint8_t chunk[UNPACK_CHUNK];
};

/* ---- packed bytes ---- */

/* Reads on until at least `least` packed bytes lie ready, or the end. */
static gcr_status unpack_fill(struct unpack *stream, size_t least, struct gcr_error *err)
{
    if (stream->fd < 0)
        return GCR_OK;
    if (stream->packed_bytes < least && stream->packed_bytes > 0)
        memmove(stream->chunk, stream->packed, stream->packed_bytes);
    if (stream->packed_bytes < least)
        stream->packed = stream->chunk;
    while (stream->packed_bytes < least && !stream->at_end) {
        ssize_t n = read(stream->fd, stream->chunk + stream->packed_bytes,
                         sizeof stream->chunk - stream->packed_bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return gcr_fail(err, GCR_IO, "cannot read: %s", strerror(errno));
        stream->at_end = n == 0;
        stream->packed_bytes += (size_t)n;
        stream->read_bytes += (uint64_t)n;
    }
    return GCR_OK;
}

static void unpack_take(struct unpack *stream, size_t bytes)
{
    stream->packed += bytes;
    stream->packed_bytes -= bytes;
}

uint64_t unpack_taken(const struct unpack *stream)
{
    return stream->read_bytes - stream->packed_bytes;
}

/* ---- kinds ---- */

static gcr_status unpack_no_memory(struct gcr_error *err)
{
    return gcr_fail(err, GCR_NO_MEMORY, "no memory to unpack");
}

static gcr_status unpack_begin(struct unpack *stream, struct gcr_error *err)
{
    gcr_status status = unpack_fill(stream, 4, err);
    if (status != GCR_OK)
        return status;
    const uint8_t *head = stream->packed;
    if (stream->packed_bytes >= 2 && head[0] == 0x1f && head[1] == 0x8b) {
        stream->kind = UNPACK_GZIP;
        if (inflateInit2(&stream->gzip, 15 + 16) != Z_OK) {
            stream->kind = UNPACK_PLAIN;
            return unpack_no_memory(err);
        }
    } else if (stream->packed_bytes >= 4 && memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0) {
        stream->kind = UNPACK_ZSTD;
        stream->zstd = ZSTD_createDStream();
        if (stream->zstd == NULL)
            return unpack_no_memory(err);
    } else {
        stream->kind = UNPACK_PLAIN;
    }
    return GCR_OK;
}

static gcr_status unpack_damaged(const struct unpack *stream, const char *what,
                                 struct gcr_error *err)
{
    return gcr_fail(err, GCR_BAD_INPUT, "damaged %s data near byte %" PRIu64 ": %s",
                    stream->kind == UNPACK_GZIP ? "gzip" : "zstd", unpack_taken(stream), what);
}

static size_t unpack_plain(struct unpack *stream, void *out, size_t room)
{
    size_t n = stream->packed_bytes < room ? stream->packed_bytes : room;
    if (n > 0)
        memcpy(out, stream->packed, n);
    unpack_take(stream, n);
    return n;
}

/* One step of inflation. */
static gcr_status unpack_gzip(struct unpack *stream, void *out, size_t room, size_t *n,
                              struct gcr_error *err)
{
    z_stream *z = &stream->gzip;
    uInt in = stream->packed_bytes < UNPACK_CHUNK ? (uInt)stream->packed_bytes : UNPACK_CHUNK;
    uInt space = room < UNPACK_CHUNK ? (uInt)room : UNPACK_CHUNK;
    if (!stream->in_frame && inflateReset(z) != Z_OK)
        return unpack_damaged(stream, "cannot begin a member", err);
    z->next_in = stream->packed;
    z->avail_in = in;
    z->next_out = out;
    z->avail_out = space;
    stream->in_frame = true;
    int code = inflate(z, Z_NO_FLUSH);
    unpack_take(stream, in - z->avail_in);
    *n = space - z->avail_out;
    if (code == Z_MEM_ERROR)
        return unpack_no_memory(err);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
        return unpack_damaged(stream, z->msg != NULL ? z->msg : "not a gzip member", err);
    if (code == Z_STREAM_END)
        stream->in_frame = false;
    return GCR_OK;
}

/* One step of the zstd decoder. */
static gcr_status unpack_zstd(struct unpack *stream, void *out, size_t room, size_t *n,
                              struct gcr_error *err)
{
    ZSTD_inBuffer in = {stream->packed, stream->packed_bytes, 0};
    ZSTD_outBuffer to = {out, room, 0};
    size_t left = ZSTD_decompressStream(stream->zstd, &to, &in);
    unpack_take(stream, in.pos);
    *n = to.pos;
    if (ZSTD_isError(left) != 0)
        return unpack_damaged(stream, ZSTD_getErrorName(left), err);
    stream->in_frame = left != 0;
    return GCR_OK;
}

/* Zero bytes behind the last member are padding, as gzip itself takes them. */
static void unpack_skip_padding(struct unpack *stream)
{
    while (stream->kind == UNPACK_GZIP && !stream->in_frame && stream->packed_bytes > 0 &&
           stream->packed[0] == 0)
        unpack_take(stream, 1);
}

static void unpack_note_torn(struct unpack *stream)
{
    if (stream->in_frame && stream->torn[0] == '\0')
        snprintf(stream->torn, sizeof stream->torn,
                 "the %s data end in their middle, at byte %" PRIu64,
                 stream->kind == UNPACK_GZIP ? "gzip" : "zstd", unpack_taken(stream));
}

gcr_status unpack_read(struct unpack *stream, void *out, size_t room, size_t *n,
                       struct gcr_error *err)
{
    *n = 0;
    gcr_status status = stream->kind == UNPACK_UNKNOWN ? unpack_begin(stream, err) : GCR_OK;
    while (status == GCR_OK && *n == 0) {
        status = unpack_fill(stream, 1, err);
        if (status != GCR_OK)
            break;
        unpack_skip_padding(stream);
        bool is_dry = stream->packed_bytes == 0;
        if (is_dry && (stream->fd < 0 || stream->at_end) && !stream->in_frame)
            break;
        if (is_dry && !stream->in_frame)
            continue; /* padding used the chunk up */
        if (stream->kind == UNPACK_PLAIN)
            *n = unpack_plain(stream, out, room);
        else if (stream->kind == UNPACK_GZIP)
            status = unpack_gzip(stream, out, room, n, err);
        else
            status = unpack_zstd(stream, out, room, n, err);
        if (is_dry && *n == 0) { /* the decoder had nothing left to give either */
            unpack_note_torn(stream);
            break;
        }
    }
    return status;
}

const char *unpack_torn(const struct unpack *stream)
{
    return stream->torn[0] != '\0' ? stream->torn : NULL;
}

/* ---- opening ---- */

static gcr_status unpack_create(int fd, struct unpack **out, struct gcr_error *err)
{
    struct unpack *stream = calloc(1, sizeof *stream);
    if (stream == NULL)
        return unpack_no_memory(err);
    stream->fd = fd;
    *out = stream;
    return GCR_OK;
}

gcr_status unpack_open(const char *path, struct unpack **out, struct gcr_error *err)
{
    int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return gcr_fail(err, GCR_BAD_INPUT, "%s", strerror(errno));
    gcr_status status = unpack_create(fd, out, err);
    if (status != GCR_OK)
        (void)close(fd);
    return status;
}

static void unpack_begin_memory(struct unpack *stream)
{
    stream->packed = stream->memory;
    stream->packed_bytes = stream->memory_bytes;
    stream->read_bytes = stream->memory_bytes;
    stream->at_end = true;
}

gcr_status unpack_open_memory(const void *bytes, size_t size, struct unpack **out,
                              struct gcr_error *err)
{
    gcr_status status = unpack_create(-1, out, err);
    if (status != GCR_OK)
        return status;
    (*out)->memory = bytes;
    (*out)->memory_bytes = size;
    unpack_begin_memory(*out);
    return GCR_OK;
}

static void unpack_end_decoder(struct unpack *stream)
{
    if (stream->kind == UNPACK_GZIP)
        (void)inflateEnd(&stream->gzip);
    ZSTD_freeDStream(stream->zstd);
    stream->zstd = NULL;
    stream->kind = UNPACK_UNKNOWN;
}

gcr_status unpack_rewind(struct unpack *stream, struct gcr_error *err)
{
    if (stream->fd >= 0 && lseek(stream->fd, 0, SEEK_SET) != 0)
        return gcr_fail(err, GCR_USAGE, "cannot be read twice: it is no file");
    unpack_end_decoder(stream);
    memset(&stream->gzip, 0, sizeof stream->gzip);
    stream->in_frame = false;
    stream->torn[0] = '\0';
    stream->packed = NULL;
    stream->packed_bytes = 0;
    stream->read_bytes = 0;
    stream->at_end = false;
    if (stream->fd < 0)
        unpack_begin_memory(stream);
    return GCR_OK;
}

void unpack_close(struct unpack *stream)
{
    if (stream == NULL)
        return;
    unpack_end_decoder(stream);
    if (stream->fd >= 0)
        (void)close(stream->fd);
    free(stream);
}
