/* From argv to a subcommand's arguments, and from the same table to its --help.
 *
 * Accepted: --flag value, --flag=value, -f value, switches, flags given several times where the
 * table says so, positional words, and "--". What follows "--" belongs to gcr_argument_rest() if
 * the table has a row named "--", and else counts as positional words. "--help" and "-h" are always
 * accepted. */
#ifndef GCR_SIM_CMD_ARGUMENTS_H
#define GCR_SIM_CMD_ARGUMENTS_H

#include <stdbool.h>

#include "sim/cmd/command.h"

/* argv[0..argc) are the words after the subcommand's name; they must outlive the arguments.
 * GCR_USAGE names the word that is wrong or the argument that is missing, with a suggestion where
 * one is near. *help is set, and nothing else is required, if help was asked for. */
gcr_status gcr_arguments_parse(const struct gcr_command *command, int argc, char *const *argv,
                               struct gcr_arguments **out, bool *help,
                               struct gcr_error *err) GCR_MUST_USE;
void gcr_arguments_destroy(struct gcr_arguments *arguments);

void gcr_command_print_help(const struct gcr_command *command, FILE *out);

/* How a row is written: "-c, --collector NAME", "--json FILE", "TRACE...". Returns like snprintf.
 */
int gcr_flag_format(const struct gcr_flag *flag, char *out, size_t size);

/* The name among names[0..n) that is nearest to a misspelled word, or NULL if none is near
 * (Damerau-Levenshtein distance of at most a third of its length, at least 1). */
const char *gcr_nearest_name(const char *word, const char *const *names, size_t n);

#endif
