#include "tessera/autograd/functional.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera {
namespace {

Shape joined(const Shape& first, const Shape& second) {
  Shape shape = first;
  for (std::int64_t length : second) shape.append(length);
  return shape;
}

// Row i is the gradient of output element i; the tape has recorded how output depends on x.
Tensor rows_of_gradients(Tape& tape, const Tensor& output, const Tensor& x) {
  const Shape shape = joined(output.shape(), x.shape());
  const std::int64_t outputs = output.elements();
  if (outputs == 0) return zeros(shape, x.dtype());
  const Tensor positions = reshape(arange(outputs), output.shape());
  std::vector<Tensor> rows;
  for (std::int64_t i = 0; i < outputs; ++i) {
    const Tensor one_hot = cast(equal(positions, i), output.dtype());
    rows.push_back(reshape(tape.gradient(output, {x}, one_hot)[0], {1, x.elements()}));
  }
  return reshape(concatenate(rows, 0), shape);
}

}  // namespace

Tensor grad(const TensorFunction& function, const Tensor& x) {
  return grad([&](const std::vector<Tensor>& inputs) { return function(inputs[0]); },
              std::vector<Tensor>{x})[0];
}

std::vector<Tensor> grad(const TensorsFunction& function, const std::vector<Tensor>& inputs) {
  Tape tape;
  tape.watch(inputs);
  const Tensor output = function(inputs);
  tape.stop();  // an outer tape still records: grad of grad works
  return tape.gradient(output, inputs);
}

Tensor jacobian(const TensorFunction& function, const Tensor& x) {
  Tape tape;
  tape.watch(x);
  const Tensor output = function(x);
  tape.stop();
  return rows_of_gradients(tape, output, x);
}

Tensor hessian(const TensorFunction& function, const Tensor& x) {
  return jacobian([&](const Tensor& at) { return grad(function, at); }, x);
}

// ---- gradcheck ----
namespace {

// Irregular numbers between 0.5 and 1.5 (multiples of the golden ratio modulo 1), so that errors do not cancel.
Tensor irregular_weights(const Shape& shape) {
  constexpr double kGoldenRatio = 0.6180339887498949;
  std::vector<double> values(static_cast<std::size_t>(shape.elements()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double multiple = static_cast<double>(i + 1) * kGoldenRatio;
    values[i] = 0.5 + (multiple - std::floor(multiple));
  }
  return Tensor::from(values, shape);
}

double weighted_sum(const Tensor& output) {
  return sum(output * irregular_weights(output.shape())).item<double>();
}

std::vector<Tensor> analytic_gradients(const TensorsFunction& function, const std::vector<Tensor>& inputs) {
  Tape tape;
  tape.watch(inputs);
  const Tensor output = function(inputs);
  tape.stop();
  return tape.gradient(output, inputs, irregular_weights(output.shape()));
}

// The derivative of weighted_sum(function) in one element of one input.
double central_difference(const TensorsFunction& function, std::vector<Tensor> inputs, std::size_t input,
                          std::size_t element, double step) {
  const Shape shape = inputs[input].shape();
  std::vector<double> values = inputs[input].to_vector<double>();
  const double center = values[element];
  const double reach = step * std::max(1.0, std::abs(center));
  const double above = center + reach, below = center - reach;
  values[element] = above;
  inputs[input] = Tensor::from(values, shape);
  const double high = weighted_sum(function(inputs));
  values[element] = below;
  inputs[input] = Tensor::from(values, shape);
  return (high - weighted_sum(function(inputs))) / (above - below);  // the step that was really taken
}

GradcheckResult check_first_order(const TensorsFunction& function, const std::vector<Tensor>& inputs,
                                  const GradcheckOptions& options, const char* what) {
  const std::vector<Tensor> analytic = analytic_gradients(function, inputs);
  GradcheckResult result;
  std::string worst;
  bool comparable = true;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::vector<double> exact = analytic[i].to_vector<double>();
    for (std::size_t j = 0; j < exact.size(); ++j) {
      const double numeric = central_difference(function, inputs, i, j, options.step);
      const double scale = std::max({1.0, std::abs(exact[j]), std::abs(numeric)});
      const double error = std::abs(exact[j] - numeric) / scale;
      if (!comparable || error <= result.largest_error) continue;
      comparable = std::isfinite(error);  // NaN and infinities end the search for something worse
      if (std::isfinite(error)) result.largest_error = error;
      worst = fmt::format("{}, input {}, element {}: analytic {}, numeric {}", what, i, j, exact[j], numeric);
    }
  }
  result.passed = comparable && result.largest_error <= options.tolerance;
  if (!comparable) result.largest_error = INFINITY;
  if (!result.passed) result.message = worst;
  return result;
}

}  // namespace

GradcheckResult gradcheck(const TensorsFunction& function, const std::vector<Tensor>& inputs,
                          const GradcheckOptions& options) {
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].dtype() != DType::kFloat64)
      fail("gradcheck: input {} is {}, expected float64", i, dtype_name(inputs[i].dtype()));
  GradcheckResult result = check_first_order(function, inputs, options, "gradient");
  if (!options.second_order || !result.passed) return result;

  // All gradients as one list, whose gradient is checked in turn.
  const auto gradients = [&](const std::vector<Tensor>& at) {
    std::vector<Tensor> flat;
    for (const Tensor& gradient : analytic_gradients(function, at))
      flat.push_back(reshape(gradient, {gradient.elements()}));
    return concatenate(flat, 0);
  };
  GradcheckResult second = check_first_order(gradients, inputs, options, "second derivative");
  second.largest_error = std::max(result.largest_error, second.largest_error);
  return second;
}

}  // namespace tessera
