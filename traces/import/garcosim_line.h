/* One line of a GarCoSim trace: a letter and attributes in any order. */
#ifndef GCR_TRACES_IMPORT_GARCOSIM_LINE_H
#define GCR_TRACES_IMPORT_GARCOSIM_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Keys, in the order of garcosim_keys: thread, object, parent, class, slot, field index, field
 * offset, size, slots, volatile, lock, root (old). */
enum garcosim_key {
    GARCOSIM_T,
    GARCOSIM_O,
    GARCOSIM_P,
    GARCOSIM_C,
    GARCOSIM_SLOT,
    GARCOSIM_I,
    GARCOSIM_F,
    GARCOSIM_S,
    GARCOSIM_N,
    GARCOSIM_V,
    GARCOSIM_L,
    GARCOSIM_R,
    GARCOSIM_KEYS
};
extern const char garcosim_keys[GARCOSIM_KEYS + 1];

struct garcosim_line {
    char letter;   /* one of a + - w c s r x; 0: a comment or an empty line */
    uint32_t keys; /* bit k: key k is there */
    uint64_t value[GARCOSIM_KEYS];
};

static inline bool garcosim_has(const struct garcosim_line *line, enum garcosim_key key)
{
    return (line->keys >> key & 1) != 0;
}

/* What is wrong with the text (length bytes and a 0 byte), or NULL. */
const char *garcosim_parse(const char *text, size_t length, struct garcosim_line *line);

#endif
