// The quadratic programme behind support vector machines, by sequential minimal optimisation. Internal to this room.
//
//   minimise over v   v.K v / 2 - target.v      least <= v <= most,  sum of v = 0
//
// Two variables change at a time: the one with the largest slope among those that may grow, and the partner that promises the largest gain to second
// order; of equals the last one, as in LIBSVM. Platt (1998); Fan, Chen and Lin, "Working set selection using second order information for training
// support vector machines", JMLR 6 (2005); Chang and Lin, "LIBSVM", ACM TIST 2 (2011). It ends when no pair violates the Karush-Kuhn-Tucker conditions
// by more than the tolerance: max of the slopes of those that may grow - min of the slopes of those that may shrink < tolerance. Slope: target - K v.
//
// v are LIBSVM's alpha with the sign of the class. Variables may be a multiple of the kernel's rows (regression has two for each): variable t belongs to
// row t mod l.
//
// Errors: none; not converging is said in the result. Thread-safety: one problem at a time per KernelRows.
//
// ```cpp
// learn::KernelRows rows({.kernel = learn::Kernel::kLinear}, Tensor::from<double>({-1, 1}, {2, 1}), {0, 1}, 0);
// const learn::SmoSolution found = learn::solve_smo({.rows = rows, .target = {-1, 1}, .least = {-9, 0}, .most = {0, 9}});
// assert(found.converged && found.v == (std::vector<double>{-0.5, 0.5}) && found.intercept == 0);
// ```
#pragma once

#include <cstdint>
#include <vector>

#include "tessera/learn/kernel_lines.h"

namespace tessera::learn {

struct SmoProblem {
  KernelRows& rows;
  std::vector<double> target, least, most;
  double tolerance = 1e-3;
  std::int64_t max_iter = -1;  // below 0: 10^7, or 100 for each variable
};

struct SmoSolution {
  std::vector<double> v;
  double intercept =
      0;  // the mean slope of those between their bounds; without any, the middle of what is possible
  std::int64_t iterations = 0;
  bool converged = false;
  bool finite = true;  // false: the kernel overflowed
};

SmoSolution solve_smo(SmoProblem problem);

// ---- What a step does over all variables; the same bits whatever the vector width ----

// Where the largest of slope + may_grow is (0 or -infinity; of equals the last), and the smallest of slope + may_shrink (0 or infinity).
struct SmoExtremes {
  double most, least;
  std::int64_t at;  // of the largest; -1: there is none
};
// First slope = slope - step * (first - second).
SmoExtremes smo_advance(double* slope, const double* may_grow, const double* may_shrink, const double* first,
                        const double* second, double step, std::int64_t count);
// The partner of a variable with the largest slope `most`, of which kernel row and diagonal element are given: of those that may shrink and have a smaller slope,
// the one with the largest (most - slope)^2 / (own + diagonal - 2 row); of equals the last.
struct SmoPartner {
  double gain;
  std::int64_t at;  // -1: there is none
};
SmoPartner smo_partner(const double* slope, const double* may_shrink, const double* row,
                       const double* diagonal, double most, double own, std::int64_t count);

}  // namespace tessera::learn
