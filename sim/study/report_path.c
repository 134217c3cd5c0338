#include "sim/study/report_path.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The real path of the folder that a file is in; the caller frees it. */
static char *path_folder_of(const char *file)
{
    const char *slash = strrchr(file, '/');
    char *folder = slash == NULL   ? strdup(".")
                   : slash == file ? strdup("/")
                                   : strndup(file, (size_t)(slash - file));
    char *real = folder == NULL ? NULL : realpath(folder, NULL);
    free(folder);
    return real;
}

/* How far two absolute paths have the same folders: to the end of a name in both. */
static size_t path_common(const char *a, const char *b)
{
    size_t common = 0, i = 0;
    for (;; i++) {
        bool a_ends = a[i] == '\0' || a[i] == '/', b_ends = b[i] == '\0' || b[i] == '/';
        if (a_ends && b_ends)
            common = i;
        if (a[i] != b[i] || a[i] == '\0')
            return common;
    }
}

gcr_status gcr_report_relative(const char *page, const char *directory, char **out,
                               struct gcr_error *err)
{
    char *from = path_folder_of(page), *to = realpath(directory, NULL), *text = NULL;
    size_t length = 0;
    int reason = errno;
    FILE *memory = from != NULL && to != NULL ? open_memstream(&text, &length) : NULL;
    if (memory != NULL) {
        size_t common = path_common(from, to);
        for (const char *at = from + common; *at != '\0'; at++)
            if (*at == '/' && at[1] != '\0')
                fputs("../", memory);
        const char *rest = to + common;
        rest += *rest == '/';
        if (*rest != '\0')
            fprintf(memory, "%s/", rest);
        fclose(memory);
    }
    const char *missing = from == NULL ? page : directory;
    free(from);
    free(to);
    *out = text;
    return text != NULL ? GCR_OK : gcr_fail(err, GCR_IO, "%s: %s", missing, strerror(reason));
}
