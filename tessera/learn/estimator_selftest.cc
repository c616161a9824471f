#include "tessera/learn/estimator_selftest.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tessera/base/bytes.h"
#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/hash.h"
#include "tessera/base/json.h"
#include "tessera/learn/mixture_model.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::learn {

namespace {

struct TableLine {
  const char* estimator;
  const char* settings;
  const char* digest;
};
// A line of no estimator keeps the array from being empty before the table is first generated.
constexpr TableLine kTable[] = {
#include "tessera/learn/estimator_digests.inc"
    {"", "", ""},
};

class Hasher : public StateVisitor {
 public:
  explicit Hasher(Sha256& hash) : hash_(hash) {}
  void tensor(std::string_view name, Tensor& value) override { add(name, value); }
  void integer(std::string_view name, std::int64_t& value) override { add(name, Tensor::scalar(value)); }
  void real(std::string_view name, double& value) override { add(name, Tensor::scalar(value)); }

  void add(std::string_view name, const Tensor& value) {
    const Tensor known = value.defined() ? value : zeros({0});
    const std::vector<std::byte> bytes = known.canonical_bytes();
    hash_.add_item(name).add_item(dtype_name(known.dtype())).add_item(known.shape().to_string());
    hash_.add_item(as_text(bytes));
  }

 private:
  Sha256& hash_;
};

bool is_known(std::string_view name) {
  const auto rows = estimators();
  return std::any_of(rows.begin(), rows.end(), [&](const EstimatorRow& row) { return row.name == name; });
}

}  // namespace

GeneratedTable generated_table(std::int64_t rows) {
  RandomSource random(20);
  const Tensor draws = random.uniform("features", {rows, 7}, DType::kFloat64);
  const Tensor features = cast(cast(draws * draws * 5, DType::kInt64), DType::kFloat64);
  const Tensor weights = Tensor::from<double>({1, 0.5, -1, 0, 0, 0.25, 0}, {7, 1});
  const Tensor noise = random.normal("noise", {rows}, DType::kFloat64);
  const Tensor numbers = reshape(matmul(features, weights), {-1}) + noise * 0.3;
  const Tensor classes =
      cast(greater(numbers, 0.2), DType::kInt64) + cast(greater(numbers, 1.4), DType::kInt64);
  return {features, classes, numbers, maximum(numbers, 0.0)};
}

std::vector<EstimatorCase> estimator_cases() {
  std::vector<EstimatorCase> cases;
  for (const EstimatorRow& row : estimators()) cases.push_back({std::string(row.name), ""});
  for (const TableLine& line : kTable)
    if (*line.settings != '\0') cases.push_back({line.estimator, line.settings});
  return cases;
}

std::unique_ptr<Estimator> make_estimator(const EstimatorCase& test) {
  std::unique_ptr<Estimator> estimator = make_estimator(test.estimator);
  if (!test.settings.empty()) set_parameters(*estimator, parse_json(test.settings, test.id()));
  return estimator;
}

std::string digest_of(Estimator& fitted, const Tensor& features) {
  Sha256 hash;
  hash.add_item(fitted.name()).add_item(canonical_json(parameters_json(fitted)));
  Hasher hasher(hash);
  fitted.visit_state(hasher);
  if (auto* transformer = dynamic_cast<Transformer*>(&fitted))
    hasher.add("transformed", transformer->transform(features));
  else
    hasher.add("predicted", fitted.predict(features));
  const auto* classifier = dynamic_cast<const Classifier*>(&fitted);
  if (classifier != nullptr && classifier->has_probabilities())
    hasher.add("probabilities", classifier->predict_proba(features));
  if (classifier != nullptr && classifier->has_decision_function())
    hasher.add("decisions", classifier->decision_function(features));
  if (auto* mixture = dynamic_cast<MixtureModel*>(&fitted)) {
    hasher.add("responsibilities", mixture->predict_proba(features));
    hasher.add("log_likelihoods", mixture->score_samples(features));
  }
  return to_hex(hash.finish().data(), 16);
}

std::string digest_of(const EstimatorCase& test) {
  const FloatEnvironment contract;
  try {
    const GeneratedTable table = generated_table(211);
    const std::unique_ptr<Estimator> estimator = make_estimator(test);
    estimator->fit(table.features, table.target(*estimator));
    return digest_of(*estimator, generated_table(97).features);
  } catch (const Error& error) {
    return fmt::format("error: {}", error.what());
  }
}

std::string committed_digest(const EstimatorCase& test) {
  for (const TableLine& line : kTable)
    if (line.estimator == test.estimator && line.settings == test.settings) return line.digest;
  return "";
}

EstimatorSelftest run_estimator_selftest() {
  EstimatorSelftest result;
  for (const EstimatorCase& test : estimator_cases()) {
    const std::string found = digest_of(test), expected = committed_digest(test);
    ++result.cases;
    if (found != expected) result.failures.push_back({test.id(), expected, found});
  }
  for (const TableLine& line : kTable)  // an estimator that is gone
    if (*line.estimator != '\0' && *line.settings == '\0' && !is_known(line.estimator))
      result.failures.push_back({line.estimator, line.digest, ""});
  return result;
}

std::string estimator_table() {
  std::string text;
  for (const EstimatorCase& test : estimator_cases())
    text += fmt::format("{{\"{}\", R\"({})\", \"{}\"}},\n", test.estimator, test.settings, digest_of(test));
  return text;
}

}  // namespace tessera::learn
