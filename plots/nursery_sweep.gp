# A sweep of the nursery's size under perf stat: misses above, CPU time and page faults below.
#
#   gnuplot -e "folder='out/nursery_sweep'; out='sweep.svg'" plots/nursery_sweep.gp
#
# The folder is what scripts/perf_stat_sweep.sh has left: sweep-medians.csv (KiB; misses per KiB allocated, one
# column a line; CPU ms: median, least, most; thousand minor faults; collections) and sweep-labels.gp. The file
# name's ending decides the format: svg, png or pdf.
if (!exists("folder")) { print "say which: gnuplot -e \"folder='DIR'\" plots/nursery_sweep.gp"; exit }
if (!exists("out")) out = folder."/sweep.svg"
load folder."/sweep-labels.gp"
csv = folder."/sweep-medians.csv"
ending = out[strlen(out)-3:]
if (ending eq ".png") { set terminal pngcairo size 1000,760 font "sans,11" }
if (ending eq ".pdf") { set terminal pdfcairo size 20cm,15cm font "sans,10" }
if (ending eq ".svg") { set terminal svg size 1000,760 font "sans,13" background rgb "white" }
set output out
set datafile separator ","
set datafile missing ""
stats csv using 1 nooutput
first = STATS_min; last = STATS_max
# The LLC has its line where it is not far off; else the label says where.
llc_near = llc_kib > 0 && llc_kib <= 4 * last
right = llc_near && llc_kib > last ? llc_kib : last
set logscale x 2
set xrange [first / 1.3 : right * 1.3]
share(x) = x < 1 ? sprintf("L2/%g", 1 / x) : x == 1 ? "L2" : sprintf("%g L2", x)
size_text(kib) = (kib < 1024 ? sprintf("%g KiB", kib) : sprintf("%g MiB", kib / 1024))."\n".share(kib / l2_kib)
set xtics nomirror () font ",10"
kib = first
do for [i=1:16] { if (kib <= right * 1.01) { set xtics add (size_text(kib) kib) }; kib = kib * 2 }
set border 3
set grid ytics lc rgb "#dddddd"
set ytics nomirror
# Okabe and Ito's palette.
colours = "#0072B2 #D55E00 #009E73 #CC79A7"
grey = "#555555"
set arrow 1 from l2_kib, graph 0 to l2_kib, graph 1 nohead dt 2 lw 1.5 lc rgb grey
set label 1 l2_label center at l2_kib, graph 1.05 tc rgb grey
if (llc_near) {
  set arrow 2 from llc_kib, graph 0 to llc_kib, graph 1 nohead dt 4 lw 1.5 lc rgb grey
  set label 2 llc_label center at llc_kib, graph 1.05 tc rgb grey
} else { if (llc_kib > 0) {
  set label 2 llc_label." lies to the right" right at graph 1, graph 1.05 tc rgb grey
} }
set key at screen 0.80, graph 1 left top Left reverse noenhanced
set lmargin 10
set rmargin 34
set multiplot layout 2,1 title size_name.", the replay under perf stat\n".source noenhanced font ",12"
set tmargin 2.5
set bmargin 4
if (has_misses) {
  set ylabel "misses per KiB allocated"
  set logscale y
  set format y "%g"
  plot for [i=1:line_count] csv using 1:(column(i+1)) with linespoints lw 2 pt i*2+3 ps 0.8 lc rgb word(colours, i) \
       title line_title[i]
  unset logscale y
} else {
  set ylabel "collections"
  set yrange [0:*]
  plot csv using 1:(column(line_count+6)) with linespoints lw 2 pt 7 ps 0.8 lc rgb word(colours, 1) \
       title "collections"
}
set bmargin 7
set xlabel runs."\n".refused offset 0, -1 noenhanced font ",10" tc rgb grey
set ylabel "CPU time of the replay, ms"
set format y "%g"
set yrange [0:*]
set y2range [0:*]
set y2label "minor page faults, thousand" offset -1.5, 0
set y2tics
set border 11
if (!llc_near) { unset label 2 }
set key at screen 0.80, graph 1
plot csv using 1:(column(line_count+2)):(column(line_count+3)):(column(line_count+4)) with yerrorlines lw 2 pt 7 ps 0.8 \
         lc rgb word(colours, 1) title "CPU time", \
     csv using 1:(column(line_count+5)) axes x1y2 with linespoints dt 2 lw 2 pt 5 ps 0.8 lc rgb word(colours, 2) \
         title "page faults (right)"
unset multiplot
