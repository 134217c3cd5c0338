# Cache misses per KiB allocated, stacked by the phase in which they came about: one row a design, one panel a level.
#
#   gnuplot -e "csv='tables/misses.csv'; out='misses.svg'; trace='NAME'; heap='2x'" plots/misses.gp
#
# Optional: names='a b c' (designs, in that order), heading='...'. The ending of `out` decides: svg, png or pdf.
name = "misses"
plots = ARG0[1:strlen(ARG0)-strlen("misses.gp")]
load plots."common.inc.gp"
phases = "mutator allocation barrier refcount mark sweep copy compact finalize other"
array shade[10] = [0x999999, 0x0072B2, 0xF0E442, 0x56B4E9, 0xD55E00, 0xE69F00, 0x009E73, 0x00524A, 0xCC79A7, 0x444444]
level_columns = "l1_misses l2_misses llc_misses tlb_misses"
array level[4] = ["L1", "L2", "last level", "TLB (page walks)"]
phase_at(text) = (f_ = 10, sum [j_=1:9] (word(phases, j_) eq text ? (f_ = j_) : 0), f_)
at_phase = at("phase"); at_allocated = at("allocated_kib")
array misses[256*40]; array used[10]; array met[4*256]
do for [i=1:256*40] { misses[i] = 0 }
do for [i=1:10] { used[i] = 0 }
do for [i=1:4*256] { met[i] = 0 }
cell(d, p, l) = (d - 1)*40 + (p - 1)*4 + l
put(d, p) = (sum [l=1:4] (m_ = field(at(word(level_columns, l)))/field(at_allocated), m_ == m_ && field(at_allocated) > 0 ? \
    (misses[cell(d, p, l)] = misses[cell(d, p, l)] + m_, met[(l-1)*256+d] = 1, m_ > 0 ? (used[p] = 1) : 0, 0) : 0), p)
set table $Rows
plot csv using (keep(design_of(0))):(kept ? put(this, phase_at(strcol(at_phase))) : 0) with table if (kept)
unset table
# Lower and upper edge of each bar.
array top[4] = [0, 0, 0, 0]
counted = 0
set print $Bars
do for [d=1:designs] {
  do for [l=1:4] {
    counted = counted + met[(l-1)*256+d]
    edge = 0
    do for [p=1:10] {
      next = edge + misses[cell(d, p, l)]
      if (next > edge) { print d, p, l, edge, next }
      edge = next
    }
    top[l] = max(top[l], edge)
  }
}
set print
if (!exists("heading")) heading = "Misses per KiB allocated, by phase: ".subject
panels = 4; panel_width = 205; key_width = 92
load plots."rows.inc.gp"
height = max(height, 290)
if (counted == 0) { nothing = "no modelled run of ".subject }
load plots."open.inc.gp"
set grid xtics noytics lc rgb pale lw 1 dt 1
eval rows_begin
do for [l=1:4] {
  unset label
  eval rows_of(l)
  set title level[l]
  set xlabel "misses per KiB"
  set xrange [0:(top[l] > 0 ? top[l]*1.06 : 1)]
  set xtics step_of(top[l]) format "%g"
  do for [d=1:designs] { if (met[(l-1)*256+d] == 0) { set label 100+d "not known" at graph 0.03, first row(d) left tc rgb grey } }
  present = ""
  do for [p=1:10] {
    has = 0
    do for [d=1:designs] { if (misses[cell(d, p, l)] > 0) { has = 1 } }
    if (has) { present = present.sprintf(" %d", p) }
  }
  in_key = ""
  do for [p=1:10] { if (used[p]) { in_key = in_key.sprintf(" %d", p) } }
  if (l == 4) { set key at screen 1-(key_width+2)/(width+0.0), screen 1-edge_top/(height+0.0) left top samplen 1.5 } \
  else { set key off }
  bars = '$Bars using ($2 == p+0 && $3 == l ? $4 : NaN):(row($1)):4:5:(row($1)-0.33):(row($1)+0.33) with boxxyerror \
          fs solid 1 border lc rgb "white" lc rgb shade[int(p)] title '
  bars = present eq "" ? "" : "for [p in present] ".bars.(l < 4 ? "word(phases, int(p)), " : "'', ")
  if (l < 4 || in_key eq "") { eval "plot ".bars."-1 notitle" } else {
    eval "plot ".bars."for [p in in_key] keyentry with boxes fs solid 1 noborder lc rgb shade[int(p)] \
          title word(phases, int(p)), -1 notitle"
  }
}
unset multiplot
unset output
