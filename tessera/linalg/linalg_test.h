// Matrices and measures that the tests of this room share.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::linalg {

inline constexpr double kRoundoff = 0x1p-53;

inline Tensor eye(std::int64_t n) {
  std::vector<double> values(static_cast<std::size_t>(n * n));
  for (std::int64_t i = 0; i < n; ++i) values[static_cast<std::size_t>(i * n + i)] = 1;
  return Tensor::from<double>(values, {n, n});
}
inline Tensor random_matrix(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  return RandomSource(seed).normal("matrix", {rows, columns}, DType::kFloat64);
}
// Of this rank, the factors' elements being normal numbers.
inline Tensor random_of_rank(std::int64_t rows, std::int64_t columns, std::int64_t rank, std::uint64_t seed) {
  return matmul(random_matrix(rows, rank, seed), random_matrix(rank, columns, seed + 1));
}
inline Tensor random_symmetric(std::int64_t n, std::uint64_t seed) {
  const Tensor a = random_matrix(n, n, seed);
  return a + transpose(a);
}
inline Tensor random_definite(std::int64_t n, std::uint64_t seed) {
  const Tensor a = random_matrix(n, n, seed);
  return matmul(a, transpose(a)) + eye(n) * 0.5;
}

inline double largest_element(const Tensor& a) {
  double result = 0;
  for (const double x : a.to_vector<double>()) result = std::isnan(x) ? x : std::max(result, std::abs(x));
  return result;
}
inline double distance(const Tensor& a, const Tensor& b) {
  return largest_element(a - b);
}

// ||Q^T Q - I|| in units of n * 2^-53: a small number for orthonormal columns.
inline double skewness(const Tensor& q) {
  const std::int64_t n = q.size(1);
  return distance(matmul(transpose(q), q), eye(n)) / (kRoundoff * static_cast<double>(q.size(0)));
}
// ||a - b|| in units of n * 2^-53 * ||a||.
inline double error_of(const Tensor& a, const Tensor& b) {
  const double n = static_cast<double>(std::max(a.size(0), a.size(-1)));
  return distance(a, b) / (kRoundoff * n * std::max(largest_element(a), 1e-300));
}

inline Tensor as_diagonal(const Tensor& values) {
  return eye(values.size(0)) * values;
}
inline Tensor columns_in_order(const Tensor& a, const std::vector<std::int64_t>& permutation) {
  return gather(
      a, Tensor::from<std::int64_t>(permutation, Shape{static_cast<std::int64_t>(permutation.size())}), 1);
}

template <typename Body>
std::string message_of(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace tessera::linalg
