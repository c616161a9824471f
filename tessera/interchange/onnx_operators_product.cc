// Matrix products and convolutions.
#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/interchange/onnx_operators.h"
#include "tessera/interchange/onnx_windows.h"

namespace tessera::onnx {
namespace {

// The row linear has the same bits in one pass.
bool is_linear(const NodeCall& call) {
  return call.integer("transA", 0) == 0 && call.integer("transB", 0) != 0 && call.real("alpha", 1) == 1 &&
         call.real("beta", 1) == 1 && call.has(2) && call[2].shape() == Shape{call[1].size(0)} &&
         is_floating(call[0].dtype());
}

Tensor gemm(const NodeCall& call) {
  if (call[0].rank() != 2 || call[1].rank() != 2)
    fail("Gemm: {} x {}, expected matrices", call[0].shape().to_string(), call[1].shape().to_string());
  if (is_linear(call)) return linear(call[0], call[1], call[2]);
  const Tensor a = call.integer("transA", 0) != 0 ? transpose(call[0]) : call[0];
  const Tensor b = call.integer("transB", 0) != 0 ? transpose(call[1]) : call[1];
  const double alpha = call.real("alpha", 1), beta = call.real("beta", 1);
  Tensor product = matmul(a, b);
  if (alpha != 1) product = product * alpha;
  if (!call.has(2)) return product;
  return product + (beta == 1 ? call[2] : call[2] * beta);
}

Tensor with_bias(const NodeCall& call, const Tensor& product) {
  if (!call.has(2)) return product;
  if (call[2].rank() != 1) fail("the bias has shape {}, expected one axis", call[2].shape().to_string());
  Shape shape = Shape::filled(product.rank() - 1, 1);
  shape[0] = call[2].size(0);
  return product + reshape(call[2], shape);
}

WindowAttributes attributes_of(const Window& window, std::int64_t groups) {
  WindowAttributes attributes;
  attributes.axes = static_cast<int>(window.axes());
  for (std::size_t i = 0; i < window.axes(); ++i) {
    attributes.kernel[i] = window.kernel[i];
    attributes.stride[i] = window.stride[i];
    attributes.padding[i] = window.before[i];
    attributes.dilation[i] = window.dilation[i];
  }
  attributes.groups = groups;
  return attributes;
}

// A line as an image of one row.
void add_row_axis(Window& window) {
  for (auto* numbers : {&window.kernel, &window.stride, &window.dilation})
    numbers->insert(numbers->begin(), 1);
  for (auto* numbers : {&window.before, &window.after}) numbers->insert(numbers->begin(), 0);
}

std::vector<std::int64_t> kernel_of(const Tensor& weight) {
  if (weight.rank() < 3 || weight.rank() > 5)
    fail("the weight has shape {}, expected one, two or three spatial axes", weight.shape().to_string());
  return {weight.shape().begin() + 2, weight.shape().end()};
}

Tensor convolution(const NodeCall& call) {
  Tensor x = call[0], weight = call[1];
  Window window = window_of(call, x, kernel_of(weight));
  const bool line = window.axes() == 1;
  if (line) {
    x = with_row_axis(x);
    weight = with_row_axis(weight);
    add_row_axis(window);
  }
  if (window.before != window.after) {
    x = with_padding(x, window, 0);
    window.before.assign(window.axes(), 0);
  }
  const std::vector<Tensor> inputs = {x, weight};
  const Tensor product = apply(window.axes() == 2 ? Op::kConv2d : Op::kConv3d, inputs,
                               attributes_of(window, call.integer("group", 1)));
  return with_bias(call, line ? without_row_axis(product) : product);
}

// ---- The transposed convolution: the adjoint of a convolution in its input ----

// Without padding; what the pads take away is cut off afterwards.
Shape full_output(const Tensor& x, const Tensor& weight, const Window& window, std::int64_t groups) {
  Shape shape{x.size(0), weight.size(1) * groups};
  for (std::size_t i = 0; i < window.axes(); ++i) {
    const std::int64_t length = x.size(2 + static_cast<std::int64_t>(i));
    shape.append((length - 1) * window.stride[i] + window.dilation[i] * (window.kernel[i] - 1) + 1);
  }
  return shape_from({shape.begin(), shape.end()});
}

// How much is taken away on each side; `output_shape` and auto_pad say it the other way round. What output_padding adds at the end is
// taken away less; beyond the last tap there is nothing, which is zero.
void work_out_pads(const NodeCall& call, const Tensor& x, const Shape& full,
                   const std::vector<std::int64_t>& extra, Window& window) {
  const std::string automatic = call.text("auto_pad", "NOTSET");
  const auto wanted = call.integers("output_shape");
  const bool same = automatic == "SAME_UPPER" || automatic == "SAME_LOWER";
  if (wanted && wanted->size() < window.axes()) fail("ConvTranspose: output_shape is too short");
  for (std::size_t i = 0; i < window.axes(); ++i) {
    if (!wanted && !same) {
      window.after[i] -= extra[i];
      continue;
    }
    const std::int64_t length = x.size(2 + static_cast<std::int64_t>(i)) * window.stride[i];
    const std::int64_t target = wanted ? (*wanted)[wanted->size() - window.axes() + i] : length;
    const std::int64_t total = full[2 + static_cast<int>(i)] + extra[i] - target;
    const std::int64_t half = total / 2;
    window.before[i] = automatic == "SAME_UPPER" ? half : total - half;
    window.after[i] = total - window.before[i] - extra[i];
  }
}

Tensor cut(const Tensor& x, const Window& window) {
  std::vector<Range> ranges(2, Range::all());
  std::vector<std::int64_t> before = {0, 0}, after = {0, 0};
  for (std::size_t i = 0; i < window.axes(); ++i) {
    const std::int64_t length = x.size(2 + static_cast<std::int64_t>(i));
    const std::int64_t begin = std::max<std::int64_t>(window.before[i], 0),
                       end = length - std::max<std::int64_t>(window.after[i], 0);
    if (end < begin) fail("ConvTranspose: the pads take away more than there is");
    ranges.emplace_back(begin, end);
    before.push_back(std::max<std::int64_t>(-window.before[i], 0));  // negative: zeros are added
    after.push_back(std::max<std::int64_t>(-window.after[i], 0));
  }
  return padded(slice(x, ranges), before, after, 0);
}

Tensor transposed_convolution(const NodeCall& call) {
  Tensor x = call[0], weight = call[1];
  Window window = window_of(call, x, kernel_of(weight));
  std::vector<std::int64_t> extra =
      call.integers("output_padding").value_or(std::vector<std::int64_t>(window.axes(), 0));
  if (extra.size() != window.axes()) fail("ConvTranspose: output_padding has {} numbers", extra.size());
  for (const std::int64_t number : extra)
    if (number < 0 || number > 1'000'000) fail("ConvTranspose: output_padding has the number {}", number);
  const bool line = window.axes() == 1;
  if (line) {
    x = with_row_axis(x);
    weight = with_row_axis(weight);
    add_row_axis(window);
    extra.insert(extra.begin(), 0);
  }
  const std::int64_t groups = call.integer("group", 1);
  if (groups < 1 || groups > weight.size(0)) fail("ConvTranspose: {} groups", groups);
  const Shape full = full_output(x, weight, window, groups);
  work_out_pads(call, x, full, extra, window);
  Window unpadded = window;
  unpadded.before.assign(window.axes(), 0);
  WindowAttributes attributes = attributes_of(unpadded, groups);
  attributes.input_shape = full;
  const std::vector<Tensor> inputs = {x, weight};
  const Tensor product =
      apply(window.axes() == 2 ? Op::kConv2dInputGradient : Op::kConv3dInputGradient, inputs, attributes);
  const Tensor result = cut(product, window);
  return with_bias(call, line ? without_row_axis(result) : result);
}

}  // namespace

void add_product_operators(OperatorTable& table) {
  add_operator(table, "MatMul", [](const NodeCall& call) { return matmul(call[0], call[1]); });
  add_operator(table, "Gemm", gemm);
  add_operator(table, "Conv", convolution);
  add_operator(table, "ConvTranspose", transposed_convolution);
}

}  // namespace tessera::onnx
