// Multidimensional scaling: points in few dimensions whose distances are those that are given, as nearly as may be.
//
// Functions, not estimators: they place the rows that they are given, and know nothing of another row, so there is nothing that could transform one later.
//
//   classical_mds  double centering of the squared distances, then eigenvectors (Torgerson, Psychometrika 17, 1952): scikit-learn's ClassicalMDS. Of Euclidean
//                  distances it is PCA of the points, up to signs; of each axis the element of the largest absolute value is positive
//   smacof         lowers the stress, the sum over pairs of (distance - dissimilarity)^2, by Guttman's transform from step to step, which never raises it (de
//                  Leeuw 1977; Borg and Groenen, "Modern Multidimensional Scaling", 2005): metric MDS, scikit-learn's MDS with its stops
//
// Shapes: dissimilarities float64 [N, N], symmetric, at least 0, the diagonal 0. Memory and time per step grow with N^2.
// Errors: shapes, NaN, infinities, a negative or asymmetric dissimilarity (with its place), more dimensions than points; classical_mds: dimensions for which
// only negative eigenvalues are left (an axis within rounding of 0 is 0). Thread-safety: pure functions. Results: the same bits everywhere.
//
// ```cpp
// const Tensor x = Tensor::from<double>({0, 0, 3, 0, 0, 4}, {3, 2});
// const Tensor distances = learn::euclidean_distances(x);
// assert(distances.at<double>({1, 2}) == 5);
// const learn::ClassicalScaling found = learn::classical_mds(distances, 2);
// assert(max(absolute(learn::euclidean_distances(found.embedding) - distances)).item<double>() < 1e-12);
// assert(learn::smacof(distances, {.n_components = 2}).stress < 1e-3);
// ```
#pragma once

#include "tessera/tensor/tensor.h"

namespace tessera::learn {

// The distance of each row to each other: [N, F] -> [N, N], from differences, exactly 0 on the diagonal and symmetric to the bit.
Tensor euclidean_distances(const Tensor& x);

struct ClassicalScaling {
  Tensor embedding;    // [N, n_components]
  Tensor eigenvalues;  // [n_components], descending: what each axis explains of the squared distances
};
ClassicalScaling classical_mds(const Tensor& dissimilarities, std::int64_t n_components = 2);

struct SmacofOptions {
  enum class Init : std::uint8_t { kRandom, kClassical };  // uniform on (0, 1) by counter, or classical_mds
  std::int64_t n_components = 2;
  Init init = Init::kRandom;
  std::int64_t n_init = 1;  // random starts of which the least stress is kept
  std::int64_t max_iter = 300;
  double eps = 1e-6;  // it ends when the stress falls by less than this share of the sum of squared distances
  std::int64_t seed = 0;
};
struct Scaling {
  Tensor embedding;  // [N, n_components]
  double stress = 0;
  double normalized_stress = 0;  // sqrt(stress / sum of squared distances): Kruskal's stress-1
  std::int64_t iterations = 0;
};
Scaling smacof(const Tensor& dissimilarities, const SmacofOptions& options = {});
// From these points [N, n].
Scaling smacof_from(const Tensor& dissimilarities, const Tensor& start, const SmacofOptions& options = {});

}  // namespace tessera::learn
