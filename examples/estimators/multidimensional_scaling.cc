// Multidimensional scaling: a map from a table of distances alone. Of Euclidean distances it is PCA up to signs; of road distances, which fit no map
// exactly, SMACOF lowers the stress step by step.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(2);
  const Tensor x =
      random.normal("x", {40, 5}, DType::kFloat64) * Tensor::from<double>({3, 2, 1, 0.5, 0.2}, {5});
  learn::PCA pca({.n_components = 2});
  const Tensor components = pca.fit_transform(x);
  const learn::ClassicalScaling scaled = learn::classical_mds(learn::euclidean_distances(x), 2);
  std::printf(
      "MDS of Euclidean distances = PCA up to sign: %s\n",
      max(absolute(absolute(scaled.embedding) - absolute(components))).item<double>() < 1e-12 ? "yes" : "no");
  std::printf("eigenvalues %.4f %.4f are the variances times N - 1: %.4f %.4f\n",
              scaled.eigenvalues.at<double>({0}), scaled.eigenvalues.at<double>({1}),
              pca.explained_variance().at<double>({0}) * 39, pca.explained_variance().at<double>({1}) * 39);

  // About so many kilometres by road between six German cities.
  const char* cities[] = {"Berlin", "Hamburg", "Munich", "Cologne", "Frankfurt", "Dresden"};
  const Tensor roads = Tensor::from<double>({0,   289, 585, 575, 545, 193,  //
                                             289, 0,   775, 425, 490, 475,  //
                                             585, 775, 0,   575, 390, 460,  //
                                             575, 425, 575, 0,   190, 575,  //
                                             545, 490, 390, 190, 0,   460,  //
                                             193, 475, 460, 575, 460, 0},
                                            {6, 6});
  const learn::ClassicalScaling start = learn::classical_mds(roads, 2);
  for (const std::int64_t steps : {1, 2, 5, 20, 100}) {
    const learn::Scaling map = learn::smacof_from(roads, start.embedding, {.max_iter = steps, .eps = 0});
    std::printf("after %3d steps: stress %.2f, normalized %.5f\n", static_cast<int>(steps), map.stress,
                map.normalized_stress);
  }
  const learn::Scaling map = learn::smacof(roads, {.init = learn::SmacofOptions::Init::kClassical});
  const Tensor distances = learn::euclidean_distances(map.embedding);
  for (std::int64_t i = 0; i < 6; ++i)
    std::printf("%-9s (%7.1f, %7.1f)  to Berlin %5.0f km on the map, %5.0f by road\n", cities[i],
                map.embedding.at<double>({i, 0}), map.embedding.at<double>({i, 1}),
                distances.at<double>({i, 0}), roads.at<double>({i, 0}));
}
