// The terms of one output element are gathered in the order of the contract and added by the definitions of
// numerics/reduce.h. Before anything is swapped the sum must be what the backend computed: so a wrong term would be noticed here.

#include "tessera/tensor/fault_swap.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce.h"

namespace tessera::internal {
namespace {

using Position = std::vector<std::int64_t>;

Position position_of(const Shape& shape, std::int64_t element) {
  Position position(static_cast<std::size_t>(shape.rank()));
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    position[static_cast<std::size_t>(axis)] = element % shape[axis];
    element /= shape[axis];
  }
  return position;
}

template <typename T>
T value_at(const TensorView& view, const Position& position) {
  std::int64_t offset = 0;
  for (std::size_t axis = 0; axis < position.size(); ++axis)
    offset += position[axis] * view.strides[static_cast<int>(axis)];
  return view.as<T>()[offset];
}

// What is added: products a * b, or the numbers a alone.
template <typename T>
struct Terms {
  std::vector<T> a, b;
  void add(T left, T right) {
    a.push_back(left);
    b.push_back(right);
  }
};

// Axes of length 1 are repeated, missing ones in front too.
Position broadcast_position(const Shape& shape, const Position& output) {
  Position position;
  const std::size_t missing = output.size() - static_cast<std::size_t>(shape.rank());
  for (int axis = 0; axis < shape.rank(); ++axis)
    position.push_back(shape[axis] == 1 ? 0 : output[missing + static_cast<std::size_t>(axis)]);
  return position;
}

template <typename T>
Terms<T> matmul_terms(const OpEvent& event, const Position& output) {
  const TensorView a = event.inputs[0].view(), b = event.inputs[1].view();
  const std::size_t row = output.size() - 2, column = output.size() - 1;
  Position left = broadcast_position(a.shape, output), right = broadcast_position(b.shape, output);
  left[left.size() - 2] = output[row];
  right.back() = output[column];
  Terms<T> terms;
  for (std::int64_t k = 0; k < a.shape[a.shape.rank() - 1]; ++k) {
    left.back() = right[right.size() - 2] = k;
    terms.add(value_at<T>(a, left), value_at<T>(b, right));
  }
  return terms;
}

// linear: x [..., k] and a weight [n, k].
template <typename T>
Terms<T> linear_terms(const OpEvent& event, const Position& output) {
  const TensorView x = event.inputs[0].view(), weight = event.inputs[1].view();
  Position left = output, right{output.back(), 0};
  Terms<T> terms;
  for (std::int64_t k = 0; k < weight.shape[1]; ++k) {
    left.back() = right.back() = k;
    terms.add(value_at<T>(x, left), value_at<T>(weight, right));
  }
  return terms;
}

// What becomes of a sum before it is stored: linear's bias and activation.
template <typename T>
T finished(const OpEvent& event, const Position& output, T sum) {
  if (event.op != Op::kLinear) return sum;
  sum = sum + value_at<T>(event.inputs[2].view(), {output.back()});
  switch (std::get<FinishAttributes>(event.attributes).activation) {
    case Activation::kRelu:
      return sum <= T(0) ? T(0) : sum;
    case Activation::kTanh:
      return numerics::tanh(sum);
    case Activation::kSigmoid:
      return numerics::sigmoid(sum);
    case Activation::kNone:
      break;
  }
  return sum;
}

// ---- Convolutions [N, C, spatial...] ----

Shape spatial_axes(const Shape& shape) {
  Shape result;
  for (int axis = 2; axis < shape.rank(); ++axis) result.append(shape[axis]);
  return result;
}

Position spatial_part(const Position& position) {
  return {position.begin() + 2, position.end()};
}

template <typename T>
T value_or_zero(const TensorView& image, std::int64_t n, std::int64_t c, const Position& place) {
  Position position{n, c};
  for (const std::int64_t coordinate : place) {
    if (coordinate < 0 || coordinate >= image.shape[static_cast<int>(position.size())]) return T(0);
    position.push_back(coordinate);
  }
  return value_at<T>(image, position);
}

// body(place) for all places of the spatial axes of `shape`, row-major.
template <typename Body>
void for_each_place(const Shape& shape, Body&& body) {
  const Shape axes = spatial_axes(shape);
  for (std::int64_t i = 0; i < axes.elements(); ++i) body(position_of(axes, i));
}

Position joined(std::int64_t first, std::int64_t second, const Position& place) {
  Position position{first, second};
  position.insert(position.end(), place.begin(), place.end());
  return position;
}

// Where tap `tap` of output `out` reads the input.
Position input_place(const WindowAttributes& window, const Position& out, const Position& tap) {
  Position place;
  for (std::size_t axis = 0; axis < out.size(); ++axis)
    place.push_back(out[axis] * window.stride[axis] + tap[axis] * window.dilation[axis] -
                    window.padding[axis]);
  return place;
}

// The output that reads the input at `in` through tap `tap`; empty where there is none.
Position output_place(const WindowAttributes& window, const Position& in, const Position& tap) {
  Position place;
  for (std::size_t axis = 0; axis < in.size(); ++axis) {
    const std::int64_t line = in[axis] + window.padding[axis] - tap[axis] * window.dilation[axis];
    if (line % window.stride[axis] != 0) return {};
    place.push_back(line / window.stride[axis]);
  }
  return place;
}

template <typename T>
Terms<T> convolution_terms(const OpEvent& event, const Position& output) {
  const auto& window = std::get<WindowAttributes>(event.attributes);
  const TensorView x = event.inputs[0].view(), weight = event.inputs[1].view();
  const std::int64_t channels = weight.shape[1], group = output[1] / (weight.shape[0] / window.groups);
  Terms<T> terms;
  for (std::int64_t c = 0; c < channels; ++c)
    for_each_place(weight.shape, [&](const Position& tap) {
      terms.add(value_or_zero<T>(x, output[0], group * channels + c,
                                 input_place(window, spatial_part(output), tap)),
                value_at<T>(weight, joined(output[1], c, tap)));
    });
  return terms;
}

template <typename T>
Terms<T> input_gradient_terms(const OpEvent& event, const Position& input) {
  const auto& window = std::get<WindowAttributes>(event.attributes);
  const TensorView gradient = event.inputs[0].view(), weight = event.inputs[1].view();
  const std::int64_t filters = weight.shape[0] / window.groups, channels = weight.shape[1];
  const std::int64_t group = input[1] / channels, c = input[1] % channels;
  Terms<T> terms;
  for (std::int64_t o = group * filters; o < (group + 1) * filters; ++o)
    for_each_place(weight.shape, [&](const Position& tap) {
      const Position place = output_place(window, spatial_part(input), tap);
      if (place.empty()) return;
      terms.add(value_or_zero<T>(gradient, input[0], o, place), value_at<T>(weight, joined(o, c, tap)));
    });
  return terms;
}

template <typename T>
Terms<T> weight_gradient_terms(const OpEvent& event, const Position& weight) {
  const auto& window = std::get<WindowAttributes>(event.attributes);
  const TensorView gradient = event.inputs[0].view(), x = event.inputs[1].view();
  const Shape& output = event.output.shape();
  const std::int64_t group = weight[0] / (output[0] / window.groups), channels = output[1];
  Terms<T> terms;
  for (std::int64_t n = 0; n < x.shape[0]; ++n)
    for_each_place(gradient.shape, [&](const Position& place) {
      terms.add(value_at<T>(gradient, joined(n, weight[0], place)),
                value_or_zero<T>(x, n, group * channels + weight[1],
                                 input_place(window, place, spatial_part(weight))));
    });
  return terms;
}

// The reduced axes, flattened row-major.
template <typename T>
Terms<T> reduction_terms(const OpEvent& event, const Position& output) {
  const auto& reduce = std::get<ReduceAttributes>(event.attributes);
  const TensorView x = event.inputs[0].view();
  Position position(static_cast<std::size_t>(x.shape.rank()), 0);
  Shape reduced = Shape::filled(static_cast<int>(reduce.axes.size()), 1);
  std::size_t next_output = 0;
  for (int axis = 0, next = 0; axis < x.shape.rank(); ++axis) {
    const bool is_reduced = std::find(reduce.axes.begin(), reduce.axes.end(), axis) != reduce.axes.end();
    if (is_reduced) reduced[next++] = x.shape[axis];
    if (!is_reduced) position[static_cast<std::size_t>(axis)] = output[next_output];
    if (!is_reduced || reduce.keep_axes) ++next_output;
  }
  Terms<T> terms;
  for (std::int64_t i = 0; i < reduced.elements(); ++i) {
    const Position place = position_of(reduced, i);
    for (std::size_t axis = 0; axis < reduce.axes.size(); ++axis)
      position[static_cast<std::size_t>(reduce.axes[axis])] = place[axis];
    terms.a.push_back(value_at<T>(x, position));
  }
  return terms;
}

bool is_product(Op op) {
  return op_info(op).op_class == OpClass::kProduct;
}

bool adds(Op op) {
  return is_product(op) || op == Op::kSum || op == Op::kSumSquares || op == Op::kMean;
}

template <typename T>
Terms<T> terms_of(const OpEvent& event, std::int64_t element) {
  const Position position = position_of(event.output.shape(), element);
  switch (event.op) {
    case Op::kMatrixMultiply:
      return matmul_terms<T>(event, position);
    case Op::kLinear:
      return linear_terms<T>(event, position);
    case Op::kConv2d:
    case Op::kConv3d:
      return convolution_terms<T>(event, position);
    case Op::kConv2dInputGradient:
    case Op::kConv3dInputGradient:
      return input_gradient_terms<T>(event, position);
    case Op::kConv2dWeightGradient:
    case Op::kConv3dWeightGradient:
      return weight_gradient_terms<T>(event, position);
    default:
      return reduction_terms<T>(event, position);
  }
}

template <typename T>
T total_of(Op op, const Terms<T>& terms) {
  const std::span<const T> numbers(terms.a);
  if (op == Op::kSum) return numerics::sum(numbers);
  if (op == Op::kSumSquares) return numerics::sum_of_squares(numbers);
  if (op == Op::kMean) return numerics::mean(numbers);
  return numerics::dot_chunked(terms.a.data(), 1, terms.b.data(), 1,
                               static_cast<std::int64_t>(terms.a.size()));
}

// The term that follows in the same chain: in a chunk of a product, in a lane of a block of a sum.
std::int64_t next_in_chain(Op op, std::int64_t term, std::int64_t count) {
  const std::int64_t step = is_product(op) ? 1 : numerics::kReduceLanes;
  const std::int64_t block = is_product(op) ? numerics::kDotChunk : numerics::kReduceBlock;
  const std::int64_t next = term + step;
  if (next < count && next / block == term / block) return next;
  fail("the planted fault: swap={}: no term follows it in its chain; {} adds {} terms here, in blocks of {}",
       term, op_info(op).name, count, block);
}

template <typename T>
std::string bits_text(T value) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return fmt::format("0x{:0{}x}", bits, 2 * sizeof value);
}

template <typename T>
ChangedBits swap_terms(const OpEvent& event, std::int64_t element, std::int64_t term) {
  Terms<T> terms = terms_of<T>(event, element);
  T& stored = event.output.view().template as<T>()[element];  // an output of a kernel is contiguous
  const auto next =
      static_cast<std::size_t>(next_in_chain(event.op, term, static_cast<std::int64_t>(terms.a.size())));
  const std::string before = bits_text(stored);
  const Position position = position_of(event.output.shape(), element);
  const T total = finished(event, position, total_of(event.op, terms));
  TESSERA_CHECK(bits_text(total) == before || total != total, "{} of element {} is {} here and {} there",
                op_info(event.op).name, element, bits_text(total), before);
  std::swap(terms.a[static_cast<std::size_t>(term)], terms.a[next]);
  if (!terms.b.empty()) std::swap(terms.b[static_cast<std::size_t>(term)], terms.b[next]);
  stored = finished(event, position, total_of(event.op, terms));
  return {before, bits_text(stored)};
}

}  // namespace

ChangedBits swap_additions(const OpEvent& event, std::int64_t element, std::int64_t term) {
  const DType dtype = event.output.dtype();
  if (!adds(event.op) || (dtype != DType::kFloat32 && dtype != DType::kFloat64))
    fail(
        "the planted fault: {} of {} has no additions that could be swapped; expected matmul, linear, "
        "conv2d, "
        "conv3d or a gradient of them, sum, sum_squares or mean of float32 or float64",
        op_info(event.op).name, dtype_name(dtype));
  return dtype == DType::kFloat32 ? swap_terms<float>(event, element, term)
                                  : swap_terms<double>(event, element, term);
}

}  // namespace tessera::internal
