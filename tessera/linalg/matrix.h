// What the algorithms of this room compute on: matrices of doubles that may be changed, blocks of them, and the products that run on the
// backend. Internal to the room; its public headers take and give Tensors.
//
// A factorisation works on a Matrix of its own, so that a tensor stays what it was. Its matrix products are contract rule 2, computed by the
// active backend's kernel; everything else is plain loops in the order that their functions state. Observers of operations (tapes, traces) see
// a factorisation as a maker of tensors, not as a list of operations.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tessera/numerics/contract.h"
#include "tessera/tensor/tensor.h"

namespace tessera::linalg::internal {

inline constexpr std::int64_t kLanes = 16;  // of a sum or maximum of many elements
// Combined as in contract rule 3; the lanes are used up.
TESSERA_INLINE double sum_of_lanes(double* lane) {
  for (std::int64_t s = kLanes / 2; s > 0; s /= 2)
    for (std::int64_t j = 0; j < s; ++j) lane[j] = lane[j] + lane[j + s];
  return lane[0];
}
inline constexpr double kRoundoff = 0x1p-52;  // from 1 to the next number

// A part of a matrix, by strides: transposing is exchanging them. Does not own its elements.
struct Block {
  double* data = nullptr;
  std::int64_t rows = 0, columns = 0;
  std::int64_t row_stride = 0, column_stride = 1;

  double& operator()(std::int64_t i, std::int64_t j) const {
    return data[i * row_stride + j * column_stride];
  }
  double* row(std::int64_t i) const {
    return data + i * row_stride;
  }  // a line of memory if column_stride == 1
  Block part(std::int64_t row, std::int64_t column, std::int64_t row_count, std::int64_t column_count) const {
    return {data + row * row_stride + column * column_stride, row_count, column_count, row_stride,
            column_stride};
  }
  Block from(std::int64_t row, std::int64_t column) const {
    return part(row, column, rows - row, columns - column);
  }
  Block transposed() const { return {data, columns, rows, column_stride, row_stride}; }
};

// Row-major, contiguous.
class Matrix {
 public:
  Matrix() = default;
  Matrix(std::int64_t rows, std::int64_t columns)
      : rows_(rows), columns_(columns), elements_(static_cast<std::size_t>(rows * columns)) {}
  static Matrix identity(std::int64_t rows, std::int64_t columns);

  std::int64_t rows() const { return rows_; }
  std::int64_t columns() const { return columns_; }
  double& operator()(std::int64_t i, std::int64_t j) { return elements_[index(i, j)]; }
  double operator()(std::int64_t i, std::int64_t j) const { return elements_[index(i, j)]; }
  double* row(std::int64_t i) { return elements_.data() + i * columns_; }
  const double* row(std::int64_t i) const { return elements_.data() + i * columns_; }
  Block block() { return {elements_.data(), rows_, columns_, columns_, 1}; }
  std::vector<double>& elements() { return elements_; }
  const std::vector<double>& elements() const { return elements_; }

 private:
  std::size_t index(std::int64_t i, std::int64_t j) const {
    return static_cast<std::size_t>(i * columns_ + j);
  }
  std::int64_t rows_ = 0, columns_ = 0;
  std::vector<double> elements_;
};

// ---- In and out ----

// The elements of a float64 matrix. Throws Error that begins with `function` and names the `argument`: another dtype or rank, no elements,
// NaN or an infinity (with its place).
Matrix read_matrix(const Tensor& a, std::string_view function, std::string_view argument = "a");
Matrix read_square(const Tensor& a, std::string_view function, std::string_view argument = "a");
// The same in the tensor's own memory, if it lies in rows without gaps, for who only reads it: block_of is then a view of that memory.
Tensor checked_square(const Tensor& a, std::string_view function, std::string_view argument = "a");
Tensor own_elements(const Tensor& a);  // a contiguous copy. Not an operation, which observers would see
Block block_of(const Tensor& a);       // contiguous float64 [rows, columns]
// A vector [n] as a column, or a matrix: right-hand sides. Throws Error unless it has `rows` rows.
Matrix read_right_side(const Tensor& b, std::int64_t rows, std::string_view function);
Tensor to_tensor(const Matrix& a);
Tensor to_tensor(const std::vector<double>& values);
Tensor to_tensor(const Matrix& a, const Shape& shape);  // as many elements

Matrix transposed(const Matrix& a);
// Multiplies by the even power of two that brings the largest |element| near 1, where it is outside of [2^-200, 2^200]: exact, and squares
// can then neither overflow nor vanish. Returns the exponent that was added to every element's (0: nothing done).
int scale_to_one(Matrix& a);
int exponent_to_one(double top);        // the same exponent by the largest |element|
double scaled(double x, int exponent);  // x * 2^exponent, rounded once

// ---- Products on the backend: contract rule 2 ----

void multiply(const Block& a, const Block& b, double* product);  // a b, row-major and contiguous
Matrix multiply(const Block& a, const Block& b);
void subtract_product(const Block& c, const Block& a, const Block& b);  // c = c - a b; c in rows

// ---- Loops over lines of memory; parallel over lines where there is much to do ----

void add_scaled(double factor, const double* x, double* y, std::int64_t n);  // y = fma(factor, x, y)
void scale(double factor, double* x, std::int64_t n);
// 16 lanes, lane i mod 16 an ascending chain of fma from +0, combined as in contract rule 3.
double dot(const double* x, const double* y, std::int64_t n);
// values[i * step] = that less the sum over l of rows(i, l) factors[l], one chain of fma for each i; rows in rows.
void subtract_dots(const Block& rows, const double* factors, double* values, std::int64_t step);
double norm(const double* x, std::int64_t n);  // sqrt(dot(x, x)); scale_to_one keeps it in range
inline double norm(const std::vector<double>& x) {
  return norm(x.data(), static_cast<std::int64_t>(x.size()));
}
double largest(const double* x, std::int64_t n);  // the largest |element|
double length_of(double a, double b);             // sqrt(a^2 + b^2), for all exponents

}  // namespace tessera::linalg::internal
