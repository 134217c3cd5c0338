/* The figures: SVG within the page, or a picture where the SVG would be too large; and which could
 * not be drawn. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "sim/study/markup.h"
#include "sim/study/page.h"
#include "sim/study/svg_inline.h"

/* An SVG beyond this is replaced by its PNG: a timeline of tens of thousands of points. */
enum { FIGURE_MOST_BYTES = 600 << 10 };

struct figure_bytes {
    char *bytes; /* with a NUL behind */
    size_t length;
};

static struct figure_bytes figures_load(const struct gcr_page *page, const struct gcr_plot *plot,
                                        const char *ending)
{
    struct figure_bytes loaded = {0};
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s.%s", page->dataset->directory, plot->file, ending);
    FILE *file = n > 0 && (size_t)n < sizeof path ? fopen(path, "rb") : NULL;
    if (file == NULL)
        return loaded;
    long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    rewind(file);
    loaded.bytes = size > 0 ? malloc((size_t)size + 1) : NULL;
    if (loaded.bytes != NULL) {
        loaded.length = fread(loaded.bytes, 1, (size_t)size, file);
        loaded.bytes[loaded.length] = '\0';
    }
    fclose(file);
    return loaded;
}

/* RFC 4648, section 4. */
static void figures_put_base64(FILE *out, const struct figure_bytes *data)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < data->length; i += 3) {
        size_t left = data->length - i;
        uint32_t word = (uint32_t)(uint8_t)data->bytes[i] << 16;
        word |= left > 1 ? (uint32_t)(uint8_t)data->bytes[i + 1] << 8 : 0;
        word |= left > 2 ? (uint32_t)(uint8_t)data->bytes[i + 2] : 0;
        fputc(digits[word >> 18], out);
        fputc(digits[word >> 12 & 63], out);
        fputc(left > 1 ? digits[word >> 6 & 63] : '=', out);
        fputc(left > 2 ? digits[word & 63] : '=', out);
    }
}

/* ": service, heap 2x" */
static void figures_name(const struct gcr_plot *plot, char *out, size_t size)
{
    bool has_trace = plot->trace[0] != '\0', has_heap = plot->heap[0] != '\0';
    snprintf(out, size, "%s%s%s%s%s", plot->figure->title, has_trace ? ": " : "", plot->trace,
             has_heap ? ", heap " : "", plot->heap);
}

/* False: the SVG cannot be taken into the page. */
static bool figures_put_svg(const struct gcr_page *page, const struct gcr_plot *plot, size_t number,
                            const char *label)
{
    struct figure_bytes svg = figures_load(page, plot, "svg");
    char *text = NULL, prefix[32];
    size_t length = 0;
    bool is_good = false;
    snprintf(prefix, sizeof prefix, "f%zu-", number);
    FILE *memory = svg.bytes != NULL ? open_memstream(&text, &length) : NULL;
    if (memory != NULL) {
        is_good = gcr_svg_inline(svg.bytes, svg.length, prefix, label, memory);
        is_good = fclose(memory) == 0 && is_good && length <= FIGURE_MOST_BYTES;
    }
    if (is_good)
        fwrite(text, 1, length, page->out);
    free(text);
    free(svg.bytes);
    return is_good;
}

static bool figures_put_png(const struct gcr_page *page, const struct gcr_plot *plot,
                            const char *label)
{
    struct figure_bytes png = figures_load(page, plot, "png");
    if (png.length > 0) {
        gcr_markup(page->out, "<img alt=\"%s\" src=\"data:image/png;base64,", label);
        figures_put_base64(page->out, &png);
        fputs("\">", page->out);
    }
    free(png.bytes);
    return png.length > 0;
}

static void figures_put_link(const struct gcr_page *page, const char *file, const char *ending,
                             const char *word)
{
    fputs("<a href=\"", page->out);
    gcr_markup_address(page->out, page->root);
    gcr_markup_address(page->out, file);
    gcr_markup(page->out, "%s\">%s</a>", ending, word);
}

static void figures_put_caption(const struct gcr_page *page, const struct gcr_plot *plot,
                                const char *name)
{
    FILE *out = page->out;
    char table[256];
    snprintf(table, sizeof table, "tables/%s.csv", plot->figure->table);
    gcr_markup(out, "<figcaption><b>%s.</b> %s\n<span class=\"links\">", name,
               plot->figure->caption);
    figures_put_link(page, plot->file, ".svg", "SVG");
    fputs(" ", out);
    figures_put_link(page, plot->file, ".png", "PNG");
    fputs(" ", out);
    figures_put_link(page, plot->file, ".pdf", "PDF");
    fputs(" ", out);
    figures_put_link(page, table, "", "data");
    fputs("</span>", out);
    if (plot->command != NULL)
        gcr_markup(
            out, "\n<details><summary>draw it again</summary><pre><code>%s</code></pre></details>",
            plot->command);
    fputs("</figcaption>\n", out);
}

static void figures_put(const struct gcr_page *page, const struct gcr_plot *plot, size_t number)
{
    char name[512], label[2048];
    figures_name(plot, name, sizeof name);
    snprintf(label, sizeof label, "%s. %s", name, plot->figure->caption);
    gcr_markup(page->out, "<figure id=\"figure-%zu\">\n<div class=\"picture\">", number);
    if (!figures_put_svg(page, plot, number, label) && !figures_put_png(page, plot, label))
        fputs("<p>The picture is too large for this page; its files are linked below.</p>",
              page->out);
    fputs("</div>\n", page->out);
    figures_put_caption(page, plot, name);
    fputs("</figure>\n", page->out);
}

/* Those that are not there, each reason once with the figures that it holds for. */
static void figures_put_missing(const struct gcr_page *page)
{
    const struct gcr_plots *plots = page->plots;
    char name[512];
    if (plots->drawn == plots->count)
        return;
    gcr_markup(
        page->out,
        "<details class=\"undrawn\"%s><summary>%zu figure%s could not be drawn</summary>\n<ul>\n",
        plots->drawn == 0 ? " open" : "", plots->count - plots->drawn,
        plots->count - plots->drawn == 1 ? "" : "s");
    for (size_t i = 0; i < plots->count; i++) {
        if (plots->list[i].reason == NULL)
            continue;
        figures_name(&plots->list[i], name, sizeof name);
        gcr_markup(page->out, "<li>%s: %s</li>\n", name, plots->list[i].reason);
    }
    fputs("</ul></details>\n", page->out);
}

void gcr_page_figures(const struct gcr_page *page)
{
    if (page->plots == NULL)
        return;
    gcr_page_section(page, "figures", "Figures");
    fputs("<p>A design has the same colour, dash pattern and marker everywhere. Curves of single "
          "runs are those of each configuration's first complete run.</p>\n",
          page->out);
    const char *shown = ""; /* the figure whose pictures are being put */
    for (size_t i = 0; i < page->plots->count; i++) {
        const struct gcr_plot *plot = &page->plots->list[i];
        if (plot->reason != NULL)
            continue;
        if (strcmp(shown, plot->figure->name) != 0)
            gcr_markup(page->out, "<h3>%s</h3>\n", plot->figure->title);
        shown = plot->figure->name;
        figures_put(page, plot, i + 1);
    }
    figures_put_missing(page);
    fputs("</section>\n", page->out);
}
