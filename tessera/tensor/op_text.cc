#include "tessera/tensor/op_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>

namespace tessera {
namespace {

std::string text_of(const NoAttributes& /*none*/) {
  return "";
}
std::string text_of(const CastAttributes& /*dtype of the output*/) {
  return "";
}
std::string text_of(const ShapeAttributes& /*shape of the output*/) {
  return "";
}

std::string text_of(const FillAttributes& fill) {
  return fmt::format("value {}", fill.value) + (fill.step == 0 ? "" : fmt::format("; step {}", fill.step));
}

std::string text_of(const RandomAttributes& random) {
  return fmt::format("key {:08x} {:08x}; step {}; offset {}", random.key0, random.key1, random.step,
                     random.offset);
}

std::string text_of(const PermuteAttributes& permute) {
  return fmt::format("axes {}", fmt::join(permute.axes, ","));
}

std::string text_of(const SliceAttributes& slice) {
  std::string text;
  for (const Range::Resolved& range : slice.ranges) {
    text += text.empty() ? "ranges " : ", ";
    text += range.removes_axis ? fmt::format("{}", range.start)
                               : fmt::format("{}+{}*{}", range.start, range.length, range.step);
  }
  return text + (text.empty() ? "of " : " of ") + slice.full_shape.to_string();
}

std::string text_of(const AxisAttributes& along) {
  return fmt::format("axis {}", along.axis);
}

std::string text_of(const SortAttributes& sort) {
  return fmt::format("axis {}{}", sort.axis, sort.descending ? "; descending" : "");
}

std::string text_of(const ReduceAttributes& reduce) {
  return fmt::format("axes {}{}", fmt::join(reduce.axes, ","), reduce.keep_axes ? "; keep_axes" : "");
}

std::string text_of(const RecurrentAttributes& recurrent) {
  return recurrent.nonlinearity == Activation::kRelu ? "relu" : "tanh";
}

std::string text_of(const LayerNormAttributes& norm) {
  return fmt::format("axes {}; epsilon {}", norm.axes, norm.epsilon);
}

// What is as it is by default is left out, except for kernel and stride.
std::string text_of(const WindowAttributes& window) {
  const WindowAttributes usual;
  const auto values = [&](const std::int64_t(&of_axes)[kMaxSpatialAxes]) {
    return std::span(of_axes).first(static_cast<std::size_t>(window.axes));
  };
  std::string text = fmt::format("kernel {}; stride {}", fmt::join(values(window.kernel), ","),
                                 fmt::join(values(window.stride), ","));
  if (!std::ranges::equal(values(window.padding), values(usual.padding)))
    text += fmt::format("; padding {}", fmt::join(values(window.padding), ","));
  if (!std::ranges::equal(values(window.dilation), values(usual.dilation)))
    text += fmt::format("; dilation {}", fmt::join(values(window.dilation), ","));
  if (window.groups != usual.groups) text += fmt::format("; groups {}", window.groups);
  if (window.count_padding != usual.count_padding) text += "; without padding";
  if (window.round_up != usual.round_up) text += "; round_up";
  if (window.input_shape.rank() > 0) text += "; to " + window.input_shape.to_string();
  return text;
}

std::string text_of(const OptimizerAttributes& step) {
  std::string text;
  const auto add = [&](bool has, const char* term) {
    if (has) text += (text.empty() ? "" : "; ") + std::string(term);
  };
  add(step.momentum, "momentum");
  add(step.nesterov, "nesterov");
  add(step.decay, "decay");
  add(step.decoupled, "decoupled decay");
  add(step.amsgrad, "amsgrad");
  add(step.centered, "centered");
  return text;
}

std::string text_of(const FinishAttributes& finish) {
  constexpr const char* kNames[] = {"", "relu", "tanh", "sigmoid"};
  std::string text = finish.bias ? fmt::format("bias along axis {}", finish.axis) : "";
  const auto add = [&](const std::string& word) { text += (text.empty() ? "" : "; ") + word; };
  if (finish.activation != Activation::kNone) add(kNames[static_cast<int>(finish.activation)]);
  if (finish.drops) add(fmt::format("drop {}", finish.drop));
  return text;
}

std::string text_of(const BatchNormAttributes& norm) {
  return fmt::format("epsilon {}{}", norm.epsilon, norm.own ? "" : "; constant statistics");
}

std::string text_of(const GroupNormAttributes& norm) {
  return fmt::format("groups {}; epsilon {}", norm.groups, norm.epsilon);
}

std::string text_of(const CurveAttributes& activate) {
  constexpr const char* kNames[] = {"leaky_relu",     "elu",  "softplus", "gelu",
                                    "gelu with tanh", "silu", "mish"};
  const std::string name = kNames[static_cast<int>(activate.curve)];
  return activate.parameter == 0 ? name : fmt::format("{} {}", name, activate.parameter);
}

}  // namespace

std::string attributes_text(const Attributes& attributes) {
  return std::visit([](const auto& value) { return text_of(value); }, attributes);
}

}  // namespace tessera
