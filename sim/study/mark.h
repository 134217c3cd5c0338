/* A random word by which a study is known outside its directory: in the queue of a cluster, and in
 * the home directories of other machines. */
#ifndef GCR_SIM_STUDY_MARK_H
#define GCR_SIM_STUDY_MARK_H

#include "base/status.h"

struct gcr_study_mark {
    char text[17]; /* hexadecimal digits */
};

/* That of DIRECTORY, from its file .mark, which the first call writes. GCR_BAD_INPUT: the file has
 * something else. */
gcr_status gcr_study_mark_get(const char *directory, struct gcr_study_mark *mark,
                              struct gcr_error *err) GCR_MUST_USE;

#endif
