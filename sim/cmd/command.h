/* A subcommand of gcreplay: one file, one table, no globals. */
#ifndef GCR_SIM_CMD_COMMAND_H
#define GCR_SIM_CMD_COMMAND_H

#include <stdio.h>

#include "base/status.h"

/* One accepted flag, or a positional argument (name without dashes). Parser and --help are made
 * from the same rows. A table ends with a row without name. */
struct gcr_flag {
    const char *name;  /* "--json", or "TRACE" */
    char letter;       /* 'c' for -c; 0: none */
    const char *value; /* metavariable: "FILE"; NULL: a switch */
    const char *help;
    enum { GCR_FLAG_OPTIONAL, GCR_FLAG_REQUIRED, GCR_FLAG_REPEATED } kind;
    const char
        *implied; /* value when "--flag" stands alone ("--verify" = "--verify=on"); NULL: none */
};

struct gcr_arguments;

struct gcr_command {
    const char *name, *summary, *usage;
    const struct gcr_flag *flags;
    /* Writes results to stdout, diagnostics to stderr through err. */
    gcr_status (*run)(const struct gcr_arguments *arguments, struct gcr_error *err);
};

/* The value of a flag, or NULL; the i-th of a repeated one. */
const char *gcr_argument(const struct gcr_arguments *arguments, const char *name);
const char *gcr_argument_at(const struct gcr_arguments *arguments, const char *name, size_t i);
size_t gcr_argument_count(const struct gcr_arguments *arguments, const char *name);
/* All words after "--". */
char *const *gcr_argument_rest(const struct gcr_arguments *arguments, size_t *count);

extern const struct gcr_command *const gcr_commands[]; /* ended by NULL */

#endif
