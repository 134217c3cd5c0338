# What all figures share: reading a table, choosing its rows, the designs' colours. A figure's script sets `plots`
# (the directory of these files) and loads this; then it reads rows with `design_of()`, sets `width` and `height`, and
# loads open.inc.gp.
#
# gnuplot cuts a field at a comma or a quotation mark inside it: a table with such a name is drawn through a copy
# without (`gcreplay report` does so).
if (!exists("csv")) {
  print "which table? gnuplot -e \"csv='tables/NAME.csv'; out='FILE.svg'; trace='NAME'; heap='2x'\" plots/NAME.gp"
  exit status 2
}
if (!exists("trace")) trace = ""
if (!exists("heap")) heap = ""
set encoding utf8
set terminal unknown

# ---- the designs of the figure: in the table's order, or those of the option `names`, separated by blanks ----
array design[256]
designs = 0
if (exists("names")) { designs = words(names); do for [i=1:designs] { design[i] = word(names, i) } }
find_design(name) = (d_ = 0, sum [j_=1:designs] (design[j_] eq name ? (d_ = j_) : 0), d_)
add_design(name) = (find_design(name) == 0 && !exists("names") && designs < 256 ? \
                    (designs = designs + 1, design[designs] = name, 0) : 0, find_design(name))
longest_name(x) = (l_ = 4, sum [j_=1:designs] (strlen(design[j_]) > l_ ? (l_ = strlen(design[j_])) : 0), l_)

# ---- a colour, a dash pattern and a marker each ----
array palette_name[64]; array palette_colour[64]; array palette_dash[64]; array palette_marker[64]
set datafile separator "(,)"
set datafile commentschars "/"
known = 0
set table $Scratch
plot plots."palette.def" using (known = known + 1, palette_name[known] = strcol(2), \
     palette_colour[known] = strcol(3) + 0, palette_dash[known] = int(column(4)), \
     palette_marker[known] = int(column(5)), 0) with table
unset table
base(name) = strstrt(name, ":") ? name[1:strstrt(name, ":")-1] : name
palette_at(i) = (p_ = 0, sum [j_=1:known] (palette_name[j_] eq base(design[int(i)]) ? (p_ = j_) : 0), p_)
colour(i) = palette_at(i) ? palette_colour[palette_at(i)] : 0x666666
# Designs that differ in options alone have one colour, but each its own dash pattern and marker.
variant(i) = (v_ = 0, sum [j_=1:int(i)-1] (base(design[j_]) eq base(design[int(i)]) ? (v_ = v_ + 1) : 0), v_)
dash(i) = ((palette_at(i) ? palette_dash[palette_at(i)] : int(i)) - 1 + variant(i)) % 5 + 1
marker_cycle = "7 6 5 4 9 8 11 10 13 12 15 14 2 1 3"
marker_step(m) = (m_ = 1, sum [j_=1:15] (word(marker_cycle, j_) eq m ? (m_ = j_) : 0), m_)
marker(i) = int(word(marker_cycle, \
    (marker_step(palette_at(i) ? sprintf("%d", palette_marker[palette_at(i)]) : "3") - 1 + variant(i)) % 15 + 1))
set dashtype 2 (14,4)
set dashtype 3 (4,3)
set dashtype 4 (14,3,3,3)
set dashtype 5 (8,3)

# ---- the table: where its columns are, which rows are meant ----
set datafile separator ","
set datafile commentschars ""
stats csv every ::0::0 using (0) nooutput
heads = ""
set table $Scratch
plot csv every ::0::0 using (sum [j=1:int(STATS_columns)] (heads = heads." ".strcol(j), 0), 0) with table
unset table
at(name) = (a_ = 0, sum [j_=1:words(heads)] (word(heads, j_) eq name ? (a_ = j_) : 0), a_)
at_trace = at("trace"); at_heap = at("heap"); at_design = at("design")
is_row(x) = column(0) > 0
of_trace(x) = is_row(0) && (at_trace == 0 || strcol(at_trace) eq trace)
of_heap(x) = of_trace(0) && (at_heap == 0 || strcol(at_heap) eq heap)
# Nothing asked for: what stands first in the table.
if (trace eq "" && at_trace > 0) {
  set table $Scratch
  plot csv using (is_row(0) && trace eq "" ? (trace = strcol(at_trace), 0) : 0) with table
  unset table
}
if (heap eq "" && at_heap > 0) {
  set table $Scratch
  plot csv using (heap eq "" && of_trace(0) ? (heap = strcol(at_heap), 0) : 0) with table
  unset table
}
# Reading: `plot csv using (keep(design_of(0))):(field(at("x"))) with table if (kept)` below `set table $Rows`. The
# head line takes part and is dropped, so that a table without rows is no error.
kept = 0; this = 0
keep(number) = (kept = number > 0, this = number)
design_of(x) = of_heap(0) ? add_design(strcol(at_design)) : 0
design_of_trace(x) = of_trace(0) ? add_design(strcol(at_design)) : 0
known_or(x, other) = x == x ? x : other
field(c) = column(0) == 0 || c == 0 ? 0 : (valid(c) ? column(c) : NaN)

# Which designs have a figure in series s = 1 to 16: `note(s, i, value)` while reading, then `plot for [i in having(s)]`
# (i is a text: i+0).
array noted[16*256]
do for [i=1:16*256] { noted[i] = 0 }
note(s, i, value) = (kept && value == value ? (noted[256*(s-1)+i] = noted[256*(s-1)+i] + 1) : 0, value)
having(s) = (h_ = "", sum [j_=1:designs] (noted[256*(s-1)+j_] ? (h_ = h_.sprintf(" %d", j_), 0) : 0), h_)

# ---- words ----
is_bytes(text) = strlen(text) > 4 && sprintf("%.0f", strstrt("0123456789", text[1:1]) && !strstrt("0123456789", text[strlen(text):]) ? \
                 0 : text + 0.0) eq text
subject_heap = heap eq "" ? "" : heap eq "native" ? "native heap" : \
               "heap ".(is_bytes(heap) ? sprintf("%.3g MiB", heap/2.0**20) : heap)
subject = trace eq "" && subject_heap eq "" ? "an empty table" : trace.(trace ne "" && subject_heap ne "" ? ", " : "").subject_heap
size_text(bytes) = bytes < 1024 ? sprintf("%g B", bytes) : gprintf("%.0b %BB", bytes)
# A key needs this much; gnuplot begins a second column over the plot if the plot is lower.
key_height(x) = 18*(designs + 1) + 6
key_pixels(x) = 66 + 6.8*longest_name(0)
max(a, b) = a > b ? a : b
min(a, b) = a < b ? a : b
grey = 0x666666; pale = 0xDDDDDD
# Counts of events on an axis: what to divide by, and the word for it.
count_unit(last) = last >= 2e6 ? 1e6 : (last >= 2e3 ? 1e3 : 1)
count_word(last) = last >= 2e6 ? "million " : (last >= 2e3 ? "thousand " : "")
# About four steps of 1, 2 or 5 times a power of ten.
step_of(span) = span <= 0 ? 1 : (s_ = 10**floor(log10(span/4.0)), r_ = span/4.0/s_, \
                                s_*(r_ < 1.5 ? 1 : (r_ < 3.5 ? 2 : (r_ < 7.5 ? 5 : 10))))
# A metric of docs/studies.md, for titles.
metric_word(m) = m eq "time_ns" ? "total time" : m eq "mutator_ns" ? "mutator time" : m eq "collector_ns" ? "time in pauses" : \
    m eq "cpu_ns" ? "CPU time" : m eq "pause_p99_ns" ? "99th percentile of pauses" : m eq "pause_max_ns" ? "longest pause" : \
    m eq "footprint_peak_bytes" ? "peak footprint" : m eq "footprint_mean_bytes" ? "mean footprint" : \
    m eq "l1_misses" ? "L1 misses" : m eq "l2_misses" ? "L2 misses" : m eq "llc_misses" ? "last-level misses" : \
    m eq "tlb_misses" ? "TLB misses" : m eq "cow_pages" ? "pages copied after forks" : m
