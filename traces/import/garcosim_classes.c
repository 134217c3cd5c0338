/* Class tables of GarCoSim; see garcosim_classes.h. */
#include "traces/import/garcosim_classes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "traces/import/input.h"
#include "traces/import/scan.h"

void garcosim_classes_finish(struct garcosim_classes *classes)
{
    free(classes->names);
    gcr_number_map_finish(&classes->by_id);
    *classes = (struct garcosim_classes){.names = NULL};
}

const char *garcosim_class_name(const struct garcosim_classes *classes, uint64_t id)
{
    uint32_t at = gcr_number_map_find(&classes->by_id, id);
    return at != 0 ? classes->names[at - 1] : NULL;
}

static bool classes_add(struct garcosim_classes *classes, uint64_t id, const char *name)
{
    if (classes->count == classes->room) {
        uint32_t room = classes->room * 2 + 16;
        void *grown = realloc(classes->names, room * sizeof *classes->names);
        if (grown == NULL)
            return false;
        classes->names = grown;
        classes->room = room;
    }
    char *out = classes->names[classes->count];
    snprintf(out, sizeof *classes->names, "%s", name);
    for (; *out != '\0'; out++)
        if ((unsigned char)*out < 32 || *out == 127)
            *out = '?';
    return gcr_number_map_put(&classes->by_id, id, ++classes->count);
}

/* A later line of an id counts. */
static const char *classes_line(struct garcosim_classes *classes, char *line)
{
    char *end = line + strlen(line);
    while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
        *--end = '\0';
    if (*line == '\0' || *line == '%')
        return NULL;
    const char *p = line + 1;
    uint64_t id = 0;
    if (line[0] != 'C' || !scan_number(&p, 10, &id) || *p != ' ')
        return "expected C, a class's number, and a name at the end";
    return classes_add(classes, id, strrchr(line, ' ') + 1) ? NULL : "no memory for its name";
}

gcr_status garcosim_classes_read(struct garcosim_classes *classes, const char *path,
                                 struct gcr_error *err)
{
    struct gcr_input *input = NULL;
    gcr_status status = gcr_input_open(path, &input, err);
    while (status == GCR_OK) {
        char *line;
        size_t length;
        status = gcr_input_line(input, &line, &length, err);
        if (status != GCR_OK || line == NULL)
            break;
        const char *wrong = classes_line(classes, line);
        if (wrong != NULL)
            status = gcr_fail(err, GCR_BAD_INPUT, "%s:%" PRIu64 ": %s", path,
                              gcr_input_number(input), wrong);
    }
    gcr_input_close(input);
    return status;
}

bool garcosim_classes_beside(const char *trace, char *out, size_t size)
{
    static const char *const endings[] = {".gz", ".zst", ".trace"};
    size_t room = size - sizeof ".cls";
    if (strlen(trace) > room)
        return false;
    memcpy(out, trace, strlen(trace) + 1);
    for (size_t i = 0; i < GCR_COUNT_OF(endings); i++) {
        size_t length = strlen(out), ending = strlen(endings[i]);
        if (length > ending && strcmp(out + length - ending, endings[i]) == 0)
            out[length - ending] = '\0';
    }
    memcpy(out + strlen(out), ".cls", sizeof ".cls");
    return true;
}
