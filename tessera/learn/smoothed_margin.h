// Plain margin losses by Newton's method, on losses whose corner is rounded off less and less. Internal to this room.
//
// In place of r the loss is r^2 / (2 width) up to r = width, and r - width / 2 from there on. That function of w is strictly convex with second derivatives but for
// some steps of them, so Newton's steps with exact line searches lead to its optimum from anywhere. Where the width is smaller than before the search begins at
// the last optimum (Madsen and Nielsen, "A finite smoothing algorithm for linear l1 estimation", SIAM J. Optim. 3, 1993; Chapelle,
// "Training a support vector machine in the primal", Neural Computation 19, 2007). At such an optimum w = sum b_i x_i with b_i = C min(r_i / width, 1), which
// keeps every condition of optimality of the plain losses but for those rows with 0 < r_i < width, about as many as there are columns, and those to less than the width:
// so it ends at half the tolerance (of regression: times the mean loss of w = 0).
//
// A step reads the rows twice and factors a matrix [D, D] of the rows within the width; there are some tens of steps with 20 columns, some hundreds with 200. Scales of
// features do not matter to it, as they do to coordinates of the dual.
//
// Errors: none; not converging is said in the result (its iterations are steps). Thread-safety: pure functions.
//
// ```cpp
// const Tensor x = Tensor::from<double>({-1, 1, -2, 1, 1, 1, 3, 1}, {4, 2});
// const learn::MarginProblem problem{.x = x, .target = {-1, -1, 1, 1}, .C = 10, .tol = 1e-9};
// const learn::MarginSolution found = learn::solve_smoothed_margin(problem);
// assert(found.converged && std::abs(found.w[0] - 1) < 1e-9 && std::abs(found.w[1]) < 1e-9);
// ```
#pragma once

#include "tessera/learn/margin_solvers.h"

namespace tessera::learn {

MarginSolution solve_smoothed_margin(const MarginProblem& problem);

}  // namespace tessera::learn
