// What the C++ library learns, for python/tests/test_same_bits.py: every_digest FOLDER writes a table as .npy files there and prints, for each estimator,
// its name, the digest of what it has learned, and the digest of what it says.
#include <cstdio>
#include <string>

#include "tessera/backends/backends.h"
#include "tessera/base/hash.h"
#include "tessera/data/npy.h"
#include "tessera/learn/estimator_selftest.h"
#include "tessera/runs/checkpoint.h"
#include "tessera/tabular/saved_estimator.h"

int main(int count, char** words) {
  using namespace tessera;
  if (count != 2) return 2;
  const std::string folder = words[1];
  use_default_backend();
  const learn::GeneratedTable table = learn::generated_table(150);
  data::write_npy(folder + "/features.npy", table.features);
  data::write_npy(folder + "/classes.npy", table.classes);
  data::write_npy(folder + "/numbers.npy", table.numbers);
  for (const learn::EstimatorRow& row : learn::estimators()) {
    const std::unique_ptr<learn::Estimator> estimator = row.make();
    estimator->fit(table.features, table.target(estimator->task()));
    Tensor says;
    if (const auto* classifier = dynamic_cast<const learn::Classifier*>(estimator.get()))
      says = classifier->predict_proba(table.features);
    else if (const auto* transformer = dynamic_cast<const learn::Transformer*>(estimator.get()))
      says = transformer->transform(table.features);
    else
      says = estimator->predict(table.features);
    std::printf("%s %s %s\n", std::string(row.name).c_str(), tabular::estimator_digest(*estimator).c_str(),
                to_hex(runs::tensor_digest("", says)).c_str());
  }
  return 0;
}
