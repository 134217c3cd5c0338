# Panels side by side: from `panels` (how many), `panel_width` and `panel_height` (pixels), and `key_width` (room at
# the right, 0 for none), the figure's width and height and the text of a command that begins it. Then, for each
# k = 1 to panels: `eval panel(k)`, set a title, plot.
if (!exists("columns")) { columns = panels <= 3 ? max(1, panels) : (panels == 4 ? 2 : (panels <= 9 ? 3 : 4)) }
lines = panels > 0 ? (panels + columns - 1)/columns : 1
panel_width = max(panel_width, min(480, 6.4*longest_name(0) + 6))
gap_x = exists("own_y") ? 62 : 24; gap_y = exists("own_x") ? 62 : 42
edge_left = 80; edge_right = key_width + 16; edge_top = 62; edge_bottom = 58
width = edge_left + columns*panel_width + (columns - 1)*gap_x + edge_right
height = edge_top + lines*panel_height + (lines - 1)*gap_y + edge_bottom
if (exists("least_height")) { height = max(height, least_height) }
grid_begin = "set multiplot layout lines,columns title heading noenhanced offset 0,-0.2 margins edge_left/(width+0.0), \
    1-edge_right/(width+0.0), edge_bottom/(height+0.0), 1-edge_top/(height+0.0) spacing gap_x/(width+0.0),gap_y/(height+0.0)"
is_left(k) = (k - 1) % columns == 0
is_bottom(k) = k + columns > panels
# Labels at the outer panels alone; numbers too, where the panels have a scale in common.
panel(k) = (is_left(k) ? "set ylabel label_y offset -1; " : "unset ylabel; ") \
         .(is_left(k) || exists("own_y") ? "set format y format_y; " : "set format y ''; ") \
         .(is_bottom(k) ? "set xlabel label_x; " : "unset xlabel; ") \
         .(is_bottom(k) || exists("own_x") ? "set format x format_x" : "set format x ''")
label_x = ""; label_y = ""; format_x = "%g"; format_y = "%g"
