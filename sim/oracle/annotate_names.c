#include "sim/oracle/annotate_names.h"

#include <stdlib.h>
#include <string.h>

/* Makes array[at] exist. */
static bool names_reserve(uint32_t **array, size_t *room, size_t at)
{
    size_t wanted = *room == 0 ? 1024 : *room;
    uint32_t *grown;

    if (at < *room)
        return true;
    while (wanted <= at)
        wanted *= 2;
    grown = realloc(*array, wanted * sizeof *grown);
    if (grown == NULL)
        return false;
    *array = grown;
    *room = wanted;
    return true;
}

void gcr_annotate_names_finish(struct gcr_annotate_names *names)
{
    free(names->of_node);
    free(names->dead);
    *names = (struct gcr_annotate_names){0};
}

static bool names_copy(uint32_t **array, size_t room, size_t used)
{
    uint32_t *copy = room == 0 ? NULL : malloc(room * sizeof *copy);

    if (room != 0 && copy == NULL) {
        *array = NULL;
        return false;
    }
    if (used != 0)
        memcpy(copy, *array, used * sizeof *copy);
    *array = copy;
    return true;
}

bool gcr_annotate_names_clone(const struct gcr_annotate_names *names,
                              struct gcr_annotate_names *copy)
{
    bool ok;

    *copy = *names;
    ok = names_copy(&copy->of_node, names->node_room, names->node_room);
    ok &= names_copy(&copy->dead, names->dead_room, names->dead_count);
    if (!ok)
        gcr_annotate_names_finish(copy);
    return ok;
}

bool gcr_annotate_names_give(struct gcr_annotate_names *names, uint32_t node)
{
    size_t had = names->node_room;

    if (!names_reserve(&names->of_node, &names->node_room, node))
        return false;
    if (names->node_room != had) /* copied whole at a fork */
        memset(names->of_node + had, 0, (names->node_room - had) * sizeof *names->of_node);
    names->of_node[node] =
        names->dead_count != 0 ? names->dead[--names->dead_count] : ++names->last;
    return true;
}

bool gcr_annotate_names_take(struct gcr_annotate_names *names, uint32_t node)
{
    if (!names_reserve(&names->dead, &names->dead_room, names->dead_count))
        return false;
    names->dead[names->dead_count++] = names->of_node[node];
    return true;
}
