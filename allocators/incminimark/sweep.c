/* incminimark: sweeping, in steps. Raw objects first, then the pages, largest blocks first. What is
 * allocated meanwhile is in neither: the lists were set aside when the sweep began. */
#include "allocators/incminimark/incminimark.h"

/* Everything that is freed passes here. */
static void sweep_count_freed(struct gcr_incminimark *h, gcr_ref object,
                              struct gcr_collection *done)
{
    uint64_t header = gcr_object_header(object);
    const struct gcr_layout *layout = gcr_layout_of_header(&h->layouts, header);
    incminimark_tally_drop(&h->old, layout, gcr_layout_length(layout, object));
    bool counts = !gcr_header_is(header, GCR_HEADER_INTERNAL);
    done->freed += counts;
    h->heap.work.freed_objects += counts;
}

void incminimark_sweep_begin(struct gcr_incminimark *h)
{
    struct incminimark_raws *raws = &h->raws;
    GCR_CHECK(1, raws->young_count == 0);
    incminimark_pages_begin_sweep(&h->pages);
    raws->sweeping = true;
    raws->swept = raws->next = 0;
    raws->end = raws->first_young;
}

/* ---- raw objects ---- */

/* Those allocated since the sweep began close the gap. */
static void sweep_raws_end(struct gcr_incminimark *h)
{
    struct incminimark_raws *raws = &h->raws;
    size_t count = gcr_vector_count(&raws->all), kept = raws->swept;
    for (size_t i = raws->end; i < count; i++)
        *incminimark_raw_at(raws, kept++) = *incminimark_raw_at(raws, i);
    raws->first_young -= count - kept;
    gcr_vector_truncate(&raws->all, kept);
    raws->sweeping = false;
    raws->swept = raws->next = raws->end = 0;
}

static void sweep_raws(struct gcr_incminimark *h, uint64_t most, struct gcr_collection *done)
{
    struct incminimark_raws *raws = &h->raws;
    for (; most > 0 && raws->next < raws->end; most--) {
        struct incminimark_raw raw = *incminimark_raw_at(raws, raws->next++);
        if (incminimark_is_marked(h, raw.object)) {
            incminimark_unmark(h, raw.object);
            *incminimark_raw_at(raws, raws->swept++) = raw;
        } else {
            sweep_count_freed(h, raw.object, done);
            incminimark_raw_free(h, &raw);
        }
    }
    if (raws->next == raws->end)
        sweep_raws_end(h);
}

/* ---- pages ---- */

struct sweep_page {
    struct gcr_incminimark *h;
    struct gcr_collection *done;
};

static inline bool sweep_keep(void *arg, char *block)
{
    const struct sweep_page *sweep = arg;
    gcr_ref object = (gcr_ref)(void *)block;
    if (incminimark_is_marked(sweep->h, object)) {
        incminimark_unmark(sweep->h, object);
        return true;
    }
    sweep_count_freed(sweep->h, object, sweep->done);
    return false;
}

/* True: no page is left. */
static bool sweep_pages(struct gcr_incminimark *h, uint64_t most, struct gcr_collection *done)
{
    struct sweep_page sweep = {h, done};
    for (; most > 0; most--) {
        struct incminimark_page *page = incminimark_pages_next_to_sweep(&h->pages);
        if (page == NULL)
            return true;
        uint32_t kept = incminimark_page_sweep(&h->pages, page, sweep_keep, &sweep);
        done->survivors += kept;
        incminimark_pages_put_back(&h->pages, page, kept);
    }
    return false;
}

static bool sweep_whiten_prebuilt(void *arg, gcr_ref object)
{
    if (incminimark_is_marked(arg, object))
        incminimark_unmark(arg, object);
    return true;
}

static void sweep_end(struct gcr_incminimark *h)
{
    const struct gcr_vector *list = &h->remember.last;
    if (h->remember.last_incomplete)
        (void)gcr_immortals_walk(&h->immortals, &h->layouts, sweep_whiten_prebuilt, h);
    for (size_t i = 0; i < gcr_vector_count(list); i++)
        (void)sweep_whiten_prebuilt(h, *(gcr_ref *)gcr_vector_at(list, i));
    incminimark_pages_rehash(&h->pages);
}

bool incminimark_sweep(struct gcr_incminimark *h, uint64_t raws, uint64_t pages,
                       struct gcr_collection *done)
{
    if (h->raws.sweeping && raws != UINT64_MAX) {
        sweep_raws(h, raws, done);
        return false;
    }
    if (h->raws.sweeping)
        sweep_raws(h, raws, done);
    if (!sweep_pages(h, pages, done))
        return false;
    sweep_end(h);
    return true;
}
