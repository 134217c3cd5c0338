# Opens `out` by its ending (svg, png, pdf) for a figure of `width` by `height` pixels of 1/96 inch, and sets what all
# figures look like. With `nothing` set to a text, draws an empty frame that says it, and ends.
if (!exists("out")) out = name.".svg"
ending = strlen(out) > 4 ? out[strlen(out)-3:] : ""
if (ending eq ".svg") {
  set terminal svg size width,height name name font "Helvetica,12" linewidth 1 background rgb "white"
} else { if (ending eq ".png") {
  set terminal pngcairo size 2*width,2*height font "Liberation Sans,9" fontscale 2 linewidth 2 pointscale 2 dashlength 1
} else { if (ending eq ".pdf") {
  set terminal pdfcairo size width/96.0,height/96.0 font "Liberation Sans,9" fontscale 1 linewidth 1
} else {
  print "out='".out."': the ending must be .svg, .png or .pdf"
  exit status 2
}}}
set output out
set border 3 lc rgb grey
set tics nomirror textcolor rgb "black"
set grid ytics lc rgb pale lw 1 dt 1
set key outside right top Left reverse noenhanced samplen 3.5 spacing (ending eq ".svg" ? 0.92 : 1.15) width 1 maxcols 1
set style fill solid 1 noborder
set datafile separator whitespace
set datafile missing NaN
# Room at the right for the key: `key_width` pixels; all panels above each other then have the same width.
if (exists("key_width") && !exists("panels") && !exists("nothing")) {
  set lmargin at screen 84.0/width
  set rmargin at screen 1 - key_width/(width + 0.0)
  # By its left end: how wide texts are is a guess of each terminal's.
  set key at screen 1 - (key_width - 10)/(width + 0.0), screen 1 - 44.0/height left top
}
if (exists("nothing")) {
  unset tics; unset grid
  set border 15
  set xrange [0:1]; set yrange [0:1]
  set title heading noenhanced
  set label 1 "no data: ".nothing at graph 0.5,0.5 center noenhanced tc rgb grey
  plot 2 notitle
  unset output
  exit gnuplot
}
