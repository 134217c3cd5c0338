/* Comparing the references that a scan found with the known edges: see scan.c. */
#include "workloads/cpython/scan_parts.h"

#include <string.h>

static uint32_t scan_drop_later(struct scanner *scanner, uint32_t src, const struct edge *edge)
{
    if (scanner->later_count >= SCAN_LIMIT - 2) {
        scanner->mirror->exhausted = true;
        scanner->later_count = 0;
    }
    scanner->later[scanner->later_count++] =
        (struct scan_change){.src = src, .slot = edge->slot, .old = edge->dst};
    return scanner->later_count;
}

void scan_compare_positions(struct scanner *scanner, uint32_t object)
{
    struct record *record = mirror_record(scanner->mirror, object);
    const struct edge *edges = &scanner->mirror->edges[record->edges];
    uint32_t i = 0;
    for (uint32_t j = 0; j <= scanner->reference_count; j++) {
        struct scan_reference *reference = &scanner->references[j];
        bool end = j == scanner->reference_count;
        while (i < record->edge_count &&
               (edges[i].dst == 0 || end || edges[i].slot < reference->slot)) {
            if (edges[i].dst != 0)
                scan_drop_later(scanner, object, &edges[i]);
            i++;
        }
        if (end || i >= record->edge_count || edges[i].slot != reference->slot)
            continue;
        if (edges[i].raw == reference->raw && edges[i].dst == reference->dst)
            reference->kept = i + 1;
        else
            reference->over = scan_drop_later(scanner, object, &edges[i]);
        i++;
    }
}

enum { SLOT_EMPTY = 0, SLOT_KEPT = 1, SLOT_DROPPED = 2 /* and up: 2 + index in `later` */ };

/* A slot for a new reference of an object without positions, or SCAN_RESIZE if it has none. */
static uint32_t scan_place(struct scanner *scanner, const struct type_info *info, uint64_t object,
                           uint64_t raw, uint32_t words, uint32_t *bag, uint32_t *length)
{
    const uint32_t *state = scanner->slot_state;
    if (info->type_slot >= 0 && raw == (uint64_t)(uintptr_t)Py_TYPE(py_object_at(object)) &&
        state[info->type_slot] != SLOT_KEPT)
        return (uint32_t)info->type_slot;
    for (uint32_t word = 0; word < words; word++) {
        if (*type_word(info, object, (int32_t)word) != raw)
            continue;
        int32_t slot = type_slot_of_word(info, (int32_t)word);
        if (slot >= 0 && state[slot] != SLOT_KEPT)
            return (uint32_t)slot;
    }
    if (!info->resizable)
        return SCAN_RESIZE;
    while (*bag < *length && state[info->slots + *bag] == SLOT_KEPT)
        ++*bag;
    if (*bag == *length)
        ++*length;
    return info->slots + (*bag)++;
}

void scan_compare_sets(struct scanner *scanner, const struct type_info *info, uint32_t object,
                       uint32_t *length)
{
    struct mirror *mirror = scanner->mirror;
    struct record *record = mirror_record(mirror, object);
    const struct edge *edges = &mirror->edges[record->edges];
    uint32_t room = info->slots + (*length > record->length ? *length : record->length) +
                    scanner->reference_count;
    memset(scanner->slot_state, 0, room * sizeof *scanner->slot_state);

    /* Edges to one target are chained through `same`, from the target's scratch word. */
    uint32_t *same = scanner->slot_state + room;
    for (uint32_t i = record->edge_count; i-- > 0;) {
        if (edges[i].dst == 0)
            continue;
        struct record *dst = mirror_record(mirror, edges[i].dst);
        same[i] = dst->scratch;
        dst->scratch = i + 1;
    }
    for (uint32_t j = 0; j < scanner->reference_count; j++) {
        struct scan_reference *reference = &scanner->references[j];
        struct record *dst = mirror_record(mirror, reference->dst);
        if (dst->scratch == 0)
            continue;
        uint32_t i = dst->scratch - 1;
        dst->scratch = same[i];
        scanner->slot_state[edges[i].slot] = SLOT_KEPT;
        reference->kept = i + 1;
        reference->slot = edges[i].slot;
    }
    for (uint32_t i = 0; i < record->edge_count; i++) {
        if (edges[i].dst == 0)
            continue;
        mirror_record(mirror, edges[i].dst)->scratch = 0;
        if (scanner->slot_state[edges[i].slot] != SLOT_KEPT)
            scanner->slot_state[edges[i].slot] =
                SLOT_DROPPED + scan_drop_later(scanner, object, &edges[i]) - 1;
    }

    uint32_t words = info->words + (info->layout == LAYOUT_VARYING ? record->length : 0), bag = 0;
    uint64_t address = record->block + record->prefix;
    uint32_t placed = 0;
    for (uint32_t j = 0; j < scanner->reference_count; j++) {
        struct scan_reference reference = scanner->references[j];
        if (reference.kept == 0) {
            reference.slot = scan_place(scanner, info, address, reference.raw, words, &bag, length);
            if (reference.slot == SCAN_RESIZE) {
                scanner->counts->unplaced_references++;
                continue;
            }
            uint32_t state = scanner->slot_state[reference.slot];
            reference.over = state >= SLOT_DROPPED ? state - SLOT_DROPPED + 1 : 0;
            scanner->slot_state[reference.slot] = SLOT_KEPT;
        }
        scanner->references[placed++] = reference;
    }
    scanner->reference_count = placed;
}
