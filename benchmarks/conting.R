# 20,000 draws of the R package conting on the table of potential victims of modern slavery in the
# United Kingdom, 2013 (Home Office 2014). Prints the seconds that the draws took and the posterior
# mean of the total.
suppressMessages(library(conting))
people <- c(316, 695, 8, 995, 11, 76, 0, 463, 1, 19, 0, 62, 0, 4, 0, 54, 0, 3, 0, 19, 0, 0, 0, 15, 0,
            1, 0, 1, 0, 1, 0)
d <- expand.grid(GP = 0:1, GO = 0:1, PFNCA = 0:1, NG = 0:1, LA = 0:1)
d$y <- c(NA, people)
set.seed(1)
begun <- proc.time()["elapsed"]
f <- bict(formula = y ~ (LA + NG + PFNCA + GO + GP)^2, data = d,
          n.sample = as.integer(commandArgs(TRUE)[1]), prior = "SBH")
seconds <- proc.time()["elapsed"] - begun
found <- total_pop(f, n.burnin = 100)
cat(sprintf("%.3f %.0f\n", seconds, found$meanTOT))
