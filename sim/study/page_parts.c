/* What the sections of the page are put together from: tables, figures with intervals, ratios. */
#include <math.h>
#include <string.h>

#include "base/compiler.h"
#include "sim/study/markup.h"
#include "sim/study/page.h"
#include "sim/study/palette.h"

/* Blanks as wide as a digit and as a point. */
#define FIGURE_SPACE "\xE2\x80\x87"
#define POINT_SPACE "\xE2\x80\x88"

void gcr_page_section(const struct gcr_page *page, const char *id, const char *title)
{
    gcr_markup(page->out, "\n<section id=\"%s\">\n<h2>%s</h2>\n", id, title);
}

void gcr_page_table(const struct gcr_page *page, const char *kind, const char *id,
                    const char *caption)
{
    gcr_markup(page->out, "<div class=\"box\" role=\"region\" tabindex=\"0\" aria-label=\"%s\">\n",
               caption);
    gcr_markup(page->out, "<table class=\"%s\" id=\"", kind);
    gcr_markup_id(page->out, id);
    gcr_markup(page->out, "\">\n<caption>%s</caption>\n", caption);
}

void gcr_page_table_end(const struct gcr_page *page)
{
    fputs("</tbody>\n</table>\n</div>\n", page->out);
}

void gcr_page_command_id(const struct gcr_page *page, const struct gcr_point *point)
{
    const char *const parts[] = {point->trace, point->design, point->heap,
                                 gcr_study_mode_name[point->mode]};
    fputs("run", page->out);
    for (size_t i = 0; i < GCR_COUNT_OF(parts); i++) {
        fputc('-', page->out);
        gcr_markup_id(page->out, parts[i]);
    }
}

void gcr_page_design(const struct gcr_page *page, const char *design, const struct gcr_point *point)
{
    FILE *out = page->out;
    size_t name = strcspn(design, ":");
    fprintf(out, "<th scope=\"row\"><i class=\"swatch\" style=\"background:#%06x\"></i>",
            gcr_palette_colour(design));
    if (point != NULL) {
        fputs("<a href=\"#", out);
        gcr_page_command_id(page, point);
        fputs("\" title=\"the command of this run\">", out);
    }
    char head[128];
    snprintf(head, sizeof head, "%.*s", (int)name, design);
    gcr_markup(out, "%s", head);
    if (design[name] != '\0')
        gcr_markup(out, "<span class=\"options\">%s</span>", design + name);
    fprintf(out, "%s</th>", point != NULL ? "</a>" : "");
}

void gcr_page_outcome(const struct gcr_page *page, const char *outcome)
{
    char words[64];
    snprintf(words, sizeof words, "%s", outcome);
    for (char *at = words; *at != '\0'; at++)
        if (*at == '_')
            *at = ' ';
    gcr_markup(page->out, "<strong>%s</strong>", words);
}

/* ---- figures ---- */

static struct gcr_interval parts_divided(struct gcr_interval in, double divisor)
{
    return (struct gcr_interval){in.low / divisor, in.high / divisor};
}

/* At most three, so that one small figure does not widen its whole column, unless it would be 0. */
static int parts_decimals(double scaled, struct gcr_interval in)
{
    int decimals = gcr_decimals(scaled, in);
    return decimals > 3 && fabs(scaled) >= 0.001 ? 3 : decimals;
}

struct gcr_page_column gcr_page_column_of(const char *unit, const struct gcr_page_value *values,
                                          size_t count)
{
    enum { MOST = 512 };
    double plain[MOST] = {0};
    size_t n = count < MOST ? count : MOST;
    for (size_t i = 0; i < n; i++)
        plain[i] = values[i].value;
    struct gcr_page_column column = {.scale = gcr_scale_of(unit, plain, n)};
    for (size_t i = 0; i < count; i++) {
        int decimals = parts_decimals(values[i].value / column.scale.divisor,
                                      parts_divided(values[i].in, column.scale.divisor));
        if (decimals > column.most_decimals)
            column.most_decimals = decimals;
    }
    return column;
}

static bool parts_precedes(double a, double b, bool is_descending)
{
    if (isnan(a) || isnan(b))
        return !isnan(a) && isnan(b);
    return is_descending ? a > b : a < b;
}

void gcr_page_order(const struct gcr_page_value *values, size_t count, bool is_descending,
                    size_t *order)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        for (;
             at > 0 && parts_precedes(values[i].value, values[order[at - 1]].value, is_descending);
             at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
}

static void parts_pad(FILE *out, int decimals, int most)
{
    if (decimals == 0 && most > 0)
        fputs(POINT_SPACE, out);
    for (int i = decimals; i < most; i++)
        fputs(FIGURE_SPACE, out);
}

void gcr_page_figure(const struct gcr_page *page, const struct gcr_page_column *column,
                     const struct gcr_page_value *value)
{
    gcr_page_figure_heated(page, column, value, 0);
}

void gcr_page_figure_heated(const struct gcr_page *page, const struct gcr_page_column *column,
                            const struct gcr_page_value *value, double heat)
{
    FILE *out = page->out;
    if (!isfinite(value->value)) {
        fputs("<td class=\"none\">–</td>", out);
        return;
    }
    char text[128], high[128];
    double scaled = value->value / column->scale.divisor;
    struct gcr_interval in = parts_divided(value->in, column->scale.divisor);
    int decimals = parts_decimals(scaled, in);
    fprintf(out, "<td data-value=\"%.10g\"", value->value);
    if (heat > 0)
        fprintf(out, " style=\"--heat:%.2f\"", heat);
    fprintf(out, ">%s", gcr_number_format(text, sizeof text, scaled, decimals));
    parts_pad(out, decimals, column->most_decimals);
    if (isfinite(in.low) && isfinite(in.high) && in.low < in.high)
        fprintf(out, "<small>%s–%s</small>", gcr_number_format(text, sizeof text, in.low, decimals),
                gcr_number_format(high, sizeof high, in.high, decimals));
    fputs("</td>", out);
}

/* ---- ratios ---- */

enum { AXIS_WIDTH = 88, AXIS_HEIGHT = 16, AXIS_MARGIN = 7 };

static void axis_take(struct gcr_page_axis *axis, double value)
{
    static const double most = 32;
    if (!isfinite(value) || value <= 0)
        return;
    axis->low = fmin(axis->low, fmax(value, 1 / most));
    axis->high = fmax(axis->high, fmin(value, most));
}

struct gcr_page_axis gcr_page_axis_of(const struct gcr_ratio *ratios, size_t count)
{
    struct gcr_page_axis axis = {0.9, 1.1};
    for (size_t i = 0; i < count; i++) {
        axis_take(&axis, ratios[i].value);
        axis_take(&axis, ratios[i].in.low);
        axis_take(&axis, ratios[i].in.high);
    }
    return axis;
}

/* Where a ratio is, held within the axis. */
static double axis_place(const struct gcr_page_axis *axis, double value)
{
    double share = log(value / axis->low) / log(axis->high / axis->low);
    return AXIS_MARGIN + fmin(fmax(share, 0), 1) * (AXIS_WIDTH - 2 * AXIS_MARGIN);
}

void gcr_page_axis_head(const struct gcr_page *page, const struct gcr_page_axis *axis,
                        const char *title)
{
    static const double marks[] = {1.0 / 32, 0.1, 0.25, 0.5, 0.8, 1, 1.25, 2, 4, 10, 32};
    double last = -100;
    gcr_markup(page->out, "<th scope=\"col\" class=\"axis\">%s", title);
    fprintf(page->out,
            "<svg viewBox=\"0 0 %d 11\" width=\"%d\" height=\"11\" aria-hidden=\"true\">",
            AXIS_WIDTH, AXIS_WIDTH);
    double one = axis_place(axis, 1);
    for (size_t i = 0; i < GCR_COUNT_OF(marks); i++) {
        double x = axis_place(axis, marks[i]);
        bool is_one = marks[i] == 1;
        if (marks[i] < axis->low || marks[i] > axis->high ||
            (!is_one && (x - last < 22 || fabs(x - one) < 22)))
            continue;
        last = x;
        fprintf(page->out, "<text x=\"%.1f\" y=\"9\">%.3g</text>", x, marks[i]);
    }
    fputs("</svg></th>", page->out);
}

/* "good", "bad" or "even": what a ratio says of a design, as far as it says something. */
static const char *ratio_class(const struct gcr_ratio *ratio, enum gcr_metric_id metric)
{
    enum gcr_verdict verdict = gcr_verdict_of(ratio);
    const struct gcr_metric *about = &gcr_metrics[metric];
    if (about->sense == GCR_NEITHER_IS_BETTER ||
        (verdict != GCR_VERDICT_LESS && verdict != GCR_VERDICT_MORE))
        return "even";
    return (verdict == GCR_VERDICT_LESS) == (about->sense == GCR_LESS_IS_BETTER) ? "good" : "bad";
}

static void ratio_draw(FILE *out, const struct gcr_page_axis *axis, const struct gcr_ratio *ratio)
{
    double one = axis_place(axis, 1), x = axis_place(axis, ratio->value);
    double middle = AXIS_HEIGHT / 2.0;
    fprintf(out,
            "<svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" aria-hidden=\"true\">"
            "<path class=\"one\" d=\"M%.1f 0V%d\"/>",
            AXIS_WIDTH, AXIS_HEIGHT, AXIS_WIDTH, AXIS_HEIGHT, one, AXIS_HEIGHT);
    if (isfinite(ratio->in.low) && isfinite(ratio->in.high))
        fprintf(out, "<path class=\"bar\" d=\"M%.1f %.0fH%.1f\"/>", axis_place(axis, ratio->in.low),
                middle, axis_place(axis, ratio->in.high));
    if (ratio->value < axis->low || ratio->value > axis->high) {
        double back = ratio->value < axis->low ? 6 : -6;
        fprintf(out, "<path class=\"dot\" d=\"M%.1f %.0fl%.0f -4v8z\"/></svg>", x, middle, back);
    } else {
        fprintf(out, "<circle class=\"dot\" cx=\"%.1f\" cy=\"%.0f\" r=\"3.2\"/></svg>", x, middle);
    }
}

static const char *ratio_mark(enum gcr_verdict verdict)
{
    switch (verdict) {
    case GCR_VERDICT_LESS:
        return "▼";
    case GCR_VERDICT_MORE:
        return "▲";
    case GCR_VERDICT_SAME:
        return "=";
    case GCR_VERDICT_UNSURE:
        return "?";
    case GCR_VERDICT_UNKNOWN:
        break;
    }
    return "";
}

static int ratio_decimals(double value, int digits)
{
    int decimals = digits - 1 - (value > 0 ? (int)floor(log10(value)) : 0);
    return decimals < 0 ? 0 : decimals > 4 ? 4 : decimals;
}

/* Whether an end would be printed as 1 without being it: the side of 1 is what matters. */
static bool ratio_hides_side(double value, int digits)
{
    return value != 1 && fabs(value - 1) < 0.5 * pow(10, -ratio_decimals(value, digits));
}

/* Significant digits of both ends, two to four: a wide interval of ratios spans orders of
 * magnitude, and its lower end must not become 0. */
static int ratio_digits(const struct gcr_interval *in)
{
    double width = in->high / in->low - 1;
    int digits = width >= 0.1 ? 2 : width >= 0.01 ? 3 : 4;
    while (digits < 4 && (ratio_hides_side(in->low, digits) || ratio_hides_side(in->high, digits)))
        digits++;
    return digits;
}

void gcr_page_ratio(const struct gcr_page *page, const struct gcr_page_axis *axis,
                    const struct gcr_ratio *ratio, enum gcr_metric_id metric)
{
    FILE *out = page->out;
    char text[256], low[64], high[64];
    if (!isfinite(ratio->value)) {
        fputs("<td class=\"none\"></td><td class=\"none\">–</td>", out);
        return;
    }
    const char *kind = ratio_class(ratio, metric);
    fprintf(out, "<td class=\"axis %s\" data-value=\"%.10g\">", kind, ratio->value);
    ratio_draw(out, axis, ratio);
    gcr_ratio_format(text, sizeof text, ratio);
    fprintf(out, "</td><td class=\"verdict %s\" data-value=\"%.10g\">", kind, ratio->value);
    gcr_markup(out, "<span class=\"mark\" aria-hidden=\"true\">%s</span> %s",
               ratio_mark(gcr_verdict_of(ratio)), text);
    if (isfinite(ratio->in.low) && ratio->in.low < ratio->in.high) {
        int digits = ratio_digits(&ratio->in);
        fprintf(out, "<small>×&#8239;%s–%s</small>",
                gcr_number_format(low, sizeof low, ratio->in.low,
                                  ratio_decimals(ratio->in.low, digits)),
                gcr_number_format(high, sizeof high, ratio->in.high,
                                  ratio_decimals(ratio->in.high, digits)));
    }
    fputs("</td>", out);
}
