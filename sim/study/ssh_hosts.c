#include "sim/study/ssh_hosts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static gcr_status read_file(const char *path, char **text, struct gcr_error *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return gcr_fail(err, GCR_USAGE, "--hosts %s: %s", path, strerror(errno));
    size_t room = 0;
    ssize_t length = getdelim(text, &room, '\0', file);
    gcr_status status = GCR_OK;
    if (length < 0 && ferror(file))
        status = gcr_fail(err, GCR_USAGE, "--hosts %s: %s", path, strerror(errno));
    else if (length < 0 && *text != NULL)
        **text = '\0'; /* an empty file leaves a buffer that says nothing */
    fclose(file);
    if (status == GCR_OK && *text == NULL)
        status = gcr_fail(err, GCR_NO_MEMORY, "no memory for a list of hosts");
    return status;
}

/* The word without blanks around it, and ended before a comment. */
static char *trim(char *word, bool has_comments)
{
    word += strspn(word, " \t\r");
    if (has_comments)
        word[strcspn(word, "#")] = '\0';
    for (size_t n = strlen(word); n > 0 && strchr(" \t\r", word[n - 1]) != NULL; n--)
        word[n - 1] = '\0';
    return word;
}

/* ":", or "4/:", which is how parallel calls this machine without ssh. */
static bool is_here(const char *word)
{
    size_t digits = strspn(word, "0123456789");
    return strcmp(digits > 0 && word[digits] == '/' ? word + digits + 1 : word, ":") == 0;
}

gcr_status gcr_ssh_hosts_read(const char *list_or_file, struct gcr_ssh_hosts *hosts,
                              struct gcr_error *err)
{
    struct stat info;
    bool is_file = stat(list_or_file, &info) == 0 && S_ISREG(info.st_mode);
    *hosts = (struct gcr_ssh_hosts){0};
    gcr_status status = GCR_OK;
    if (is_file)
        status = read_file(list_or_file, &hosts->text, err);
    else if ((hosts->text = strdup(list_or_file)) == NULL)
        status = gcr_fail(err, GCR_NO_MEMORY, "no memory for a list of hosts");
    if (status == GCR_OK &&
        (hosts->words = calloc(strlen(hosts->text) + 2, sizeof *hosts->words)) == NULL)
        status = gcr_fail(err, GCR_NO_MEMORY, "no memory for a list of hosts");
    if (status != GCR_OK)
        goto failed;
    char *rest = NULL;
    for (char *word = strtok_r(hosts->text, is_file ? "\n" : ",", &rest); word != NULL;
         word = strtok_r(NULL, is_file ? "\n" : ",", &rest)) {
        word = trim(word, is_file);
        if (is_here(word)) {
            status = gcr_fail(err, GCR_USAGE,
                              "--hosts: '%s' is this machine without ssh; --engine local does that",
                              word);
            goto failed;
        }
        if (*word != '\0')
            hosts->words[hosts->count++] = word;
    }
    if (hosts->count > 0)
        return GCR_OK;
    status = gcr_fail(err, GCR_USAGE, "--hosts '%s' names no machine", list_or_file);
failed:
    gcr_ssh_hosts_free(hosts);
    return status;
}

void gcr_ssh_hosts_free(struct gcr_ssh_hosts *hosts)
{
    free(hosts->words);
    free(hosts->text);
    *hosts = (struct gcr_ssh_hosts){0};
}
