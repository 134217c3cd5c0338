/* Where a report's files are, seen from its page. */
#ifndef GCR_SIM_STUDY_REPORT_PATH_H
#define GCR_SIM_STUDY_REPORT_PATH_H

#include "base/status.h"

/* The relative address of `directory` from the folder of the file `page`: "" if they are the same,
 * else it ends with '/': "../study/". Both folders must exist. The caller frees *out. */
gcr_status gcr_report_relative(const char *page, const char *directory, char **out,
                               struct gcr_error *err) GCR_MUST_USE;

#endif
