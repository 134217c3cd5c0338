# report: one page and the same as data, of a comparison and of what is left of one, with a failed run in it.
. "$(dirname "$0")/expect.sh"

# A page: its tags close, its local links exist, it loads nothing, its ids are unique.
cat >page.py <<'PY'
import html.parser, os, sys, urllib.parse
VOID = {"meta", "link", "br", "hr", "img", "input", "path", "circle", "use", "rect", "line"}
class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.targets, self.files, self.faults = [], [], [], [], []
        self.tables = self.captions = 0
    def handle_startendtag(self, tag, attrs):
        self.take(tag, dict(attrs))
    def handle_starttag(self, tag, attrs):
        self.take(tag, dict(attrs))
        if tag not in VOID:
            self.open.append(tag)
    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}")
    def take(self, tag, attrs):
        self.tables += tag == "table"
        self.captions += tag == "caption"
        if "id" in attrs:
            self.ids.append(attrs["id"])
        for name in ("href", "src"):
            value = attrs.get(name, "")
            if value.startswith("#"):
                self.targets.append(urllib.parse.unquote(value[1:]))
            elif value and not value.startswith("data:"):
                self.files.append((tag, urllib.parse.unquote(value)))
        self.faults += [f"{name} on <{tag}>" for name in attrs if name.startswith("on")]
        if tag == "link" or (tag in ("script", "img", "iframe", "image") and "src" in attrs and not attrs["src"].startswith("data:")):
            self.faults.append(f"<{tag}> loads something")
path = sys.argv[1]
text = open(path, encoding="utf-8").read()
page = Page()
page.feed(text)
page.close()
faults = page.faults + [f"<{tag}> is not closed" for tag in page.open]
faults += [f"id {i} twice" for i in set(page.ids) if page.ids.count(i) > 1] if len(set(page.ids)) < len(page.ids) else []
faults += [f"#{t} leads nowhere" for t in page.targets if t not in page.ids]
faults += [f"{f} does not exist" for _, f in page.files if not os.path.exists(os.path.join(os.path.dirname(path), f))]
faults += [f"{f}: an address on a network" for _, f in page.files if ":" in f.split("/")[0]]
faults += ["@import or url() in the style" for word in ("@import", "url(http", "url(//") if word in text]
if page.tables != page.captions or page.tables == 0:
    faults.append(f"{page.tables} tables, {page.captions} captions")
print(*faults[:10], sep="\n")
sys.exit(1 if faults else 0)
PY
expect_page() { expect "$1 is a page without faults" python3 page.py "$1"; }
expect_in() { expect "$1 has: $2" grep -qF -- "$2" "$1"; }

must generate steady --set live=300 --set steps=3000 -o 'st & "eady".gct'
must generate fork-gc --set objects=300 --set pairs=300 -o forks.gct
gcr compare 'st & "eady".gct' forks.gct -c all --heap 512K -o out
expect_code 1 # epsilon, at least, does not fit

must report out --no-plots
expect_no_err
expect_out 'out/report.html: '
expect_page out/report.html
for name in $(collectors); do
  expect "$name is there" grep -qE "</i>(<a[^>]*>)?$name" out/report.html
done
expect_in out/report.html 'st &amp; &quot;eady&quot;'
expect_in out/report.html '<strong>heap exhausted</strong>'
expect_in out/report.html 'gcreplay run &#39;st &amp; &quot;eady&quot;.gct&#39; -c semispace --heap 524288'
expect_in out/report.html 'Every configuration was timed once'
expect_in out/report.html 'tables/summary.csv'
expect_json out/report.json "d['schema'] == 'gcreplay-report-1'"
expect_json out/report.json "{s['design'] for s in d['summary']} <= set('$(collectors)'.split())"
expect_json out/report.json "[f['outcome'] for f in d['failures'] if f['design'] == 'epsilon' and 'eady' in f['trace']] == ['heap_exhausted']"
expect_json out/report.json "len(d['answer']['contests']) == 3 and all(c['sentences'] for c in d['answer']['contests'])"
expect_json out/report.json "len(d['commands']) == 2 * $(collectors | wc -w)"
expect_json out/pauses.trace.json "isinstance(d['traceEvents'], list)"
for table in runs summary geomean lbo footprint pauses percentiles mmu latency misses cow survival demographics; do
  expect "tables/$table.csv" [ -s out/tables/$table.csv ]
done
# The digits of the page are those of the tables.
expect "medians of summary.csv are in the page" python3 - <<'PY'
import csv, sys
page = open("out/report.html", encoding="utf-8").read()
rows = [r for r in csv.DictReader(open("out/tables/summary.csv")) if r["metric"] == "footprint_peak_bytes" and r["median"]]
sys.exit(0 if rows and all(f'data-value="{float(r["median"]):.10g}"' in page for r in rows) else 1)
PY

expect "no metric twice in a head" python3 - <<'PY'
import re, sys
page = open("out/report.html", encoding="utf-8").read()
heads = [re.findall(r'scope="col" title="([^"]*)"', head) for head in re.findall(r"<thead>.*?</thead>", page)]
sys.exit(0 if any(heads) and all(len(h) == len(set(h)) for h in heads) else 1)
PY

# Again, and elsewhere: the links follow.
cp out/report.html first.html
must report out --no-plots
expect "the same page again" cmp first.html out/report.html
mkdir -p pages
must report out --no-plots -o pages/a.html --title '<Title>' --metric footprint_peak_bytes
expect_page pages/a.html
expect_in pages/a.html '<h1>&lt;Title&gt;</h1>'
expect_in pages/a.html 'href="../out/tables/runs.csv"'
expect_json out/report.json "d['metric'] == 'footprint_peak_bytes' and d['title'] == '<Title>'"

# Results that are gone or damaged.
rm out/forks-2-semispace.json
echo '{"schema": "gcreplay-res' >out/forks-2-bitmap.json
must report out --no-plots
expect_page out/report.html
expect_in out/report.html '<strong>unreadable</strong>'

# With figures, where there is gnuplot: each is in the page, with ids of its own, or has a reason.
if command -v gnuplot >/dev/null; then
  must compare forks.gct -c linked-list,semispace -o drawn
  must report drawn
  expect_no_err
  expect_page drawn/report.html
  expect_in drawn/report.html '<figure id="figure-'
  expect_in drawn/report.html 'role="img" aria-label="'
  expect_json drawn/report.json "sum(f['file'] is not None for f in d['figures']) == open('drawn/report.html').read().count('<figure ') > 2"
  expect_json drawn/report.json "all((f['file'] is None) == (f['reason'] is not None) for f in d['figures'])"
fi

gcr report
expect_usage DIR
gcr report nowhere
expect_usage nowhere
gcr report forks.gct
expect_usage 'is not a directory'
mkdir empty
gcr report empty
expect_usage empty
gcr report out --no-plots --heap 2x
expect_usage "no run has the heap size '2x'; there are: 512K"
gcr report out --no-plots --metric speed
expect_usage "there is no metric 'speed'"
gcr report out --no-plots -o nowhere/page.html
expect_code 1
expect_one_line_err
finish
