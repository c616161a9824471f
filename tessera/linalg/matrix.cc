#include "tessera/linalg/matrix.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/numerics/functions.h"
#include "tessera/tensor/backend.h"

namespace tessera::linalg::internal {
namespace {

constexpr std::int64_t kParallelElements = 1 << 15;  // below, waking a thread costs more than it saves

TensorView view_of(const Block& a) {
  return {a.data, DType::kFloat64, Shape{a.rows, a.columns}, Strides{a.row_stride, a.column_stride}};
}

// Whether all of x are finite numbers; 0 times others is NaN. Several at a time.
bool finite_line(const double* x, std::int64_t n) {
  constexpr std::int64_t kTogether = 8;
  double sums[kTogether] = {};
  std::int64_t i = 0;
  for (; i + kTogether <= n; i += kTogether)
    for (std::int64_t j = 0; j < kTogether; ++j) sums[j] += x[i + j] * 0;
  for (; i < n; ++i) sums[0] += x[i] * 0;
  return std::ranges::all_of(sums, [](double sum) { return sum == 0; });
}

void check_elements(const double* elements, std::int64_t rows, std::int64_t columns,
                    std::string_view function, std::string_view argument) {
  const std::int64_t rows_of_task = std::max<std::int64_t>(1, kParallelElements / columns);
  parallel_for((rows + rows_of_task - 1) / rows_of_task, [&](std::int64_t task) {
    for (std::int64_t i = task * rows_of_task; i < std::min(rows, (task + 1) * rows_of_task); ++i) {
      const double* row = elements + i * columns;
      if (finite_line(row, columns)) continue;
      const std::int64_t j =
          std::find_if_not(row, row + columns, [](double x) { return std::isfinite(x); }) - row;
      fail("{}: found {} at row {}, column {} of {}, expected finite numbers", function, row[j], i, j,
           argument);
    }
  });
}

Matrix read_elements(const Tensor& a, std::int64_t rows, std::int64_t columns, std::string_view function,
                     std::string_view argument) {
  Matrix matrix(rows, columns);
  matrix.elements() = a.to_vector<double>();
  check_elements(matrix.elements().data(), rows, columns, function, argument);
  return matrix;
}

void check_dtype(const Tensor& a, std::string_view function, std::string_view argument) {
  if (!a.defined()) fail("{}: {} is an undefined tensor, expected a float64 matrix", function, argument);
  if (a.dtype() != DType::kFloat64)
    fail("{}: {} is of dtype {}, expected float64 (cast(x, DType::kFloat64) converts)", function, argument,
         dtype_name(a.dtype()));
}

void check_matrix(const Tensor& a, std::string_view function, std::string_view argument) {
  check_dtype(a, function, argument);
  if (a.rank() != 2)
    fail("{}: {} has shape {}, expected a matrix [rows, columns]", function, argument, a.shape().to_string());
  if (a.elements() == 0)
    fail("{}: {} has shape {}, expected at least one row and one column", function, argument,
         a.shape().to_string());
}

void check_square(const Tensor& a, std::string_view function, std::string_view argument) {
  check_dtype(a, function, argument);
  if (a.rank() == 2 && a.size(0) != a.size(1))
    fail("{}: {} has shape {}, expected a square matrix", function, argument, a.shape().to_string());
}

TESSERA_FMA_CLONES void add_scaled_line(double factor, const double* __restrict x, double* __restrict y,
                                        std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = __builtin_fma(factor, x[i], y[i]);
}

TESSERA_FMA_CLONES double dot_line(const double* x, const double* y, std::int64_t n) {
  double lane[kLanes] = {};
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (std::int64_t j = 0; j < kLanes; ++j) lane[j] = __builtin_fma(x[i + j], y[i + j], lane[j]);
  for (std::int64_t j = 0; i + j < n; ++j) lane[j] = __builtin_fma(x[i + j], y[i + j], lane[j]);
  return sum_of_lanes(lane);
}

TESSERA_FMA_CLONES void subtract_dots_of_lines(const double* rows, std::int64_t row_stride,
                                               std::int64_t count, const double* factors, std::int64_t width,
                                               double* values, std::int64_t step) {
  for (std::int64_t i = 0; i < count; ++i) {
    double value = values[i * step];
    for (std::int64_t l = 0; l < width; ++l)
      value = __builtin_fma(-rows[i * row_stride + l], factors[l], value);
    values[i * step] = value;
  }
}

}  // namespace

Matrix Matrix::identity(std::int64_t rows, std::int64_t columns) {
  Matrix result(rows, columns);
  for (std::int64_t i = 0; i < std::min(rows, columns); ++i) result(i, i) = 1;
  return result;
}

Matrix read_matrix(const Tensor& a, std::string_view function, std::string_view argument) {
  check_matrix(a, function, argument);
  return read_elements(a, a.size(0), a.size(1), function, argument);
}

Matrix read_square(const Tensor& a, std::string_view function, std::string_view argument) {
  check_square(a, function, argument);
  return read_matrix(a, function, argument);
}

Tensor checked_square(const Tensor& a, std::string_view function, std::string_view argument) {
  check_square(a, function, argument);
  check_matrix(a, function, argument);
  const Tensor lying = a.contiguous() ? a : own_elements(a);
  check_elements(lying.values<double>().data(), lying.size(0), lying.size(1), function, argument);
  return lying;
}

Tensor own_elements(const Tensor& a) {
  Tensor result = Tensor::allocate(a.shape(), DType::kFloat64);
  double* to = result.view().as<double>();
  if (!a.contiguous()) {
    std::ranges::copy(a.to_vector<double>(), to);
    return result;
  }
  const std::span<const double> from = a.values<double>();
  const auto count = static_cast<std::int64_t>(from.size());
  parallel_for((count + kParallelElements - 1) / kParallelElements, [&](std::int64_t task) {
    const std::int64_t first = task * kParallelElements;
    std::copy_n(from.data() + first, std::min(kParallelElements, count - first), to + first);
  });
  return result;
}

Block block_of(const Tensor& a) {
  return {a.view().as<double>(), a.size(0), a.size(1), a.size(1), 1};
}

Matrix read_right_side(const Tensor& b, std::int64_t rows, std::string_view function) {
  check_dtype(b, function, "b");
  if (b.rank() != 1 && b.rank() != 2)
    fail("{}: b has shape {}, expected [{}] or [{}, right-hand sides]", function, b.shape().to_string(), rows,
         rows);
  if (b.size(0) != rows) fail("{}: b has {} rows, expected {} as the matrix", function, b.size(0), rows);
  if (b.elements() == 0)
    fail("{}: b has shape {}, expected at least one column", function, b.shape().to_string());
  return read_elements(b, rows, b.elements() / rows, function, "b");
}

Tensor to_tensor(const Matrix& a) {
  return to_tensor(a, Shape{a.rows(), a.columns()});
}
Tensor to_tensor(const Matrix& a, const Shape& shape) {
  return Tensor::from<double>(a.elements(), shape);
}
Tensor to_tensor(const std::vector<double>& values) {
  return Tensor::from<double>(values, Shape{static_cast<std::int64_t>(values.size())});
}

Matrix transposed(const Matrix& a) {
  constexpr std::int64_t kTile = 32;
  Matrix result(a.columns(), a.rows());
  for (std::int64_t i0 = 0; i0 < a.rows(); i0 += kTile)
    for (std::int64_t j0 = 0; j0 < a.columns(); j0 += kTile)
      for (std::int64_t i = i0; i < std::min(i0 + kTile, a.rows()); ++i)
        for (std::int64_t j = j0; j < std::min(j0 + kTile, a.columns()); ++j) result(j, i) = a(i, j);
  return result;
}

double scaled(double x, int exponent) {
  return std::ldexp(x, exponent);  // exact but for a subnormal result, which is rounded once
}

int exponent_to_one(double top) {
  constexpr int kSafe = 200;
  if (top == 0) return 0;
  const int exponent = std::ilogb(top);
  if (exponent >= -kSafe && exponent <= kSafe) return 0;
  return exponent % 2 - exponent;  // even, so that square roots are scaled exactly, too
}

int scale_to_one(Matrix& a) {
  const int exponent = exponent_to_one(largest(a.elements().data(), a.rows() * a.columns()));
  if (exponent != 0)
    for (double& x : a.elements()) x = scaled(x, exponent);
  return exponent;
}

void multiply(const Block& a, const Block& b, double* product) {
  if (a.rows == 0 || b.columns == 0) return;
  const std::array<TensorView, 2> inputs = {view_of(a), view_of(b)};
  const Block out{product, a.rows, b.columns, b.columns, 1};
  const Attributes none = NoAttributes{};
  backend_for(DeviceKind::kCpu).run({Op::kMatrixMultiply, inputs, view_of(out), none});
}

Matrix multiply(const Block& a, const Block& b) {
  Matrix product(a.rows, b.columns);
  multiply(a, b, product.elements().data());
  return product;
}

void subtract_product(const Block& c, const Block& a, const Block& b) {
  if (c.rows == 0 || c.columns == 0 || a.columns == 0) return;
  // Kept for the next call of this thread: large products come in rows of many.
  static thread_local std::vector<double> product;
  if (product.size() < static_cast<std::size_t>(c.rows * c.columns))
    product.resize(static_cast<std::size_t>(c.rows * c.columns));
  double* values = product.data();
  multiply(a, b, values);
  const auto subtract_row = [&](std::int64_t i) {
    double* to = c.row(i);
    const double* from = values + i * c.columns;
    for (std::int64_t j = 0; j < c.columns; ++j) to[j] = to[j] - from[j];
  };
  const std::int64_t rows_of_task = std::max<std::int64_t>(1, kParallelElements / c.columns);
  const std::int64_t tasks = (c.rows + rows_of_task - 1) / rows_of_task;
  parallel_for(tasks, [&](std::int64_t task) {
    for (std::int64_t i = task * rows_of_task; i < std::min(c.rows, (task + 1) * rows_of_task); ++i)
      subtract_row(i);
  });
}

void add_scaled(double factor, const double* x, double* y, std::int64_t n) {
  add_scaled_line(factor, x, y, n);
}

void scale(double factor, double* x, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) x[i] = factor * x[i];
}

double dot(const double* x, const double* y, std::int64_t n) {
  return dot_line(x, y, n);
}

void subtract_dots(const Block& rows, const double* factors, double* values, std::int64_t step) {
  subtract_dots_of_lines(rows.data, rows.row_stride, rows.rows, factors, rows.columns, values, step);
}

double norm(const double* x, std::int64_t n) {
  return numerics::sqrt(dot_line(x, x, n));
}

double largest(const double* x, std::int64_t n) {
  double tops[kLanes] = {};
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (std::int64_t j = 0; j < kLanes; ++j) tops[j] = std::max(tops[j], std::abs(x[i + j]));
  for (; i < n; ++i) tops[0] = std::max(tops[0], std::abs(x[i]));
  return *std::max_element(tops, tops + kLanes);
}

double length_of(double a, double b) {
  const double top = std::max(std::abs(a), std::abs(b));
  if (top == 0 || !std::isfinite(top)) return top;
  const int exponent = top > 0x1p400 || top < 0x1p-400 ? std::ilogb(top) : 0;
  if (exponent == 0) return numerics::sqrt(__builtin_fma(a, a, b * b));
  a = scaled(a, -exponent);
  b = scaled(b, -exponent);
  return scaled(numerics::sqrt(__builtin_fma(a, a, b * b)), exponent);
}

}  // namespace tessera::linalg::internal
