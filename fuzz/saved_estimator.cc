#include "tessera/tabular/saved_estimator.h"

#include "fuzz/fuzz.h"
#include "tessera/tensor/ops.h"

namespace tessera::fuzz {

// What was read answers from memory that is its own, and is written as it is read.
void fuzz_one(std::string_view bytes) {
  const auto parse = [](std::string_view text) {
    return tabular::parse_estimator(text, "model.safetensors");
  };
  expect_round_trip(bytes, parse, [](const tabular::SavedEstimator& saved) {
    return tabular::estimator_bytes(*saved.estimator, saved.classes);
  });
  const tabular::SavedEstimator saved = parse(bytes);
  const Tensor x =
      arange(2 * saved.estimator->features(), DType::kFloat64).reshape({2, saved.estimator->features()});
  if (const auto* transformer = dynamic_cast<const learn::Transformer*>(saved.estimator.get()))
    transformer->transform(x);
  else
    saved.estimator->predict(x);
}

}  // namespace tessera::fuzz
