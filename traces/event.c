/* The table of events: names, operands and flags, from which the text form, the checks of reader
 * and writer, and the columns of a block follow. The order of operands is the order on disk. */
#include "traces/event.h"

#define NEW GCR_OPERAND_NEW_OBJECT
#define OBJ GCR_OPERAND_OBJECT
#define VAL GCR_OPERAND_VALUE
#define SHP GCR_OPERAND_SHAPE
#define ROO GCR_OPERAND_ROOT
#define NUM GCR_OPERAND_NUMBER

const struct gcr_op_info gcr_op_table[GCR_OP_COUNT] = {
    [GCR_OP_NONE] = {"none", {0}, {0}, 0},
    [GCR_OP_PREBUILT] = {"prebuilt", {NEW, SHP, NUM}, {"object", "shape", "length"}, 0},
    [GCR_OP_ALLOC] = {"alloc",
                      {NEW, SHP, ROO, NUM},
                      {"object", "shape", "root", "length"},
                      GCR_ALLOC_ALL_FLAGS},
    [GCR_OP_STORE] = {"store", {OBJ, NUM, VAL}, {"object", "slot", "value"}, 0},
    [GCR_OP_COPY] = {"copy",
                     {OBJ, NUM, OBJ, NUM, NUM},
                     {"target", "target slot", "source", "source slot", "slots"},
                     0},
    [GCR_OP_LOAD] = {"load", {OBJ, NUM, ROO}, {"object", "slot", "root"}, 0},
    [GCR_OP_READ] = {"read", {OBJ, NUM, NUM}, {"object", "offset", "bytes"}, 0},
    [GCR_OP_WRITE] = {"write", {OBJ, NUM, NUM}, {"object", "offset", "bytes"}, 0},
    [GCR_OP_RESIZE] = {"resize", {OBJ, NUM}, {"object", "length"}, 0},
    [GCR_OP_ROOT] = {"root", {ROO, VAL}, {"root", "value"}, 0},
    [GCR_OP_DEATH] = {"death", {OBJ}, {"object"}, 0},
    [GCR_OP_TRACK] = {"track", {OBJ}, {"object"}, 0},
    [GCR_OP_UNTRACK] = {"untrack", {OBJ}, {"object"}, 0},
    [GCR_OP_RECYCLE] = {"recycle", {OBJ}, {"object"}, 0},
    [GCR_OP_GCCONTROL] = {"gccontrol",
                          {NUM, NUM, NUM, NUM},
                          {"enabled", "threshold 0", "threshold 1", "threshold 2"},
                          0},
    [GCR_OP_COLLECT] = {"collect", {NUM}, {"generation"}, 0},
    [GCR_OP_FREEZE] = {"freeze", {0}, {0}, 0},
    [GCR_OP_UNFREEZE] = {"unfreeze", {0}, {0}, 0},
    [GCR_OP_WEAKREF] = {"weakref", {OBJ, OBJ}, {"reference", "target"}, 0},
    [GCR_OP_FINALIZED] = {"finalized", {OBJ}, {"object"}, 0},
    [GCR_OP_RESURRECT] = {"resurrect", {OBJ, ROO}, {"object", "root"}, 0},
    [GCR_OP_THREAD] = {"thread", {NUM}, {"thread"}, 0},
    [GCR_OP_FORK] = {"fork", {NUM}, {"lane"}, 0},
    [GCR_OP_EXIT] = {"exit", {NUM}, {"status"}, 0},
    [GCR_OP_REQUEST] = {"request", {NUM}, {"request"}, GCR_REQUEST_BEGIN | GCR_REQUEST_END},
    [GCR_OP_PHASE] = {"phase", {NUM}, {"name"}, 0},
    [GCR_OP_TIME] = {"time", {NUM, NUM}, {"nanoseconds, low", "nanoseconds, high"}, 0},
    [GCR_OP_COLLECTED] = {"collected",
                          {NUM, NUM, NUM},
                          {"generation", "collected", "uncollectable"},
                          0},
};
