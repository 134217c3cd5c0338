/* libc's block functions for the plain program, as one instruction where they are called: what they
 * touch then belongs to the function that called them, as in the model. Included ahead of
 * everything else, with memcpy and so on defined to these names. */
#ifndef GCR_TESTS_MODEL_VALIDATE_BLOCKS_H
#define GCR_TESTS_MODEL_VALIDATE_BLOCKS_H

#define BLOCKS_INLINE static inline __attribute__((always_inline, unused))

BLOCKS_INLINE void *validate_memcpy(void *restrict to, const void *restrict from,
                                    unsigned long bytes)
{
    void *at = to;
    __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(bytes) : : "memory");
    return to;
}

/* Backwards where the blocks overlap so. */
BLOCKS_INLINE void *validate_memmove(void *to, const void *from, unsigned long bytes)
{
    char *t = to;
    const char *f = from;
    if (t <= f || t >= f + bytes)
        return validate_memcpy(to, from, bytes);
    for (; bytes > 0; bytes--)
        ((volatile char *)t)[bytes - 1] = f[bytes - 1];
    return to;
}

BLOCKS_INLINE void *validate_memset(void *to, int byte, unsigned long bytes)
{
    void *at = to;
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(bytes) : "a"(byte) : "memory");
    return to;
}

BLOCKS_INLINE int validate_memcmp(const void *a, const void *b, unsigned long bytes)
{
    const unsigned char *x = a, *y = b;
    for (; bytes > 0 && *x == *y; bytes--)
        x++, y++;
    return bytes == 0 ? 0 : *x - *y;
}

#endif
