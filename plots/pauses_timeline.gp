# When pauses were and how long: one panel a design. Where several fall into one column of the picture, the longest.
#
#   gnuplot -e "csv='tables/pauses.csv'; out='timeline.svg'; trace='NAME'; heap='2x'" plots/pauses_timeline.gp
#
# Optional: names='a b c' (designs, in that order), heading='...', lane=N (a process; 0 is the first). The ending of
# `out` decides: svg, png or pdf.
name = "pauses_timeline"
plots = ARG0[1:strlen(ARG0)-strlen("pauses_timeline.gp")]
load plots."common.inc.gp"
if (!exists("lane")) lane = 0
at_lane = at("lane"); at_start = at("start_ms"); at_length = at("length_us")
in_lane(x) = of_heap(0) && (at_lane == 0 || field(at_lane) == lane)
last = 0; shortest = 1e300; longest = 0
reach(s, l) = (s > last ? (last = s) : 0, l > 0 && l < shortest ? (shortest = l) : 0, l > longest ? (longest = l) : 0, l)
set table $Rows
plot csv using (keep(in_lane(0) && field(at_start) >= 0 && field(at_length) >= 0 ? add_design(strcol(at_design)) : 0)):(field(at_start)/1e3): \
     (kept ? reach(field(at_start)/1e3 + field(at_length)/1e6, field(at_length)/1e3) : 0) with table if (kept)
unset table
if (!exists("heading")) heading = "Pauses over time: ".subject.(lane > 0 ? sprintf(", process %d", lane) : "")
panels = designs; panel_width = 430; panel_height = 74; key_width = 0; columns = designs > 4 ? 2 : 1
if (columns == 1) { panel_width = 640 }
load plots."grid.inc.gp"
gap_y = 34
if (|$Rows| == 0) { nothing = "no pauses of ".subject; height = 300; width = 640 }
load plots."open.inc.gp"
if (longest <= 0) { longest = 1; shortest = 1 }
# The longest pause of each column.
slots = 400
array slot[256*slots]
do for [i=1:designs*slots] { slot[i] = 0 }
slot_of(d, s) = int((d - 1)*slots + min(slots - 1, floor(s/(last > 0 ? last : 1)*slots)) + 1)
set table $Scratch
plot $Rows using (s_ = slot_of($1, $2), slot[s_] = max(slot[s_], $3), 0) with table
unset table
set print $Bars
do for [i=1:designs*slots] {
  if (slot[i] > 0) { print (i - 1)/slots + 1, ((i - 1)%slots + 0.5)/slots*last, slot[i] }
}
set print
unit = last < 2 ? 1e3 : 1
label_x = "replay time (".(last < 2 ? "ms" : "s").")"
label_y = "ms"
set xrange [0:(last > 0 ? last*unit : 1)]
set logscale y
set yrange [10**floor(log10(shortest)-0.1):10**ceil(log10(longest)+0.001)]
set ytics 100
set mytics 1
set key off
eval grid_begin
do for [k=1:designs] {
  eval panel(k)
  set title design[k] noenhanced offset 0,-0.8
  plot $Bars using ($1 == k ? $2*unit : NaN):3 with impulses lw 1 lc rgb colour(k) title design[k]
}
unset multiplot
unset output
