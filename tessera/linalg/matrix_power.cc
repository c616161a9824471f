#include "tessera/linalg/matrix_power.h"

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/linalg/lu.h"
#include "tessera/linalg/matrix.h"
#include "tessera/linalg/norms.h"

namespace tessera::linalg {
namespace {

using namespace internal;

std::uint64_t magnitude(std::int64_t exponent) {
  return exponent < 0 ? 0 - static_cast<std::uint64_t>(exponent) : static_cast<std::uint64_t>(exponent);
}

// x^exponent by squaring, for anything that multiplies.
template <typename T, typename Multiply>
T power_of(T x, std::uint64_t exponent, T one, const Multiply& multiplied) {
  T result = std::move(one);
  for (; exponent > 0; exponent /= 2) {
    if (exponent % 2 == 1) result = multiplied(result, x);
    if (exponent > 1) x = multiplied(x, x);
  }
  return result;
}

struct Complex {
  double re, im;
};

Complex power_of(Complex x, std::int64_t exponent) {
  if (exponent < 0) {
    // 1 / x with its size taken apart, so that squares do not leave the range.
    const double length = length_of(x.re, x.im);
    x = {x.re / length / length, 0 - x.im / length / length};
  }
  return power_of(x, magnitude(exponent), Complex{1, 0}, [](const Complex& a, const Complex& b) {
    return Complex{a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
  });
}

}  // namespace

Tensor matrix_power(const Tensor& a, std::int64_t exponent) {
  const FloatEnvironment contract;
  Matrix base = read_square(a, "matrix_power");
  if (exponent < 0) base = read_square(inverse(a), "matrix_power");
  const std::int64_t n = base.rows();
  return to_tensor(power_of(std::move(base), magnitude(exponent), Matrix::identity(n, n),
                            [](Matrix& x, Matrix& y) { return multiply(x.block(), y.block()); }));
}

EigenbasisPowers::EigenbasisPowers(const Tensor& a) {
  const FloatEnvironment contract;
  eigen_ = linalg::eigen(a);
  const std::int64_t n = a.size(0);
  Matrix basis(n, n);
  const Matrix real = read_square(eigen_.vectors_real, "EigenbasisPowers"),
               imaginary = read_square(eigen_.vectors_imaginary, "EigenbasisPowers");
  for (std::int64_t j = 0; j < n; ++j)
    for (std::int64_t i = 0; i < n; ++i)
      basis(i, j) = eigen_.imaginary.at<double>({j}) < 0 ? imaginary(i, j - 1) : real(i, j);
  basis_ = to_tensor(basis);
  condition_ = condition_number(basis_);
  constexpr double kMost = 0x1p40;
  if (!(condition_ < kMost))
    fail(
        "EigenbasisPowers: the eigenvectors of a do not span the space (their condition number is {:.3g}); "
        "matrix_power does without them",
        condition_);
  inverse_ = inverse(basis_);
}

Tensor EigenbasisPowers::power(std::int64_t exponent) const {
  const FloatEnvironment contract;
  Matrix basis = read_square(basis_, "EigenbasisPowers"), inverse = read_square(inverse_, "EigenbasisPowers");
  const std::int64_t n = basis.rows();
  Matrix turned(n, n);
  for (std::int64_t j = 0; j < n; ++j) {
    const Complex value{eigen_.real.at<double>({j}), eigen_.imaginary.at<double>({j})};
    if (exponent < 0 && value.re == 0 && value.im == 0)
      fail("EigenbasisPowers: eigenvalue {} is 0, so there is no power {}", j, exponent);
    if (value.im < 0) continue;  // done with its partner
    const Complex power = power_of(value, exponent);
    for (std::int64_t i = 0; i < n; ++i) {
      turned(i, j) = basis(i, j) * power.re;
      if (value.im == 0) continue;
      turned(i, j) = turned(i, j) - basis(i, j + 1) * power.im;
      turned(i, j + 1) = basis(i, j) * power.im + basis(i, j + 1) * power.re;
    }
  }
  return to_tensor(multiply(turned.block(), inverse.block()));
}

}  // namespace tessera::linalg
