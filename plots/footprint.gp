# Footprint of several designs on one trace, live bytes beneath.
#
#   gnuplot -e "csv='footprint.csv'; out='footprint.svg'" plots/footprint.gp
#
# The CSV has the columns collector, event, clock_ms, footprint_mib, live_mib. The axis is the event number and
# not the clock, so that the designs' curves stand above the same moment of the program. Optional: names='a b c'
# (which designs, in that order), heading='...', top=MIB (cuts the axis). The file name's ending decides the
# format: svg, png or pdf.
if (!exists("csv")) { print "say which: gnuplot -e \"csv='FILE'\" plots/footprint.gp"; exit }
if (!exists("out")) out = "footprint.svg"
ending = out[strlen(out)-3:]
if (ending eq ".png") { set terminal pngcairo size 1000,480 font "sans,11" }
if (ending eq ".pdf") { set terminal pdfcairo size 20cm,9.6cm font "sans,10" }
if (ending eq ".svg") { set terminal svg size 1000,480 font "sans,13" background rgb "white" }
set output out
set datafile separator ","
if (!exists("names")) names = system("awk -F, 'NR > 1 && !seen[$1]++ { printf \"%s \", $1 }' ".csv)
if (!exists("heading")) heading = "Footprint: bytes held from the system"
set title heading
set xlabel "events of the recorded program (million)"
set ylabel "MiB"
set key outside right top
set grid ytics lc rgb "#dddddd"
set border 3
set tics nomirror
if (exists("top")) { set yrange [0:top] } else { set yrange [0:*] }
# Okabe and Ito's palette: told apart by colour-blind readers, and in print by the dashes.
colours = "#0072B2 #D55E00 #009E73 #CC79A7 #E69F00 #56B4E9 #000000"
keep(name) = sprintf("< awk -F, 'NR > 1 && $1 == \"%s\"' %s", name, csv)
plot keep(word(names, 1)) using ($2/1e6):5 with filledcurves y1=0 lc rgb "#c8c8c8" title "live", \
     for [i=1:words(names)] keep(word(names, i)) using ($2/1e6):4 with lines lw 2 dt i \
         lc rgb word(colours, (i-1)%7+1) title word(names, i)
