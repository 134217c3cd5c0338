# All traces together: geometric means of the ratios to the baseline, one row a design, one panel a metric, with
# intervals. Left of 1: less than the baseline.
#
#   gnuplot -e "csv='tables/geomean.csv'; out='geomean.svg'; heap='2x'" plots/geomean.gp
#
# Optional: metrics='time_ns footprint_peak_bytes' (at most six), names='a b c' (designs, in that order), heading='...'.
# The ending of `out` decides: svg, png or pdf.
name = "geomean"
plots = ARG0[1:strlen(ARG0)-strlen("geomean.gp")]
load plots."common.inc.gp"
if (!exists("metrics")) metrics = "time_ns cpu_ns pause_p99_ns footprint_peak_bytes l2_misses"
at_metric = at("metric"); at_ratio = at("ratio"); at_low = at("ratio_low"); at_high = at("ratio_high"); at_traces = at("traces")
at_mode = at("mode")
# A metric that both modes know is taken from timed runs.
metric_at(text, mode) = (m_ = 0, sum [j_=1:words(metrics)] (word(metrics, j_) eq text ? (m_ = j_) : 0), \
                         mode eq (strstrt(text, "misses") ? "cache" : "timed") ? m_ : 0)
array met[256*8]; array found[8]; array lowest[8]; array highest[8]
do for [i=1:256*8] { met[i] = 0 }
do for [i=1:8] { found[i] = 0; lowest[i] = 1; highest[i] = 1 }
reach(m, v, l, h) = (v > 0 ? (found[m] = found[m] + 1, met[256*(m-1)+this] = 1, l_ = l > 0 ? min(l, v) : v, h_ = h > 0 ? max(h, v) : v, \
                     l_ < lowest[m] ? (lowest[m] = l_) : 0, h_ > highest[m] ? (highest[m] = h_) : 0) : 0, v > 0 ? v : NaN)
wanted(x) = of_heap(0) ? metric_at(strcol(at_metric), strcol(at_mode)) : 0
set table $Rows
plot csv using (keep(wanted(0) > 0 ? add_design(strcol(at_design)) : 0)):(kept ? wanted(0) : 0): \
     (kept ? reach(wanted(0), field(at_ratio), field(at_low), field(at_high)) : 0):(known_or(field(at_low), field(at_ratio))): \
     (known_or(field(at_high), field(at_ratio))) \
     with table if (kept)
unset table
shown = ""
do for [i=1:words(metrics)] { if (found[i] > 0) { shown = shown.sprintf(" %d", i) } }
if (!exists("heading")) heading = "Geometric mean over traces, times the baseline: ".subject_heap
panels = max(1, words(shown)); panel_width = panels > 3 ? 200 : 250
load plots."rows.inc.gp"
if (shown eq "") { nothing = "no trace that a design and the baseline completed, ".subject_heap }
load plots."open.inc.gp"
set grid xtics ytics lc rgb pale lw 1 dt 1
set key off
set logscale x
array ticks[8]
eval rows_begin
do for [k=1:panels] {
  m = int(word(shown, k))
  unset label
  eval rows_of(k)
  set title metric_word(word(metrics, m)) noenhanced
  set xlabel "times the baseline (log)"
  low = lowest[m]/1.25; high = highest[m]*1.25
  set xrange [low:high]
  # About three numbers, whatever the span.
  unset xtics
  set xtics scale 1 nomirror textcolor rgb "black" ("1" 1)
  steps = high/low < 4 ? "0.25 0.5 0.75 1.5 2 3" : high/low < 30 ? "0.1 0.2 0.5 2 5 10 20" : \
      "0.00001 0.0001 0.001 0.01 0.1 10 100 1000 10000 100000"
  do for [t in steps] { if (t+0 > low && t+0 < high) { set xtics add (t t+0) } }
  set arrow 1 from 1, graph 0 to 1, graph 1 nohead lw 1.2 lc rgb grey
  present = ""
  do for [i=1:designs] {
    if (met[256*(m-1)+i] > 0) { present = present.sprintf(" %d", i) } \
    else { set label 100+i "no mean" at graph 0.97, first row(i) right tc rgb grey }
  }
  plot for [i in present] $Rows using ($1 == i+0 && $2 == m ? $3 : NaN):(row(i)):(($4 > 0 ? $4 : $3)):(($5 > 0 ? $5 : $3)) \
           with xerrorbars pt marker(i) ps 1 lw 1.8 lc rgb colour(i) title design[int(i)]
}
unset multiplot
unset output
