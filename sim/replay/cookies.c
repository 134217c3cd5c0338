/* Cookies: a table with a free list, and a chained hash table over it (Knuth, The Art of Computer
 * Programming vol. 3, 6.4) whose chains run through the entries. Indexes are small and dense, so
 * the low bits are a good hash. Chains are linked both ways: a program that uses few indexes again
 * and again for objects with finalizers, which a collector finds dead much later, makes them long,
 * but the newest comes first and any can be taken out in constant time. */
#include "sim/replay/cookies.h"

#include "base/check.h"

enum { COOKIES_FIRST_BUCKETS = 1024 };
#define COOKIE_FREE UINT32_MAX

static struct gcr_cookie *cookies_table(const struct gcr_cookies *cookies)
{
    return cookies->memory.base;
}

static uint32_t *cookies_bucket(const struct gcr_cookies *cookies, uint32_t object)
{
    return (uint32_t *)cookies->bucket_memory.base + (object & (cookies->bucket_count - 1));
}

/* Splits each chain in two, keeping the newest first within each. */
static void cookies_split_buckets(struct gcr_cookies *cookies, uint32_t old_count)
{
    uint32_t *buckets = cookies->bucket_memory.base;
    struct gcr_cookie *table = cookies_table(cookies);

    for (uint32_t b = 0; b < old_count; b++) {
        uint32_t *tail[2] = {&buckets[b], &buckets[b + old_count]};
        uint32_t last[2] = {0, 0};
        uint32_t next;

        for (uint32_t c = buckets[b]; c != 0; c = next) {
            unsigned half = (table[c].object & old_count) != 0;

            next = table[c].next;
            *tail[half] = c;
            tail[half] = &table[c].next;
            table[c].previous = last[half];
            last[half] = c;
        }
        *tail[0] = 0;
        *tail[1] = 0;
    }
}

bool gcr_cookies_reserve(struct gcr_cookies *cookies, size_t n)
{
    size_t wanted = (cookies->end == 0 ? 1 : cookies->end) + n;

    if (wanted > UINT32_MAX ||
        !gcr_growable_reserve(&cookies->memory, wanted * sizeof(struct gcr_cookie)))
        return false;
    if (cookies->end == 0)
        cookies->end = 1;
    while (cookies->bucket_count < cookies->end || cookies->bucket_count == 0) {
        uint32_t old = cookies->bucket_count;
        uint32_t count = old == 0 ? COOKIES_FIRST_BUCKETS : old * 2;

        if (!gcr_growable_reserve(&cookies->bucket_memory, (size_t)count * sizeof(uint32_t)))
            return false;
        cookies->bucket_count = count;
        cookies_split_buckets(cookies, old);
    }
    return true;
}

uint32_t gcr_cookies_add(struct gcr_cookies *cookies, uint32_t object)
{
    struct gcr_cookie *table = cookies_table(cookies);
    uint32_t *bucket = cookies_bucket(cookies, object);
    uint32_t cookie = cookies->free;

    if (cookie != 0)
        cookies->free = table[cookie].next;
    else
        cookie = cookies->end++;
    table[cookie] = (struct gcr_cookie){
        .object = object, .root = GCR_NO_ROOT, .serial = ++cookies->serial, .next = *bucket};
    if (*bucket != 0)
        table[*bucket].previous = cookie;
    *bucket = cookie;
    return cookie;
}

bool gcr_cookies_resurrect(struct gcr_cookies *cookies, uint32_t object, uint32_t root)
{
    struct gcr_cookie *table = cookies_table(cookies);

    if (cookies->bucket_count == 0)
        return false;
    for (uint32_t c = *cookies_bucket(cookies, object); c != 0; c = table[c].next)
        if (table[c].object == object) {
            table[c].root = root;
            return true;
        }
    return false;
}

struct gcr_cookie gcr_cookies_take(struct gcr_cookies *cookies, uint32_t cookie)
{
    struct gcr_cookie *table = cookies_table(cookies), taken;

    GCR_CHECK(1, cookie != 0 && cookie < cookies->end);
    taken = table[cookie];
    GCR_CHECK(1, taken.previous != COOKIE_FREE); /* a back end finalized one object twice */
    if (taken.previous != 0)
        table[taken.previous].next = taken.next;
    else
        *cookies_bucket(cookies, taken.object) = taken.next;
    if (taken.next != 0)
        table[taken.next].previous = taken.previous;
    table[cookie].previous = COOKIE_FREE;
    table[cookie].next = cookies->free;
    cookies->free = cookie;
    return taken;
}

void gcr_cookies_free(struct gcr_cookies *cookies)
{
    gcr_growable_free(&cookies->memory);
    gcr_growable_free(&cookies->bucket_memory);
    *cookies = (struct gcr_cookies){0};
}
