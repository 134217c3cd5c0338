/* Study files; see study_file.h.
 *
 * inih parses; it knows no line numbers, so lines are counted where it gets them from. It cuts
 * lines that are longer than its buffer into two: those are refused. Of a value that goes on in
 * indented lines it leaves comments in all lines but the first. */
#include "sim/study/study_file.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STUDY_FILE_MOST_BYTES = 1 << 20,
    STUDY_MOST_INVOCATIONS = 1000,
    STUDY_MOST_SECONDS = 1000000
};

enum { KEY_COUNT = 10 };
static const char *const study_keys[KEY_COUNT] = {"question", "traces",   "collectors",  "heap",
                                                  "mode",     "baseline", "invocations", "seed",
                                                  "timeout",  "verify"};

struct study_parse {
    struct gcr_study_file *file;
    size_t at;                /* next byte of the text */
    unsigned line;            /* of the last line that was handed out, from 1 */
    bool has_previous;        /* there is a value that an indented line would go on with */
    bool is_continued;        /* that line does */
    unsigned seen[KEY_COUNT]; /* line of each key; 0: not yet */
    gcr_status status;        /* the first failure */
    struct gcr_error *err;
};

gcr_status gcr_study_file_fail(const struct gcr_study_file *file, unsigned line,
                               struct gcr_error *err, const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return gcr_fail(err, GCR_USAGE, "%s:%u: %s", file->path, line, text);
}

/* ---- words ---- */

static bool word_is_separator(char c)
{
    return isspace((unsigned char)c) || c == ',';
}

static bool words_add(struct gcr_study_words *words, const char *text, size_t length, unsigned line)
{
    struct gcr_study_word *grown = realloc(words->at, (words->count + 1) * sizeof *grown);
    if (grown == NULL)
        return false;
    words->at = grown;
    grown[words->count] = (struct gcr_study_word){strndup(text, length), line};
    return grown[words->count++].text != NULL;
}

/* The words of a value, up to a comment. */
static bool words_split(struct gcr_study_words *words, const char *text, unsigned line)
{
    while (*text != '\0' && *text != ';') {
        size_t length = 0;
        while (text[length] != '\0' && !word_is_separator(text[length]))
            length++;
        if (length > 0 && !words_add(words, text, length, line))
            return false;
        text += length + (text[length] != '\0');
    }
    return true;
}

static void words_finish(struct gcr_study_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->at[i].text);
    free(words->at);
}

/* ---- values ---- */

static gcr_status study_no_memory(struct study_parse *parse)
{
    return gcr_fail(parse->err, GCR_NO_MEMORY, "%s: no memory for the study", parse->file->path);
}

static gcr_status study_read_number(struct study_parse *parse, const char *key, const char *value,
                                    uint64_t least, uint64_t most, uint64_t *out)
{
    char *end = NULL;
    errno = 0;
    *out = strtoull(value, &end, 10);
    if (isdigit((unsigned char)value[0]) && *end == '\0' && errno == 0 && *out >= least &&
        *out <= most)
        return GCR_OK;
    return gcr_study_file_fail(parse->file, parse->line, parse->err,
                               "%s cannot be '%.64s'; allowed: %llu .. %llu", key, value,
                               (unsigned long long)least, (unsigned long long)most);
}

static gcr_status study_read_verify(struct study_parse *parse, const char *value)
{
    parse->file->verify = strcmp(value, "on") == 0;
    if (parse->file->verify || strcmp(value, "off") == 0)
        return GCR_OK;
    return gcr_study_file_fail(parse->file, parse->line, parse->err,
                               "verify cannot be '%.64s'; allowed: on, off", value);
}

static gcr_status study_read_modes(struct study_parse *parse, const char *value)
{
    struct gcr_study_words words = {0};
    gcr_status status = words_split(&words, value, parse->line) ? GCR_OK : study_no_memory(parse);
    if (!parse->is_continued)
        parse->file->is_timed = parse->file->is_cache = false;
    for (size_t i = 0; i < words.count && status == GCR_OK; i++) {
        bool is_timed = strcmp(words.at[i].text, "timed") == 0;
        bool *mode = is_timed ? &parse->file->is_timed : &parse->file->is_cache;
        if (!is_timed && strcmp(words.at[i].text, "cache") != 0)
            status = gcr_study_file_fail(parse->file, parse->line, parse->err,
                                         "mode cannot be '%.64s'; allowed: timed, cache, or both",
                                         words.at[i].text);
        *mode = true;
    }
    words_finish(&words);
    return status;
}

/* A text of which each line adds some. */
static gcr_status study_read_text(struct study_parse *parse, const char *value, char **text)
{
    size_t length = strlen(value);
    const char *comment = parse->is_continued ? strstr(value, " ;") : NULL;
    if (comment != NULL)
        length = (size_t)(comment - value);
    if (!parse->is_continued)
        (*text)[0] = '\0';
    size_t before = strlen(*text);
    char *joined = realloc(*text, before + length + 2);
    if (joined == NULL)
        return study_no_memory(parse);
    *text = joined;
    snprintf(joined + before, length + 2, "%s%.*s", before > 0 ? " " : "", (int)length, value);
    return GCR_OK;
}

static gcr_status study_read_baseline(struct study_parse *parse, const char *value)
{
    struct gcr_study_words words = {0};
    gcr_status status = words_split(&words, value, parse->line) ? GCR_OK : study_no_memory(parse);
    if (status == GCR_OK && (words.count != 1 || parse->file->baseline.text != NULL))
        status = gcr_study_file_fail(parse->file, parse->line, parse->err,
                                     "baseline must be one design");
    if (status == GCR_OK) {
        parse->file->baseline = words.at[0];
        words.count = 0; /* its text has a new owner */
    }
    words_finish(&words);
    return status;
}

/* ---- keys ---- */

static gcr_status study_read_words(struct study_parse *parse, const char *value,
                                   struct gcr_study_words *words)
{
    return words_split(words, value, parse->line) ? GCR_OK : study_no_memory(parse);
}

static gcr_status study_read_key(struct study_parse *parse, size_t key, const char *value)
{
    struct gcr_study_file *file = parse->file;
    const char *name = study_keys[key];
    uint64_t number = 0;
    gcr_status status = GCR_OK;
    switch (key) {
    case 0:
        return study_read_text(parse, value, &file->question);
    case 1:
        return study_read_words(parse, value, &file->traces);
    case 2:
        return study_read_words(parse, value, &file->collectors);
    case 3:
        return study_read_words(parse, value, &file->heaps);
    case 4:
        return study_read_modes(parse, value);
    case 5:
        return study_read_baseline(parse, value);
    case 6:
        status = study_read_number(parse, name, value, 1, STUDY_MOST_INVOCATIONS, &number);
        file->invocations = (unsigned)number;
        return status;
    case 7:
        return study_read_number(parse, name, value, 0, UINT32_MAX, &file->seed);
    case 8:
        status = study_read_number(parse, name, value, 1, STUDY_MOST_SECONDS, &number);
        file->timeout_s = (unsigned)number;
        return status;
    default:
        return study_read_verify(parse, value);
    }
}

static bool key_has_list(size_t key)
{
    return key < 5;
}

static gcr_status study_read_study(struct study_parse *parse, const char *name, const char *value)
{
    size_t key = 0;
    while (key < KEY_COUNT && strcmp(study_keys[key], name) != 0)
        key++;
    if (key == KEY_COUNT)
        return gcr_study_file_fail(parse->file, parse->line, parse->err,
                                   "[study] has no key '%.64s'; known: question, traces, "
                                   "collectors, heap, invocations, baseline, mode, seed, timeout, "
                                   "verify",
                                   name);
    if (value[0] == '\0')
        return gcr_study_file_fail(parse->file, parse->line, parse->err, "%s has no value", name);
    if (parse->seen[key] != 0 && !parse->is_continued)
        return gcr_study_file_fail(parse->file, parse->line, parse->err,
                                   "%s is given twice; first in line %u", name, parse->seen[key]);
    if (parse->is_continued && !key_has_list(key))
        return gcr_study_file_fail(parse->file, parse->line, parse->err,
                                   "the value of %s does not go on in a second line", name);
    if (parse->seen[key] == 0)
        parse->seen[key] = parse->line;
    return study_read_key(parse, key, value);
}

static struct gcr_study_option *study_add_option(struct gcr_study_file *file, const char *name,
                                                 size_t dot, unsigned line)
{
    struct gcr_study_option *grown =
        realloc(file->options, (file->option_count + 1) * sizeof *grown);
    if (grown == NULL)
        return NULL;
    file->options = grown;
    struct gcr_study_option *option = &grown[file->option_count++];
    *option = (struct gcr_study_option){strndup(name, dot), strdup(name + dot + 1), line, {0}};
    return option->collector != NULL && option->option != NULL ? option : NULL;
}

static gcr_status study_read_option(struct study_parse *parse, const char *name, const char *value)
{
    struct gcr_study_file *file = parse->file;
    size_t dot = strcspn(name, ".");
    if (dot == 0 || name[dot] == '\0' || name[dot + 1] == '\0')
        return gcr_study_file_fail(file, parse->line, parse->err,
                                   "'%.64s': expected COLLECTOR.OPTION = VALUE...", name);
    struct gcr_study_option *given = file->options, *option = NULL;
    for (size_t i = 0; given != NULL && i < file->option_count; i++)
        if (strlen(given[i].collector) == dot && strncmp(given[i].collector, name, dot) == 0 &&
            strcmp(given[i].option, name + dot + 1) == 0)
            option = &given[i];
    if (option != NULL && !parse->is_continued)
        return gcr_study_file_fail(file, parse->line, parse->err,
                                   "%s is given twice; first in line %u", name, option->line);
    if (option == NULL)
        option = study_add_option(file, name, dot, parse->line);
    if (option == NULL || !words_split(&option->values, value, parse->line))
        return study_no_memory(parse);
    if (option->values.count == 0)
        return gcr_study_file_fail(file, parse->line, parse->err, "%s has no value", name);
    return GCR_OK;
}

/* ---- inih ---- */

static int study_handle(void *arg, const char *section, const char *name, const char *value)
{
    struct study_parse *parse = arg;
    if (parse->status != GCR_OK)
        return 0;
    if (strcmp(section, "study") == 0)
        parse->status = study_read_study(parse, name, value);
    else if (strcmp(section, "options") == 0)
        parse->status = study_read_option(parse, name, value);
    else
        parse->status =
            gcr_study_file_fail(parse->file, parse->line, parse->err,
                                "'%.64s' stands in no section; [study] comes first", name);
    parse->has_previous = true;
    return parse->status == GCR_OK;
}

/* A section without keys would never reach the handler. */
static gcr_status study_check_section(struct study_parse *parse, const char *line, size_t length)
{
    while (length > 0 && isspace((unsigned char)*line)) {
        line++;
        length--;
    }
    if (length == 0 || *line != '[')
        return GCR_OK;
    parse->has_previous = false;
    size_t name = strcspn(line + 1, "]\n");
    if ((name == 5 && strncmp(line + 1, "study", 5) == 0) ||
        (name == 7 && strncmp(line + 1, "options", 7) == 0))
        return GCR_OK;
    return gcr_study_file_fail(parse->file, parse->line, parse->err,
                               "no section [%.*s]; known: [study], [options]",
                               (int)(name < 64 ? name : 64), line + 1);
}

/* Shaped as fgets. */
static char *study_next_line(char *line, int room, void *arg)
{
    struct study_parse *parse = arg;
    const char *text = parse->file->text + parse->at;
    if (*text == '\0' || parse->status != GCR_OK)
        return NULL;
    size_t length = strcspn(text, "\n");
    length += text[length] == '\n';
    parse->line++;
    parse->at += length;
    parse->is_continued = parse->has_previous && isspace((unsigned char)text[0]) != 0;
    if (!parse->is_continued)
        parse->status = study_check_section(parse, text, length);
    if (parse->status == GCR_OK && length + 2 > (size_t)room)
        parse->status = gcr_study_file_fail(
            parse->file, parse->line, parse->err,
            "the line is longer than %d letters; a list may go on in the next line, indented",
            room - 3);
    if (parse->status != GCR_OK)
        return NULL;
    memcpy(line, text, length);
    line[length] = '\0';
    return line;
}

/* ---- the file ---- */

static gcr_status study_load(struct gcr_study_file *file, struct gcr_error *err)
{
    FILE *in = fopen(file->path, "re");
    if (in == NULL)
        return gcr_fail(err, GCR_BAD_INPUT, "%s: cannot open: %s", file->path, strerror(errno));
    file->text = malloc(STUDY_FILE_MOST_BYTES + 1);
    errno = 0;
    if (file->text != NULL)
        file->text_bytes = fread(file->text, 1, STUDY_FILE_MOST_BYTES, in);
    bool is_read = ferror(in) == 0, is_whole = getc(in) == EOF;
    int reason = errno;
    fclose(in);
    if (file->text == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "%s: no memory for the study", file->path);
    file->text[file->text_bytes] = '\0';
    if (!is_read)
        return gcr_fail(err, GCR_BAD_INPUT, "%s: cannot read: %s", file->path, strerror(reason));
    if (!is_whole || strlen(file->text) != file->text_bytes)
        return gcr_fail(err, GCR_BAD_INPUT, "%s: this is no study file: %s", file->path,
                        is_whole ? "it has NUL bytes" : "it is longer than 1 MiB");
    return GCR_OK;
}

static gcr_status study_parse(struct gcr_study_file *file, struct gcr_error *err)
{
    struct study_parse parse = {.file = file, .err = err};
    int line = ini_parse_stream(study_next_line, &parse, study_handle, &parse);
    if (parse.status != GCR_OK)
        return parse.status;
    if (line != 0)
        return gcr_study_file_fail(file, line > 0 ? (unsigned)line : 0, err,
                                   "expected KEY = VALUE, [SECTION] or a comment");
    if (file->traces.count == 0)
        return gcr_fail(err, GCR_USAGE, "%s: [study] has no traces", file->path);
    if (file->collectors.count == 0)
        return gcr_fail(err, GCR_USAGE, "%s: [study] has no collectors", file->path);
    if (file->heaps.count == 0 && !words_add(&file->heaps, "native", 6, 0))
        return study_no_memory(&parse);
    return GCR_OK;
}

gcr_status gcr_study_file_read(const char *path, struct gcr_study_file **out, struct gcr_error *err)
{
    struct gcr_study_file *file = calloc(1, sizeof *file);
    if (file == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "%s: no memory for the study", path);
    *file =
        (struct gcr_study_file){.invocations = 5, .timeout_s = 600, .seed = 1, .is_timed = true};
    file->path = strdup(path);
    file->question = calloc(1, 1);
    gcr_status status = file->path != NULL && file->question != NULL
                            ? study_load(file, err)
                            : gcr_fail(err, GCR_NO_MEMORY, "%s: no memory for the study", path);
    if (status == GCR_OK)
        status = study_parse(file, err);
    if (status != GCR_OK)
        gcr_study_file_destroy(file);
    else
        *out = file;
    return status;
}

void gcr_study_file_destroy(struct gcr_study_file *file)
{
    if (file == NULL)
        return;
    words_finish(&file->traces);
    words_finish(&file->collectors);
    words_finish(&file->heaps);
    for (size_t i = 0; i < file->option_count; i++) {
        free(file->options[i].collector);
        free(file->options[i].option);
        words_finish(&file->options[i].values);
    }
    free(file->options);
    free(file->baseline.text);
    free(file->question);
    free(file->text);
    free(file->path);
    free(file);
}
