/* The rules; see capability_rules.h. */
#include "sim/measure/capability_rules.h"

const struct gcr_figure_rule gcr_figure_rules[GCR_FIGURE_COUNT] = {
    [GCR_FIGURE_LIVE] = {"live bytes and overhead", "deaths, or a verified run",
                         "the trace has no deaths and the run was not verified"},
    [GCR_FIGURE_BARRIERS] = {"barrier counts", "exact stores", "the trace's stores are sampled"},
    [GCR_FIGURE_PROMOTION] = {"promotion", "exact stores", "the trace's stores are sampled"},
    [GCR_FIGURE_DEATH_DRIVEN] = {"runs of designs that free at death", "deaths",
                                 "the trace has no deaths"},
    [GCR_FIGURE_RECORDED_PACE] = {"runs at the recorded pace", "times",
                                  "the trace has no TIME events"},
    [GCR_FIGURE_COW_COUNTS] = {"pages unshared by reference counts", "reads",
                               "reads are not recorded: pages that they "
                               "unshare in designs that count references are missing"},
};

const char *gcr_figure_refusal(enum gcr_figure figure, const struct gcr_capabilities *capabilities,
                               bool verified)
{
    bool is_met = true;
    switch (figure) {
    case GCR_FIGURE_LIVE:
        is_met = verified || capabilities->deaths != GCR_DEATHS_NONE;
        break;
    case GCR_FIGURE_BARRIERS:
    case GCR_FIGURE_PROMOTION:
        is_met = capabilities->stores == GCR_STORES_EXACT;
        break;
    case GCR_FIGURE_DEATH_DRIVEN:
        is_met = capabilities->deaths != GCR_DEATHS_NONE;
        break;
    case GCR_FIGURE_RECORDED_PACE:
        is_met = capabilities->times != 0;
        break;
    case GCR_FIGURE_COW_COUNTS:
        is_met = capabilities->reads != GCR_READS_NONE;
        break;
    case GCR_FIGURE_COUNT:
        break;
    }
    return is_met ? NULL : gcr_figure_rules[figure].reason;
}

const char *gcr_cow_label(const struct gcr_capabilities *capabilities, uint32_t collector_caps)
{
    return (collector_caps & GCR_CAP_COUNTS_LOADS) != 0
               ? gcr_figure_refusal(GCR_FIGURE_COW_COUNTS, capabilities, false)
               : NULL;
}

const char *gcr_concurrent_label(bool verified, bool pace_recorded, size_t i)
{
    if (verified && i-- == 0)
        return "times of a verified run of a design with threads mean nothing: the threads go on "
               "while the oracle looks at each event, and rest for a comparison";
    if (!verified && !pace_recorded && i-- == 0)
        return "times of a design with threads are replay time: the program's own computing "
               "between "
               "events is left out, and its threads have less time than they would have (--pace "
               "recorded)";
    return NULL;
}

const char *gcr_trace_label(const struct gcr_capabilities *capabilities, uint32_t collector_caps,
                            size_t i)
{
    const struct {
        bool holds;
        const char *text;
    } labels[] = {
        {capabilities->roots == GCR_ROOTS_SYNTHESISED,
         "roots are synthesised: an object dies when the recording says so, not when a stack slot "
         "was overwritten"},
        {capabilities->stores == GCR_STORES_SAMPLED,
         "stores are sampled: barrier and promotion figures are refused"},
        {capabilities->deaths == GCR_DEATHS_GRANULATED,
         "deaths are granulated: live bytes are too high between two grains"},
        {capabilities->deaths == GCR_DEATHS_NONE,
         "deaths are not recorded: live bytes and overhead need --verify"},
        {capabilities->loads == 0 && capabilities->reads != GCR_READS_PAGE_SAMPLED &&
             (collector_caps & GCR_CAP_COUNTS_LOADS) != 0,
         "loads are not recorded: designs that count references are charged for stores and roots "
         "only"},
        {capabilities->loads == 0 && capabilities->reads == GCR_READS_PAGE_SAMPLED &&
             (collector_caps & GCR_CAP_COUNTS_LOADS) != 0,
         "loads are not recorded and reads are sampled by page: designs that count references "
         "write "
         "about as many pages as the program's reads did, but are charged for few of the reads"},
        {capabilities->faithful != 0,
         "edges and roots are true at the recorded runtime's own collections only"},
    };
    for (size_t k = 0; k < GCR_COUNT_OF(labels); k++)
        if (labels[k].holds && i-- == 0)
            return labels[k].text;
    return NULL;
}
