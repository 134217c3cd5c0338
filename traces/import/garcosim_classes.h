/* The class table beside a GarCoSim trace: NAME.cls. */
#ifndef GCR_TRACES_IMPORT_GARCOSIM_CLASSES_H
#define GCR_TRACES_IMPORT_GARCOSIM_CLASSES_H

#include "base/number_map.h"
#include "base/status.h"
#include "traces/shape.h"

/* All zero: empty. */
struct garcosim_classes {
    char (*names)[GCR_SHAPE_NAME_BYTES]; /* cut to what a shape's name holds, printable */
    uint32_t count, room;
    struct gcr_number_map by_id; /* -> position + 1 */
};

/* One line a class: "C<id> ... <name>"; what lies between is not needed. GCR_BAD_INPUT names file
 * and line. */
gcr_status garcosim_classes_read(struct garcosim_classes *classes, const char *path,
                                 struct gcr_error *err) GCR_MUST_USE;
void garcosim_classes_finish(struct garcosim_classes *classes);
/* NULL: none of that id. */
const char *garcosim_class_name(const struct garcosim_classes *classes, uint64_t id);

/* The table's path: that of the trace with .cls for .trace (.gz and .zst left out). False: too
 * long. */
bool garcosim_classes_beside(const char *trace, char *out, size_t size);

#endif
