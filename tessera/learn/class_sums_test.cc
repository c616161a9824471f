// Sums by class are, bit for bit, those of the operations whose orders they follow.
#include "tessera/learn/class_sums.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/backends/backends.h"
#include "tessera/learn/naive_bayes.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::learn {
namespace {

struct Labelled {
  Tensor x, y;
};

// Every class has a row.
Labelled labelled(std::int64_t rows, std::int64_t features, std::int64_t classes) {
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < rows; ++i) labels.push_back(i < classes ? i : i * 7919 / 13 % classes);
  return {RandomSource(5).normal("x", {rows, features}, DType::kFloat64) + 3, Tensor::from(labels, {rows})};
}

Tensor memberships(const Tensor& y, std::int64_t classes) {
  return cast(equal(reshape(arange(classes), {classes, 1}), reshape(y, {1, -1})), DType::kFloat64);
}

struct Size {
  std::int64_t rows, features, classes;
};
constexpr Size kSizes[] = {{2, 1, 2},      {255, 3, 2},     {1025, 20, 10}, {5000, 20, 3},
                           {3000, 300, 5}, {2100, 7, 2000}, {70000, 2, 4}};

TEST(ClassSums, AreThoseOfSumsAndProducts) {
  use_default_backend();
  for (const auto& [rows, features, classes] : kSizes) {
    const auto [x, y] = labelled(rows, features, classes);
    const ClassSums found = class_sums(
        x.values<double>(), features, y.values<std::int64_t>(), classes,
        [](double value, std::int64_t) { return value * value; },
        [](double value, std::int64_t, std::int64_t f) { return value + static_cast<double>(f); });
    const Tensor moved = x + cast(arange(features), DType::kFloat64);
    const std::string size = std::to_string(rows) + " x " + std::to_string(features);
    EXPECT_TRUE(same_bits(Tensor::from(found.of_all, {features}), sum(x * x, {0}))) << size;
    EXPECT_TRUE(
        same_bits(Tensor::from(found.of_class, {classes, features}), matmul(memberships(y, classes), moved)))
        << size;
  }
}

// What is learned, and what is said of rows, by operations.
TEST(ClassSums, MakeTheGaussianModelThatOperationsMake) {
  use_default_backend();
  for (const auto& [rows, features, classes] : {Size{1025, 20, 10}, Size{500, 16, 2}, Size{300, 2100, 3}}) {
    const auto [x, y] = labelled(rows, features, classes);
    GaussianNB model;
    model.fit(x, y);
    const Tensor of_class = memberships(y, classes), count = sum(of_class, {1}, true);
    const Tensor means = matmul(of_class, x) / count;
    const Tensor from_mean = x - gather(means, y), centred = x - mean(x, {0}, true);
    const Tensor variances = matmul(of_class, from_mean * from_mean) / count +
                             1e-9 * max(mean(centred * centred, {0})).item<double>();
    EXPECT_TRUE(same_bits(model.means(), means));
    EXPECT_TRUE(same_bits(model.variances(), variances));

    const Tensor constant = model.log_prior() - sum(log(variances * 6.283185307179586), {1}) * 0.5;
    const Tensor difference = reshape(x, {rows, 1, features}) - means;
    const Tensor joint = sum(difference * difference / variances, {2}) * -0.5 + constant;
    EXPECT_TRUE(same_bits(model.predict_proba(x), softmax(joint, 1)));
  }
}

}  // namespace
}  // namespace tessera::learn
