/* How a program's objects are distributed: their sizes, lifetimes and out-degrees.
 *
 * Read from a trace alone, in one pass. Each object is counted once, in the process that allocated
 * it, when it dies or, if it does not, when that process's events end:
 *   size      bytes without header, as many as a resizable object ever had;
 *   lifetime  bytes that its process allocated from just after it to its death. The growth of
 *             resizable objects is allocation. Deaths are as exact as the trace's;
 *   degree    its references at the end: pointer slots that are not null, weak targets left out.
 * Prebuilt objects are objects like others; they live as long as the trace. */
#ifndef GCR_SIM_STUDY_DEMOGRAPHICS_H
#define GCR_SIM_STUDY_DEMOGRAPHICS_H

#include "sim/study/csv.h"
#include "traces/reader.h"

/* Bin 0 holds the value 0, bin k the values [2^(k-1), 2^k). */
enum { GCR_BINS = 65 };

struct gcr_tally {
    uint64_t objects, bytes; /* bytes: of the objects, by size as above */
};

struct gcr_bins {
    struct gcr_tally bin[GCR_BINS];
};

struct gcr_demographics {
    struct gcr_bins size, lifetime, degree;
    struct gcr_tally all;
    struct gcr_tally alive; /* at the end: these are not in `lifetime` */
    bool has_deaths;        /* false: the trace does not tell, and `lifetime` is empty */
};

/* Reads every event of every lane. The trace is trusted: what it says of objects that it does not
 * have is passed over. O(events) plus O(slots / 64) for an object; 32 bytes for each index in use,
 * once more for each fork on the way to a lane, and slots beyond 63 at a bit each. */
gcr_status gcr_demographics_read(struct gcr_reader *reader, struct gcr_demographics *out,
                                 struct gcr_error *err) GCR_MUST_USE;

/* The columns of demographics.csv, and one trace's rows: for each distribution all bins from the
 * lowest to the highest in use; then the objects alive at the end, a lifetime without bounds. */
extern const char gcr_demographics_columns[];
void gcr_demographics_put(struct gcr_csv *csv, const char *trace,
                          const struct gcr_demographics *demographics);

#endif
