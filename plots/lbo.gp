# Lower bound of what collection costs (Cai and others, ISPASS 2022): total cost over the lower bound of a run without
# collection, one row a design, for time and CPU time. Lines: the references, measured in the same way.
#
#   gnuplot -e "csv='tables/lbo.csv'; out='lbo.svg'; trace='NAME'; heap='2x'" plots/lbo.gp
#
# Optional: names='a b c' (designs, in that order), heading='...'. The ending of `out` decides: svg, png or pdf.
name = "lbo"
plots = ARG0[1:strlen(ARG0)-strlen("lbo.gp")]
load plots."common.inc.gp"
at_cost = at("cost"); at_lbo = at("lbo"); at_low = at("lbo_low"); at_high = at("lbo_high"); at_reference = at("is_reference")
array reference[16]; array reference_at[32]
references = 0
do for [i=1:32] { reference_at[i] = NaN }
find_reference(text) = (f_ = 0, sum [j_=1:references] (reference[j_] eq text ? (f_ = j_) : 0), f_)
add_reference(text) = (find_reference(text) == 0 && references < 16 ? (references = references + 1, \
                       reference[references] = text, 0) : 0, find_reference(text))
cost_of(text) = text eq "time" ? 1 : 2
largest = 1; completed = 0
reach(v, h) = (v > largest ? (largest = v) : 0, h > largest ? (largest = h) : 0, v == v ? (completed = completed + 1) : 0, v)
is_reference(x) = field(at_reference) == 1
refer(v) = (of_heap(0) && is_reference(0) ? (reference_at[(cost_of(strcol(at_cost))-1)*16 + add_reference(strcol(at_design))] = v) : 0, 0)
set table $Rows
plot csv using (refer(field(at_lbo)), keep(of_heap(0) && !is_reference(0) ? add_design(strcol(at_design)) : 0)): \
     (kept ? cost_of(strcol(at_cost)) : 0):(kept ? note(cost_of(strcol(at_cost)), this, reach(field(at_lbo), field(at_high))) : 0): \
     (known_or(field(at_low), field(at_lbo))):(known_or(field(at_high), field(at_lbo))) with table if (kept)
unset table
if (!exists("heading")) heading = "Total cost over the lower bound without collection: ".subject
extra_top = 22; panels = 2; panel_width = 330
load plots."rows.inc.gp"
if (completed == 0) { nothing = "no design completed ".subject }
do for [i=1:2*16] { if (reference_at[i] > largest) { largest = reference_at[i] } }
load plots."open.inc.gp"
array cost = ["time", "CPU time of all threads"]
set grid xtics noytics lc rgb pale lw 1 dt 1
set key off
set boxwidth 0.6
log_scale = largest > 20
if (log_scale) { set logscale x }
set xrange [1:(log_scale ? largest*2.2 : 1 + max(0.05, largest - 1)*1.22)]
set format x "%g"
set xtics add ("1" 1)
eval rows_begin
do for [k=1:2] {
  unset label; unset arrow
  eval rows_of(k)
  set title cost[k] offset 0,1.3
  set xlabel "times the lower bound".(log_scale ? " (log scale)" : "")
  do for [i=1:designs] {
    why = noted[256*(2-k)+i] ? "not known" : "did not complete"
    if (noted[256*(k-1)+i] == 0) { set label 100+i why at graph 0.98, first row(i) right tc rgb grey }
  }
  do for [i=1:references] {
    x = reference_at[(k-1)*16+i]
    if (x == x) {
      set arrow i from x, graph 0 to x, graph 1 nohead back lw 1.4 dt 3 lc rgb "black"
      set label i reference[i] at x, graph 1 offset 0,(i % 2 ? 0.5 : 1.4) center noenhanced
    }
  }
  if (having(k) eq "") { plot -1 notitle } else {
    plot for [i in having(k)] $Rows using ($1 == i+0 && $2 == k ? 1 : NaN):(row(i)):(1):3:(row(i)-0.32):(row(i)+0.32) \
             with boxxyerror fs solid 0.85 border lc rgb colour(i) lc rgb colour(i) title design[int(i)], \
         for [i in having(k)] $Rows using ($1 == i+0 && $2 == k ? $3 : NaN):(row(i)):4:5 with xerrorbars pt -1 lw 1.3 \
             lc rgb "black" title design[int(i)].", 95% interval", \
         for [i in having(k)] $Rows using ($1 == i+0 && $2 == k ? ($5 > $3 ? $5 : $3) : NaN):(row(i)):(sprintf("%.2f", $3)) \
             with labels left offset 0.6,0 tc rgb "black" title design[int(i)]
  }
}
unset multiplot
unset output
