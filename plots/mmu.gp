# Minimum mutator utilisation over the length of the window, above; bounded (over all windows at least as long), below.
#
#   gnuplot -e "csv='tables/mmu.csv'; out='mmu.svg'; trace='NAME'; heap='2x'" plots/mmu.gp
#
# Optional: names='a b c' (designs, in that order), heading='...'. The ending of `out` decides: svg, png or pdf.
name = "mmu"
plots = ARG0[1:strlen(ARG0)-strlen("mmu.gp")]
load plots."common.inc.gp"
# The axis begins at the decade in which the first curve leaves 0.
at_window = at("window_ms"); at_mmu = at("mmu"); at_bmu = at("bmu")
first = 1e300; last = 0
reach(w, u) = (w > last ? (last = w) : 0, u > 0 && u < 1 && w < first ? (first = w) : 0, w)
set table $Rows
plot csv using (keep(design_of(0))):(kept ? reach(field(at_window), field(at_mmu)) : 0): \
     (note(1, this, field(at_mmu))):(note(2, this, field(at_bmu))) with table if (kept)
unset table
if (!exists("heading")) heading = "Mutator utilisation: ".subject
key_width = key_pixels(0)
width = 660 + key_width; panel_height = max(250, key_height(0))
height = (having(2) eq "" ? 1 : 2)*panel_height + 120
if (having(1) eq "") { nothing = "no utilisation of ".subject }
load plots."open.inc.gp"
set logscale x
if (first > last) { first = last }
set xrange [first/2:(last > first ? last*1.1 : first*10)]
set format x "%g"
set yrange [0:1.02]
set ytics 0.2
set format y "%.1f"
set grid xtics ytics lc rgb pale lw 1 dt 1
set multiplot layout having(2) eq "" ? 1 : 2,1 title heading noenhanced
label_x = "window (ms of replay time, log scale)"
if (having(2) eq "") { set xlabel label_x }
set ylabel "minimum utilisation in\nany window this long (MMU)" offset -1
plot for [i in having(1)] $Rows using ($1 == i+0 ? $2 : NaN):3 with linespoints lw 1.6 lc rgb colour(i) dt dash(i) pt marker(i) \
    ps 0.6 pn 9 title design[int(i)]
if (having(2) ne "") {
  set ylabel "... this long or longer\n(bounded, BMU)"
  set xlabel label_x
  set key off
  plot for [i in having(2)] $Rows using ($1 == i+0 ? $2 : NaN):4 with linespoints lw 1.6 lc rgb colour(i) dt dash(i) pt marker(i) \
      ps 0.6 pn 9 title design[int(i)]
}
unset multiplot
unset output
