# An axis on which each further nine takes the same room: `nines(p)` is where percentile p < 100 lies. What has been
# seen beyond the last one, the longest of all, has a place of its own to the right: `longest_at`. Wants `top`, the
# highest percentile below 100 in the data.
nines(p) = -log10(1 - p/100.0)
longest_at = 1.13*nines(max(top, 90)) + 0.12
set xrange [0:longest_at + 0.12]
set xtics ("0" 0, "50" nines(50), "75" nines(75), "90" nines(90))
do for [p in "99 99.9 99.99 99.999"] { if (p + 0 <= top + 1e-9) { set xtics add (p nines(p + 0)) } }
set xtics add ("max" longest_at)
set grid xtics ytics lc rgb pale lw 1 dt 1
