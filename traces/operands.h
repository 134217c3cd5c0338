/* The kinds of operands of the operations that make up most of a trace, spelt out so that the
 * compiler specialises what is inlined for them. They must agree with gcr_op_table. */
#ifndef GCR_TRACES_OPERANDS_H
#define GCR_TRACES_OPERANDS_H

#include <stdint.h>

#include "traces/event.h"

static const uint8_t gct_operands_alloc[GCR_OP_MAX_OPERANDS] = {
    GCR_OPERAND_NEW_OBJECT, GCR_OPERAND_SHAPE, GCR_OPERAND_ROOT, GCR_OPERAND_NUMBER,
    GCR_OPERAND_NONE};
static const uint8_t gct_operands_store[GCR_OP_MAX_OPERANDS] = {
    GCR_OPERAND_OBJECT, GCR_OPERAND_NUMBER, GCR_OPERAND_VALUE, GCR_OPERAND_NONE, GCR_OPERAND_NONE};
static const uint8_t gct_operands_load[GCR_OP_MAX_OPERANDS] = {
    GCR_OPERAND_OBJECT, GCR_OPERAND_NUMBER, GCR_OPERAND_ROOT, GCR_OPERAND_NONE, GCR_OPERAND_NONE};
/* READ and WRITE. */
static const uint8_t gct_operands_access[GCR_OP_MAX_OPERANDS] = {
    GCR_OPERAND_OBJECT, GCR_OPERAND_NUMBER, GCR_OPERAND_NUMBER, GCR_OPERAND_NONE, GCR_OPERAND_NONE};
static const uint8_t gct_operands_root[GCR_OP_MAX_OPERANDS] = {
    GCR_OPERAND_ROOT, GCR_OPERAND_VALUE, GCR_OPERAND_NONE, GCR_OPERAND_NONE, GCR_OPERAND_NONE};
static const uint8_t gct_operands_death[GCR_OP_MAX_OPERANDS] = {
    GCR_OPERAND_OBJECT, GCR_OPERAND_NONE, GCR_OPERAND_NONE, GCR_OPERAND_NONE, GCR_OPERAND_NONE};

#endif
