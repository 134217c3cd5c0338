/* The subcommands; one line each. */
#ifndef GCR_SIM_CMD_COMMANDS_H
#define GCR_SIM_CMD_COMMANDS_H

#include "sim/cmd/command.h"

extern const struct gcr_command gcr_cmd_record;
extern const struct gcr_command gcr_cmd_generate;
extern const struct gcr_command gcr_cmd_import;
extern const struct gcr_command gcr_cmd_dump;
extern const struct gcr_command gcr_cmd_assemble;
extern const struct gcr_command gcr_cmd_info;
extern const struct gcr_command gcr_cmd_check;
extern const struct gcr_command gcr_cmd_annotate;
extern const struct gcr_command gcr_cmd_list;
extern const struct gcr_command gcr_cmd_run;
extern const struct gcr_command gcr_cmd_compare;
extern const struct gcr_command gcr_cmd_minheap;
extern const struct gcr_command gcr_cmd_study;
extern const struct gcr_command gcr_cmd_diff;
extern const struct gcr_command gcr_cmd_report;

#endif
