# Footprint of designs on one trace, live bytes beneath: together while they are few, else one panel each.
#
#   gnuplot -e "csv='tables/footprint.csv'; out='footprint.svg'; trace='NAME'; heap='2x'" plots/footprint.gp
#
# The axis is the event number and not the clock, so that curves stand above the same moment of the program. Optional:
# names='a b c' (designs, in that order), heading='...', top=MIB (cuts the axis), together=1 or 0. The scale leaves out
# epsilon, which never frees, unless it is alone. The ending of `out` decides: svg, png or pdf.
name = "footprint"
plots = ARG0[1:strlen(ARG0)-strlen("footprint.gp")]
load plots."common.inc.gp"
at_footprint = at("footprint_mib"); at_live = at("live_mib"); at_event = at("event")
array peak[256]
last = 0; live_top = 0
reach(d, f, l, e) = (peak[d] = !(peak[d] > f) ? f : peak[d], e > last ? (last = e) : 0, l > live_top ? (live_top = l) : 0, d)
do for [i=1:256] { peak[i] = 0 }
set table $Rows
plot csv using (keep(design_of(0))):(field(at_event)):(note(1, this, field(at_footprint))):(note(2, this, field(at_live))): \
     (kept ? reach(this, field(at_footprint), field(at_live), field(at_event)) : 0) with table if (kept)
unset table
if (!exists("heading")) heading = "Memory held from the system: ".subject
if (!exists("together")) together = designs <= 6
scale = live_top
do for [i=1:designs] { if (base(design[i]) ne "epsilon" || designs == 1) { scale = max(scale, peak[i]) } }
if (exists("top")) { scale = top/1.05 }
unit = count_unit(last)
if (having(1) eq "") { nothing = "no footprint of ".subject }
if (together) {
  key_width = key_pixels(0); width = 680 + key_width; height = 110 + max(290, key_height(0))
} else {
  panels = designs; panel_width = 215; panel_height = 120; key_width = 0
  load plots."grid.inc.gp"
}
load plots."open.inc.gp"
set xrange [0:(last > 0 ? last/unit : 1)]
set xtics step_of(last/unit)
set yrange [0:(scale > 0 ? scale*1.18 : 1)]
label_x = count_word(last)."events of the program"
label_y = "MiB"
live = 0xCCCCCC
if (together) {
  set title heading noenhanced
  set xlabel label_x; set ylabel label_y offset -1
  below = having(2) eq "" ? 0 : int(word(having(2), 1))
  live_area = below == 0 ? "" : '$Rows using ($1 == below ? $2/unit : NaN):4 with filledcurves y1=0 lc rgb live title "live", '
  eval "plot ".live_area.'for [i in having(1)] $Rows using ($1 == i+0 ? $2/unit : NaN):3 with '.(|$Rows| < 3*designs ? "linespoints pt 7 ps 0.6" : "lines").' lw 1.8 dt dash(i) \
        lc rgb colour(i) title design[int(i)]'
} else {
  set key off
  eval grid_begin
  do for [k=1:designs] {
    eval panel(k)
    set title design[k] noenhanced offset 0,-0.7
    set label 1 sprintf("peak %.3g MiB", peak[k]) at graph 0.03,0.93 left front tc rgb grey
    live_area = noted[256+k] == 0 ? "" : '$Rows using ($1 == k ? $2/unit : NaN):4 with filledcurves y1=0 lc rgb live title "live", '
    held = noted[k] == 0 ? "" : '$Rows using ($1 == k ? $2/unit : NaN):3 with '.(noted[k] < 3 ? "linespoints pt 7 ps 0.6" : "lines") \
           .' lw 1.6 lc rgb colour(k) title design[k], '
    eval "plot ".live_area.held."-1 notitle"
  }
  unset multiplot
}
unset output
