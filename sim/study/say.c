#include "sim/study/say.h"

#include <stdarg.h>
#include <stdio.h>

void gcr_say(const struct gcr_engine_setting *setting, const char *format, ...)
{
    char line[1024];
    va_list values;
    va_start(values, format);
    vsnprintf(line, sizeof line, format, values);
    va_end(values);
    setting->say(setting->arg, line);
}
