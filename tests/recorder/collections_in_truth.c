/* The truth about one run of a program on CPython 3.11, for scripts/predict_thresholds.sh: how
 * often each generation was collected, and how many objects that freed, from the interpreter's
 * first allocation to the beginning of its end; with thresholds of choice from that first
 * allocation on.
 *
 *   LD_PRELOAD=this TRUTH_FILE=PATH [TRUTH_THRESHOLDS=T0,T1,T2] python3 ...
 *
 * PATH gets one line: three counts of collections, then three of freed objects. The hooks do
 * nothing but look at the collector's state; the program, its allocations and its collections are
 * as they would be without. */
#include <stdio.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "workloads/cpython/py311.h"

static struct {
    PyMemAllocatorEx original;
    int thresholds[3]; /* 0: CPython's own */
    const char *path;  /* NULL: written */
    bool set;
} truth;

static void truth_set_thresholds(py_gc *gc)
{
    if (truth.set || gc->generations[0].threshold == 0)
        return; /* the collector's state is not made yet */
    truth.set = true;
    for (int i = 0; i < 3; i++) {
        if (truth.thresholds[i] > 0)
            gc->generations[i].threshold = truth.thresholds[i];
    }
}

static void truth_write(const py_gc *gc)
{
    FILE *file = fopen(truth.path, "w");
    truth.path = NULL;
    if (file == NULL)
        return;
    const struct gc_generation_stats *stats = gc->generation_stats;
    fprintf(file, "%zd %zd %zd %zd %zd %zd\n", stats[0].collections, stats[1].collections,
            stats[2].collections, stats[0].collected, stats[1].collected, stats[2].collected);
    fclose(file);
}

static void truth_look(void)
{
    py_gc *gc = py_gc_state();
    truth_set_thresholds(gc);
    if (truth.path != NULL && py_is_finalizing())
        truth_write(gc);
}

static void *truth_malloc(void *context, size_t bytes)
{
    truth_look();
    return truth.original.malloc(context, bytes);
}

static void *truth_calloc(void *context, size_t count, size_t bytes)
{
    truth_look();
    return truth.original.calloc(context, count, bytes);
}

static void *truth_realloc(void *context, void *block, size_t bytes)
{
    truth_look();
    return truth.original.realloc(context, block, bytes);
}

static void truth_free(void *context, void *block)
{
    truth_look();
    truth.original.free(context, block);
}

GCR_CONSTRUCTOR static void truth_start(void)
{
    const char *thresholds = getenv("TRUTH_THRESHOLDS");
    truth.path = getenv("TRUTH_FILE");
    if (py_presence() != PY_311 || truth.path == NULL)
        return;
    if (thresholds != NULL)
        (void)sscanf(thresholds, "%d,%d,%d", &truth.thresholds[0], &truth.thresholds[1],
                     &truth.thresholds[2]);
    PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &truth.original);
    PyMemAllocatorEx hooks = {truth.original.ctx, truth_malloc, truth_calloc, truth_realloc,
                              truth_free};
    PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &hooks);
}
