/* bdw: libgc itself, whose state is the process's.
 *
 * What libgc is told not to look at: data segments (GC_clear_roots), dynamic libraries
 * (GC_set_no_dls), thread stacks and registers (its procedure that pushes them is replaced by one
 * that pushes the host's roots), interior pointers. What it still reads conservatively: its own
 * frames during a collection, among them the callee-saved registers that it has just saved; its
 * finalizer and link tables; its threads' records.
 *
 * How it finds references in objects: by kind. Objects without slots have a kind of their own, and
 * so have objects that are nothing but slots; up to nine layouts get a kind with a bitmap of their
 * slots; all others share one with a mark procedure, which decodes common/layout.h. */
#include <string.h>

/* the threaded interface, without renaming pthread's functions */
#define GC_THREADS
#define GC_NO_THREAD_REDIRECTS
#include <gc/gc.h>
#include <gc/gc_mark.h>
#include <gc/javaxfc.h>

#include "allocators/bdw/bdw.h"

/* The one mutable global of the back ends: libgc is one as well, and its callbacks take no
 * argument. */
static struct bdw_process {
    struct gcr_bdw *heap; /* now served; NULL: none */
    bool initialised, incremental;
    uint64_t markers;
    unsigned proc;
    int kind[BDW_MAX_KINDS];
    GC_word descriptor[BDW_MAX_KINDS];
    unsigned kinds;
} bdw_process;

/* ---- marking ---- */

/* An object of the kind with a mark procedure; or a free cell, which has no tag. */
static struct GC_ms_entry *bdw_mark_object(GC_word *address, struct GC_ms_entry *top,
                                           struct GC_ms_entry *limit, GC_word env)
{
    gcr_ref object = (gcr_ref)(void *)address;
    uint64_t header = gcr_object_header(object);
    (void)env;
    if (!bdw_is_header(header) || bdw_process.heap == NULL)
        return top;
    uint64_t count;
    gcr_ref *slot =
        gcr_layout_slots(gcr_layout_of_header(&bdw_process.heap->layouts, header), object, &count);
    for (; count > 0; slot++, count--)
        top = GC_MARK_AND_PUSH(*slot, top, limit, (void **)slot);
    return top;
}

/* In place of libgc's own, which would push the stacks of all threads. */
static void bdw_push_other_roots(void)
{
    if (bdw_process.heap != NULL)
        bdw_push_roots(bdw_process.heap);
}

static void bdw_event(GC_EventType event)
{
    if (bdw_process.heap != NULL)
        bdw_on_event(bdw_process.heap, (int)event);
}

/* ---- finalizers ---- */

static void bdw_run_finalizer(void *object, void *cookie)
{
    struct gcr_bdw *h = bdw_process.heap;
    if (h != NULL)
        h->heap.host->finalize(h->heap.host, &h->heap, (uint32_t)(uintptr_t)cookie,
                               (gcr_ref)object);
}

void bdw_register_finalizer(struct gcr_bdw *h, gcr_ref object, uint32_t cookie)
{
    void *word = (void *)(uintptr_t)cookie;
    if (h->finalizers == BDW_FINALIZERS_NO_ORDER)
        GC_register_finalizer_no_order(object, bdw_run_finalizer, word, NULL, NULL);
    else
        GC_register_finalizer_ignore_self(object, bdw_run_finalizer, word, NULL, NULL);
}

/* ---- kinds ---- */

/* libgc's number of a kind with that descriptor; kinds are never given back. */
static bool process_kind(GC_word descriptor, bool add_size, unsigned *index)
{
    for (*index = 0; *index < bdw_process.kinds; ++*index)
        if (bdw_process.descriptor[*index] == descriptor)
            return true;
    if (bdw_process.kinds == BDW_MAX_KINDS)
        return false;
    bdw_process.descriptor[*index] = descriptor;
    bdw_process.kind[*index] = (int)GC_new_kind(GC_new_free_list(), descriptor, add_size, 1);
    bdw_process.kinds++;
    return true;
}

/* The three first kinds, in the order of enum bdw_kind. The kind of all slots has the descriptor
 * "length 0, plus the size"; libgc keeps those apart from "length 0" by the flag, we by the order.
 */
static void process_first_kinds(void)
{
    static const GC_word none = GC_DS_LENGTH;
    bdw_process.proc = GC_new_proc(bdw_mark_object);
    GC_word by_proc = GC_MAKE_PROC(bdw_process.proc, 0);
    const GC_word descriptor[] = {none, none | ~(GC_word)GC_DS_TAGS, by_proc};
    for (unsigned i = 0; i < BDW_KIND_FIRST_BITMAP; i++) {
        bool all = i == BDW_KIND_ALL_SLOTS;
        bdw_process.descriptor[i] = descriptor[i];
        bdw_process.kind[i] =
            (int)GC_new_kind(GC_new_free_list(), all ? none : descriptor[i], all, 1);
    }
    bdw_process.kinds = BDW_KIND_FIRST_BITMAP;
}

/* Bits of a bitmap descriptor: the highest is the first word, the lowest two are the tag. */
enum { BITMAP_WORDS = 62 };

static bool layout_bitmap(const struct gcr_layout *layout, GC_word *descriptor)
{
    uint32_t first = layout->slot_start / GCR_WORD_BYTES;
    if (layout->item_slots != 0 || first + layout->slot_count > BITMAP_WORDS)
        return false;
    *descriptor = GC_DS_BITMAP;
    for (uint32_t i = 0; i < layout->slot_count; i++)
        *descriptor |= (GC_word)1 << (63 - first - i);
    return true;
}

/* Only slots behind the header words: the items, or nothing. */
static bool layout_is_all_slots(const struct gcr_layout *layout)
{
    return layout->item_slots != 0 &&
           layout->item_bytes == (uint64_t)layout->item_slots * GCR_SLOT_BYTES &&
           layout->field_bytes == (uint64_t)layout->slot_count * GCR_SLOT_BYTES &&
           layout->slot_start == layout->payload && layout->payload <= 2 * GCR_WORD_BYTES;
}

uint8_t bdw_choose_kind(struct gcr_bdw *h, const struct gcr_layout *layout)
{
    GC_word bitmap;
    unsigned index;
    if (layout->slot_count == 0 && layout->item_slots == 0)
        return BDW_KIND_NO_SLOTS;
    if (h->descriptors == BDW_DESCRIPTORS_PROC)
        return BDW_KIND_PROC;
    if (layout_is_all_slots(layout))
        return BDW_KIND_ALL_SLOTS;
    if (layout_bitmap(layout, &bitmap) && process_kind(bitmap, false, &index))
        return (uint8_t)index;
    return BDW_KIND_PROC;
}

/* ---- coming and going ---- */

static void process_no_finalizer(void *object, void *unused)
{
    (void)object;
    (void)unused;
}

/* libgc ends the process if there is no room for the first table of finalizers or of long links (if
 * there is none for a larger one it goes on with what it has): both are made before any budget. */
static void process_make_tables(void)
{
    void *object = GC_MALLOC(GCR_OBJECT_MIN_BYTES);
    void **link = GC_MALLOC_ATOMIC(GCR_OBJECT_MIN_BYTES);
    if (object == NULL || link == NULL)
        return;
    GC_register_finalizer_no_order(object, process_no_finalizer, NULL, NULL, NULL);
    GC_register_finalizer_no_order(object, NULL, NULL, NULL, NULL);
    (void)GC_register_long_link(link, object);
    (void)GC_unregister_long_link(link);
}

static void process_initialise(const struct gcr_option_values *options)
{
    bdw_process.markers = gcr_option_number(options, "markers");
    GC_set_no_dls(1);
    GC_set_all_interior_pointers(0);
    GC_set_dont_precollect(1);
    GC_set_handle_fork(-1);
    GC_set_finalize_on_demand(1);
    GC_set_java_finalization(1); /* what an object reaches stays until its finalizer has run */
    GC_set_markers_count((unsigned)bdw_process.markers);
    GC_set_warn_proc(GC_ignore_warn_proc);
    GC_init();
    GC_clear_roots();
    GC_set_push_other_roots(bdw_push_other_roots);
    GC_set_on_collection_event(bdw_event);
    process_first_kinds();
    if (bdw_process.markers > 1)
        GC_start_mark_threads();
    process_make_tables();
    bdw_process.initialised = true;
}

static gcr_status process_set_mode(const struct gcr_bdw *h, struct gcr_error *err)
{
    if (h->mode == BDW_MODE_FULL && bdw_process.incremental)
        return gcr_fail(err, GCR_UNSUPPORTED,
                        "bdw: libgc cannot leave incremental mode in one process");
    if (h->mode == BDW_MODE_FULL)
        return GCR_OK;
    GC_enable_incremental();
    if (!GC_is_incremental_mode())
        return gcr_fail(err, GCR_UNSUPPORTED,
                        "bdw: libgc refuses incremental mode here (no way to see dirty pages)");
    bdw_process.incremental = true;
    return GCR_OK;
}

gcr_status bdw_attach(struct gcr_bdw *h, const struct gcr_option_values *options,
                      struct gcr_error *err)
{
    if (bdw_process.heap != NULL)
        return gcr_fail(err, GCR_UNSUPPORTED, "bdw: libgc serves one heap a process");
    if (!bdw_process.initialised)
        process_initialise(options);
    else if (bdw_process.markers != gcr_option_number(options, "markers"))
        return gcr_fail(err, GCR_UNSUPPORTED,
                        "bdw: libgc keeps its number of markers in one process");
    gcr_status status = process_set_mode(h, err);
    if (status != GCR_OK)
        return status;
    GC_set_max_heap_size(0);
    GC_set_free_space_divisor(gcr_option_number(options, "divisor"));
    GC_set_time_limit(h->mode == BDW_MODE_GENERATIONAL
                          ? GC_TIME_UNLIMITED
                          : (unsigned long)gcr_option_number(options, "time-limit"));
    uint64_t initial = gcr_option_number(options, "initial");
    if (initial > GC_get_heap_size() && !GC_expand_hp((size_t)initial - GC_get_heap_size()))
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "bdw: no room for the initial heap");
    bdw_process.heap = h;
    for (unsigned i = 0; i < BDW_KIND_FIRST_BITMAP; i++)
        h->kind_number[i] = bdw_process.kind[i];
    for (uint32_t id = 1; id <= 2 * h->layouts.shape_count; id++)
        h->kind_of[id] = bdw_choose_kind(h, &h->layouts.row[id]);
    for (unsigned i = 0; i < bdw_process.kinds; i++)
        h->kind_number[i] = bdw_process.kind[i];
    return GCR_OK;
}

void bdw_drop_lists(struct gcr_bdw *h)
{
    memset(h->list, 0, sizeof h->list);
}

/* Without a heap there are no roots, and finalizers do nothing. Once all of them have run, a
 * collection frees everything, and a second one gives back the blocks that the first has freed. */
void bdw_detach(struct gcr_bdw *h)
{
    if (bdw_process.heap != h)
        return;
    bdw_process.heap = NULL;
    bdw_drop_lists(h);
    GC_finalize_all();
    GC_gcollect();
    GC_gcollect_and_unmap();
}
