#include "sim/study/markup.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "base/check.h"

/* Bytes of the character at text, 0 if it is not well-formed UTF-8 (RFC 3629, section 4). */
static size_t markup_character(const unsigned char *text)
{
    static const struct {
        unsigned char low, high, second_low, second_high;
        size_t length;
    } forms[] = {
        {0x00, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
        {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
        {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4}};
    for (size_t i = 0; i < GCR_COUNT_OF(forms); i++) {
        if (text[0] < forms[i].low || text[0] > forms[i].high)
            continue;
        if (forms[i].length == 1)
            return 1;
        if (text[1] < forms[i].second_low || text[1] > forms[i].second_high)
            return 0;
        for (size_t k = 2; k < forms[i].length; k++)
            if (text[k] < 0x80 || text[k] > 0xBF)
                return 0;
        return forms[i].length;
    }
    return 0;
}

void gcr_markup_text(FILE *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)(text == NULL ? "" : text);
    while (*at != '\0') {
        size_t length = markup_character(at);
        bool is_control = length == 1 && (*at < 0x20 || *at == 0x7F) && !isspace(*at);
        if (length == 0 || is_control)
            fputs("\xEF\xBF\xBD", out);
        else if (*at == '&')
            fputs("&amp;", out);
        else if (*at == '<')
            fputs("&lt;", out);
        else if (*at == '>')
            fputs("&gt;", out);
        else if (*at == '"')
            fputs("&quot;", out);
        else if (*at == '\'')
            fputs("&#39;", out);
        else
            fwrite(at, 1, length, out);
        at += length == 0 ? 1 : length;
    }
}

void gcr_markup(FILE *out, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    while (*format != '\0') {
        size_t plain = strcspn(format, "%");
        fwrite(format, 1, plain, out);
        format += plain;
        if (*format == '\0')
            break;
        format++;
        if (*format == 's') {
            gcr_markup_text(out, va_arg(list, const char *));
        } else if (*format == 'd') {
            fprintf(out, "%d", va_arg(list, int));
        } else if (*format == 'c') {
            fputc(va_arg(list, int), out);
        } else if (format[0] == 'z' && format[1] == 'u') {
            fprintf(out, "%zu", va_arg(list, size_t));
            format++;
        } else {
            GCR_CHECK(1, *format == '%');
            fputc('%', out);
        }
        format++;
    }
    va_end(list);
}

void gcr_markup_id(FILE *out, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        if (*at < 0x80 && (isalnum(*at) || *at == '-' || *at == '.'))
            fputc(*at, out);
        else
            fprintf(out, "_%02x", *at);
    }
}

void gcr_markup_address(FILE *out, const char *path)
{
    for (const unsigned char *at = (const unsigned char *)path; *at != '\0'; at++) {
        if (*at < 0x80 && (isalnum(*at) || strchr("-._~/", *at) != NULL))
            fputc(*at, out);
        else
            fprintf(out, "%%%02X", *at);
    }
}
