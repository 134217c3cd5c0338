/* Command-line parser over one table; see arguments.h. */
#include "sim/cmd/arguments.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct given {
    const struct gcr_flag *flag;
    const char *value; /* "" for a switch */
};

struct gcr_arguments {
    const struct gcr_command *command;
    struct given *given; /* in the order of the command line */
    size_t given_count;
    char *const *rest;
    size_t rest_count;
    bool help;
};

static bool flag_is_positional(const struct gcr_flag *flag)
{
    return flag->name[0] != '-';
}

static bool flag_is_rest(const struct gcr_flag *flag)
{
    return strcmp(flag->name, "--") == 0;
}

/* ---- looking up ---- */

const char *gcr_argument_at(const struct gcr_arguments *arguments, const char *name, size_t i)
{
    for (size_t k = 0; k < arguments->given_count; k++)
        if (strcmp(arguments->given[k].flag->name, name) == 0 && i-- == 0)
            return arguments->given[k].value;
    return NULL;
}

const char *gcr_argument(const struct gcr_arguments *arguments, const char *name)
{
    return gcr_argument_at(arguments, name, 0);
}

size_t gcr_argument_count(const struct gcr_arguments *arguments, const char *name)
{
    size_t count = 0;
    while (gcr_argument_at(arguments, name, count) != NULL)
        count++;
    return count;
}

char *const *gcr_argument_rest(const struct gcr_arguments *arguments, size_t *count)
{
    *count = arguments->rest_count;
    return arguments->rest;
}

/* ---- parsing ---- */

static gcr_status arguments_add(struct gcr_arguments *arguments, const struct gcr_flag *flag,
                                const char *value, struct gcr_error *err)
{
    if (flag->kind != GCR_FLAG_REPEATED && gcr_argument(arguments, flag->name) != NULL)
        return gcr_fail(err, GCR_USAGE, "%s is given twice", flag->name);
    arguments->given[arguments->given_count++] = (struct given){.flag = flag, .value = value};
    return GCR_OK;
}

/* The next positional row that takes a word, or NULL. */
static const struct gcr_flag *arguments_positional(const struct gcr_arguments *arguments)
{
    for (const struct gcr_flag *flag = arguments->command->flags; flag->name != NULL; flag++)
        if (flag_is_positional(flag) &&
            (flag->kind == GCR_FLAG_REPEATED || gcr_argument(arguments, flag->name) == NULL))
            return flag;
    return NULL;
}

static gcr_status arguments_add_word(struct gcr_arguments *arguments, const char *word,
                                     struct gcr_error *err)
{
    const struct gcr_flag *flag = arguments_positional(arguments);
    if (flag == NULL)
        return gcr_fail(err, GCR_USAGE, "unexpected argument '%s'", word);
    return arguments_add(arguments, flag, word, err);
}

static const struct gcr_flag *command_find_flag(const struct gcr_command *command, const char *word,
                                                size_t length)
{
    for (const struct gcr_flag *flag = command->flags; flag->name != NULL; flag++) {
        if (flag_is_positional(flag) || flag_is_rest(flag))
            continue;
        if (strlen(flag->name) == length && strncmp(flag->name, word, length) == 0)
            return flag;
        if (flag->letter != 0 && length == 2 && word[1] == flag->letter)
            return flag;
    }
    return NULL;
}

static gcr_status arguments_unknown(const struct gcr_command *command, const char *word,
                                    size_t length, struct gcr_error *err)
{
    enum { MOST_FLAGS = 64 };
    const char *names[MOST_FLAGS];
    size_t count = 0;
    for (const struct gcr_flag *flag = command->flags; flag->name != NULL && count < MOST_FLAGS;
         flag++)
        if (!flag_is_positional(flag) && !flag_is_rest(flag))
            names[count++] = flag->name;
    char cut[64];
    snprintf(cut, sizeof cut, "%.*s", (int)length, word);
    const char *near = gcr_nearest_name(cut, names, count);
    if (near != NULL)
        return gcr_fail(err, GCR_USAGE, "unknown flag %s; did you mean %s?", cut, near);
    return gcr_fail(err, GCR_USAGE, "unknown flag %s (see 'gcreplay %s --help')", cut,
                    command->name);
}

/* One flag at argv[*at]; moves *at to the last word it used. */
static gcr_status arguments_add_flag(struct gcr_arguments *arguments, int argc, char *const *argv,
                                     int *at, struct gcr_error *err)
{
    const char *word = argv[*at], *equals = strchr(word, '=');
    size_t length = equals != NULL ? (size_t)(equals - word) : strlen(word);
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        arguments->help = true;
        return GCR_OK;
    }
    const struct gcr_flag *flag = command_find_flag(arguments->command, word, length);
    if (flag == NULL)
        return arguments_unknown(arguments->command, word, length, err);
    if (flag->value == NULL) {
        if (equals != NULL)
            return gcr_fail(err, GCR_USAGE, "%s takes no value", flag->name);
        return arguments_add(arguments, flag, "", err);
    }
    if (equals != NULL)
        return arguments_add(arguments, flag, equals + 1, err);
    if (flag->implied != NULL)
        return arguments_add(arguments, flag, flag->implied, err);
    if (*at + 1 >= argc)
        return gcr_fail(err, GCR_USAGE, "%s needs a value: %s", word, flag->value);
    return arguments_add(arguments, flag, argv[++*at], err);
}

static bool command_has_rest(const struct gcr_command *command)
{
    for (const struct gcr_flag *flag = command->flags; flag->name != NULL; flag++)
        if (flag_is_rest(flag))
            return true;
    return false;
}

static gcr_status arguments_read(struct gcr_arguments *arguments, int argc, char *const *argv,
                                 struct gcr_error *err)
{
    bool only_words = false;
    for (int at = 0; at < argc; at++) {
        gcr_status status;
        if (!only_words && strcmp(argv[at], "--") == 0) {
            if (command_has_rest(arguments->command)) {
                arguments->rest = argv + at + 1;
                arguments->rest_count = (size_t)(argc - at - 1);
                break;
            }
            only_words = true;
            continue;
        }
        if (!only_words && argv[at][0] == '-' && argv[at][1] != '\0')
            status = arguments_add_flag(arguments, argc, argv, &at, err);
        else
            status = arguments_add_word(arguments, argv[at], err);
        if (status != GCR_OK)
            return status;
    }
    return GCR_OK;
}

static gcr_status arguments_check_required(const struct gcr_arguments *arguments,
                                           struct gcr_error *err)
{
    for (const struct gcr_flag *flag = arguments->command->flags; flag->name != NULL; flag++) {
        bool required = flag->kind == GCR_FLAG_REQUIRED ||
                        (flag_is_positional(flag) && flag->kind == GCR_FLAG_REPEATED);
        bool is_given = flag_is_rest(flag) ? arguments->rest_count > 0
                                           : gcr_argument(arguments, flag->name) != NULL;
        if (!required || is_given)
            continue;
        char text[128];
        gcr_flag_format(flag, text, sizeof text);
        return gcr_fail(err, GCR_USAGE, "missing %s (see 'gcreplay %s --help')", text,
                        arguments->command->name);
    }
    return GCR_OK;
}

/* Every flag that takes a FILE or a TRACE is an output. One that names an input by mistake would
 * replace it, and a recording cannot be made again. */
static gcr_status arguments_keep_inputs(const struct gcr_arguments *arguments,
                                        struct gcr_error *err)
{
    for (size_t i = 0; i < arguments->given_count; i++) {
        const struct given *output = &arguments->given[i];
        const char *kind = output->flag->value;
        struct stat out, in;
        if (kind == NULL || (strcmp(kind, "FILE") != 0 && strcmp(kind, "TRACE") != 0) ||
            stat(output->value, &out) != 0 || !S_ISREG(out.st_mode))
            continue;
        for (size_t k = 0; k < arguments->given_count; k++) {
            const struct given *input = &arguments->given[k];
            if (flag_is_positional(input->flag) && stat(input->value, &in) == 0 &&
                in.st_dev == out.st_dev && in.st_ino == out.st_ino)
                return gcr_fail(err, GCR_USAGE, "%s %s would replace the input %s",
                                output->flag->name, output->value, input->value);
        }
    }
    return GCR_OK;
}

gcr_status gcr_arguments_parse(const struct gcr_command *command, int argc, char *const *argv,
                               struct gcr_arguments **out, bool *help, struct gcr_error *err)
{
    struct gcr_arguments *arguments = calloc(1, sizeof *arguments);
    struct given *given = calloc((size_t)argc + 1, sizeof *given);
    if (arguments == NULL || given == NULL) {
        free(arguments);
        free(given);
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for the command line");
    }
    *arguments = (struct gcr_arguments){.command = command, .given = given};
    gcr_status status = arguments_read(arguments, argc, argv, err);
    if (status == GCR_OK && !arguments->help)
        status = arguments_check_required(arguments, err);
    if (status == GCR_OK && !arguments->help)
        status = arguments_keep_inputs(arguments, err);
    if (status != GCR_OK) {
        gcr_arguments_destroy(arguments);
        return status;
    }
    *help = arguments->help;
    *out = arguments;
    return GCR_OK;
}

void gcr_arguments_destroy(struct gcr_arguments *arguments)
{
    if (arguments == NULL)
        return;
    free(arguments->given);
    free(arguments);
}
