#include "tests/model/instrumented.h"

#include <string.h>

#include "allocators/common/access.h"

uint64_t load_8(const uint64_t *at)
{
    return *at;
}

void store_8(uint64_t *at, uint64_t value)
{
    *at = value;
}

void store_4(uint32_t *at, uint32_t value)
{
    *at = value;
}

uint16_t load_2(const uint16_t *at)
{
    return *at;
}

void store_1(uint8_t *at, uint8_t value)
{
    *at = value;
}

void store_volatile(volatile uint32_t *at, uint32_t value)
{
    *at = value;
}

uint32_t load_packed(const struct packed *at)
{
    return at->number;
}

void store_packed(struct packed *at, uint64_t value)
{
    at->wide = value;
}

void copy_node(struct node *to, const struct node *from)
{
    *to = *from;
}

void copy_wide(wide *to, const wide *from)
{
    *to = *from;
}

size_t list_length(const struct node *first)
{
    size_t length = 0;
    for (; first != NULL; first = first->right)
        length++;
    return length;
}

void increment(uint64_t *at)
{
    ++*at;
}

uint32_t atomic_add(uint32_t *at, uint32_t value)
{
    return __atomic_fetch_add(at, value, __ATOMIC_RELAXED);
}

uint8_t atomic_or(uint8_t *at, uint8_t value)
{
    return __atomic_fetch_or(at, value, __ATOMIC_ACQ_REL);
}

uint64_t atomic_load(const uint64_t *at)
{
    return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

void atomic_store(uint16_t *at, uint16_t value)
{
    __atomic_store_n(at, value, __ATOMIC_RELEASE);
}

uint64_t atomic_exchange(uint64_t *at, uint64_t value)
{
    return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST);
}

bool atomic_replace(uint64_t *at, uint64_t *expected, uint64_t value)
{
    return __atomic_compare_exchange_n(at, expected, value, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

void atomic_fence(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

void block_copy(char *to, const char *from, size_t bytes)
{
    memcpy(to, from, bytes);
}

void block_move(char *to, const char *from, size_t bytes)
{
    memmove(to, from, bytes);
}

void block_clear(char *at, size_t bytes)
{
    memset(at, 0, bytes);
}

int block_compare(const char *a, const char *b, size_t bytes)
{
    return memcmp(a, b, bytes);
}

void tagged_store(struct node *at, uint64_t value)
{
    GCR_STORE_AS(GCR_CAUSE_HEADER, at->value, value);
}

void tagged_pointer(struct node *at, struct node *value)
{
    GCR_STORE_AS(GCR_CAUSE_DATA, at->left, value);
}

uint64_t tagged_count(struct node *at)
{
    return GCR_ADD_AS(GCR_CAUSE_COUNT, at->value, 1);
}

uint32_t tagged_count_down(uint32_t *at)
{
    return GCR_ADD_AS(GCR_CAUSE_COUNT, *at, -(uint32_t)1);
}

void tagged_byte(uint8_t *at, uint8_t value)
{
    GCR_STORE_AS(GCR_CAUSE_FREE_LINK, *at, value);
}
