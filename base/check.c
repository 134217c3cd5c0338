#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void gcr_check_failed(const char *file, int line, const char *condition)
{
    fprintf(stderr, "gcreplay: %s:%d: invariant broken: %s\n", file, line, condition);
    abort();
}
