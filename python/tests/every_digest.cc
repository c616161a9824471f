// What the C++ library learns, for python/tests/test_same_bits.py: every_digest FOLDER writes a table as .npy files there and prints, for each estimator,
// its name, the file of its target, the digest of what it has learned, and the digest of what it says of the table.
#include <cstdio>
#include <string>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/hash.h"
#include "tessera/data/npy.h"
#include "tessera/learn/estimator_selftest.h"
#include "tessera/runs/checkpoint.h"
#include "tessera/tabular/saved_estimator.h"
#include "tessera/tensor/ops.h"

namespace {

using namespace tessera;

struct Target {
  const char* name;
  Tensor values;
};

// The target that it can learn from: some take no number below 0.
const Target& fit(learn::Estimator& estimator, const Tensor& x, const Target& first, const Target& second) {
  try {
    estimator.fit(x, first.values);
    return first;
  } catch (const Error&) {
    estimator.fit(x, second.values);
    return second;
  }
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) return 2;
  const std::string folder = words[1];
  use_default_backend();
  const learn::GeneratedTable table = learn::generated_table(150);
  const Target classes{"classes", table.classes}, numbers{"numbers", table.numbers},
      counts{"counts", maximum(table.numbers, 0.0)};
  data::write_npy(folder + "/features.npy", table.features);
  for (const Target* target : {&classes, &numbers, &counts})
    data::write_npy(fmt::format("{}/{}.npy", folder, target->name), target->values);
  for (const learn::EstimatorRow& row : learn::estimators()) {
    const std::unique_ptr<learn::Estimator> estimator = row.make();
    const bool regression = estimator->task() == learn::Task::kRegression;
    const Target& target = fit(*estimator, table.features, regression ? numbers : classes, counts);
    const auto* transformer = dynamic_cast<const learn::Transformer*>(estimator.get());
    const Tensor says =
        transformer != nullptr ? transformer->transform(table.features) : estimator->predict(table.features);
    fmt::print("{} {} {} {}\n", row.name, target.name, tabular::estimator_digest(*estimator),
               to_hex(runs::tensor_digest("", says)));
  }
  return 0;
}
