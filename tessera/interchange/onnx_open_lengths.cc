// Several recordings of one pass side by side, and what their lengths say about open axes. Every length of a pass is a sum of products of open
// lengths, each at most once (a reshape of [N, T] to one axis has N T): as many recordings as there are such products determine its coefficients, and one
// more shows whether it is such a sum (half of T, rounded up, or T T is none).
#include <bit>
#include <optional>

#include "tessera/base/error.h"
#include "tessera/interchange/onnx_exporter.h"
#include "tessera/tensor/op_text.h"

namespace tessera::onnx {
namespace {

// What says nothing of lengths has to be the same in every recording.
bool alike(const RecordedOp& one, const RecordedOp& other) {
  if (one.op != other.op || one.inputs.size() != other.inputs.size()) return false;
  const bool without_lengths = std::holds_alternative<ReduceAttributes>(one.attributes) ||
                               std::holds_alternative<AxisAttributes>(one.attributes) ||
                               std::holds_alternative<PermuteAttributes>(one.attributes);
  return !without_lengths || attributes_text(one.attributes) == attributes_text(other.attributes);
}

bool alike(const Recording& one, const Recording& other) {
  return one.outputs.size() == other.outputs.size() && one.announced.size() == other.announced.size() &&
         std::equal(one.ops.begin(), one.ops.end(), other.ops.begin(), other.ops.end(),
                    [](const RecordedOp& a, const RecordedOp& b) { return alike(a, b); });
}

// Coefficients of the products of open lengths, by the set of axes: `values` are the sums where the axes are `base` long, and one longer
// where the bit of an axis is set. Nothing where the last recording has another length than they say.
std::optional<std::vector<std::int64_t>> coefficients_of(const Everywhere<std::int64_t>& values,
                                                         const Lengths& base) {
  std::vector<std::int64_t> result(values.begin(), values.begin() + (std::int64_t{1} << base.size()));
  for (std::size_t axis = 0; axis < base.size(); ++axis)
    for (std::size_t set = 0; set < result.size(); ++set) {
      if ((set >> axis & 1) == 0) continue;
      const std::size_t without = set ^ (std::size_t{1} << axis);
      result[set] -= result[without];               // what one more makes
      result[without] -= result[set] * base[axis];  // what is left at length 0
    }
  std::int64_t farther = 0;
  for (std::size_t set = 0; set < result.size(); ++set) {
    std::int64_t product = result[set];
    for (std::size_t axis = 0; axis < base.size(); ++axis)
      if ((set >> axis & 1) != 0) product *= base[axis] + kFarther;
    farther += product;
  }
  if (values.size() > result.size() && farther != values.back()) return std::nullopt;
  return result;
}

Lengths as_lengths(const Shape& shape) {
  return {shape.begin(), shape.end()};
}

}  // namespace

std::string open_axes_text(const ExportOptions& options) {
  std::string text = "the number of samples";
  for (std::size_t i = 1; i < options.open_axes.size(); ++i)
    text += fmt::format(" or the length of the axis '{}'", options.open_axes[i]);
  return text;
}

void Exporter::pair_up() {
  for (const Recording& other : recordings_)
    if (!alike(recording(), other))
      fail("export: the operations of the network depend on {}, so there is no model for any",
           open_axes_text(options_));
  const auto pair = [&](const Tensor& tensor, const auto& counterpart) {
    Everywhere<Tensor>& everywhere = counterparts_[tensor.identity()];
    everywhere.clear();
    for (const Recording& other : recordings_) everywhere.push_back(counterpart(other));
  };
  const auto pair_list = [&](const std::vector<Tensor>& tensors, const auto& list_of) {
    for (std::size_t i = 0; i < tensors.size(); ++i)
      pair(tensors[i], [&](const Recording& other) { return list_of(other)[i]; });
  };
  pair_list(recording().inputs, [](const Recording& other) { return other.inputs; });
  pair_list(recording().outputs, [](const Recording& other) { return other.outputs; });
  for (std::size_t i = 0; i < recording().ops.size(); ++i) {
    pair_list(recording().ops[i].inputs, [i](const Recording& other) { return other.ops[i].inputs; });
    pair(recording().ops[i].output, [i](const Recording& other) { return other.ops[i].output; });
  }
}

const Everywhere<Tensor>& Exporter::counterparts(const Tensor& tensor) const {
  return counterparts_.at(tensor.identity());
}

std::string Exporter::product_of_axes(std::size_t axes) {
  std::string& name = products_of_axes_[axes];
  if (!name.empty()) return name;
  const auto first = static_cast<std::int64_t>(std::countr_zero(axes));
  const std::size_t others = axes & (axes - 1);
  if (others == 0)
    return name =
               emit("Shape", {options_.inputs[0]}, {attribute("start", first), attribute("end", first + 1)});
  const std::string rest = product_of_axes(others);
  return products_of_axes_[axes] = emit("Mul", {product_of_axes(axes ^ others), rest});
}

std::string Exporter::length(const Everywhere<std::int64_t>& values) {
  const auto found = coefficients_of(values, base_lengths());
  if (!found)
    fail(
        "export: a length in the network follows from {} in a way that is not written, expected sums of "
        "products of these lengths",
        open_axes_text(options_));
  const std::vector<std::int64_t>& coefficients = *found;
  std::string sum;
  for (std::size_t axes = 1; axes < coefficients.size(); ++axes) {
    if (coefficients[axes] == 0) continue;
    std::string term = product_of_axes(axes);
    if (coefficients[axes] != 1) term = emit("Mul", {term, integers({coefficients[axes]})});
    sum = sum.empty() ? term : emit("Add", {sum, term});
  }
  return coefficients[0] == 0 ? sum : emit("Add", {sum, integers({coefficients[0]})});
}

std::string Exporter::lengths(const Everywhere<Lengths>& values) {
  if (is_fixed(values)) return integers(values[0]);
  std::vector<std::string> parts;
  Lengths fixed;
  const auto end_fixed = [&] {
    if (!fixed.empty()) parts.push_back(integers(fixed));
    fixed.clear();
  };
  for (std::size_t i = 0; i < values[0].size(); ++i) {
    Everywhere<std::int64_t> here;
    for (const Lengths& value : values) here.push_back(value[i]);
    if (is_fixed(here)) {
      fixed.push_back(here[0]);
      continue;
    }
    end_fixed();
    parts.push_back(length(here));
  }
  end_fixed();
  return parts.size() == 1 ? parts[0] : emit("Concat", parts, {attribute("axis", std::int64_t{0})});
}

std::string Exporter::lengths(const Everywhere<Shape>& shapes) {
  Everywhere<Lengths> values;
  for (const Shape& shape : shapes) values.push_back(as_lengths(shape));
  return lengths(values);
}

Lengths Exporter::base_lengths() const {
  Lengths base = as_lengths(recording().inputs[0].shape());
  base.resize(options_.open_axes.size());
  return base;
}

// A length that is that of an open axis has its name, another one that is not fixed has none.
ValueInfo Exporter::value_info(const std::string& name, const Everywhere<Tensor>& tensor) const {
  ValueInfo info{.name = name, .element_type = element_type_of(tensor[0].dtype())};
  for (int axis = 0; axis < tensor[0].rank(); ++axis) {
    Everywhere<std::int64_t> values;
    for (const Tensor& one : tensor) values.push_back(one.size(axis));
    if (is_fixed(values)) {
      info.dimensions.push_back({values[0], ""});
      continue;
    }
    info.dimensions.push_back({{}, ""});
    const auto coefficients = coefficients_of(values, base_lengths());
    for (std::size_t open = 0; open < options_.open_axes.size(); ++open) {
      std::vector<std::int64_t> alone(std::size_t{1} << options_.open_axes.size(), 0);
      alone[std::size_t{1} << open] = 1;
      if (coefficients == alone) info.dimensions.back().name = options_.open_axes[open];
    }
  }
  return info;
}

}  // namespace tessera::onnx
