/* The answer, in sentences: what the reader came for. Then each program's, and what no design beats
 * both in the metric and in memory. */
#include <math.h>
#include <string.h>

#include "sim/study/markup.h"
#include "sim/study/page.h"

/* Longer ones are lists: folded, as the table beside them says the same. */
enum { LONG_SENTENCE = 320, SHOWN_OF_LONG = 72 };

static void answer_put_sentence(const struct gcr_page *page, const char *sentence)
{
    size_t length = strlen(sentence), shown = SHOWN_OF_LONG;
    if (length <= LONG_SENTENCE) {
        gcr_markup(page->out, "<p>%s</p>\n", sentence);
        return;
    }
    while (shown > 0 && sentence[shown] != ' ')
        shown--;
    char head[SHOWN_OF_LONG + 1];
    snprintf(head, sizeof head, "%.*s", (int)shown, sentence);
    gcr_markup(page->out, "<details><summary>%s …</summary><p>… %s</p></details>\n", head,
               sentence + shown);
}

static void answer_put_sentences(const struct gcr_page *page, const struct gcr_contest *contest)
{
    fputs("<div class=\"sentences\">\n", page->out);
    for (size_t i = 0; i < contest->sentence_count; i++)
        answer_put_sentence(page, contest->sentences[i]);
    fputs("</div>\n", page->out);
}

/* ---- who stands where ---- */

static void answer_put_standing(const struct gcr_page *page, const struct gcr_contest *contest,
                                const struct gcr_standing *standing,
                                const struct gcr_page_axis *axis)
{
    fprintf(page->out, "<tr%s>", standing->is_reference ? " class=\"reference\"" : "");
    gcr_page_design(page, standing->design, NULL);
    if (*standing->failure != '\0') {
        gcr_markup(page->out, "<td class=\"failed\" colspan=\"2\"><span>%s</span></td></tr>\n",
                   standing->failure);
        return;
    }
    if (standing == contest->standings)
        fputs("<td></td><td class=\"verdict good\" data-value=\"1\">the best</td>", page->out);
    else
        gcr_page_ratio(page, axis, &standing->to_best, page->answer->metric);
    fputs("</tr>\n", page->out);
}

static void answer_put_standings(const struct gcr_page *page, const struct gcr_contest *contest)
{
    enum { MOST = 256 };
    struct gcr_ratio ratios[MOST];
    size_t count = contest->count < MOST ? contest->count : MOST;
    char id[256], caption[256];
    if (contest->stand_count == 0)
        return;
    for (size_t i = 0; i < count; i++)
        ratios[i] = contest->standings[i].to_best;
    struct gcr_page_axis axis = gcr_page_axis_of(ratios, count);
    snprintf(id, sizeof id, "standings-%s", contest->trace);
    snprintf(caption, sizeof caption, "Each design against the best, heap %s", page->answer->heap);
    gcr_page_table(page, "sortable ratios", id, caption);
    fputs("<thead><tr><th scope=\"col\">design</th>", page->out);
    gcr_page_axis_head(page, &axis, gcr_metrics[page->answer->metric].title);
    gcr_markup(page->out,
               "<th scope=\"col\" class=\"verdict\">against %s</th></tr></thead>\n<tbody>\n",
               contest->standings[0].design);
    for (size_t i = 0; i < count; i++)
        answer_put_standing(page, contest, &contest->standings[i], &axis);
    gcr_page_table_end(page);
}

/* ---- what is not beaten ---- */

static struct gcr_page_value answer_plain(double value)
{
    return (struct gcr_page_value){value, {(double)NAN, (double)NAN}};
}

/* Values of all traces together are multiples, and have no unit. */
static void answer_put_front(const struct gcr_page *page, const struct gcr_contest *contest)
{
    enum { MOST = 128 };
    struct gcr_page_value values[MOST], peaks[MOST];
    const struct gcr_metric *metric = &gcr_metrics[page->answer->metric];
    size_t count = contest->front_count < MOST ? contest->front_count : MOST;
    bool is_all = contest->trace[0] == '\0';
    char id[256];
    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++) {
        values[i] = answer_plain(contest->front[i].value);
        peaks[i] = answer_plain(contest->front[i].peak_bytes);
    }
    struct gcr_page_column value = gcr_page_column_of(is_all ? "" : metric->unit, values, count);
    struct gcr_page_column peak = gcr_page_column_of(is_all ? "" : "bytes", peaks, count);
    snprintf(id, sizeof id, "front-%s", contest->trace);
    gcr_page_table(page, "sortable figures", id,
                   "Not beaten in both by any design in any heap size");
    gcr_markup(page->out,
               "<thead><tr><th scope=\"col\">design</th><th scope=\"col\">heap</th>"
               "<th scope=\"col\">%s <span class=\"unit\">%s</span></th>",
               metric->title, is_all ? "× the best" : value.scale.unit);
    gcr_markup(page->out,
               "<th scope=\"col\">peak footprint <span class=\"unit\">%s</span></th></tr></thead>\n"
               "<tbody>\n",
               is_all ? "× the smallest" : peak.scale.unit);
    for (size_t i = 0; i < count; i++) {
        fputs("<tr>", page->out);
        gcr_page_design(page, contest->front[i].design, NULL);
        gcr_markup(page->out, "<td>%s</td>", contest->front[i].heap);
        gcr_page_figure(page, &value, &values[i]);
        gcr_page_figure(page, &peak, &peaks[i]);
        fputs("</tr>\n", page->out);
    }
    gcr_page_table_end(page);
}

static void answer_put_contest(const struct gcr_page *page, const struct gcr_contest *contest)
{
    answer_put_sentences(page, contest);
    fputs("<div class=\"side\">\n", page->out);
    answer_put_standings(page, contest);
    answer_put_front(page, contest);
    fputs("</div>\n", page->out);
}

void gcr_page_answer(const struct gcr_page *page)
{
    const struct gcr_answer *answer = page->answer;
    gcr_page_section(page, "answer", "Answer");
    if (answer == NULL || answer->contest_count == 0) {
        gcr_markup(page->out, "<p>There is none: %s.</p>\n</section>\n", page->no_answer);
        return;
    }
    answer_put_contest(page, &answer->contests[0]);
    for (size_t i = 1; i < answer->contest_count; i++) {
        const struct gcr_contest *contest = &answer->contests[i];
        /* Without an answer for all, each program's own is what there is. */
        gcr_markup(page->out, "<details%s><summary>%s alone</summary>\n",
                   answer->contests[0].stand_count == 0 ? " open" : "", contest->trace);
        answer_put_contest(page, contest);
        fputs("</details>\n", page->out);
    }
    fputs("</section>\n", page->out);
}
