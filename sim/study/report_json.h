/* What a report's page says, as data: schema gcreplay-report-1 (docs/studies.md). */
#ifndef GCR_SIM_STUDY_REPORT_JSON_H
#define GCR_SIM_STUDY_REPORT_JSON_H

#include "sim/study/page.h"

/* The caller owns it; NULL: no memory. O(rows of the tables). */
json_t *gcr_report_json(const struct gcr_page *page);
/* Its part "answer": null if there is none. */
json_t *gcr_report_answer_json(const struct gcr_page *page);

#endif
