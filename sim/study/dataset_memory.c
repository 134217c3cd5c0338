/* Pieces are cut from chunks; a piece larger than a chunk has one of its own. */
#include "sim/study/dataset_memory.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DATASET_CHUNK_BYTES = 64 << 10 };

struct dataset_chunk {
    struct dataset_chunk *next;
    size_t used, bytes;
    alignas(max_align_t) unsigned char data[];
};

struct gcr_dataset_memory {
    struct dataset_chunk *chunks; /* the first has room, perhaps */
    json_t *documents;            /* array */
    bool failed;
};

struct gcr_dataset_memory *gcr_dataset_memory_create(void)
{
    struct gcr_dataset_memory *memory = calloc(1, sizeof *memory);
    if (memory == NULL)
        return NULL;
    memory->documents = json_array();
    if (memory->documents == NULL) {
        free(memory);
        return NULL;
    }
    return memory;
}

void gcr_dataset_memory_destroy(struct gcr_dataset_memory *memory)
{
    if (memory == NULL)
        return;
    while (memory->chunks != NULL) {
        struct dataset_chunk *chunk = memory->chunks;
        memory->chunks = chunk->next;
        free(chunk);
    }
    json_decref(memory->documents);
    free(memory);
}

static bool dataset_add_chunk(struct gcr_dataset_memory *memory, size_t least)
{
    size_t bytes = least > DATASET_CHUNK_BYTES ? least : DATASET_CHUNK_BYTES;
    struct dataset_chunk *chunk = bytes <= SIZE_MAX / 2 ? calloc(1, sizeof *chunk + bytes) : NULL;
    memory->failed |= chunk == NULL;
    if (chunk == NULL)
        return false;
    chunk->bytes = bytes;
    chunk->next = memory->chunks;
    memory->chunks = chunk;
    return true;
}

void *gcr_dataset_array(struct gcr_dataset_memory *memory, size_t count, size_t bytes)
{
    size_t need;
    if (GCR_MULTIPLY_OVERFLOWS(count, bytes, &need) || need > SIZE_MAX / 2) {
        memory->failed = true;
        return NULL;
    }
    need = (need + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    struct dataset_chunk *chunk = memory->chunks;
    if (chunk == NULL || chunk->bytes - chunk->used < need) {
        if (!dataset_add_chunk(memory, need))
            return NULL;
        chunk = memory->chunks;
    }
    void *piece = chunk->data + chunk->used;
    chunk->used += need;
    return piece;
}

const char *gcr_dataset_text(struct gcr_dataset_memory *memory, const char *text)
{
    return *text == '\0' ? "" : gcr_dataset_format(memory, "%s", text);
}

const char *gcr_dataset_format(struct gcr_dataset_memory *memory, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *copy = length < 0 ? NULL : gcr_dataset_array(memory, (size_t)length + 1, 1);
    if (copy == NULL) {
        memory->failed = true;
        return "";
    }
    va_start(arguments, format);
    vsnprintf(copy, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return copy;
}

bool gcr_dataset_keep(struct gcr_dataset_memory *memory, json_t *document)
{
    bool kept = json_array_append_new(memory->documents, document) == 0;
    memory->failed |= !kept;
    return kept;
}

bool gcr_dataset_memory_failed(const struct gcr_dataset_memory *memory)
{
    return memory->failed;
}
