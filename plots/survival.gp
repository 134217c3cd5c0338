# What collections found alive: the share of the objects examined that they kept, over the program, one panel a
# design. A point is the mean over the collections of one generation in a hundredth of the program.
#
#   gnuplot -e "csv='tables/survival.csv'; out='survival.svg'; trace='NAME'; heap='2x'" plots/survival.gp
#
# Optional: names='a b c' (designs, in that order), heading='...'. The ending of `out` decides: svg, png or pdf.
name = "survival"
plots = ARG0[1:strlen(ARG0)-strlen("survival.gp")]
load plots."common.inc.gp"
last = 0; oldest = 0
reach(e, g) = (e > last ? (last = e) : 0, g > oldest ? (oldest = g) : 0, e)
set table $Rows
at_survived = at("survived")
plot csv using (keep(of_heap(0) && field(at_survived) == field(at_survived) ? add_design(strcol(at_design)) : 0)):(kept ? reach(field(at("event")), field(at("generation"))) : 0): \
     (field(at("generation"))):(field(at_survived)) with table if (kept)
unset table
if (!exists("heading")) heading = "Objects that collections examined and kept: ".subject
panels = designs; panel_width = 215; panel_height = 120; key_width = 120
load plots."grid.inc.gp"
if (|$Rows| == 0) { nothing = "no survivors are known of ".subject; width = 640; height = 300 }
load plots."open.inc.gp"
slots = 100; kinds = min(3, oldest) + 1
array total[256*slots*4]; array met[256*slots*4]
do for [i=1:designs*slots*4] { total[i] = 0; met[i] = 0 }
slot_of(d, e, g) = int(((d - 1)*slots + min(slots - 1, floor(e/(last > 0 ? last : 1)*slots)))*4 + min(3, g) + 1)
set table $Scratch
plot $Rows using (s_ = slot_of($1, $2, $3), $4 == $4 ? (total[s_] = total[s_] + $4, met[s_] = met[s_] + 1) : 0, 0) with table
unset table
array seen[256]
do for [i=1:designs] { seen[i] = "" }
set print $Means
do for [i=1:designs*slots*4] {
  if (met[i] > 0) {
    d = (i - 1)/(4*slots) + 1; g = sprintf("%d", (i - 1)%4)
    if (strstrt(seen[d], g) == 0) { seen[d] = seen[d]." ".g }
    print (i - 1)/(4*slots) + 1, (((i - 1)/4)%slots + 0.5)/slots*last, (i - 1)%4, total[i]/met[i]*100
  }
}
set print
unit = count_unit(last)
label_x = count_word(last)."events of the program"; label_y = "kept (%)"
set xrange [0:(last > 0 ? last/unit : 1)]
set xtics step_of(last/unit)
set yrange [0:105]
set ytics 25
array shade[4] = [0x0072B2, 0xE69F00, 0xD55E00, 0x000000]
array sign[4] = [6, 8, 5, 7]
generation(g) = oldest == 0 ? "all" : sprintf("generation %d%s", g, g == 3 && oldest > 3 ? " and older" : "")
eval grid_begin
do for [k=1:designs] {
  eval panel(k)
  set title design[k] noenhanced offset 0,-0.7
  if (k == min(columns, designs)) { set key at screen 1 - 128.0/width, screen 1 - 62.0/height left top samplen 1 } else { set key off }
  if (k == min(columns, designs)) {
    plot for [g in seen[k]] $Means using ($1 == k && $3 == g+0 ? $2/unit : NaN):4 with points pt sign[g+1] ps 0.5 lw 1.2 \
             lc rgb shade[g+1] title "", \
         for [g=0:kinds-1] keyentry with points pt sign[g+1] ps 0.8 lw 1.2 lc rgb shade[g+1] title generation(g)
  } else {
    plot for [g in seen[k]] $Means using ($1 == k && $3 == g+0 ? $2/unit : NaN):4 with points pt sign[g+1] ps 0.5 lw 1.2 \
             lc rgb shade[g+1] title design[k].", ".generation(int(g))
  }
}
unset multiplot
unset output
