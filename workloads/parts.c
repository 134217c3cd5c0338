/* What several generators are made of; see parts.h. */
#include "workloads/parts.h"

uint32_t parts_array_shape(struct emit *emit)
{
    static const struct gcr_shape array = {.item_bytes = GCR_SLOT_BYTES,
                                           .item_slots = 1,
                                           .flags = GCR_SHAPE_CONTAINER,
                                           .name = "Array"};
    return emit_shape(emit, &array);
}

uint64_t parts_share(double share)
{
    return (uint64_t)(share * 4294967296.0 + 0.5);
}

static uint64_t parts_common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

uint64_t parts_stride(uint64_t n)
{
    uint64_t stride = (uint64_t)((double)n * 0.6180339887498949);
    if (stride == 0)
        return 1;
    while (parts_common_divisor(stride, n) != 1)
        stride++;
    return stride;
}

void parts_churn(struct emit *emit, uint32_t shape, uint64_t n, uint32_t root)
{
    for (uint64_t i = 0; i < n && !emit_failed(emit); i++) {
        uint32_t object = emit_alloc(emit, shape, 0, root);
        emit_root(emit, root, 0);
        emit_death(emit, object);
    }
}
