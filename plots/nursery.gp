# A sweep over the size of a nursery: time, misses and memory against it, with the machine's L2 and last-level cache
# marked. Designs are those with the option in their name, as generational:nursery=0.5L2; one curve for each set of
# other options.
#
#   gnuplot -e "csv='tables/summary.csv'; out='nursery.svg'; trace='NAME'; heap='2x'; l2=1048576; llc=33554432" \
#       plots/nursery.gp
#
# l2 and llc are bytes; without them nothing is marked, and sizes are in L2 or bytes as the names say. Optional:
# option='nursery', heading='...'. The ending of `out` decides: svg, png or pdf.
name = "nursery"
plots = ARG0[1:strlen(ARG0)-strlen("nursery.gp")]
load plots."common.inc.gp"
if (!exists("option")) option = "nursery"
if (!exists("l2")) l2 = 0
if (!exists("llc")) llc = 0
key = ":".option."="
metrics = "time_ns collector_ns l1_misses l2_misses llc_misses tlb_misses footprint_peak_bytes"
at_metric = at("metric"); at_mode = at("mode"); at_median = at("median"); at_low = at("median_low"); at_high = at("median_high")
# The option's value in a design's name, and the name without it.
from(text) = strstrt(text, key) + strlen(key)
rest(text) = text[from(text):]
value_text(text) = strstrt(rest(text), ":") ? rest(text)[1:strstrt(rest(text), ":")-1] : rest(text)
others(text) = text[1:strstrt(text, key)-1].(strstrt(rest(text), ":") ? rest(text)[strstrt(rest(text), ":"):] : "")
# Sizes in bytes if the L2 is known or none is given in it; else in L2.
suffix(v) = v[strlen(v):]
is_l2(v) = strlen(v) > 2 && v[strlen(v)-1:] eq "L2"
number(v) = is_l2(v) ? v[1:strlen(v)-2] + 0 : suffix(v) eq "K" ? v[1:strlen(v)-1]*2.0**10 : \
    suffix(v) eq "M" ? v[1:strlen(v)-1]*2.0**20 : suffix(v) eq "G" ? v[1:strlen(v)-1]*2.0**30 : v + 0
relative = 0
bytes_of(v) = is_l2(v) ? (l2 > 0 ? number(v)*l2 : (relative = 1, number(v)*2.0**20)) : number(v)
metric_at(text, mode) = (m_ = 0, sum [j_=1:words(metrics)] (word(metrics, j_) eq text ? (m_ = j_) : 0), \
                         mode eq (strstrt(text, "misses") ? "cache" : "timed") ? m_ : 0)
array found[8]; array top[8]; array bottom[8]
do for [i=1:8] { found[i] = 0; top[i] = 0; bottom[i] = 1e300 }
first = 1e300; last = 0
reach(m, b, v, h) = (v == v ? (found[m] = found[m] + 1, top[m] = max(top[m], max(v, h == h ? h : v)), bottom[m] = min(bottom[m], v), \
                     first = min(first, b), last = max(last, b)) : 0, v)
swept(x) = of_heap(0) && strstrt(strcol(at_design), key) > 0 ? metric_at(strcol(at_metric), strcol(at_mode)) : 0
set table $Rows
plot csv using (keep(swept(0) > 0 ? add_design(others(strcol(at_design))) : 0)):(kept ? swept(0) : 0): \
     (kept ? (b = bytes_of(value_text(strcol(at_design)))) : 0):(kept ? reach(swept(0), b, field(at_median), field(at_high)) : 0): \
     (known_or(field(at_low), field(at_median))):(known_or(field(at_high), field(at_median))) with table if (kept)
unset table
array words_of[3] = ["1 2", "3 4 5 6", "7"]
array caption[3] = ["time", "misses", "peak footprint (MiB)"]
shown = ""
do for [k=1:3] {
  any = 0
  do for [m in words_of[k]] { any = any + found[int(m)] }
  if (any) { shown = shown.sprintf(" %d", k) }
}
if (!exists("heading")) heading = "Size of the ".option.": ".subject
panels = max(1, words(shown)); columns = 1; own_x = 1; panel_width = 620; panel_height = 190; key_width = 36 + 6.8*(longest_name(0) + 20)
load plots."grid.inc.gp"
height = height + 28; edge_bottom = edge_bottom + 10; edge_top = edge_top + 10
if (shown eq "") { nothing = "no completed run with a size of the ".option." in its name, ".subject; width = 700; height = 300 }
load plots."open.inc.gp"
array shade[7] = [0x0072B2, 0xD55E00, 0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7, 0x000000]
array sign[7] = [7, 5, 7, 5, 9, 13, 11]
set logscale x 2
llc_near = llc > 0 && llc <= 8*last
l2_at = relative ? 2.0**20 : l2
low_x = first/1.4; high_x = max(last, llc_near ? llc : 0)*1.4
set xrange [low_x:high_x]
set grid xtics ytics lc rgb pale lw 1 dt 1
share(b) = b < l2_at ? sprintf("L2/%g", l2_at/b) : b == l2_at ? "L2" : sprintf("%g L2", b/l2_at)
bytes_text(b) = b < 2**20 ? sprintf("%g KiB", b/2**10) : sprintf("%g MiB", b/2**20)
# Numbers where the L2, or 1 MiB, times a power of two lies.
set xtics () nomirror
anchor = l2_at > 0 ? l2_at : 2.0**20
stride = log(high_x/low_x)/log(2) > 10 ? 2 : 1
do for [e=-20:14:stride] {
  b = anchor*2.0**e
  if (b >= low_x && b <= high_x) {
    set xtics add ((relative ? share(b) : l2_at > 0 ? bytes_text(b)."\n".share(b) : bytes_text(b)) b)
  }
}
if (l2_at > 0 && l2_at >= low_x && l2_at <= high_x) {
  set arrow 1 from l2_at, graph 0 to l2_at, graph 1 nohead back dt 2 lw 1.5 lc rgb grey
}
if (llc_near) { set arrow 2 from llc, graph 0 to llc, graph 1 nohead back dt 4 lw 1.5 lc rgb grey }
l2_text = relative ? "L2" : "L2: ".bytes_text(l2); llc_text = "last level: ".bytes_text(llc)
label_x = "size of the ".option
eval grid_begin
do for [k=1:panels] {
  w = int(word(shown, k)); members = ""
  unset label
  if (k == 1) {
    if (l2_at > 0 && l2_at >= low_x && l2_at <= high_x) { set label 1 l2_text at l2_at, graph 1.06 center tc rgb grey }
    if (llc_near) { set label 2 llc_text at llc, graph 1.06 center tc rgb grey }
    if (llc > 0 && !llc_near) { set label 2 llc_text." lies to the right" at graph 1, graph 1.06 right tc rgb grey }
  }
  do for [m in words_of[w]] { if (found[int(m)]) { members = members." ".m } }
  highest = 0; lowest = 1e300
  do for [m in members] { highest = max(highest, top[int(m)]); lowest = min(lowest, bottom[int(m)]) }
  scale = w == 1 ? (highest >= 2e9 ? 1e9 : 1e6) : w == 2 ? (highest >= 2e6 ? 1e6 : 1) : 2**20
  set ylabel w == 1 ? (scale == 1e9 ? "time (s)" : "time (ms)") : w == 2 ? (scale == 1e6 ? "misses (million)" : "misses") : caption[3] offset -1
  unset logscale y; set ytics autofreq
  if (lowest > 0 && highest > 20*lowest) { least = lowest/scale/1.3; most = highest/scale*1.3; load plots."log_y.inc.gp" } \
  else { set yrange [0:highest/scale*1.1] }
  if (k == panels) { set xlabel label_x offset 0,-0.8 } else { unset xlabel }
  set key at screen 1-(edge_right-12)/(width+0.0), graph 1 left top
  series = ""
  do for [d=1:designs] { do for [m in members] { series = series.sprintf(" %d", d*10 + int(m)) } }
  plot for [s in series] $Rows using (int($1)*10+$2 == s+0 ? $3 : NaN):($4/scale):($5/scale):($6/scale) with yerrorbars \
           pt -1 lw 1.2 lc rgb shade[int(s)%10] title "", \
       for [s in series] $Rows using (int($1)*10+$2 == s+0 ? $3 : NaN):($4/scale) with linespoints lw 1.8 lc rgb shade[int(s)%10] \
           dt int(s)/10 pt sign[int(s)%10] ps 0.8 \
           title (designs > 1 ? design[int(s)/10].", " : "").metric_word(word(metrics, int(s)%10))
}
unset multiplot
unset output
