/* What a result says about the machine it was taken on. */
#ifndef GCR_SIM_MEASURE_MACHINE_H
#define GCR_SIM_MEASURE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/* Texts are empty, numbers 0, where the system does not say. */
struct gcr_machine {
    char cpu[128];
    uint32_t cores; /* online logical processors */
    uint64_t l1d_bytes, l2_bytes, l3_bytes;
    char kernel[128];
    char thp[32];      /* transparent huge pages: always, madvise or never */
    char governor[32]; /* of processor 0 */
    uint64_t memory_bytes;
};

void gcr_machine_read(struct gcr_machine *machine);

/* Memory that a process may hope for: the machine's, or its control group's limit if that is less.
 */
uint64_t gcr_machine_memory_bytes(void);

/* Processors that this process may run on; 1 if unknown. */
uint32_t gcr_machine_processors(void);

/* Highest resident size of this process since the last reset, in bytes; 0 if unknown. */
uint64_t gcr_rss_peak_bytes(void);
/* Starts that figure anew. False where the kernel refuses: the figure then covers the whole life.
 */
bool gcr_rss_peak_reset(void);

#endif
