# A logarithmic y axis from `least` to `most` (both above 0) with numbers at 1, 2 and 5, or at powers of ten alone where
# those would be too many.
if (least >= most) { least = least/2.0; most = most*2.0 }
set logscale y
set yrange [least:most]
set ytics () nomirror
power_ = floor(log10(least)); steps_ = most/least < 200 ? "1 2 5" : "1"
do for [e_=power_:ceil(log10(most))] {
  do for [s_ in steps_] {
    v_ = s_*10.0**e_
    if (v_ >= least*0.999 && v_ <= most*1.001) { set ytics add (sprintf(v_ < 0.0009 ? "%.0e" : "%g", v_) v_) }
  }
}
