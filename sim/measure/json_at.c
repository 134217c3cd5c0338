#include "sim/measure/json_at.h"

#include <math.h>
#include <string.h>

const json_t *gcr_json_at(const json_t *document, const char *dotted_name)
{
    while (document != NULL) {
        size_t length = strcspn(dotted_name, ".");
        char name[64];
        if (length >= sizeof name)
            return NULL;
        memcpy(name, dotted_name, length);
        name[length] = '\0';
        document = json_object_get(document, name);
        if (dotted_name[length] == '\0')
            break;
        dotted_name += length + 1;
    }
    return document;
}

double gcr_json_number_at(const json_t *document, const char *dotted_name)
{
    const json_t *value = gcr_json_at(document, dotted_name);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

const char *gcr_json_text_at(const json_t *document, const char *dotted_name)
{
    const char *text = json_string_value(gcr_json_at(document, dotted_name));
    return text != NULL ? text : "";
}
