/* What modelled objects call that is no callback of the compiler: libc's block functions, which it
 * does not see into. Modelled objects are compiled with -Dmemcpy=gcr_model_memcpy and so on, and
 * with -fno-builtin-memcpy and so on. Blocks count one access a line; copies load and store line
 * after line. */
#ifndef GCR_SIM_MODEL_CALLBACKS_H
#define GCR_SIM_MODEL_CALLBACKS_H

#include <stddef.h>

void *gcr_model_memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *gcr_model_memmove(void *to, const void *from, size_t bytes);
void *gcr_model_memset(void *to, int byte, size_t bytes);
/* Loads both blocks up to the first difference, as the function need not go further. */
int gcr_model_memcmp(const void *a, const void *b, size_t bytes);

#endif
