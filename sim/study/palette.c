#include "sim/study/palette.h"

#include <string.h>

#include "base/compiler.h"

uint32_t gcr_palette_colour(const char *design)
{
    static const struct {
        const char *collector;
        uint32_t colour;
    } table[] = {
#define GCR_DESIGN(name, colour, dash, marker) {name, colour},
#include "plots/palette.def"
#undef GCR_DESIGN
    };
    size_t length = strcspn(design, ":");
    for (size_t i = 0; i < GCR_COUNT_OF(table); i++)
        if (strlen(table[i].collector) == length &&
            strncmp(table[i].collector, design, length) == 0)
            return table[i].colour;
    return 0x666666;
}
