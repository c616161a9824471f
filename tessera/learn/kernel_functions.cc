#include "tessera/learn/kernel_functions.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/data/numbers.h"
#include "tessera/learn/kernel_lines.h"
#include "tessera/linalg/matrix.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

using linalg::internal::Block;
using linalg::internal::block_of;

constexpr std::string_view kKernels[] = {"linear", "poly", "rbf", "sigmoid"};
constexpr std::int64_t kValuesOfTask = 1 << 17;  // of a kernel: they stay in the second-level cache
constexpr std::int64_t kFewestRows = 4, kMostRows = 48;

std::int64_t rows_of_task(std::int64_t points) {
  return std::clamp(kValuesOfTask / std::max<std::int64_t>(points, 1), kFewestRows, kMostRows);
}

// The value of a text such as "0.5"; 0 where it is not a number above 0.
double gamma_number(std::string_view text) {
  const auto number = data::parse_real(text);
  return number && std::isfinite(*number) && *number > 0 ? *number : 0;
}

bool all_finite(const double* values, std::int64_t count) {
  bool finite = true;
  for (std::int64_t i = 0; i < count; ++i) finite &= std::isfinite(values[i]);
  return finite;
}

// Of the rows of two tables, in memory that the thread keeps for the next ones.
double* products_of(const Block& a, const Block& b) {
  static thread_local std::vector<double> products;
  const auto wanted = static_cast<std::size_t>(a.rows * b.rows);
  if (products.size() < wanted) products.resize(wanted);
  linalg::internal::multiply(a, b.transposed(), products.data());
  return products.data();
}

}  // namespace

void visit_kernel(ParameterVisitor& visitor, std::string_view owner, KernelSettings& settings) {
  visitor.choice("kernel", settings.kernel, kKernels, "How two rows are multiplied.");
  visitor.integer("degree", settings.degree, Bounds::between(0, 100), "The power of the kernel \"poly\".");
  std::string gamma = settings.gamma;
  visitor.text(
      "gamma", gamma,
      "What products (distances, for \"rbf\") are multiplied by: a number above 0, \"scale\" or \"auto\".");
  if (gamma != "scale" && gamma != "auto" && gamma_number(gamma) == 0)
    fail_with(ExitCode::kUsage, "{}: gamma: expected a number above 0, \"scale\" or \"auto\", found '{}'",
              owner, gamma);
  settings.gamma = gamma;
  visitor.real("coef0", settings.coef0, {}, "What is added to products, for \"poly\" and \"sigmoid\".");
}

KernelFunction kernel_function(const KernelSettings& settings, const Tensor& x) {
  double gamma = gamma_number(settings.gamma);
  if (settings.gamma == "auto") gamma = 1 / static_cast<double>(x.size(1));
  if (settings.gamma == "scale") {
    const double spread = variance(x).item<double>();
    gamma = spread > 0 ? 1 / (static_cast<double>(x.size(1)) * spread) : 1;
  }
  return kernel_function(settings, gamma);
}

KernelFunction kernel_function(const KernelSettings& settings, double gamma) {
  return {settings.kernel, settings.degree, gamma, settings.coef0};
}

Tensor kernel_matrix(const KernelFunction& function, const Tensor& x, const Tensor& y) {
  const Tensor products = matmul(x, transpose(y));
  if (function.kernel == Kernel::kLinear) return products;
  const std::vector<double> x_squares = squared_lengths(x), y_squares = squared_lengths(y);
  const std::int64_t count = y.size(0);
  const double* from = products.values<double>().data();
  Tensor result = Tensor::allocate(products.shape(), DType::kFloat64);
  double* to = static_cast<double*>(result.view().data);
  parallel_for(x.size(0), [&](std::int64_t i) {
    std::copy_n(from + i * count, count, to + i * count);
    apply_kernel(function, x_squares[static_cast<std::size_t>(i)], y_squares.data(), count, to + i * count);
  });
  return result;
}

Tensor kernel_triangle(const KernelFunction& function, const Tensor& x, double alpha) {
  const std::int64_t rows = x.size(0), height = rows_of_task(rows), tasks = (rows + height - 1) / height;
  const std::vector<double> squares = squared_lengths(x);
  const Block points = block_of(x);
  std::atomic<bool> finite = true;
  const Tensor result = Tensor::allocate({rows, rows}, DType::kFloat64);
  double* const to = result.view().as<double>();
  parallel_for(tasks, [&](std::int64_t task) {
    const std::int64_t first = (tasks - 1 - task) * height;  // the longest rows first
    const std::int64_t last = std::min(rows, first + height);
    double* const products =
        products_of(points.part(first, 0, last - first, x.size(1)), points.part(0, 0, last, x.size(1)));
    for (std::int64_t i = first; i < last; ++i) {
      double* const line = products + (i - first) * last;
      apply_kernel(function, squares[static_cast<std::size_t>(i)], squares.data(), i + 1, line);
      line[i] = line[i] + alpha;
      if (!all_finite(line, i + 1)) finite = false;
      std::copy_n(line, i + 1, to + i * rows);
      std::fill_n(to + i * rows + i + 1, rows - i - 1, 0.0);
    }
  });
  return finite ? result : Tensor{};
}

Tensor kernel_product(const KernelFunction& function, const Tensor& x, const Tensor& y,
                      const Tensor& weights) {
  const std::int64_t rows = x.size(0), count = y.size(0), columns = weights.size(1);
  const std::int64_t height = rows_of_task(count);
  const std::vector<double> x_squares = squared_lengths(x), y_squares = squared_lengths(y);
  const Tensor factors = contiguous(weights);
  const Block rows_of_x = block_of(x), points = block_of(y), weight = block_of(factors);
  const Tensor result = Tensor::allocate({rows, columns}, DType::kFloat64);
  double* const to = result.view().as<double>();
  parallel_for((rows + height - 1) / height, [&](std::int64_t task) {
    const std::int64_t first = task * height, some = std::min(height, rows - first);
    double* const products = products_of(rows_of_x.part(first, 0, some, x.size(1)), points);
    for (std::int64_t i = 0; i < some; ++i)
      apply_kernel(function, x_squares[static_cast<std::size_t>(first + i)], y_squares.data(), count,
                   products + i * count);
    linalg::internal::multiply({products, some, count, count, 1}, weight, to + first * columns);
  });
  return result;
}

}  // namespace tessera::learn
