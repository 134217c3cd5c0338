# One row a design, `panels` panels of `panel_width` pixels beside each other, names at the left: the figure's width and
# height, and the text of a command that begins it. Then `row(i)` is where design i stands; `eval rows_of(k)` before
# panel k.
edge_left = 22 + 6.8*longest_name(0); edge_right = exists("key_width") ? key_width + 20 : 24
edge_top = 66 + (exists("extra_top") ? extra_top : 0); edge_bottom = 62; gap = exists("own_gap") ? own_gap : 26
height = edge_top + edge_bottom + max(3, designs)*23
width = edge_left + edge_right + panels*panel_width + (panels - 1)*gap
rows_begin = "set multiplot layout 1,panels title heading noenhanced margins edge_left/(width+0.0), \
    1-edge_right/(width+0.0), edge_bottom/(height+0.0), 1-edge_top/(height+0.0) spacing gap/(width+0.0),0"
row(i) = designs - i + 1
rows_of(k) = "set yrange [0.4:designs+0.6]; set ytics () scale 0 noenhanced; ".(k == 1 ? \
    "do for [i=1:designs] { set ytics add (design[i] row(i)) }" : "do for [i=1:designs] { set ytics add ('' row(i)) }")
