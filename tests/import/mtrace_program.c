/* A program for a real mtrace log: four threads that allocate, reallocate and free at random,
 * blocks from before mtrace(), an empty block, and allocations that find no memory. */
#include <mcheck.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

enum { BLOCKS = 64, STEPS = 600, THREADS = 4 };

static void *work(void *arg)
{
    unsigned seed = (unsigned)(uintptr_t)arg;
    void *blocks[BLOCKS] = {NULL};
    for (int i = 0; i < STEPS; i++) {
        void **block = &blocks[rand_r(&seed) % BLOCKS];
        int what = rand_r(&seed) % 4;
        size_t bytes = (size_t)rand_r(&seed) % 5000;
        if (what == 0) {
            void *moved = realloc(*block, bytes + 1);
            *block = moved != NULL ? moved : *block;
            continue;
        }
        free(*block);
        *block = what == 1 ? NULL : what == 2 ? malloc(bytes) : calloc(3, bytes / 7);
    }
    for (int i = 0; i < BLOCKS - 5; i++)
        free(blocks[i]);
    return NULL;
}

int main(void)
{
    volatile size_t too_much = (size_t)1 << 62;
    void *before = malloc(77);
    pthread_t threads[THREADS];
    mtrace();
    for (uintptr_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, work, (void *)(i + 1)) != 0)
            abort();
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    free(before);
    void *empty = malloc(0), *none = malloc(too_much), *aligned = aligned_alloc(64, 128);
    void *moved = realloc(aligned, too_much);
    free(moved != NULL ? moved : aligned);
    free(empty);
    free(none);
    muntrace();
    return 0;
}
