/* The reader: any bytes as a file. They are opened, read to the end of every lane, and dumped.
 *
 * Inputs are plain trace files, so a finding is shown again by `gcreplay dump`; they are mutated
 * behind the checksums (mutate.c). */
#include "support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)fuzz_read_trace(fuzz_file(data, size));
    return 0;
}
