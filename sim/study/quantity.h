/* Figures as a reader wants them: in a unit that fits, with the digits that their interval lets one
 * believe. */
#ifndef GCR_SIM_STUDY_QUANTITY_H
#define GCR_SIM_STUDY_QUANTITY_H

#include <stddef.h>

#include "sim/study/statistics.h"

/* What a column of figures is divided by, and what its head then says. */
struct gcr_scale {
    double divisor;
    const char *unit; /* "ms", "MiB", "10⁶", "": misses and pages are counted */
};

/* For a column of figures in `unit` (as struct gcr_metric spells it), so that the typical one,
 * their median, has one to four digits before the point. O(count log count). */
struct gcr_scale gcr_scale_of(const char *unit, const double *values, size_t count);

/* Decimals for a figure whose interval is `in` (both already divided): so that half the interval's
 * width has two digits, but four significant digits of the figure at most. Without an interval, or
 * with one of no width, three significant digits; none for a whole number below ten million. */
int gcr_decimals(double value, struct gcr_interval in);

/* "12 345.6": with the decimals asked for (at least 0) and thousands set apart by narrow spaces.
 * "" if the value is not finite. Returns out. */
char *gcr_number_format(char *out, size_t size, double value, int decimals);

/* A ratio to a baseline in words: "23 % less", "2.3 times", "no difference shown",
 * "12 % more, not sure". Returns out. */
char *gcr_ratio_format(char *out, size_t size, const struct gcr_ratio *ratio);

#endif
