// k-means after scaling: two groups of rows whose second feature is a thousand times larger and says nothing. As they are, the clusters follow it;
// scaled to the same spread, they are the groups. A missing value is filled in on the way.
#include <cstdio>
#include <limits>
#include <vector>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(3);
  const std::vector<double> noise = random.normal("noise", {90, 2}, DType::kFloat64).to_vector<double>();
  std::vector<double> values;
  for (std::size_t i = 0; i < 90; ++i) {
    values.push_back(static_cast<double>(i % 2) * 10 + noise[2 * i]);
    values.push_back(i == 7 ? std::numeric_limits<double>::quiet_NaN() : 1000 * noise[2 * i + 1]);
  }
  learn::SimpleImputer imputer({.strategy = learn::SimpleImputer::Strategy::kMedian});
  const Tensor missing = Tensor::from(values, {90, 2});
  imputer.fit(missing);
  const Tensor x = imputer.transform(missing);
  learn::StandardScaler scaler;
  scaler.fit(x);
  const Tensor scaled = scaler.transform(x);

  for (const Tensor& rows : {x, scaled}) {
    learn::KMeans model({.n_clusters = 2, .n_init = 5});
    model.fit(rows);
    const std::vector<std::int64_t> found = model.predict(rows).to_vector<std::int64_t>();
    int together = 0;
    for (std::size_t i = 2; i < 90; ++i) together += found[i] == found[i % 2] ? 1 : 0;
    std::printf("inertia %.6g after %d iterations; %d of 88 rows with the first of their group\n",
                model.inertia(), static_cast<int>(model.iterations()), together);
  }
}
