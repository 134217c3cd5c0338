/* The host of the validation program: one span of roots, no handles, no finalizers. */
#include "tests/model/validate/validate.h"

/* Pages of heaps are busiest at their beginning; this one begins half-way. */
static _Alignas(GCR_PAGE_BYTES) struct {
    char unused[GCR_PAGE_BYTES / 2];
    struct validate state;
} page;

static const struct gcr_root_span *host_roots(struct gcr_host *host, size_t *count)
{
    *count = 1;
    return &((struct validate *)host)->span;
}

static void host_update_handles(struct gcr_host *host, struct gcr_heap *heap, bool minor)
{
    (void)host;
    (void)heap;
    (void)minor;
}

static void host_finalize(struct gcr_host *host, struct gcr_heap *heap, uint32_t cookie,
                          gcr_ref object)
{
    (void)host;
    (void)heap;
    (void)cookie;
    (void)object;
}

static void host_freed(struct gcr_host *host, gcr_ref object)
{
    (void)host;
    (void)object;
}

static void host_begin(struct gcr_host *host, struct gcr_heap *heap, enum gcr_reason reason,
                       uint32_t generation)
{
    (void)heap;
    (void)reason;
    (void)generation;
    ((struct validate *)host)->collections++;
}

static void host_end(struct gcr_host *host, struct gcr_heap *heap,
                     const struct gcr_collection *done)
{
    (void)heap;
    ((struct validate *)host)->full_collections += done->full;
    VALIDATE_GC_PHASE(GCR_PHASE_MUTATOR);
}

static void host_phase(struct gcr_host *host, enum gcr_gc_phase phase)
{
    (void)host;
    (void)phase;
    VALIDATE_GC_PHASE(phase);
}

struct validate *validate_state(void)
{
    struct validate *v = &page.state;
    v->host = (struct gcr_host){
        .shapes = v->shapes,
        .shape_count = VALIDATE_SHAPES,
        .capabilities = &v->capabilities,
        .supply = &v->supply,
        .roots = host_roots,
        .update_handles = host_update_handles,
        .finalize = host_finalize,
        .freed = host_freed,
        .collection_begin = host_begin,
        .collection_end = host_end,
        .phase = host_phase,
    };
    v->capabilities.deaths = GCR_DEATHS_EXACT;
    v->span = (struct gcr_root_span){v->roots, VALIDATE_ROOTS, 0};
    gcr_supply_init(&v->supply, 0);
    return v;
}
