/* Scanning objects for references: see scan.h.
 *
 * Most objects are unchanged since they were last scanned: what matters is how little memory is
 * touched to find that out. A record keeps a word of what the scan saw: the version that CPython
 * gives a dict, or 32 bits of a hash of the references (one change in 2^32 is found by the next
 * only). It is kept only if the known edges are exactly the references, and forgotten when one goes
 * without a scan. Where there is none, raw pointers are compared with the edges: an edge's pointer
 * is only kept while its target lives (the target's death clears it), so equal pointers mean equal
 * objects. A changed object is compared slot by slot (tuples, lists, dicts, whose slots are
 * positions) or as a multiset (all others, whose slots are found by looking for the pointer in the
 * object's words; what is not found there lies in the object's body). */
#include "workloads/cpython/scan_parts.h"

#include <string.h>

bool scanner_init(struct scanner *scanner, struct mirror *mirror, struct types *types,
                  struct heap_map *map)
{
    memset(scanner, 0, sizeof *scanner);
    scanner->mirror = mirror;
    scanner->types = types;
    scanner->map = map;
    scanner->references = recorder_reserve((size_t)SCAN_LIMIT * sizeof *scanner->references);
    scanner->later = recorder_reserve((size_t)SCAN_LIMIT * sizeof *scanner->later);
    scanner->slot_state = recorder_reserve((size_t)SCAN_LIMIT * sizeof *scanner->slot_state);
    scanner->revived.item = recorder_reserve((size_t)RECORD_LIMIT * sizeof(uint32_t));
    return scanner->revived.item != NULL && scanner->references != NULL && scanner->later != NULL &&
           scanner->slot_state != NULL;
}

/* ---- finding objects ---- */

uint32_t scan_find(struct scanner *scanner, PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    uint32_t found = heap_map_find(scanner->map, (uint64_t)(uintptr_t)object - py_prefix(type));
    if (found == 0)
        return 0;
    struct mirror *mirror = scanner->mirror;
    struct record *record = mirror_record(mirror, found);
    if (record->kind == RECORD_BODY) {
        /* It was taken for another object's table. */
        mirror_reallocate(mirror, found, 0);
        record->flags &= (uint16_t) ~(RECORD_CONTAINER | RECORD_UNCOUNTED);
    }
    if (record->kind != RECORD_OBJECT || (record->flags & RECORD_DEAD) != 0)
        return 0;
    if ((record->flags & RECORD_PENDING) != 0) {
        uint32_t index = types_find(scanner->types, type);
        if (scanner->types->info[index].container == ((record->flags & RECORD_CONTAINER) != 0))
            types_settle(scanner->types, found, index);
        else
            types_settle_block(scanner->types, found);
    }
    if (GCR_UNLIKELY(record->type == TYPE_UNKNOWN_CONTAINER))
        (void)types_find(scanner->types, type); /* static data of an extension: the next is known */
    if (record->prefix != py_prefix(type))      /* after a fork a write costs a page */
        record->prefix = (uint8_t)py_prefix(type);
    return found;
}

/* The raw block at `block` becomes part of an object. Returns its bytes, 0 if it is no such block.
 */
static uint32_t scan_absorb(struct scanner *scanner, uint32_t owner, uint64_t block)
{
    uint32_t found = block == 0 ? 0 : heap_map_find(scanner->map, block);
    if (found == 0)
        return 0;
    struct mirror *mirror = scanner->mirror;
    struct record *record = mirror_record(mirror, found);
    if (record->kind == RECORD_BODY) {
        if (record->in_head != owner) /* after a fork a write costs a page */
            record->in_head = owner;
        return record->bytes;
    }
    if (record->kind != RECORD_OBJECT || record->in_count != 0 ||
        (record->flags & (RECORD_CONTAINER | RECORD_TYPED | RECORD_DEAD)) != 0)
        return 0;
    if ((record->flags & RECORD_PENDING) != 0) {
        *mirror_alloc_event(mirror, found) = (struct ring_event){0};
        list_push(&mirror->free_roots, record->root);
        record->root = 0;
    } else {
        mirror_unroot(mirror, found);
        mirror_event(mirror, GCR_OP_DEATH, found, 0, 0);
    }
    record->kind = RECORD_BODY;
    record->flags = 0;
    record->in_head = owner;
    return record->bytes;
}

/* ---- collecting references ---- */

static void scan_push(struct scanner *scanner, PyObject *object, uint32_t slot)
{
    if (object == NULL || scanner->reference_count >= SCAN_LIMIT - 1 ||
        (!scanner->keep_statics && py_is_static(object)))
        return;
    scanner->references[scanner->reference_count++] =
        (struct scan_reference){.raw = (uint64_t)(uintptr_t)object, .slot = slot};
}

static int scan_visit(PyObject *object, void *arg)
{
    scan_push(arg, object, 0);
    return 0;
}

/* Sets *length to the item slots that the object has by now, or leaves it. */
static void scan_collect_array(struct scanner *scanner, struct py_array items, uint32_t *length)
{
    for (Py_ssize_t i = 0; items.items != NULL && i < items.count; i++)
        scan_push(scanner, items.items[i], (uint32_t)i);
    scanner->body = items.body_block;
    if (items.capacity >= 0)
        *length = (uint32_t)items.capacity;
}

static void scan_collect_dict(struct scanner *scanner, PyObject *dict, uint32_t *length)
{
    struct py_dict_table table = py_dict_table(dict);
    if (scanner->intern_table == NULL && py_is_intern_table(&table))
        scanner->intern_table = dict;
    /* Interned strings do not count the table's references: for the program they are weak. */
    Py_ssize_t count = dict == scanner->intern_table ? 0 : table.count;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *value = table.values[i * table.stride];
        if (value == NULL)
            continue;
        if (table.keys != NULL)
            scan_push(scanner, table.keys[i * table.stride], (uint32_t)(2 * i));
        scan_push(scanner, value, (uint32_t)(2 * i + 1));
    }
    scanner->body = table.body_block;
    /* Shared keys shrink with each new instance; the values of those there are keep their size. */
    if (table.keys != NULL || *length == 0 || *length < (uint32_t)count)
        *length = (uint32_t)table.capacity;
}

/* Takes in the raw blocks that the object's words point to. Returns their bytes. */
static uint64_t scan_absorb_tables(struct scanner *scanner, const struct type_info *info,
                                   uint32_t owner, PyObject *object)
{
    if (info->managed)
        return scan_absorb(scanner, owner, py_values_block(object));
    uint64_t bytes = 0;
    for (uint32_t word = 0; word < info->words; word++) {
        uint64_t value = *type_word(info, (uint64_t)(uintptr_t)object, (int32_t)word);
        uint32_t found = (value & 15) != 0 ? 0 : heap_map_find(scanner->map, value);
        if (found == 0)
            continue;
        const struct record *record = mirror_record(scanner->mirror, found);
        const uint64_t *start = (const uint64_t *)(uintptr_t)value;
        if (record->bytes >= 16 && types_find_if_type(scanner->types, start[1]) != 0)
            continue;
        bytes += scan_absorb(scanner, owner, value);
    }
    return bytes;
}

static bool scan_has_positions(const struct type_info *info)
{
    return info->layout == LAYOUT_TUPLE || info->layout == LAYOUT_LIST ||
           info->layout == LAYOUT_DICT;
}

static void scan_collect(struct scanner *scanner, const struct type_info *info, PyObject *object,
                         uint32_t *length)
{
    scanner->reference_count = 0;
    scanner->body = 0;
    scanner->keep_statics = info->layout == LAYOUT_TUPLE;
    switch ((enum type_layout)info->layout) {
    case LAYOUT_TUPLE: {
        uint32_t fixed;
        scan_collect_array(scanner, py_tuple_items(object), &fixed);
        break;
    }
    case LAYOUT_LIST:
        scan_collect_array(scanner, py_list_items(object), length);
        break;
    case LAYOUT_DICT:
        scan_collect_dict(scanner, object, length);
        break;
    case LAYOUT_FIXED:
    case LAYOUT_VARYING:
        Py_TYPE(object)->tp_traverse(object, scan_visit, scanner);
        break;
    case LAYOUT_LEAF:
        break;
    }
}

/* Of what was collected, never 0. After Marsaglia, "Xorshift RNGs" (2003), and Fowler, Noll and Vo.
 */
static uint32_t scan_hash(const struct scanner *scanner)
{
    uint64_t hash = (scanner->body + scanner->reference_count) * 0x9e3779b97f4a7c15u;
    for (uint32_t i = 0; i < scanner->reference_count; i++) {
        const struct scan_reference *reference = &scanner->references[i];
        hash ^= hash >> 29;
        hash = (hash ^ reference->raw ^ (uint64_t)reference->slot << 40) * 0x9e3779b97f4a7c15u;
    }
    return (uint32_t)(hash >> 32) != 0 ? (uint32_t)(hash >> 32) : 1;
}

static bool scan_is_unchanged(const struct scanner *scanner, const struct record *record,
                              bool positions)
{
    if (scanner->reference_count != record->edge_count)
        return false;
    const struct edge *edges = &scanner->mirror->edges[record->edges];
    for (uint32_t i = 0; i < record->edge_count; i++) {
        if (edges[i].raw != scanner->references[i].raw ||
            (positions && edges[i].slot != scanner->references[i].slot))
            return false;
    }
    return true;
}

/* Finds each reference's record; those without one go. */
static void scan_resolve(struct scanner *scanner)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < scanner->reference_count; i++) {
        struct scan_reference reference = scanner->references[i];
        reference.dst = scan_find(scanner, py_object_at(reference.raw));
        if (reference.dst == 0 && scanner->keep_statics)
            reference.dst = scanner->mirror->static_record;
        if (reference.dst != 0)
            scanner->references[kept++] = reference;
    }
    scanner->reference_count = kept;
}

/* ---- writing ---- */

static void scan_gain(struct scanner *scanner, uint32_t dst)
{
    struct record *record = mirror_record(scanner->mirror, dst);
    record->in_count++;
    if (record->kind == RECORD_OBJECT && !record_is_traced(record))
        mirror_touch(scanner->mirror, dst);
}

/* Makes the run of known edges equal to the references, in their order. */
static void scan_rewrite_edges(struct scanner *scanner, uint32_t object)
{
    struct mirror *mirror = scanner->mirror;
    struct record *record = mirror_record(mirror, object);
    uint32_t count = scanner->reference_count, in_place = 0;
    while (in_place < count && scanner->references[in_place].kept == in_place + 1)
        in_place++;
    for (uint32_t i = in_place; i < record->edge_count; i++) {
        struct edge *edge = &mirror->edges[record->edges + i];
        if (edge->dst != 0)
            edge_unlink(mirror, record->edges + i);
        edge->dst = 0;
    }
    record->edge_count = in_place;
    if (count > 0)
        mirror_reserve_edges(mirror, object, count);
    for (uint32_t i = in_place; i < count; i++) {
        const struct scan_reference *reference = &scanner->references[i];
        mirror->edges[record->edges + i] = (struct edge){
            .raw = reference->raw, .src = object, .dst = reference->dst, .slot = reference->slot};
        edge_link(mirror, record->edges + i);
    }
    record->edge_count = count;
    for (uint32_t i = in_place; i < count; i++) {
        const struct scan_reference *reference = &scanner->references[i];
        if (reference->kept != 0)
            continue;
        if (reference->over != 0) {
            scanner->later[reference->over - 1].value = reference->dst;
            continue;
        }
        mirror_store(mirror, object, reference->slot, reference->dst);
        scan_gain(scanner, reference->dst);
    }
}

static void scan_note_weak_target(struct scanner *scanner, const struct type_info *info,
                                  uint32_t object)
{
    struct record *record = mirror_record(scanner->mirror, object);
    if (info->hidden_target < 0 || (record->flags & RECORD_WEAK_KNOWN) != 0)
        return;
    uint64_t raw = *type_word(info, record->block + record->prefix, info->hidden_target);
    uint32_t target = raw == 0 ? 0 : scan_find(scanner, py_object_at(raw));
    if (target == 0 || mirror_is_lost(scanner->mirror, target))
        return;
    record->flags |= RECORD_WEAK_KNOWN;
    mirror_event(scanner->mirror, GCR_OP_WEAKREF, object, target, 0);
}

/* A changed object's body was written. A large one is not looked at: no count lies within it. */
static void scan_note_body(const struct scanner *scanner, const struct type_info *info,
                           PyObject *python)
{
    const uint64_t body = info->managed ? py_values_block(python) : scanner->body;
    if (body != 0)
        page_notes_add(scanner->mirror->notes, body);
}

void scan_object(struct scanner *scanner, uint32_t object)
{
    struct mirror *mirror = scanner->mirror;
    struct record *record = mirror_record(mirror, object);
    if ((record->flags & RECORD_TYPED) == 0 || record->garbage)
        return;
    const struct type_info *info = &scanner->types->info[record->type];
    PyObject *python = py_object_at(record->block + record->prefix);
    if (info->type != Py_TYPE(python) && record->type != TYPE_UNKNOWN_CONTAINER &&
        (scan_has_positions(info) || info->prefix != py_prefix(Py_TYPE(python)))) {
        /* No assignment to __class__ does that: the block was reused unseen. */
        scanner->counts->unplaced_references++;
        return;
    }
    const uint32_t version = info->layout == LAYOUT_DICT ? py_dict_version(python) : 0;
    if (version != 0 && version == record->seen)
        return;
    uint32_t length = record->length;
    scan_collect(scanner, info, python, &length);
    const uint32_t seen = version != 0 ? version : scan_hash(scanner);
    const uint32_t collected = scanner->reference_count;
    const bool positions = scan_has_positions(info);
    if (length == record->length && record->seen == seen)
        return;
    scan_absorb(scanner, object, scanner->body);
    if (length == record->length && scan_is_unchanged(scanner, record, positions)) {
        record->seen = seen;
        return;
    }
    record->seen = 0;
    if (mirror->notes != NULL)
        scan_note_body(scanner, info, python);
    scan_resolve(scanner);
    if (info->layout == LAYOUT_FIXED && info->resizable) {
        uint64_t bytes = scan_absorb_tables(scanner, info, object, python);
        if (bytes / 8 > length && bytes / 8 < SCAN_LIMIT)
            length = (uint32_t)(bytes / 8);
    }
    if (positions)
        scan_compare_positions(scanner, object);
    else
        scan_compare_sets(scanner, info, object, &length);
    if (mirror->neutral)
        scan_revive_lost(scanner);
    if (length > record->length) {
        mirror_event(mirror, GCR_OP_RESIZE, object, length, 0);
        record->length = length;
    }
    scan_rewrite_edges(scanner, object);
    if (scanner->reference_count == collected)
        record->seen = seen;
    if (length < record->length)
        scanner->later[scanner->later_count++] =
            (struct scan_change){.src = object, .slot = SCAN_RESIZE, .value = length};
    scan_note_weak_target(scanner, info, object);
}

void scan_finish(struct scanner *scanner)
{
    struct mirror *mirror = scanner->mirror;
    for (uint32_t i = 0; i < scanner->later_count; i++) {
        const struct scan_change *change = &scanner->later[i];
        if (change->slot == SCAN_RESIZE) {
            mirror_event(mirror, GCR_OP_RESIZE, change->src, change->value, 0);
            mirror_record(mirror, change->src)->length = change->value;
            continue;
        }
        mirror_record(mirror, change->old)->in_count--;
        if (change->old != mirror->static_record)
            mirror_protect(mirror, change->old);
        mirror_store(mirror, change->src, change->slot, change->value);
        if (change->value != 0)
            scan_gain(scanner, change->value);
    }
    scanner->later_count = 0;
}
