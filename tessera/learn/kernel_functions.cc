#include "tessera/learn/kernel_functions.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/data/numbers.h"
#include "tessera/learn/kernel_lines.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::string_view kKernels[] = {"linear", "poly", "rbf", "sigmoid"};
constexpr std::int64_t kRowsAtOnce = 512;

// The value of a text such as "0.5"; 0 where it is not a number above 0.
double gamma_number(std::string_view text) {
  const auto number = data::parse_real(text);
  return number && std::isfinite(*number) && *number > 0 ? *number : 0;
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

Tensor kernel_product(const KernelFunction& function, const Tensor& x, const Tensor& y,
                      const Tensor& weights) {
  std::vector<Tensor> parts;
  for (std::int64_t first = 0; first < x.size(0); first += kRowsAtOnce) {
    const Tensor rows = x.slice({Range(first, std::min(x.size(0), first + kRowsAtOnce))});
    parts.push_back(matmul(kernel_matrix(function, rows, y), weights));
  }
  return parts.size() == 1 ? parts.front() : concatenate(parts, 0);
}

}  // namespace tessera::learn
