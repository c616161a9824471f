#include "tessera/autograd/critical_point.h"

#include <gtest/gtest.h>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera {
namespace {

class CriticalPoints : public testing::Test {
 protected:
  CriticalPoints() { use_default_backend(); }
  static CriticalKind kind(const TensorFunction& function, std::vector<double> at = {0, 0}) {
    const auto n = static_cast<std::int64_t>(at.size());
    return critical_point(function, Tensor::from<double>(at, {n})).kind;
  }
};

Tensor part(const Tensor& x, std::int64_t i) {
  return slice(x, {Range(i)});
}

TEST_F(CriticalPoints, TheFourKinds) {
  EXPECT_EQ(kind([](const Tensor& x) { return sum(x * x); }), CriticalKind::kMinimum);
  EXPECT_EQ(kind([](const Tensor& x) { return -sum(x * x); }), CriticalKind::kMaximum);
  EXPECT_EQ(kind([](const Tensor& x) { return part(x, 0) * part(x, 0) - part(x, 1) * part(x, 1); }),
            CriticalKind::kSaddle);
  EXPECT_EQ(kind([](const Tensor& x) { return part(x, 0) * part(x, 1); }), CriticalKind::kSaddle);
  EXPECT_EQ(kind([](const Tensor& x) { return sum(x * x * x); }, {0}), CriticalKind::kInconclusive);
  EXPECT_EQ(kind([](const Tensor& x) { return sum(x * x * x * x); }, {0}), CriticalKind::kInconclusive);
  EXPECT_EQ(kind([](const Tensor& x) { return part(x, 0) * part(x, 0); }), CriticalKind::kInconclusive);
  EXPECT_EQ(kind([](const Tensor& x) { return sum(x * x); }, {1, 0}), CriticalKind::kNotCritical);
}

// Himmelblau's function has four minima, a maximum and four saddles (values as published).
TEST_F(CriticalPoints, Himmelblau) {
  const auto himmelblau = [](const Tensor& x) {
    const Tensor a = part(x, 0) * part(x, 0) + part(x, 1) - 11, b = part(x, 0) + part(x, 1) * part(x, 1) - 7;
    return a * a + b * b;
  };
  const auto at = [&](double x, double y) {
    return critical_point(himmelblau, Tensor::from<double>({x, y}, {2}), 1e-3).kind;
  };
  EXPECT_EQ(at(3, 2), CriticalKind::kMinimum);
  EXPECT_EQ(at(-2.805118, 3.131312), CriticalKind::kMinimum);
  EXPECT_EQ(at(-3.779310, -3.283186), CriticalKind::kMinimum);
  EXPECT_EQ(at(3.584428, -1.848126), CriticalKind::kMinimum);
  EXPECT_EQ(at(-0.270845, -0.923039), CriticalKind::kMaximum);
  EXPECT_EQ(at(-0.127961, -1.953715), CriticalKind::kSaddle);
  EXPECT_EQ(at(3.385154, 0.073852), CriticalKind::kSaddle);
}

TEST_F(CriticalPoints, NeedsFloat64) {
  EXPECT_THROW(critical_point([](const Tensor& x) { return sum(x * x); }, zeros({2})), Error);
}

}  // namespace
}  // namespace tessera
