/* The reader: any bytes as a file. They are opened, read to the end of every lane, and dumped; and
 * finished, as what a killed recorder left is. Finishing succeeds if and only if the file opens,
 * and gives a file without a warning.
 *
 * Inputs are plain trace files, so a finding is shown again by `gcreplay dump`; they are mutated
 * behind the checksums (mutate.c). */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support.h"
#include "traces/reader.h"
#include "traces/writer.h"

static void reader_write(const char *path, const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0)
        fuzz_found("a file cannot be written", path);
}

static void reader_finish(const uint8_t *data, size_t size, uint64_t events)
{
    char partial[64];
    char finished[64];
    struct gcr_error err = {""};
    struct gcr_reader *reader;
    reader_write(fuzz_path("recorded.gct.partial", partial), data, size);
    (void)fuzz_path("recorded.gct", finished);
    if (gcr_format_finish(partial, finished, &err) != GCR_OK)
        fuzz_found("a file that opens cannot be finished", err.text);
    if (access(partial, F_OK) == 0)
        fuzz_found("the unfinished file is still there", partial);
    if (gcr_reader_open(finished, &reader, &err) != GCR_OK)
        fuzz_found("a finished file does not open", err.text);
    if (gcr_reader_warning(reader) != NULL || gcr_reader_events(reader) != events)
        fuzz_found("a finished file is not whole", finished);
    gcr_reader_close(reader);
    (void)unlink(finished);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gcr_reader *reader;
    const char *path = fuzz_file(data, size);
    (void)fuzz_read_trace(path);
    if (gcr_reader_open(path, &reader, NULL) != GCR_OK)
        return 0;
    uint64_t events = gcr_reader_events(reader);
    gcr_reader_close(reader);
    reader_finish(data, size, events);
    return 0;
}
