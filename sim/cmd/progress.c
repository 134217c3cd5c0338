/* The bar; see progress.h. The time left supposes that the rest goes at the average speed so far.
 */
#include "sim/cmd/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { BAR_CELLS = 30 };
static const uint64_t bar_quiet_ns = 1000000000, bar_redraw_ns = 100000000;

static uint64_t bar_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void gcr_bar_begin(struct gcr_bar *bar, const char *label, uint64_t total)
{
    *bar = (struct gcr_bar){.label = label,
                            .total = total,
                            .begin_ns = bar_now_ns(),
                            .on_terminal = isatty(STDERR_FILENO) != 0};
}

void gcr_bar_begin_events(struct gcr_bar *bar, const char *label, uint64_t events)
{
    gcr_bar_begin(bar, label, events);
    bar->unit = "events";
}

static void bar_draw_rate(const struct gcr_bar *bar, double per_second)
{
    if (bar->unit == NULL)
        return;
    if (per_second >= 1e6)
        fprintf(stderr, "  %.1f M %s/s", per_second / 1e6, bar->unit);
    else
        fprintf(stderr, "  %.0f %s/s", per_second, bar->unit);
}

static void bar_draw(const struct gcr_bar *bar, uint64_t done, double share, double elapsed_s)
{
    char cells[BAR_CELLS + 1];
    int filled = (int)(share * BAR_CELLS);
    for (int i = 0; i < BAR_CELLS; i++)
        cells[i] = i < filled ? '#' : '.';
    cells[BAR_CELLS] = '\0';
    double left_s = share > 0 ? elapsed_s * (1 - share) / share : 0;
    unsigned seconds = (unsigned)(left_s + 0.5);
    fprintf(stderr, "\r\033[K%s [%s] %3.0f%%", bar->label, cells, share * 100);
    bar_draw_rate(bar, (double)done / elapsed_s);
    fprintf(stderr, "  %u:%02u left", seconds / 60, seconds % 60);
    fflush(stderr);
}

void gcr_bar_update(void *arg, uint64_t done, uint64_t total)
{
    struct gcr_bar *bar = arg;
    if (!bar->on_terminal || total == 0)
        return;
    uint64_t now = bar_now_ns();
    if (now - bar->begin_ns < bar_quiet_ns || now - bar->drawn_ns < bar_redraw_ns)
        return;
    bar->drawn_ns = now;
    bar->is_drawn = true;
    double share = done < total ? (double)done / (double)total : 1;
    bar_draw(bar, done, share, (double)(now - bar->begin_ns) / 1e9);
}

void gcr_bar_count(void *arg, uint64_t done)
{
    const struct gcr_bar *bar = arg;
    gcr_bar_update(arg, done, bar->total);
}

void gcr_bar_end(struct gcr_bar *bar)
{
    if (bar->is_drawn)
        fputs("\r\033[K", stderr);
    bar->is_drawn = false;
}
