/* Words of a POSIX shell. */
#ifndef GCR_SIM_STUDY_SHELL_WORD_H
#define GCR_SIM_STUDY_SHELL_WORD_H

#include <stdio.h>

/* The text in single quotes, as one word that means itself. */
void gcr_shell_word_print(FILE *out, const char *text);

#endif
