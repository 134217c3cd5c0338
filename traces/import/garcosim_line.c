/* Lines of a GarCoSim trace; see garcosim_line.h. */
#include "traces/import/garcosim_line.h"

#include <string.h>

#include "traces/import/scan.h"

const char garcosim_keys[GARCOSIM_KEYS + 1] = "TOPC#IFSNVLR";

static const char *garcosim_skip_blanks(const char *text)
{
    while (*text == ' ' || *text == '\t' || *text == '\r')
        text++;
    return text;
}

const char *garcosim_parse(const char *text, size_t length, struct garcosim_line *line)
{
    *line = (struct garcosim_line){.letter = 0};
    if (memchr(text, '\0', length) != NULL)
        return "a byte 0 in a line of text";
    const char *p = garcosim_skip_blanks(text);
    if (*p == '\0' || *p == '%')
        return NULL;
    if (strchr("a+-wcsrx", *p) == NULL)
        return "a line begins with one of a + - w c s r x %";
    line->letter = *p++;
    for (;;) {
        const char *begin = p;
        p = garcosim_skip_blanks(p);
        if (*p == '\0')
            return NULL;
        const char *key = p != begin ? strchr(garcosim_keys, *p) : NULL;
        if (key == NULL)
            return "expected a blank and one of T O P C # I F S N V L";
        size_t k = (size_t)(key - garcosim_keys);
        p++;
        if (!scan_number(&p, 10, &line->value[k]))
            return "expected a decimal number below 2^64 behind each key";
        if ((line->keys >> k & 1) != 0)
            return "a key is there twice";
        line->keys |= 1u << k;
    }
}
