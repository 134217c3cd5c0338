# What a trace's objects are like: their sizes, how long they live (in bytes allocated meanwhile), and how many
# references they hold. Bars are shares of objects, outlines shares of bytes, in bins of powers of two.
#
#   gnuplot -e "csv='tables/demographics.csv'; out='demographics.svg'; trace='NAME'" plots/demographics.gp
#
# Optional: heading='...'. The ending of `out` decides: svg, png or pdf.
name = "demographics"
plots = ARG0[1:strlen(ARG0)-strlen("demographics.gp")]
load plots."common.inc.gp"
subjects = "size lifetime degree"
array title_of[3] = ["size", "lifetime", "references held"]
array axis_of[3] = ["bytes", "bytes allocated meanwhile", "references"]
at_what = at("what"); at_low = at("low"); at_high = at("high"); at_objects = at("objects"); at_bytes = at("bytes")
what_of(text) = (f_ = 0, sum [j_=1:3] (word(subjects, j_) eq text ? (f_ = j_) : 0), f_)
array bins[3] = [0, 0, 0]; array objects[3] = [0, 0, 0]; array bytes[3] = [0, 0, 0]
array lower[300]; array upper[300]
add_bin(w) = (bins[w] = bins[w] + 1, b_ = (w-1)*100 + bins[w], lower[b_] = field(at_low), upper[b_] = field(at_high), \
              o_ = field(at_objects), y_ = field(at_bytes), objects[w] = objects[w] + (o_ > 0 ? o_ : 0), \
              bytes[w] = bytes[w] + (y_ > 0 ? y_ : 0), bins[w])
wanted(x) = of_trace(0) ? what_of(strcol(at_what)) : 0
set table $Rows
plot csv using (keep(wanted(0))):(kept && bins[this] < 100 ? add_bin(this) : 0):(field(at_objects)):(field(at_bytes)) \
     with table if (kept)
unset table
shown = ""
do for [w=1:3] { if (objects[w] > 0) { shown = shown.sprintf(" %d", w) } }
if (!exists("heading")) heading = "Objects of ".trace
panels = max(1, words(shown)); panel_width = 290; key_width = 84; columns = panels
panel_height = 230; own_x = 1
load plots."grid.inc.gp"
edge_bottom = 78; height = height + 20
if (shown eq "") { nothing = "nothing is known of the objects of ".(trace eq "" ? "an empty table" : trace); width = 640 }
load plots."open.inc.gp"
set style data boxes
set boxwidth 0.86
# A bin is named by its lower end; the last one may be open: those that were alive at the end.
bin_name(w, b) = (v_ = lower[(w-1)*100+b], w == 3 ? sprintf("%g", v_) : v_ < 2**10 ? sprintf("%g", v_) : \
                  v_ < 2**20 ? sprintf("%gKi", v_/2**10) : v_ < 2**30 ? sprintf("%gMi", v_/2**20) : sprintf("%gGi", v_/2**30))
is_open(w, b) = !(upper[(w-1)*100+b] == upper[(w-1)*100+b])
set yrange [0:*]
label_y = "share (%)"
format_x = "%g"
eval grid_begin
do for [k=1:panels] {
  w = int(word(shown, k))
  if (k == 1) { set ylabel label_y } else { unset ylabel }
  set title title_of[w]
  set xlabel axis_of[w].(is_open(w, bins[w]) ? " (end: alive at the end)" : "") offset 0,(w == 3 ? 0 : -1)
  set xrange [0.3:bins[w]+0.7]
  set xtics () nomirror scale 0.5
  every_ = 1 + (bins[w] - 1)/10
  do for [b=1:bins[w]] {
    if (is_open(w, b)) { set xtics add ("end" b) } else {
      if ((b - 1) % every_ == 0 && !(is_open(w, bins[w]) && bins[w] - b < every_)) { set xtics add (bin_name(w, b) b) }
    }
  }
  if (w == 3) { set xtics norotate } else { set xtics rotate by 45 right }
  if (k == panels) { set key at screen 1-(key_width+4)/(width+0.0), screen 1-edge_top/(height+0.0) left top samplen 1.5 } else { set key off }
  plot $Rows using ($1 == w ? $2 : NaN):($3/objects[w]*100) with boxes fs solid 1 noborder lc rgb 0x56B4E9 title "objects", \
       for [i=1:bytes[w] > 0] $Rows using ($1 == w ? $2 : NaN):($4/bytes[w]*100) with boxes fs empty border -1 lc rgb 0xD55E00 \
           lw 1.6 title "bytes"
}
unset multiplot
unset output
