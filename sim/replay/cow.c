/* Epochs and points; and at an epoch's end the two accounts held against each other, page by page.
 */
#include "sim/replay/cow.h"

#include <stdio.h>
#include <string.h>

gcr_status gcr_cow_open(struct gcr_cow *cow, struct gcr_supply *supply, struct gcr_error *err)
{
    gcr_status status = gcr_written_pages_open(&cow->written, supply, err);

    cow->of_kernel = status == GCR_OK;
    cow->of_model = status == GCR_OK && gcr_pages_are_open();
    if (cow->of_model)
        gcr_supply_observe(supply, &gcr_pages_observer);
    return status;
}

void gcr_cow_close(struct gcr_cow *cow)
{
    if (cow->of_kernel)
        gcr_written_pages_close(&cow->written);
    gcr_growable_free(&cow->epochs);
    gcr_growable_free(&cow->points);
    *cow = (struct gcr_cow){0};
}

static struct gcr_cow_epoch *cow_epoch(struct gcr_cow *cow)
{
    return (struct gcr_cow_epoch *)cow->epochs.base + cow->epoch_count - 1;
}

static struct gcr_cow_point *cow_points(struct gcr_cow *cow)
{
    return cow->points.base;
}

/* ---- points ---- */

static void cow_refuse(struct gcr_cow_epoch *epoch, const struct gcr_error *why)
{
    epoch->of_kernel = false;
    snprintf(epoch->refusal, sizeof epoch->refusal, "%.*s", (int)sizeof epoch->refusal - 1,
             why->text);
}

static struct gcr_cow_point cow_take(struct gcr_cow *cow, uint64_t event)
{
    struct gcr_cow_epoch *epoch = cow_epoch(cow);
    struct gcr_cow_point point = {.event = event};
    struct gcr_written_counts kernel = {0};
    struct gcr_error err;

    if (epoch->of_model)
        gcr_pages_count(&point.model);
    if (epoch->of_kernel && gcr_written_pages_count(&cow->written, &kernel, &err) != GCR_OK)
        cow_refuse(epoch, &err);
    if (!epoch->of_kernel)
        return point;
    point.kernel_shared = kernel.shared;
    point.kernel_copied = kernel.copied;
    point.kernel_dropped = kernel.dropped;
    point.kernel_dropped_copied = kernel.dropped_copied;
    point.kernel_fresh = kernel.fresh;
    return point;
}

/* Keeps the first, third, fifth ... point of the epoch. */
static void cow_thin_out(struct gcr_cow *cow)
{
    struct gcr_cow_epoch *epoch = cow_epoch(cow);
    struct gcr_cow_point *points = cow_points(cow) + epoch->first_point;

    for (size_t i = 1; 2 * i < epoch->point_count; i++)
        points[i] = points[2 * i];
    epoch->point_count = (epoch->point_count + 1) / 2;
    cow->point_count = epoch->first_point + epoch->point_count;
    cow->stride *= 2;
}

void gcr_cow_look(struct gcr_cow *cow, uint64_t event)
{
    struct gcr_cow_epoch *epoch;

    if (!cow->in_epoch || ++cow->passed_over < cow->stride)
        return;
    epoch = cow_epoch(cow);
    if (!epoch->of_model && !epoch->of_kernel)
        return;
    cow->passed_over = 0;
    if (epoch->point_count == GCR_COW_POINTS)
        cow_thin_out(cow);
    if (!gcr_growable_reserve(&cow->points,
                              (cow->point_count + 1) * sizeof(struct gcr_cow_point))) {
        cow->no_memory = true;
        return;
    }
    cow_points(cow)[cow->point_count++] = cow_take(cow, event);
    epoch->point_count++;
}

/* ---- epochs ---- */

void gcr_cow_begin(struct gcr_cow *cow, const struct gcr_supply *supply, uint64_t event,
                   uint32_t lane, bool is_born)
{
    struct gcr_cow_epoch *epoch;
    struct gcr_error err;

    if (!cow->of_kernel && !cow->of_model)
        return;
    if (is_born)
        cow->epoch_count = cow->point_count = 0;
    if (!gcr_growable_reserve(&cow->epochs, (cow->epoch_count + 1) * sizeof *epoch)) {
        cow->no_memory = true;
        return;
    }
    cow->epoch_count++;
    epoch = cow_epoch(cow);
    *epoch = (struct gcr_cow_epoch){.event = event,
                                    .lane = lane,
                                    .is_born = is_born,
                                    .of_model = cow->of_model,
                                    .of_kernel = cow->of_kernel,
                                    .first_point = cow->point_count};
    if (cow->of_model)
        gcr_pages_fork();
    if (cow->of_kernel && gcr_written_pages_arm(&cow->written, supply, &err) != GCR_OK)
        cow_refuse(epoch, &err);
    cow->in_epoch = true;
    cow->stride = 1;
    cow->passed_over = 0;
    gcr_cow_look(cow, event);
}

/* ---- model against kernel ---- */

/* Pages of one account in ascending order, and of the other as they come. */
struct cow_merge {
    struct gcr_growable memory; /* uintptr_t */
    size_t count, at;
    bool no_memory;
    struct gcr_page_difference *out;
};

static void cow_keep_page(void *arg, uintptr_t page)
{
    struct cow_merge *merge = arg;

    if (!gcr_growable_reserve(&merge->memory, (merge->count + 1) * sizeof page))
        merge->no_memory = true;
    else
        ((uintptr_t *)merge->memory.base)[merge->count++] = page;
}

static void cow_name(uint64_t names[GCR_COW_NAMED_PAGES], uint64_t already, uintptr_t page)
{
    if (already < GCR_COW_NAMED_PAGES)
        names[already] = page;
}

/* The kept pages below `page` have no counterpart. */
static void cow_pass_below(struct cow_merge *merge, uintptr_t page)
{
    const uintptr_t *kept = merge->memory.base;

    for (; merge->at < merge->count && kept[merge->at] < page; merge->at++)
        cow_name(merge->out->first_of_kernel, merge->out->kernel_only++, kept[merge->at]);
}

static void cow_meet_page(void *arg, uintptr_t page)
{
    struct cow_merge *merge = arg;
    const uintptr_t *kept = merge->memory.base;

    cow_pass_below(merge, page);
    if (merge->at < merge->count && kept[merge->at] == page) {
        merge->at++;
        merge->out->both++;
    } else {
        cow_name(merge->out->first_of_model, merge->out->model_only++, page);
    }
}

static void cow_compare(struct gcr_cow *cow, struct gcr_cow_epoch *epoch)
{
    struct cow_merge copied = {.out = &epoch->copied}, shared = {.out = &epoch->shared};
    struct gcr_error err;

    if (gcr_written_pages_visit_copied(&cow->written, cow_keep_page, &copied, &err) != GCR_OK)
        cow_refuse(epoch, &err);
    gcr_written_pages_visit_shared(&cow->written, cow_keep_page, &shared);
    gcr_pages_visit_copied(cow_meet_page, &copied);
    gcr_pages_visit_shared(cow_meet_page, &shared);
    cow_pass_below(&copied, UINTPTR_MAX);
    cow_pass_below(&shared, UINTPTR_MAX);
    cow->no_memory |= copied.no_memory || shared.no_memory;
    gcr_growable_free(&copied.memory);
    gcr_growable_free(&shared.memory);
}

void gcr_cow_end(struct gcr_cow *cow, uint64_t event)
{
    struct gcr_cow_epoch *epoch;

    if (!cow->in_epoch)
        return;
    cow->in_epoch = false;
    epoch = cow_epoch(cow);
    epoch->end = cow_take(cow, event);
    if (epoch->of_model && epoch->of_kernel)
        cow_compare(cow, epoch);
}
