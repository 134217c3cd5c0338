# Latency of requests at each percentile, one panel for each kind: simple, and metered in its windows. The axis as in
# pauses_distribution.gp.
#
#   gnuplot -e "csv='tables/latency.csv'; out='latency.svg'; trace='NAME'; heap='2x'" plots/latency.gp
#
# Optional: names='a b c' (designs, in that order), heading='...'. The ending of `out` decides: svg, png or pdf.
name = "latency"
plots = ARG0[1:strlen(ARG0)-strlen("latency.gp")]
load plots."common.inc.gp"
at_percentile = at("percentile"); at_kind = at("kind"); at_latency = at("latency_us")
array kind[8]
kinds = 0
find_kind(text) = (k_ = 0, sum [j_=1:kinds] (kind[j_] eq text ? (k_ = j_) : 0), k_)
kind_of(text) = (find_kind(text) == 0 && kinds < 8 ? (kinds = kinds + 1, kind[kinds] = text, 0) : 0, find_kind(text))
# Series 2k-1 is the curve of kind k, series 2k its longest latency.
positive(x) = x > 0 ? x : NaN
series(k) = k == 0 ? 0 : (note(2*k - (field(at_percentile) < 100), this, positive(field(at_latency))), k)
top = 0; lowest = 1e300; highest = 0
reach(p, l) = (p < 100 && p > top ? (top = p) : 0, l > 0 && l < lowest ? (lowest = l) : 0, l > highest ? (highest = l) : 0, p)
set table $Rows
plot csv using (keep(design_of(0))):(kept ? reach(field(at_percentile), field(at_latency)/1e3) : 0):(positive(field(at_latency)/1e3)): \
     (kept ? series(kind_of(strcol(at_kind))) : 0) with table if (kept)
unset table
if (!exists("heading")) heading = "Latency of requests: ".subject
key_width = key_pixels(0)
columns = kinds <= 3 ? max(1, kinds) : (kinds == 4 ? 2 : 3)
rows = (kinds + columns - 1)/columns
width = 99 + max(2, columns)*330 + key_width; height = 115 + max(rows > 1 ? rows*260 + 75 : 245, rows*key_height(0) + (rows - 1)*75)
if (highest <= 0) { nothing = "no requests in ".subject }
key_place = key_width
undefine key_width
load plots."open.inc.gp"
load plots."percentile_axis.inc.gp"
least = lowest/1.5; most = highest*1.5
load plots."log_y.inc.gp"
set multiplot layout rows,columns title heading noenhanced \
    margins 84.0/width, 1 - key_place/(width + 0.0), 55.0/height, 1 - 60.0/height spacing 58.0/width, 75.0/height
do for [k=1:kinds] {
  set title kind[k] noenhanced offset 0,-0.5
  if (k % columns == 1 || columns == 1) { set ylabel "latency (ms, log scale)" offset -0.5; set format y "%g" } \
  else { unset ylabel; set format y "" }
  if (k > kinds - columns) { set xlabel "percentile of requests" } else { unset xlabel }
  if (k == min(columns, kinds)) { set key on at screen 1 - (key_place - 12)/(width + 0.0), screen 1 - 60.0/height left top } else { set key off }
  curves = having(2*k-1); ends = having(2*k)
  curve = 'for [i in curves] $Rows using ($1 == i+0 && $4 == k && $2 < 100 ? nines($2) : NaN):3 with linespoints lw 1.6 \
           lc rgb colour(i) dt dash(i) pt marker(i) ps 0.6 title design[int(i)]'
  end = 'for [i in ends] $Rows using ($1 == i+0 && $4 == k && $2 == 100 ? longest_at : NaN):3 with points lw 1.6 \
         lc rgb colour(i) pt marker(i) ps 0.8 title '.(curves eq "" ? "design[int(i)]" : '""')
  eval "plot ".(curves eq "" ? "" : curve).(curves ne "" && ends ne "" ? ", " : "").(ends eq "" ? "" : end)
}
unset multiplot
unset output
