/* Where a result comes from, as JSON: trace, options, machine, build. */
#include <stdio.h>

#include "sim/measure/machine.h"
#include "sim/measure/result_json_parts.h"

void gcr_json_put_text(json_t *object, const char *name, const char *text)
{
    json_t *value = json_string(text);

    /* Not UTF-8 (a path may be anything): keep what is ASCII. */
    if (value == NULL) {
        char plain[1024];
        size_t n = 0;

        for (; text[n] != '\0' && n + 1 < sizeof plain; n++)
            plain[n] = (char)((unsigned char)text[n] < 0x80 ? text[n] : '?');
        plain[n] = '\0';
        value = json_string(plain);
    }
    json_object_set_new(object, name, value);
}

static json_t *json_capabilities(const struct gcr_capabilities *caps)
{
    static const char *const stores[] = {"exact", "sampled"};
    static const char *const reads[] = {"none", "page-sampled", "exact"};
    static const char *const deaths[] = {"none", "granulated", "exact"};
    static const char *const roots[] = {"exact", "synthesised"};
    json_t *out = json_object();

    gcr_json_put_text(out, "stores", stores[caps->stores % 2]);
    json_object_set_new(out, "loads", json_boolean(caps->loads));
    gcr_json_put_text(out, "reads", reads[caps->reads % 3]);
    gcr_json_put_text(out, "deaths", deaths[caps->deaths % 3]);
    gcr_json_put_text(out, "roots", roots[caps->roots % 2]);
    json_object_set_new(out, "tracking", json_boolean(caps->tracking));
    json_object_set_new(out, "threads", json_boolean(caps->threads));
    json_object_set_new(out, "forks", json_boolean(caps->forks));
    json_object_set_new(out, "times", json_boolean(caps->times));
    json_object_set_new(out, "faithful", json_boolean(caps->faithful));
    return out;
}

json_t *gcr_json_trace(const struct gcr_result *result)
{
    json_t *out = json_object();

    gcr_json_put_text(out, "path", result->trace.path);
    gcr_json_put_text(out, "digest", result->trace.digest);
    gcr_json_put(out, "events", result->trace.events);
    gcr_json_put(out, "lanes", result->trace.lanes);
    gcr_json_put(out, "bytes", result->trace.file_bytes);
    json_object_set_new(out, "capabilities", json_capabilities(&result->trace.capabilities));
    if (result->trace.warning[0] != '\0')
        gcr_json_put_text(out, "warning", result->trace.warning);
    else
        json_object_set_new(out, "warning", json_null());
    return out;
}

json_t *gcr_json_options(const struct gcr_option_values *options)
{
    json_t *out = json_object();

    if (options->table == NULL)
        return out;
    for (size_t i = 0; options->table[i].name != NULL; i++) {
        char text[256];

        gcr_option_format(&options->table[i], &options->row[i], text, sizeof text);
        gcr_json_put_text(out, options->table[i].name, text);
    }
    return out;
}

json_t *gcr_json_machine(void)
{
    struct gcr_machine machine;
    json_t *out = json_object();

    gcr_machine_read(&machine);
    gcr_json_put_text(out, "cpu", machine.cpu);
    gcr_json_put(out, "cores", machine.cores);
    gcr_json_put(out, "l1d_bytes", machine.l1d_bytes);
    gcr_json_put(out, "l2_bytes", machine.l2_bytes);
    gcr_json_put(out, "l3_bytes", machine.l3_bytes);
    gcr_json_put_text(out, "kernel", machine.kernel);
    gcr_json_put_text(out, "thp", machine.thp);
    gcr_json_put_text(out, "governor", machine.governor);
    gcr_json_put(out, "memory_bytes", machine.memory_bytes);
    return out;
}

json_t *gcr_json_build(void)
{
    json_t *out = json_object();

    gcr_json_put_text(out, "version", GCR_VERSION);
#ifdef __clang__
    gcr_json_put_text(out, "compiler", "clang " __clang_version__);
#else
    gcr_json_put_text(out, "compiler", "gcc " __VERSION__);
#endif
    gcr_json_put_text(out, "type", GCR_BUILD_TYPE);
    gcr_json_put_text(out, "flags", GCR_BUILD_FLAGS);
    gcr_json_put(out, "check_level", GCR_CHECK_LEVEL);
    return out;
}
