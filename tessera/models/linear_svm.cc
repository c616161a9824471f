#include "tessera/models/linear_svm.h"

#include <cmath>
#include <vector>

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/tensor/ops.h"

namespace tessera::models {
namespace {

constexpr int kPowerIterations = 30;
constexpr double kMargin = 1.1;  // on the largest eigenvalue, which power iteration approaches from below
constexpr double kFlat =
    1e-5;  // of a feature's mean: a smaller deviation is what rounding makes of a constant

// [N, classes]: 1 for a sample's own class, -1 for the others.
Tensor signs(const Tensor& labels, std::int64_t classes, DType dtype) {
  const Tensor own = equal(reshape(labels, {-1, 1}), reshape(arange(classes), {1, -1}));
  return cast(own, dtype) * 2 - 1;
}

// Of x^T x.
double largest_eigenvalue(const Tensor& x) {
  Tensor v = full({x.size(1), 1}, 1, x.dtype());
  double length = 0;
  for (int i = 0; i < kPowerIterations; ++i) {
    const Tensor next = matmul(transpose(x), matmul(x, v));
    length = std::sqrt(sum_squares(next).item_as_double());
    if (length == 0) return 0;
    v = next / length;
  }
  return length;
}

struct Problem {
  Tensor x, wanted;  // x with a column of ones: the bias is a weight of it
  double c;

  Tensor hinges(const Tensor& weight) const { return relu(1 - wanted * matmul(x, transpose(weight))); }
  Tensor gradient(const Tensor& weight) const {
    return weight - matmul(transpose(wanted * hinges(weight)), x) * (2 * c);
  }
  double value(const Tensor& weight) const {
    return sum_squares(weight).item_as_double() / 2 + c * sum_squares(hinges(weight)).item_as_double();
  }
};

Tensor minimum_of(const Problem& problem, std::int64_t iterations) {
  const double step = 1 / (1 + 2 * problem.c * kMargin * largest_eigenvalue(problem.x));
  Tensor weight = zeros({problem.wanted.size(1), problem.x.size(1)}, problem.x.dtype()), ahead = weight;
  double momentum = 1;
  for (std::int64_t i = 0; i < iterations; ++i) {
    const Tensor slope = problem.gradient(ahead);
    const Tensor next = ahead - slope * step;
    // O'Donoghue & Candes (2015): begin the momentum anew where it leads uphill.
    const bool uphill = sum(slope * (next - weight)).item_as_double() > 0;
    const double before = uphill ? 1 : momentum;
    momentum = (1 + std::sqrt(1 + 4 * before * before)) / 2;
    ahead = next + (next - weight) * ((before - 1) / momentum);
    weight = next;
  }
  return weight;
}

void check(const Tensor& features, const Tensor& labels, std::int64_t classes,
           const LinearSvmSettings& settings) {
  if (features.rank() != 2 || !is_floating(features.dtype()) || labels.dtype() != DType::kInt64 ||
      labels.shape() != Shape{features.size(0)} || features.size(0) < 1)
    fail(
        "train_linear_svm: the features are {} {} and the labels {} {}, expected numbers [N, F] and int64 "
        "[N]",
        dtype_name(features.dtype()), features.shape().to_string(), dtype_name(labels.dtype()),
        labels.shape().to_string());
  if (classes < 2) fail("train_linear_svm: classes is {}, expected at least 2", classes);
  for (const std::int64_t label : labels.to_vector<std::int64_t>())
    if (label < 0 || label >= classes)
      fail("train_linear_svm: found the label {}, expected 0 to {}", label, classes - 1);
  if (!(settings.c > 0) || settings.iterations < 1)
    fail("train_linear_svm: c is {} and iterations {}, expected above 0, and at least 1", settings.c,
         settings.iterations);
}

}  // namespace

LinearSvm train_linear_svm(const Tensor& features, const Tensor& labels, std::int64_t classes,
                           const LinearSvmSettings& settings) {
  check(features, labels, classes, settings);
  const NoTape constant;
  const FloatEnvironment contract;
  LinearSvm svm;
  const Shape row{1, features.size(1)};
  svm.mean_ = settings.standardize ? mean(features, {0}, true) : zeros(row, features.dtype());
  svm.scale_ = ones(row, features.dtype());
  if (settings.standardize) {
    const Tensor deviation = sqrt(mean((features - svm.mean_) * (features - svm.mean_), {0}, true));
    const Tensor flat = less_equal(deviation, absolute(svm.mean_) * kFlat);
    svm.scale_ = select(flat, 0, 1 / select(flat, 1, deviation));
  }
  const Tensor x = svm.standardized(features);
  const Problem problem{concatenate({x, ones({x.size(0), 1}, x.dtype())}, 1),
                        signs(labels, classes, x.dtype()), settings.c};
  const Tensor weight = minimum_of(problem, settings.iterations);
  svm.objective_ = problem.value(weight);
  svm.weight_ = copy(slice(weight, {Range::all(), Range(0, x.size(1))}));
  svm.bias_ = reshape(copy(slice(weight, {Range::all(), Range::from(x.size(1))})), {classes});
  return svm;
}

Tensor LinearSvm::standardized(const Tensor& features) const {
  if (features.rank() != 2 || features.size(1) != mean_.size(1))
    fail("LinearSvm: the features have shape {}, expected [N, {}]", features.shape().to_string(),
         mean_.size(1));
  return (features - mean_) * scale_;
}

Tensor LinearSvm::scores(const Tensor& features) const {
  const NoTape constant;
  return matmul(standardized(features), transpose(weight_)) + bias_;
}

Tensor LinearSvm::predict(const Tensor& features) const {
  return argmax(scores(features), 1);
}

double LinearSvm::accuracy(const Tensor& features, const Tensor& labels) const {
  const std::vector<std::int64_t> found = predict(features).to_vector<std::int64_t>(),
                                  wanted = labels.to_vector<std::int64_t>();
  if (found.size() != wanted.size() || found.empty())
    fail("LinearSvm: {} samples and {} labels, expected as many of both, at least one", found.size(),
         wanted.size());
  std::size_t right = 0;
  for (std::size_t i = 0; i < found.size(); ++i) right += found[i] == wanted[i] ? 1 : 0;
  return static_cast<double>(right) / static_cast<double>(found.size());
}

}  // namespace tessera::models
