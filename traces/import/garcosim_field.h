/* Which part of an object a line of a GarCoSim trace reads or writes. */
#ifndef GCR_TRACES_IMPORT_GARCOSIM_FIELD_H
#define GCR_TRACES_IMPORT_GARCOSIM_FIELD_H

#include "traces/import/garcosim_line.h"
#include "traces/import/garcosim_world.h"

struct garcosim_field {
    enum { GARCOSIM_NOTHING, GARCOSIM_DATA, GARCOSIM_SLOT_READ } kind;
    uint32_t slot;
    uint32_t offset, bytes; /* of data, at least one byte, within the object */
    bool is_cut;            /* some of the field lies beyond the object's data */
    bool is_guessed;        /* its place follows from an index, or from nothing */
};

/* The generator lays primitive fields out first and references behind them, and names a reference
 * by its index when it reads one. Written files name anything: what lies outside is cut. */
struct garcosim_field garcosim_field_of(const struct garcosim_object *object,
                                        const struct garcosim_line *line);

#endif
