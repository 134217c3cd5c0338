/* The assembler: any bytes as text. What it takes must be a readable trace whose dump gives the
 * same file again; what it refuses has a message of one line and leaves no file. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support.h"
#include "traces/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct gcr_error err = {""};
    (void)fuzz_path("assembled.gct", path);
    FILE *in = size == 0 ? fopen("/dev/null", "r") : fmemopen((void *)(uintptr_t)data, size, "r");
    if (in == NULL)
        fuzz_found("no stream over the input", "");
    gcr_status status = gcr_text_assemble(in, "input", path, &err);
    (void)fclose(in);
    if (status == GCR_OK) {
        fuzz_round_trip(path);
        if (unlink(path) != 0)
            fuzz_found("an assembled file is not there", path);
        return 0;
    }
    if (status != GCR_BAD_INPUT)
        fuzz_found("text is refused for another reason than the text", err.text);
    if (strncmp(err.text, "input:", 6) != 0 || strchr(err.text, '\n') != NULL)
        fuzz_found("a message that does not name the line, or of more than one line", err.text);
    if (access(path, F_OK) == 0)
        fuzz_found("a refused text leaves a file", path);
    return 0;
}
