/* Numbers in lines of text, strictly: at least one digit, no sign, at most 64 bits. */
#ifndef GCR_TRACES_IMPORT_SCAN_H
#define GCR_TRACES_IMPORT_SCAN_H

#include <stdbool.h>
#include <stdint.h>

static inline unsigned scan_digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (unsigned)(c - 'A') + 10;
    return 99;
}

/* Digits of the base (10 or 16) from *text on; *text moves behind them. False: none, or more than
 * 64 bits; *text is then unchanged. */
static inline bool scan_number(const char **text, unsigned base, uint64_t *number)
{
    const char *p = *text;
    uint64_t value = 0;
    for (unsigned digit; (digit = scan_digit(*p)) < base; p++) {
        if (value > (UINT64_MAX - digit) / base)
            return false;
        value = value * base + digit;
    }
    if (p == *text)
        return false;
    *text = p;
    *number = value;
    return true;
}

#endif
