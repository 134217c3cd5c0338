# Time against heap size: medians with their 95% intervals as bands. A curve has a gap where a design did not complete;
# the strip beneath marks those. Rings: the design's own sizing, at its peak footprint.
#
#   gnuplot -e "csv='tables/summary.csv'; out='time_memory.svg'; trace='NAME'" plots/time_memory.gp
#
# Optional: metric='cpu_ns' (or another of times), names='a b c' (designs, in that order), heading='...'. The ending of
# `out` decides: svg, png or pdf.
name = "time_memory"
plots = ARG0[1:strlen(ARG0)-strlen("time_memory.gp")]
heap = "all"
load plots."common.inc.gp"
if (!exists("metric")) metric = "time_ns"
at_metric = at("metric"); at_mode = at("mode"); at_budget = at("budget_bytes")
at_median = at("median"); at_low = at("median_low"); at_high = at("median_high")
# By design d and heap size h: cell(d, h).
limit = 32; heaps = 0
array size[limit]; array one_budget[limit]
array budget[256*limit]; array median[256*limit]; array low[256*limit]; array high[256*limit]; array peak[256]
find_size(text) = (f_ = 0, sum [j_=1:heaps] (size[j_] eq text ? (f_ = j_) : 0), f_)
add_size(text) = (find_size(text) == 0 && heaps < limit ? (heaps = heaps + 1, size[heaps] = text, one_budget[heaps] = 0) : 0, \
                  find_size(text))
cell(d, h) = (d - 1)*limit + h
do for [i=1:256*limit] { budget[i] = -1; median[i] = NaN }
do for [i=1:256] { peak[i] = NaN }
# A heap size that is the same for all designs has a place on the axis.
put_budget(h, b) = (one_budget[h] = one_budget[h] == 0 || one_budget[h] == b ? b : -1, b)
put(d, h) = h == 0 ? 0 : (c_ = cell(d, h), median[c_] = field(at_median), low[c_] = field(at_low), high[c_] = field(at_high), \
             budget[c_] = put_budget(h, field(at_budget) > 0 ? field(at_budget)/1048576 : 0))
put_peak(d) = (peak[d] = field(at_median)/1048576)
is_timed(x) = of_trace(0) && strcol(at_mode) eq "timed"
set table $Rows
plot csv using (keep(is_timed(0) && strcol(at_metric) eq metric ? add_design(strcol(at_design)) : 0)): \
     (kept ? put(this, add_size(strcol(at_heap))) : 0) with table if (kept)
plot csv using (is_timed(0) && strcol(at_heap) eq "native" && strcol(at_metric) eq "footprint_peak_bytes" ? \
     (d_ = find_design(strcol(at_design)), d_ > 0 ? put_peak(d_) : 0) : 0) with table
unset table
if (!exists("heading")) heading = metric_word(metric)." against heap size: ".trace
# Smallest budget first; a blank line where a design failed.
lowest = 1e300; highest = 0; first = 1e300; last = 0; failures = 0; bands = 0; points = 0
array fails[256]; array runs[256]; array alone[256]
do for [i=1:256] { fails[i] = 0; runs[i] = 0; alone[i] = 0 }
set print $Curves
do for [d=1:designs] {
  before = 0
  do for [n=1:heaps] {
    best = 0
    do for [h=1:heaps] {
      if (budget[cell(d, h)] > before && (best == 0 || budget[cell(d, h)] < budget[cell(d, best)])) { best = h }
    }
    if (best > 0) {
      c = cell(d, best); before = budget[c]
      first = min(first, before); last = max(last, before)
      if (median[c] == median[c]) {
        lo = low[c] == low[c] ? low[c] : median[c]; hi = high[c] == high[c] ? high[c] : median[c]
        print d, before, median[c], lo, hi
        runs[d] = runs[d] + 1; points = points + 1
        lowest = min(lowest, lo); highest = max(highest, hi)
      } else {
        print ""
        fails[d] = fails[d] + 1
      }
    }
  }
  print ""
}
set print
set print $Native
do for [d=1:designs] {
  h = find_size("native")
  if (h > 0) {
    c = cell(d, h); v = median[c]
    if (v == v && peak[d] > 0) {
      print d, peak[d], v
      alone[d] = 1; points = points + 1
      first = min(first, peak[d]); last = max(last, peak[d]); lowest = min(lowest, v); highest = max(highest, v)
    }
  }
}
set print
failing = ""
do for [d=1:designs] { if (fails[d] > 0) { failing = failing.sprintf(" %d", d) } }
strip = words(failing)*17 + (failing eq "" ? 0 : 26)
key_width = max(150, key_pixels(0) + (failing eq "" ? 0 : 10))
edge_left = failing eq "" ? 80 : 30 + 6.8*longest_name(0)
plot_height = max(330, key_height(0) + 18)
width = edge_left + 560 + key_width; height = 45 + plot_height + strip + 74
if (points == 0) { nothing = "no run of ".(trace eq "" ? subject : trace)." completed in any heap size" }
load plots."open.inc.gp"
nanoseconds = strstrt(metric, "_ns") > 0
scale = nanoseconds ? (highest >= 2e9 ? 1e9 : highest >= 2e6 ? 1e6 : 1e3) : 1
unit = nanoseconds ? (scale == 1e9 ? "s" : scale == 1e6 ? "ms" : "µs") : ""
set logscale x 2
set xrange [first/1.12:last*1.12]
logs = highest > 6*lowest && lowest > 0
set format y "%g"
if (logs) { least = lowest/scale/1.15; most = highest/scale*1.15; load plots."log_y.inc.gp" } \
else { set yrange [0:highest/scale*1.08] }
ticks = 0; tick_at = 0; marks = ""; words_ = ""; multiples = 0
do for [h=1:heaps] {
  if (one_budget[h] > 0 && one_budget[h] > tick_at*1.13) {
    is_multiple = size[h][strlen(size[h]):] eq "x"
    marks = marks.(ticks ? ", " : "").sprintf("'' %.9g", one_budget[h])
    words_ = words_.(ticks ? ", " : "").sprintf("\"%.3g%s\" %.9g", one_budget[h], is_multiple ? "\\n".size[h] : "", one_budget[h])
    ticks = ticks + 1; tick_at = one_budget[h]; multiples = multiples + is_multiple
  }
}
own_ticks = ticks > 0
no_words = own_ticks ? "set xtics (".marks.") nomirror" : "set xtics autofreq nomirror; set format x ''"
with_words = own_ticks ? "set xtics (".words_.") nomirror" : "set xtics autofreq nomirror; set format x '%g'"
set multiplot
set lmargin at screen edge_left/(width + 0.0)
set rmargin at screen 1 - key_width/(width + 0.0)
set tmargin at screen 1 - 45.0/height
set bmargin at screen (74.0 + strip)/height
set title heading noenhanced
set key at screen 1 - (key_width - 10)/(width + 0.0), screen 1 - 44.0/height left top
label_x = "heap (MiB, log scale".(own_ticks && multiples ? "; beneath, multiples of the peak of live bytes" : "").")"
if (failing eq "") { eval with_words; set xlabel label_x offset 0,(own_ticks ? -0.9 : 0) } else { eval no_words }
set ylabel metric_word(metric).(unit eq "" ? "" : " (".unit.(logs ? ", log scale)" : ")")) offset -1 noenhanced
set grid xtics ytics lc rgb pale lw 1 dt 1
curves = ""; natives = ""
do for [d=1:designs] {
  if (runs[d] > 0) { curves = curves.sprintf(" %d", d) }
  if (alone[d] > 0) { natives = natives.sprintf(" %d", d) }
}
band = 'for [d in curves] $Curves using ($1 == d+0 ? $2 : NaN):($4/scale):($5/scale) with filledcurves \
        fs transparent solid 0.18 lc rgb colour(d) title "", '
curve = 'for [d in curves] $Curves using ($1 == d+0 ? $2 : NaN):($3/scale) with linespoints lw 1.8 lc rgb colour(d) \
         dt dash(d) pt marker(d) ps 0.8 title design[int(d)], '
ring = 'for [d in natives] $Native using ($1 == d+0 ? $2 : NaN):($3/scale) with points pt 6 ps 1.7 lw 1.2 lc rgb colour(d) title "", \
        for [d in natives] $Native using ($1 == d+0 ? $2 : NaN):($3/scale) with points pt marker(d) ps 0.7 lc rgb colour(d) \
        title (runs[int(d)] ? "" : design[int(d)]), keyentry with points pt 6 ps 1.5 lw 1.2 lc rgb grey title "native heap", '
eval "plot ".(curves eq "" ? "" : band.curve).(natives eq "" ? "" : ring)."-1 notitle"
if (failing ne "") {
  unset title; unset ylabel; unset logscale y
  eval with_words
  set xlabel label_x offset 0,(own_ticks ? -0.9 : 0)
  set tmargin at screen (74.0 + strip - 14)/height
  set bmargin at screen 74.0/height
  set yrange [0.3:words(failing)+0.7]
  set ytics () scale 0 noenhanced
  do for [i=1:words(failing)] { set ytics add (design[int(word(failing, i))] words(failing) - i + 1) }
  set key off
  set label 1 "failed" at graph 1, graph 0.5 offset 1,0 left tc rgb grey
  set print $Failed
  do for [i=1:words(failing)] {
    d = int(word(failing, i))
    do for [h=1:heaps] {
      c = cell(d, h)
      if (budget[c] > 0 && !(median[c] == median[c])) { print d, budget[c], words(failing) - i + 1 }
    }
  }
  set print
  plot for [d in failing] $Failed using ($1 == d+0 ? $2 : NaN):3 with points pt 2 ps 0.8 lw 2 lc rgb colour(d) \
       title design[int(d)]." did not complete"
}
unset multiplot
unset output
