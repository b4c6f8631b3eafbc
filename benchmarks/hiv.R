# Samples hiv.jags with JAGS, by the R package rjags. Arguments: the model, the figures as R reads
# them, draws of each chain, the file for the draws, the seed. Prints the seconds of the processor of
# the set-up (compiling, adaptation, burn-in) and of the draws. Draws are doubles: chain by chain,
# and unknown by unknown, in the order of the letters.
suppressMessages(library(rjags))
given <- commandArgs(TRUE)
source(given[2])
seconds <- function() sum(proc.time()[1:2])
starts <- lapply(1:4, function(i) list(
  .RNG.name = "base::Mersenne-Twister", .RNG.seed = 4 * as.integer(given[5]) + i,
  a = .1, stick = .01, c = .02, d = .02, e = .001, f = .3, g = .5, h = .4, w = .1))
begun <- seconds()
model <- jags.model(given[1], list(y = y, n = n), starts, n.chains = 4, n.adapt = 1000, quiet = TRUE)
update(model, 1000, progress.bar = "none")
ready <- seconds()
found <- coda.samples(model, c("a", "b", "c", "d", "e", "f", "g", "h", "w"), as.integer(given[3]),
                      progress.bar = "none")
done <- seconds()
writeBin(as.vector(unlist(lapply(found, as.matrix))), given[4])
cat(sprintf("%.4f %.4f\n", ready - begun, done - ready))
