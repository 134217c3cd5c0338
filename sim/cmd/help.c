/* --help of a subcommand, from its table. */
#include "sim/cmd/arguments.h"

#include <string.h>

int gcr_flag_format(const struct gcr_flag *flag, char *out, size_t size)
{
    bool is_positional = flag->name[0] != '-';
    const char *dots = flag->kind == GCR_FLAG_REPEATED ? "..." : "";
    if (is_positional)
        return snprintf(out, size, "%s%s", flag->name, dots);
    char letter[8] = "";
    if (flag->letter != 0)
        snprintf(letter, sizeof letter, "-%c, ", flag->letter);
    if (flag->value == NULL)
        return snprintf(out, size, "%s%s", letter, flag->name);
    if (flag->implied != NULL)
        return snprintf(out, size, "%s%s[=%s]", letter, flag->name, flag->value);
    return snprintf(out, size, "%s%s %s%s", letter, flag->name, flag->value, dots);
}

enum { HELP_COLUMN = 30, HELP_WIDTH = 100 };

/* Words of `text` from `column` on, broken before HELP_WIDTH. */
static void help_print_wrapped(FILE *out, const char *text, int column)
{
    int at = column;
    while (*text != '\0') {
        int length = (int)strcspn(text, " ");
        if (at > column && at + 1 + length > HELP_WIDTH) {
            fprintf(out, "\n%*s", column, "");
            at = column;
        }
        at += fprintf(out, "%s%.*s", at > column ? " " : "", length, text);
        text += length;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static void help_print_rows(const struct gcr_command *command, bool positional, FILE *out)
{
    for (const struct gcr_flag *flag = command->flags; flag->name != NULL; flag++) {
        if ((flag->name[0] != '-') != positional)
            continue;
        char text[128];
        gcr_flag_format(flag, text, sizeof text);
        int used = fprintf(out, "  %s", text);
        if (used > HELP_COLUMN - 2)
            fprintf(out, "\n%*s", HELP_COLUMN, "");
        else
            fprintf(out, "%*s", HELP_COLUMN - used, "");
        help_print_wrapped(out, flag->help, HELP_COLUMN);
    }
}

void gcr_command_print_help(const struct gcr_command *command, FILE *out)
{
    fprintf(out, "gcreplay %s: %s\n\nusage: gcreplay %s %s\n\n", command->name, command->summary,
            command->name, command->usage);
    help_print_rows(command, true, out);
    help_print_rows(command, false, out);
    fprintf(out, "  %-*sthis page\n", HELP_COLUMN - 2, "-h, --help");
}
