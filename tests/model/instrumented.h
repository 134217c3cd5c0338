/* Functions that are compiled as a modelled twin is (instrumented.c). */
#ifndef GCR_TESTS_MODEL_INSTRUMENTED_H
#define GCR_TESTS_MODEL_INSTRUMENTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct node {
    struct node *left, *right;
    uint64_t value, more;
};

struct packed {
    char tag;
    uint32_t number;
    uint64_t wide;
} __attribute__((packed));

uint64_t load_8(const uint64_t *at);
void store_8(uint64_t *at, uint64_t value);
void store_4(uint32_t *at, uint32_t value);
uint16_t load_2(const uint16_t *at);
void store_1(uint8_t *at, uint8_t value);
void store_volatile(volatile uint32_t *at, uint32_t value);
uint32_t load_packed(const struct packed *at);
void store_packed(struct packed *at, uint64_t value);
void copy_node(struct node *to, const struct node *from);
__extension__ typedef __int128 wide;
void copy_wide(wide *to, const wide *from);
size_t list_length(const struct node *first);
void increment(uint64_t *at);

uint32_t atomic_add(uint32_t *at, uint32_t value);
uint8_t atomic_or(uint8_t *at, uint8_t value);
uint64_t atomic_load(const uint64_t *at);
void atomic_store(uint16_t *at, uint16_t value);
uint64_t atomic_exchange(uint64_t *at, uint64_t value);
bool atomic_replace(uint64_t *at, uint64_t *expected, uint64_t value);
void atomic_fence(void);

void block_copy(char *to, const char *from, size_t bytes);
void block_move(char *to, const char *from, size_t bytes);
void block_clear(char *at, size_t bytes);
int block_compare(const char *a, const char *b, size_t bytes);

void tagged_store(struct node *at, uint64_t value);
void tagged_pointer(struct node *at, struct node *value);
uint64_t tagged_count(struct node *at);
uint32_t tagged_count_down(uint32_t *at);
void tagged_byte(uint8_t *at, uint8_t value);

#endif
