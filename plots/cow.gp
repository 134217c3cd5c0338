# Pages that a process no longer shares after a fork, stacked by the cause of the first store, one panel a design; the
# kernel's own count, where there is one, as a dashed line, which lies on the top edge where the two agree.
#
#   gnuplot -e "csv='tables/cow.csv'; out='cow.svg'; trace='NAME'; heap='2x'" plots/cow.gp
#
# Optional: lane=N (a process: 0 is the first, which forks; without it the first child), epoch=N (its how manieth
# fork), names='a b c' (designs, in that order), heading='...', own=1 (each panel has its own scale). The ending of
# `out` decides: svg, png or pdf.
name = "cow"
plots = ARG0[1:strlen(ARG0)-strlen("cow.gp")]
load plots."common.inc.gp"
at_lane = at("lane"); at_epoch = at("epoch"); at_event = at("event"); at_cause = at("cause"); at_pages = at("pages")
# Which process: the first child, else what there is.
child = 1e300; parent = 1e300
meet(l) = (l > 0 && l < child ? (child = l) : 0, l < parent ? (parent = l) : 0, 0)
set table $Scratch
plot csv using (of_heap(0) ? meet(field(at_lane)) : 0) with table
if (!exists("lane")) lane = child < 1e300 ? child : parent
fork = 1e300
plot csv using (of_heap(0) && field(at_lane) == lane && field(at_epoch) < fork ? (fork = field(at_epoch)) : 0) with table
unset table
if (!exists("epoch")) epoch = fork
is_meant(x) = of_heap(0) && field(at_pages) >= 0 && field(at_lane) == lane && field(at_epoch) == epoch
# The table goes cause by cause, each with the same events; one without pages has the last event alone. So the n-th
# row of each cause is of the same event, the least that any names there.
causes = "data new count header side metadata free_link move buffer other"
array shade[10] = [0x0072B2, 0x56B4E9, 0xD55E00, 0xE69F00, 0xF0E442, 0x999999, 0x444444, 0xCC79A7, 0x009E73, 0x882255]
cause_at(text) = text eq "kernel" ? 11 : (f_ = 10, sum [j_=1:9] (word(causes, j_) eq text ? (f_ = j_) : 0), f_)
array met[256*11]; array used[11]
do for [i=1:256*11] { met[i] = 0 }
do for [i=1:11] { used[i] = 0 }
longest = 0
turn(d, c) = (t_ = (d-1)*11 + c, met[t_] = met[t_] + 1, longest = max(longest, met[t_]), met[t_])
set table $Scratch
plot csv using (keep(is_meant(0) ? add_design(strcol(at_design)) : 0), kept ? turn(this, cause_at(strcol(at_cause))) : 0) with table
unset table
cells = max(1, designs*longest)
array pages[11*cells]; array event_at[cells]
do for [i=1:11*cells] { pages[i] = 0 }
do for [i=1:cells] { event_at[i] = 1e300 }
do for [i=1:256*11] { met[i] = 0 }
put(r, c, e, p) = (event_at[r] = min(event_at[r], e), p > 0 ? (pages[11*(r-1)+c] = p, used[c] = 1) : 0, 0)
set table $Scratch
plot csv using (keep(is_meant(0) ? add_design(strcol(at_design)) : 0), kept ? (c = cause_at(strcol(at_cause)), \
     put((this-1)*longest + turn(this, c), c, field(at_event), field(at_pages))) : 0) with table
unset table
top = 0; last = 0
set print $Stacks
do for [d=1:designs] {
  # Nothing is unshared at the fork itself.
  print sprintf("%d 0 0 0 0 0 0 0 0 0 0 0 0", d)
  do for [n=1:longest] {
    r = (d-1)*longest + n
    if (event_at[r] < 1e300) {
      e = event_at[r] - (lane == 0 ? event_at[(d-1)*longest+1] : 0)
      last = max(last, e); line = sprintf("%d %.9g", d, e); sum_ = 0
      do for [c=1:10] { sum_ = sum_ + pages[11*(r-1)+c]; line = line.sprintf(" %.9g", sum_) }
      print line.sprintf(" %.9g", pages[11*(r-1)+11])
      top = max(top, max(sum_, pages[11*(r-1)+11]))
    }
  }
}
set print
who = lane == 0 ? "the first process" : sprintf("process %d", lane)
if (!exists("heading")) heading = "Pages that ".who." no longer shares after a fork: ".subject
panels = designs; panel_width = 230; panel_height = 170; key_width = 110
if (exists("own")) { own_y = 1 }
load plots."grid.inc.gp"
if (longest == 0) { nothing = "no forks in ".subject; width = 640; height = 300 } else { least_height = 300 }
load plots."open.inc.gp"
unit = count_unit(last)
label_x = count_word(last)."events since the fork"; label_y = "pages of 4 KiB"
set xrange [0:(last > 0 ? last/unit : 1)]
set xtics step_of(last/unit)
set yrange [0:(top > 0 ? top*1.05 : 1)]
shown = ""
do for [c=10:1:-1] { if (used[c]) { shown = shown.sprintf(" %d", c) } }
stack = shown eq "" ? "" : 'for [c in shown] $Stacks using ($1 == k ? $2/unit : NaN):(column(2+int(c))) with filledcurves y1=0 \
        lc rgb shade[int(c)] title word(causes, int(c)), '
line = used[11] == 0 ? "" : '$Stacks using ($1 == k ? $2/unit : NaN):13 with lines lw 1.5 dt 2 lc rgb "black" title "kernel", '
eval grid_begin
do for [k=1:designs] {
  eval panel(k)
  set title design[k] noenhanced offset 0,-0.6
  if (exists("own")) { set yrange [0:*] }
  if (k == min(columns, designs)) { set key at screen 1-(key_width-2)/(width+0.0), screen 1-edge_top/(height+0.0) left top samplen 1.8 } \
  else { set key off }
  eval "plot ".stack.line."-1 notitle"
}
unset multiplot
unset output
