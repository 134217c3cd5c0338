/* buffered-refcount: setting up the ways of finding the current context (barrier.h). The
 * thread-local variable is the one object of static storage in this design: it is what two of the
 * ways measure. */
#include "allocators/buffered_refcount/barrier.h"

_Thread_local struct recycler_context *recycler_current;

void recycler_reach_set(struct gcr_recycler *h, struct recycler_context *context)
{
    h->context = context;
    h->cached = NULL;
    recycler_current = context;
    if (h->reach == RECYCLER_REACH_GETSPECIFIC)
        (void)pthread_setspecific(h->key, context);
}

/* Module 1 is the executable; the offset is what the compiler would have had the linker fill in. */
static void reach_find_variable(struct gcr_recycler *h)
{
    h->tls = (struct recycler_tls_index){.module = 1};
    h->tls.offset = (uintptr_t)&recycler_current - (uintptr_t)__tls_get_addr(&h->tls);
}

bool recycler_reach_create(struct gcr_recycler *h)
{
    reach_find_variable(h);
    if (h->reach == RECYCLER_REACH_GETSPECIFIC)
        h->has_key = pthread_key_create(&h->key, NULL) == 0;
    return h->reach != RECYCLER_REACH_GETSPECIFIC || h->has_key;
}

void recycler_reach_destroy(struct gcr_recycler *h)
{
    if (h->has_key)
        pthread_key_delete(h->key);
    h->has_key = false;
}
