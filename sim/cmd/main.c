/* gcreplay: the command line. Finds the subcommand, parses by its table, runs it, and turns the
 * status into one line on standard error and an exit code: 0 done, 1 run failed, 2 usage or bad
 * input. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/cmd/arguments.h"
#include "sim/cmd/commands.h"
#include "sim/cmd/modelled_run.h"
#include "sim/measure/output.h"

const struct gcr_command *const gcr_commands[] = {
    &gcr_cmd_record,   &gcr_cmd_generate, &gcr_cmd_import,  &gcr_cmd_dump,
    &gcr_cmd_assemble, &gcr_cmd_info,     &gcr_cmd_check,   &gcr_cmd_annotate,
    &gcr_cmd_list,     &gcr_cmd_run,      &gcr_cmd_compare, &gcr_cmd_minheap,
    &gcr_cmd_study,    &gcr_cmd_report,   &gcr_cmd_diff,    NULL,
};

static void main_print_help(FILE *out)
{
    fputs("gcreplay records what a program does to its heap, replays the recording against real\n"
          "garbage collectors and allocators, and reports what each design costs.\n\n"
          "usage: gcreplay COMMAND [ARGUMENT]...\n\n",
          out);
    for (size_t i = 0; gcr_commands[i] != NULL; i++)
        fprintf(out, "  %-12s%s\n", gcr_commands[i]->name, gcr_commands[i]->summary);
    fputs(
        "\n'gcreplay COMMAND --help' describes one of them; 'gcreplay --version' names this one.\n"
        "Exit codes: 0 done, 1 a run failed or a trace is invalid, 2 wrong usage or bad input.\n",
        out);
}

static const struct gcr_command *main_find_command(const char *name, struct gcr_error *err)
{
    enum { MOST_COMMANDS = 32 };
    const char *names[MOST_COMMANDS];
    size_t count = 0;
    for (; gcr_commands[count] != NULL && count < MOST_COMMANDS; count++) {
        if (strcmp(gcr_commands[count]->name, name) == 0)
            return gcr_commands[count];
        names[count] = gcr_commands[count]->name;
    }
    const char *near = gcr_nearest_name(name, names, count);
    if (near != NULL)
        (void)gcr_fail(err, GCR_USAGE, "unknown command '%s'; did you mean '%s'?", name, near);
    else
        (void)gcr_fail(err, GCR_USAGE, "unknown command '%s' (see 'gcreplay --help')", name);
    return NULL;
}

static gcr_status main_run(const struct gcr_command *command, int argc, char *const *argv,
                           struct gcr_error *err)
{
    struct gcr_arguments *arguments = NULL;
    bool help = false;
    gcr_status status = gcr_arguments_parse(command, argc, argv, &arguments, &help, err);
    if (status != GCR_OK) {
        gcr_error_prefix(err, "%s", command->name);
        return status;
    }
    if (help)
        gcr_command_print_help(command, stdout);
    else
        status = command->run(arguments, err);
    gcr_arguments_destroy(arguments);
    struct gcr_error lost;
    if (gcr_output_flush_stdout(&lost) != GCR_OK && status == GCR_OK) {
        *err = lost;
        status = GCR_IO;
    }
    return status;
}

/* A standard stream that the caller has closed must not become the number of the next file that is
 * opened, which would then get what is printed. Its place is taken by one that fails when used. */
static bool main_take_standard_streams(void)
{
    for (int stream = 0; stream <= 2; stream++)
        if (fcntl(stream, F_GETFD) < 0 &&
            open("/dev/null", stream == 0 ? O_WRONLY : O_RDONLY) != stream)
            return false;
    return true;
}

int main(int argc, char **argv)
{
    struct gcr_error err = {""};
    if (!main_take_standard_streams())
        return 1;
    gcr_modelled_run_exec(argv);
    if (argc < 2) {
        main_print_help(stderr);
        return 2;
    }
    bool asks_help = strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
                     (strcmp(argv[1], "help") == 0 && argc == 2);
    gcr_status status = GCR_USAGE;
    if (asks_help || strcmp(argv[1], "--version") == 0) {
        if (asks_help)
            main_print_help(stdout);
        else
            puts("gcreplay " GCR_VERSION);
        status = gcr_output_flush_stdout(&err);
    } else {
        const struct gcr_command *command = main_find_command(argv[1], &err);
        if (command != NULL)
            status = main_run(command, argc - 2, argv + 2, &err);
    }
    if (status != GCR_OK && err.text[0] != '\0')
        fprintf(stderr, "gcreplay: %s\n", err.text);
    return gcr_status_exit_code(status);
}
