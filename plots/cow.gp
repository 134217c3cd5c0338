# Pages that a process no longer shares after a fork, stacked by the cause of the first store, one panel a design;
# the kernel's own count as a dashed line, which lies on the top edge where the two agree.
#
#   gnuplot -e "csv='cow.csv'; out='cow.svg'" plots/cow.gp
#
# The CSV (scripts/plot_cow.sh writes it) has the columns name, event, pages_model, pages_kernel, then one for
# each cause. Optional: names='a b c' (which rows, in that order), heading='...', process=N, columns=N,
# own=1 (each panel has its own scale).
# The file name's ending decides the format: svg, png or pdf.
if (!exists("csv")) { print "say which: gnuplot -e \"csv='FILE'\" plots/cow.gp"; exit }
if (!exists("out")) out = "cow.svg"
if (!exists("process")) process = 1
if (!exists("names")) names = system("awk -F, 'NR > 1 && !seen[$1]++ { printf \"%s \", $1 }' ".csv)
if (!exists("columns")) columns = words(names) < 4 ? words(names) : (words(names) == 4 ? 2 : 3)
lines = (words(names) + columns - 1) / columns
width = 140 + 300*columns; height = 120 + 250*lines
ending = out[strlen(out)-3:]
if (ending eq ".png") { set terminal pngcairo size width,height font "sans,10" }
if (ending eq ".pdf") { set terminal pdfcairo size (width/50.0)cm,(height/50.0)cm font "sans,9" }
if (ending eq ".svg") { set terminal svg size width,height font "sans,12" background rgb "white" }
set output out
set datafile separator ","
if (!exists("heading")) \
    heading = sprintf("Copy-on-write: pages that process %d no longer shares, by cause", process)
causes = system("head -1 ".csv." | cut -d, -f5- | tr -d '\\r' | tr ',' ' '")
count = words(causes)
# Nine colours that stay apart for colour-blind readers (Okabe and Ito's, and two greys).
colours = "#0072B2 #56B4E9 #D55E00 #E69F00 #F0E442 #999999 #444444 #CC79A7 #009E73"
keep(name) = sprintf("< awk -F, 'NR > 1 && $1 == \"%s\"' %s", name, csv)
top = real(system("awk -F, 'NR > 1 { for (i = 3; i <= 4; i++) if ($i + 0 > m) m = $i + 0 } END { print m + 0 }' ".csv))
last = real(system("awk -F, 'NR > 1 && $2 + 0 > m { m = $2 + 0 } END { print m + 0 }' ".csv))
unit = last >= 2e6 ? 1e6 : (last >= 2e3 ? 1e3 : 1)
unit_name = last >= 2e6 ? "million " : (last >= 2e3 ? "thousand " : "")
array sum[count+1]
total(n) = (s = 0, sum [i=5:4+n] s = s + column(i), s)
stack(n) = (n < 1 ? 0 : (n < 2 ? 0 : stack(n-1)) + column(4+n))
set border 3
set tics nomirror
set grid ytics lc rgb "#dddddd"
set yrange [0:(top > 0 ? top*1.05 : 1)]
set xrange [0:(last > 0 ? last/unit : 1)]
# About four steps of 1, 2 or 5 times a power of ten.
rough = (last > 0 ? last/unit : 1)/4.0
power = 10**floor(log10(rough))
step = power*(rough/power < 1.5 ? 1 : (rough/power < 3.5 ? 2 : (rough/power < 7.5 ? 5 : 10)))
set xtics step
set xlabel unit_name."events since the fork" offset 0,0.4
set key off
left = 0.06; right = 1 - 130.0/width; bottom = 0.02; ceiling = 1 - 40.0/height
set label 1 heading at screen 0.5, 1-16.0/height center font ",13"
set multiplot
do for [k=1:words(names)] {
    x = (k-1) % columns; y = (k-1) / columns
    set origin left + (right-left)*x/columns, bottom + (ceiling-bottom)*(lines-1-y)/lines
    set size (right-left)/columns, (ceiling-bottom)/lines
    name = word(names, k)
    set title name offset 0,-0.6
    if (x == 0) { set ylabel "pages of 4 KiB" offset 1 } else { unset ylabel }
    if (exists("own")) { set yrange [0:*] }
    plot for [n=count:1:-1] keep(name) using ($2/unit):(stack(n)) with filledcurves y1=0 \
             lc rgb word(colours, n), \
         keep(name) using ($2/unit):4 with lines lw 1.5 dt 2 lc rgb "black"
    if (k == 1) { unset label 1 }
}
# The legend, once for all panels.
unset title; unset xlabel; unset ylabel; unset grid; unset tics; unset border
set origin right, 0; set size 1-right, 1
set lmargin 0; set rmargin 0; set tmargin 0; set bmargin 0
set xrange [0:1]; set yrange [0:1]
row(n) = ceiling - 0.02 - n*18.0/height
do for [n=1:count] {
    set object n rectangle from 0.06,row(n)-6.0/height to 0.18,row(n)+6.0/height \
        fc rgb word(colours, n) fs solid 1 noborder
    set label 10+n word(causes, n) at 0.24,row(n) noenhanced
}
set arrow 1 from 0.06,row(count+1.2) to 0.18,row(count+1.2) nohead dt 2 lw 1.5 lc rgb "black"
set label 30 "kernel" at 0.24,row(count+1.2)
plot 2 notitle
unset multiplot
