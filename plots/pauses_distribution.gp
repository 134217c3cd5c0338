# How long pauses are: their length at each percentile, on an axis on which every further nine takes the same room. A
# curve ends at the last percentile that the number of pauses supports; the longest pause stands apart, at the right.
#
#   gnuplot -e "csv='tables/percentiles.csv'; out='pauses.svg'; trace='NAME'; heap='2x'" plots/pauses_distribution.gp
#
# Optional: names='a b c' (designs, in that order), heading='...'. The ending of `out` decides: svg, png or pdf.
name = "pauses_distribution"
plots = ARG0[1:strlen(ARG0)-strlen("pauses_distribution.gp")]
load plots."common.inc.gp"
at_percentile = at("percentile")
top = 0; least = 1e300; most = 0
# Series 1 is the curve, series 2 the longest.
top_of(p) = p < 100 ? 1 : 2
positive(x) = x > 0 ? (least = min(least, x), most = max(most, x), x) : NaN
reach(p) = (p < 100 && p > top ? (top = p) : 0, p)
set table $Rows
plot csv using (keep(design_of(0))):(kept ? reach(field(at_percentile)) : 0):(note(top_of(field(at_percentile)), this, positive(field(at("pause_us"))/1e3))) \
     with table if (kept)
unset table
if (!exists("heading")) heading = "Pauses: ".subject
key_width = key_pixels(0)
width = 660 + key_width; height = max(400, 110 + key_height(0))
if (having(1).having(2) eq "") { nothing = "no pauses of ".subject }
load plots."open.inc.gp"
load plots."percentile_axis.inc.gp"
set title heading noenhanced
set xlabel "percentile of pauses"
set ylabel "length (ms, log scale)" offset -0.5
least = least/1.5; most = most*1.5
load plots."log_y.inc.gp"
curve = 'for [i in having(1)] $Rows using ($1 == i+0 && $2 < 100 ? nines($2) : NaN):3 with linespoints lw 1.6 \
         lc rgb colour(i) dt dash(i) pt marker(i) ps 0.7 title design[int(i)]'
end = 'for [i in having(2)] $Rows using ($1 == i+0 && $2 == 100 ? longest_at : NaN):3 with points lw 1.6 lc rgb colour(i) \
       pt marker(i) ps 0.9 title '.(having(1) eq "" ? "design[int(i)]" : '""')
eval "plot ".(having(1) eq "" ? "" : curve).(having(1) ne "" && having(2) ne "" ? ", " : "").(having(2) eq "" ? "" : end)
unset output
