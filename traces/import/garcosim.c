/* GarCoSim traces (TraceFileGen 3, TraceFileSim 5, and the instrumented JVM of the same project).
 *
 *     a T O S N [C]      thread T allocates object O: S bytes with its header, N reference slots
 *     + T O, - T O       a root reference from T to O more, or less
 *     w T P # O          O (0: null) into slot # of P
 *     c T C F|I O        O into a static field of class C
 *     s T O|P|C F|I S    primitive data written;   r ... read, of any kind
 *     x L                a locked region begins or ends
 *
 * Attributes come in any order. Where documentation and generator differ, both are understood.
 *
 * Roots are exact: each "+" gets a root slot of its own, static fields are global roots. An object
 * is allocated into the slot of the "+" that follows; if none follows at once, it is pinned in a
 * slot kept for that, until its next "+" or the thread's next allocation. Nobody says when objects
 * die.
 *
 * A line may name an object that the trace itself no longer reaches (the recorder did not see the
 * path). The option `zombies` says what then: `error`; `skip` leaves the access out (a store of
 * such an object stores null); `keep-alive` reads the input twice, and holds such objects by global
 * roots from their allocation to the last line that names them. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "traces/import/garcosim_counts.h"
#include "traces/import/garcosim_field.h"
#include "traces/import/garcosim_line.h"
#include "traces/import/garcosim_world.h"
#include "traces/import/registry.h"

enum garcosim_zombies { ZOMBIES_ERROR, ZOMBIES_KEEP_ALIVE, ZOMBIES_SKIP };

struct garcosim {
    const struct gcr_import *import;
    struct gcr_error *err;
    enum garcosim_zombies policy;
    struct garcosim_classes classes;
    struct garcosim_world world;
    struct garcosim_counts counts;
    struct garcosim_line pending; /* an "a" whose next line has not come; letter 0: none */
    uint32_t pending_shape;
    /* The first reading for keep-alive: by object, the line that names it last, and the top bit if
     * it was a zombie. The second finds it filled. */
    uint64_t *last_named;
    size_t last_room;
    bool is_first_reading;
};
#define ZOMBIE_BIT (1ull << 63)

static gcr_status garcosim_expect(const struct garcosim *g, const struct garcosim_line *line,
                                  enum garcosim_key key)
{
    return garcosim_has(line, key) ? GCR_OK
                                   : gcr_import_bad_line(g->import, g->err, "'%c' without %c",
                                                         line->letter, garcosim_keys[key]);
}

/* ---- naming objects ---- */

/* The first reading remembers where an object is named last. */
static bool garcosim_remember(struct garcosim *g, uint32_t object, bool is_zombie)
{
    if (object >= g->last_room) {
        size_t room = (size_t)object * 2 + 1024;
        uint64_t *grown = realloc(g->last_named, room * sizeof *grown);
        if (grown == NULL)
            return false;
        memset(grown + g->last_room, 0, (room - g->last_room) * sizeof *grown);
        g->last_named = grown;
        g->last_room = room;
    }
    uint64_t zombie = (g->last_named[object] & ZOMBIE_BIT) | (is_zombie ? ZOMBIE_BIT : 0);
    g->last_named[object] = zombie | gcr_input_number(g->import->input);
    return true;
}

static bool garcosim_is_zombie(const struct garcosim *g, uint32_t object)
{
    return object < g->last_room && (g->last_named[object] & ZOMBIE_BIT) != 0;
}

/* The object that a line names; *object is 0 if the access is to be left out. */
static gcr_status garcosim_name(struct garcosim *g, uint64_t id, uint32_t *object)
{
    uint32_t found = garcosim_find(&g->world, id);
    *object = 0;
    if (found == 0) {
        g->counts.unknown_accesses++;
        if (g->policy == ZOMBIES_SKIP)
            return GCR_OK;
        return gcr_import_bad_line(g->import, g->err, "object %llu was never allocated",
                                   (unsigned long long)id);
    }
    bool reaches = garcosim_reaches(&g->world, found);
    if (g->is_first_reading && !garcosim_remember(g, found, !reaches))
        return gcr_fail(g->err, GCR_NO_MEMORY, "no memory for %u objects", found);
    g->counts.zombie_accesses += !reaches;
    if (!reaches && g->policy == ZOMBIES_SKIP)
        return GCR_OK;
    if (!reaches && !g->is_first_reading)
        return gcr_import_bad_line(g->import, g->err,
                                   "object %llu cannot be reached any more; "
                                   "--set zombies=keep-alive or skip goes on",
                                   (unsigned long long)id);
    *object = found;
    return GCR_OK;
}

/* In the second reading: a zombie is let go behind the last line that names it. */
static void garcosim_used(struct garcosim *g, uint32_t object)
{
    if (object == 0 || g->world.objects[object].held_in == 0)
        return;
    if ((g->last_named[object] & ~ZOMBIE_BIT) == gcr_input_number(g->import->input))
        garcosim_let_go(&g->world, object);
}

/* ---- allocation ---- */

static gcr_status garcosim_carry_out_allocation(struct garcosim *g, bool rooted)
{
    uint32_t thread = (uint32_t)g->pending.value[GARCOSIM_T];
    uint32_t object = garcosim_allocate(&g->world, thread, g->pending.value[GARCOSIM_O],
                                        g->pending_shape, rooted);
    g->pending.letter = 0;
    if (object == 0)
        return g->world.status;
    g->counts.objects++;
    g->counts.roots += rooted;
    g->counts.pinned += !rooted;
    if (!g->is_first_reading && garcosim_is_zombie(g, object)) {
        g->counts.zombies++;
        garcosim_hold(&g->world, object);
    }
    return GCR_OK;
}

static gcr_status garcosim_allocation(struct garcosim *g, const struct garcosim_line *line)
{
    static const enum garcosim_key keys[] = {GARCOSIM_T, GARCOSIM_O, GARCOSIM_S, GARCOSIM_N};
    for (size_t i = 0; i < GCR_COUNT_OF(keys); i++) {
        gcr_status status = garcosim_expect(g, line, keys[i]);
        if (status != GCR_OK)
            return status;
    }
    uint64_t id = line->value[GARCOSIM_O];
    if (id == 0 || garcosim_find(&g->world, id) != 0)
        return gcr_import_bad_line(
            g->import, g->err, id == 0 ? "object 0 is null" : "object %llu was allocated before",
            (unsigned long long)id);
    bool grown;
    g->pending_shape = garcosim_shape(&g->world, line->value[GARCOSIM_C], line->value[GARCOSIM_S],
                                      line->value[GARCOSIM_N], &grown);
    if (g->pending_shape == UINT32_MAX) {
        struct gcr_error why = *g->err;
        return g->world.status == GCR_BAD_INPUT
                   ? gcr_import_bad_line(g->import, g->err, "%.300s", why.text)
                   : g->world.status;
    }
    g->counts.grown += grown;
    g->pending = *line;
    return GCR_OK;
}

/* ---- roots ---- */

static gcr_status garcosim_add(struct garcosim *g, const struct garcosim_line *line)
{
    uint32_t object;
    gcr_status status = garcosim_name(g, line->value[GARCOSIM_O], &object);
    if (status != GCR_OK || object == 0)
        return status;
    g->counts.roots++;
    garcosim_add_root(&g->world, (uint32_t)line->value[GARCOSIM_T], object);
    garcosim_used(g, object);
    return GCR_OK;
}

static gcr_status garcosim_remove(struct garcosim *g, const struct garcosim_line *line)
{
    uint32_t object = garcosim_find(&g->world, line->value[GARCOSIM_O]);
    if (object == 0 || !garcosim_remove_root(&g->world, (uint32_t)line->value[GARCOSIM_T], object))
        g->counts.missing_roots++;
    return GCR_OK;
}

static gcr_status garcosim_root(struct garcosim *g, const struct garcosim_line *line)
{
    gcr_status status = garcosim_expect(g, line, GARCOSIM_T);
    if (status == GCR_OK)
        status = garcosim_expect(g, line, GARCOSIM_O);
    if (status != GCR_OK)
        return status;
    return line->letter == '+' ? garcosim_add(g, line) : garcosim_remove(g, line);
}

/* ---- references ---- */

/* The value of a store: 0 for null, and for what is to be left out. */
static gcr_status garcosim_value(struct garcosim *g, const struct garcosim_line *line,
                                 uint32_t *value)
{
    *value = 0;
    gcr_status status = garcosim_expect(g, line, GARCOSIM_O);
    if (status != GCR_OK || line->value[GARCOSIM_O] == 0)
        return status;
    return garcosim_name(g, line->value[GARCOSIM_O], value);
}

static gcr_status garcosim_reference(struct garcosim *g, const struct garcosim_line *line,
                                     uint32_t thread)
{
    uint32_t object, value;
    gcr_status status = garcosim_expect(g, line, GARCOSIM_P);
    if (status == GCR_OK)
        status = garcosim_expect(g, line, GARCOSIM_SLOT);
    if (status == GCR_OK)
        status = garcosim_name(g, line->value[GARCOSIM_P], &object);
    if (status == GCR_OK)
        status = garcosim_value(g, line, &value);
    if (status != GCR_OK || object == 0)
        return status;
    uint64_t slot = line->value[GARCOSIM_SLOT];
    if (slot >= g->world.objects[object].slots)
        return gcr_import_bad_line(
            g->import, g->err, "slot %llu of object %llu, which has %u", (unsigned long long)slot,
            (unsigned long long)line->value[GARCOSIM_P], g->world.objects[object].slots);
    g->counts.stores++;
    garcosim_store(&g->world, thread, object, (uint32_t)slot, value);
    garcosim_used(g, object);
    garcosim_used(g, value);
    return GCR_OK;
}

static gcr_status garcosim_static(struct garcosim *g, const struct garcosim_line *line,
                                  uint32_t thread)
{
    uint32_t value;
    gcr_status status = garcosim_expect(g, line, GARCOSIM_C);
    if (status == GCR_OK && !garcosim_has(line, GARCOSIM_I))
        status = garcosim_expect(g, line, GARCOSIM_F);
    if (status == GCR_OK)
        status = garcosim_value(g, line, &value);
    if (status != GCR_OK)
        return status;
    bool by_offset = garcosim_has(line, GARCOSIM_F);
    uint64_t field = line->value[by_offset ? GARCOSIM_F : GARCOSIM_I];
    if (field > INT32_MAX || line->value[GARCOSIM_C] > UINT32_MAX)
        return gcr_import_bad_line(g->import, g->err, "no class has that number or that field");
    g->counts.static_stores++;
    field |= line->value[GARCOSIM_C] << 32 | (by_offset ? 0u : 1u << 31);
    garcosim_store_static(&g->world, thread, field, value);
    garcosim_used(g, value);
    return GCR_OK;
}

/* ---- fields ---- */

static gcr_status garcosim_field(struct garcosim *g, const struct garcosim_line *line,
                                 uint32_t thread)
{
    bool is_write = line->letter == 's';
    if (!garcosim_has(line, GARCOSIM_O) && !garcosim_has(line, GARCOSIM_P)) {
        gcr_status status = garcosim_expect(g, line, GARCOSIM_C);
        g->counts.static_accesses += status == GCR_OK;
        return status;
    }
    uint32_t object;
    uint64_t id = line->value[garcosim_has(line, GARCOSIM_O) ? GARCOSIM_O : GARCOSIM_P];
    gcr_status status = garcosim_name(g, id, &object);
    if (status != GCR_OK || object == 0)
        return status;
    struct garcosim_field field = garcosim_field_of(&g->world.objects[object], line);
    g->counts.fields_cut += field.is_cut;
    g->counts.fields_guessed += field.is_guessed;
    if (field.kind == GARCOSIM_SLOT_READ) {
        g->counts.loads++;
        garcosim_load(&g->world, thread, object, field.slot);
    } else if (field.kind == GARCOSIM_DATA) {
        g->counts.reads += !is_write;
        g->counts.writes += is_write;
        garcosim_access(&g->world, thread, object, field.offset, field.bytes, is_write);
    }
    garcosim_used(g, object);
    return GCR_OK;
}

/* ---- lines ---- */

static bool garcosim_is_old(const struct garcosim_line *line)
{
    return garcosim_has(line, GARCOSIM_R) ||
           (line->letter == 'a' &&
            (garcosim_has(line, GARCOSIM_P) || garcosim_has(line, GARCOSIM_SLOT)));
}

static gcr_status garcosim_operation(struct garcosim *g, const struct garcosim_line *line)
{
    uint64_t thread = garcosim_has(line, GARCOSIM_T) ? line->value[GARCOSIM_T] : g->world.thread;
    if (thread >= GCR_MAX_THREADS)
        return gcr_import_bad_line(g->import, g->err, "thread %llu; at most %d are possible",
                                   (unsigned long long)thread, GCR_MAX_THREADS);
    g->counts.volatiles += line->value[GARCOSIM_V] != 0;
    switch (line->letter) {
    case 'a':
        return garcosim_allocation(g, line);
    case '+':
    case '-':
        return garcosim_root(g, line);
    case 'w':
        return garcosim_reference(g, line, (uint32_t)thread);
    case 'c':
        return garcosim_static(g, line, (uint32_t)thread);
    case 'x':
        g->counts.locks++;
        return GCR_OK;
    default:
        return garcosim_field(g, line, (uint32_t)thread);
    }
}

/* An allocation waits for the line behind it: if that roots the object, both are one event. */
static gcr_status garcosim_take(struct garcosim *g, const struct garcosim_line *line)
{
    if (garcosim_is_old(line))
        return gcr_import_bad_line(g->import, g->err,
                                   "the old dialect (generator version 0: R, or a parent in an "
                                   "allocation) is not understood");
    if (g->pending.letter != 0) {
        bool rooted = line->letter == '+' && garcosim_has(line, GARCOSIM_T) &&
                      line->value[GARCOSIM_T] == g->pending.value[GARCOSIM_T] &&
                      line->value[GARCOSIM_O] == g->pending.value[GARCOSIM_O];
        gcr_status status = garcosim_carry_out_allocation(g, rooted);
        if (status != GCR_OK || rooted)
            return status;
    }
    return garcosim_operation(g, line);
}

static gcr_status garcosim_read(struct garcosim *g)
{
    for (;;) {
        char *text;
        size_t length;
        struct garcosim_line line;
        gcr_status status = gcr_input_line(g->import->input, &text, &length, g->err);
        if (status != GCR_OK)
            return status;
        if (text == NULL)
            break;
        const char *wrong = garcosim_parse(text, length, &line);
        if (wrong != NULL)
            return gcr_import_bad_line(g->import, g->err, "%s", wrong);
        if (line.letter != 0)
            status = garcosim_take(g, &line);
        if (status != GCR_OK || garcosim_failed(&g->world))
            return status;
    }
    return g->pending.letter != 0 ? garcosim_carry_out_allocation(g, false) : GCR_OK;
}

/* ---- the import ---- */

static gcr_status garcosim_load_classes(struct garcosim *g)
{
    char beside[4096];
    const char *path = gcr_option_get(g->import->options, "classes")->text;
    if (path == NULL || path[0] == '\0') {
        if (!garcosim_classes_beside(g->import->path, beside, sizeof beside) ||
            access(beside, R_OK) != 0)
            return GCR_OK;
        path = beside;
    }
    return garcosim_classes_read(&g->classes, path, g->err);
}

/* The first of two readings: nothing is written, zombies are found. */
static gcr_status garcosim_find_zombies(struct garcosim *g)
{
    g->is_first_reading = true;
    garcosim_world_init(&g->world, g->import->target, false, &g->classes, g->err);
    gcr_status status = garcosim_read(g);
    gcr_status finished = garcosim_world_finish(&g->world);
    if (status == GCR_OK)
        status = finished;
    if (status == GCR_OK)
        status = gcr_input_rewind(g->import->input, g->err);
    uint64_t accesses = g->counts.zombie_accesses;
    g->counts = (struct garcosim_counts){.zombie_accesses = accesses};
    g->is_first_reading = false;
    return status;
}

static gcr_status garcosim_write(struct garcosim *g)
{
    garcosim_world_init(&g->world, g->import->target, true, &g->classes, g->err);
    gcr_status status = garcosim_read(g);
    if (status == GCR_OK && gcr_option_flag(g->import->options, "collect")) {
        for (uint32_t thread = 0; thread < g->world.roots.thread_count; thread++)
            garcosim_unpin(&g->world, thread);
        garcosim_collect(&g->world);
    }
    g->counts.classes = g->classes.count;
    g->counts.threads = g->world.roots.thread_count;
    garcosim_counts_note(&g->counts, g->import->report);
    gcr_status finished = garcosim_world_finish(&g->world);
    return status != GCR_OK ? status : finished;
}

static gcr_status garcosim_run(const struct gcr_import *import, struct gcr_error *err)
{
    struct garcosim g = {.import = import, .err = err};
    g.policy = (enum garcosim_zombies)gcr_option_number(import->options, "zombies");
    gcr_status status = garcosim_load_classes(&g);
    if (status == GCR_OK && g.policy == ZOMBIES_KEEP_ALIVE)
        status = garcosim_find_zombies(&g);
    if (status == GCR_OK)
        status = garcosim_write(&g);
    garcosim_classes_finish(&g.classes);
    free(g.last_named);
    return status;
}

static struct gcr_capabilities garcosim_capabilities(const struct gcr_option_values *options)
{
    (void)options;
    return (struct gcr_capabilities){.stores = GCR_STORES_EXACT,
                                     .loads = 1,
                                     .reads = GCR_READS_EXACT,
                                     .deaths = GCR_DEATHS_NONE,
                                     .roots = GCR_ROOTS_EXACT,
                                     .threads = 1};
}

/* The first lines parse, and one of them says something. */
static bool garcosim_recognises(const char *head, size_t bytes)
{
    char text[256];
    bool has_event = false;
    for (int i = 0; i < 8; i++) {
        const char *end = memchr(head, '\n', bytes);
        size_t length = end != NULL ? (size_t)(end - head) : bytes;
        struct garcosim_line line;
        if (length >= sizeof text)
            return false;
        memcpy(text, head, length);
        text[length] = '\0';
        if (garcosim_parse(text, length, &line) != NULL)
            return false;
        has_event |= line.letter != 0 && line.keys != 0;
        if (end == NULL)
            break;
        bytes -= length + 1;
        head = end + 1;
    }
    return has_event;
}

static const struct gcr_option garcosim_options[] = {
    {"zombies", GCR_OPT_CHOICE, NULL, "error", 0, 0, "error|keep-alive|skip",
     "what to do about lines that name an object that can no longer be reached"},
    {"classes", GCR_OPT_TEXT, NULL, NULL, 0, 0, NULL,
     "class table; without: NAME.cls beside NAME.trace, if there is one"},
    {"collect", GCR_OPT_FLAG, NULL, "off", 0, 0, NULL,
     "end the trace with a full collection, as the original simulator does"},
    {0}};

const struct gcr_importer gcr_importer_garcosim = {
    .name = "garcosim",
    .summary = "GarCoSim object traces: allocations, roots, references, fields, threads",
    .source = "TraceFileGen 3, TraceFileSim 5 (GarCoSim project)",
    .options = garcosim_options,
    .capabilities = garcosim_capabilities,
    .recognises = garcosim_recognises,
    .run = garcosim_run,
};
