# Called by validate_statistics.sh: PROGRAM RESAMPLES.
#
# Figures without chance (medians, means, deviations, ratios, geometric means) have to be R's to 1e-12.
# An end of an interval is the 250th of PROGRAM's 10,000 resamples; the share of all resamples that
# lie beyond it scatters around 2.5% with a standard deviation of sqrt(0.025 * 0.975 / 10000) = 0.16%.
# R's resamples say what that share is, with an error of their own; it may differ by 4.5 standard
# deviations of both together. (A share, not the end's value: where values are few, neighbouring ends
# lie far apart.) Resamples are made twice: by the code below and, for medians, means and ratios, by
# boot::boot with another generator state; both are held to the same limit.
suppressPackageStartupMessages(library(boot))
words <- commandArgs(trailingOnly = TRUE)
program <- words[1]
resamples <- as.integer(words[2])
ours <- 10000
limit <- function(n) 4.5 * sqrt(0.025 * 0.975 * (1 / ours + 1 / n))
boot_resamples <- min(resamples, 50000L)

# ---- the data: published, from R's datasets, and simulated ----

set.seed(20221122)
pair <- function(values, base) list(values = values, base = base)
mice <- pair(c(94, 197, 16, 38, 99, 141, 23), c(52, 104, 146, 10, 51, 30, 40, 27, 46))
law <- pair(c(576, 635, 558, 578, 666, 580, 555, 661, 651, 605, 653, 575, 545, 572, 594),
            c(3.39, 3.30, 2.81, 3.03, 3.44, 3.07, 3.00, 3.43, 3.36, 3.13, 3.12, 2.74, 2.76, 2.88, 2.96))
light <- split(datasets::morley$Speed + 299000, datasets::morley$Expt)
spray <- split(datasets::InsectSprays$count, datasets::InsectSprays$spray)
times <- function(n, scale) round(scale * rlnorm(n, 0, 0.02))
sets <- list(
  mice = list(mice),
  control = list(pair(mice$base, mice$values)),
  law = list(law),
  light = lapply(2:5, function(i) pair(light[[i]], light[[1]])),
  sprays = lapply(c("B", "F"), function(s) pair(spray[[s]], spray[["A"]])),
  rain = list(pair(as.numeric(datasets::precip)[1:50], as.numeric(datasets::rivers)[1:49])),
  exponential = list(pair(rexp(20), rexp(20))),
  five_runs = lapply(1:6, function(i) pair(times(5, 1.3e9 * i), times(5, 1e9 * i))),
  six_runs = lapply(1:3, function(i) pair(times(6, 0.9e9 * i), times(6, 1e9 * i))),
  three_runs = list(pair(times(3, 5e8), times(3, 6e8))),
  two_runs = list(pair(times(2, 5e8), times(2, 6e8))),
  equal = list(pair(rep(4096, 5), rep(8192, 5)))
)

# ---- what PROGRAM says ----

text <- function(values) paste(sprintf("%.17g", values), collapse = " ")
lines <- vapply(names(sets), function(name) {
  pairs <- vapply(sets[[name]], function(p) paste(text(p$values), "/", text(p$base)), "")
  paste(name, paste(pairs, collapse = " ; "))
}, "")
said <- read.table(text = system2(program, input = lines, stdout = TRUE),
                   col.names = c("set", "figure", "value", "low", "high"))
stopifnot(nrow(said) == 5 * length(sets))

# ---- what R says ----

resample <- function(values, statistic) {
  n <- length(values)
  drawn <- matrix(values[sample.int(n, n * resamples, replace = TRUE)], nrow = n)
  statistic(drawn)
}
# Medians of columns: sorted within each column by one call of order.
medians <- function(drawn) {
  n <- nrow(drawn)
  sorted <- matrix(drawn[order(col(drawn), drawn)], nrow = n)
  (sorted[(n + 1) %/% 2, ] + sorted[n %/% 2 + 1, ]) / 2
}
ratios <- function(p) resample(p$values, medians) / resample(p$base, medians)
by_hand <- function(set, figure) switch(figure,
  median = resample(set[[1]]$values, medians),
  mean = resample(set[[1]]$values, colMeans),
  ratio = ratios(set[[1]]),
  geomean = exp(Reduce(`+`, lapply(set, function(p) log(ratios(p)))) / length(set)))
by_boot <- function(set, figure) {
  p <- set[[1]]
  side <- rep(1:2, c(length(p$values), length(p$base)))
  switch(figure,
    median = boot(p$values, function(x, i) median(x[i]), boot_resamples)$t,
    mean = boot(p$values, function(x, i) mean(x[i]), boot_resamples)$t,
    ratio = boot(c(p$values, p$base), function(x, i) median(x[i][side == 1]) / median(x[i][side == 2]),
                 boot_resamples, strata = side)$t,
    NULL)
}
figure_of <- function(set, figure) {
  p <- set[[1]]
  switch(figure, median = median(p$values), mean = mean(p$values), deviation = sd(p$values),
         ratio = median(p$values) / median(p$base),
         geomean = prod(vapply(set, function(q) median(q$values) / median(q$base), 0))^(1 / length(set)))
}

# ---- one against the other ----

# Shares of resamples beyond an end, with and without those upon it: 2.5% has to lie between.
is_end <- function(statistic, end, upper) {
  close <- abs(statistic - end) <= 1e-12 * abs(end)
  beyond <- mean(if (upper) statistic > end & !close else statistic < end & !close)
  upon <- mean(close)
  off <- max(beyond - 0.025, 0.025 - beyond - upon, 0)
  list(ok = off <= limit(length(statistic)), off = off)
}
held <- 0
failed <- 0
cat(sprintf("%-12s %-9s %14s %31s %31s  %s\n", "set", "figure", "value", "interval", "R", "beyond 2.5% by"))
for (i in seq_len(nrow(said))) {
  row <- said[i, ]
  set <- sets[[row$set]]
  expected <- figure_of(set, row$figure)
  ok <- abs(row$value - expected) <= 1e-12 * abs(expected)
  note <- ""
  ends <- c(NA, NA)
  if (row$figure == "deviation") {
    ok <- ok && row$low == min(set[[1]]$values) && row$high == max(set[[1]]$values)
    ends <- range(set[[1]]$values)
  } else {
    for (statistic in list(by_hand(set, row$figure), by_boot(set, row$figure))) {
      if (is.null(statistic)) next
      low <- is_end(statistic, row$low, FALSE)
      high <- is_end(statistic, row$high, TRUE)
      ok <- ok && low$ok && high$ok
      note <- paste0(note, sprintf("  %.2f%% %.2f%%", 100 * low$off, 100 * high$off))
      if (is.na(ends[1])) ends <- quantile(statistic, c(0.025, 0.975), type = 1)
    }
  }
  held <- held + 1
  failed <- failed + !ok
  cat(sprintf("%-12s %-9s %14.8g %31s %31s%s%s\n", row$set, row$figure, row$value,
              sprintf("[%.8g, %.8g]", row$low, row$high), sprintf("[%.8g, %.8g]", ends[1], ends[2]),
              note, if (ok) "" else "  DIFFERS"))
}
cat(sprintf("\n%d figures of %d sets held against R %s.%s and boot %s: %d differ.\n", held, length(sets),
            R.version$major, R.version$minor, packageVersion("boot"), failed))
cat(sprintf("Allowed: 1e-12 of a figure; %.2f%% (%d resamples) and %.2f%% (boot, %d) beyond an interval's end.\n",
            100 * limit(resamples), resamples, 100 * limit(boot_resamples), boot_resamples))
quit(status = failed > 0)
