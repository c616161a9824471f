// Tensor::to_string, in the manner of NumPy: right-aligned columns, a blank line between matrices, the middle of long axes left out.
// Floating-point numbers are the shortest decimals that read back as the same number.
#include <algorithm>
#include <string>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/tensor/number_text.h"
#include "tessera/tensor/tensor.h"

namespace tessera {
namespace {

constexpr std::int64_t kPrintedWhole = 1000;  // elements; larger tensors are abbreviated
constexpr std::int64_t kEdge = 3;             // entries kept at both ends of an abbreviated axis
constexpr std::size_t kLineWidth = 100;

template <typename T>
std::string cell_of(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    std::string text = number_text(value);
    const bool digits_only = text.find_first_not_of("-0123456789") == std::string::npos;
    return digits_only ? text + ".0" : text;  // 1.0, so that it is seen to be floating
  } else {
    return fmt::format("{}", value);
  }
}

std::string cell_at(const TensorView& view, std::int64_t offset) {
  switch (view.dtype) {
    case DType::kFloat32:
      return cell_of(view.as<const float>()[offset]);
    case DType::kFloat64:
      return cell_of(view.as<const double>()[offset]);
    case DType::kInt64:
      return cell_of(view.as<const std::int64_t>()[offset]);
    case DType::kUInt8:
      return cell_of(static_cast<int>(view.as<const std::uint8_t>()[offset]));
    case DType::kBool:
      return view.as<const bool>()[offset] ? "true" : "false";
    case DType::kBFloat16:
      return cell_of(static_cast<float>(view.as<const BFloat16>()[offset]));
  }
  return {};
}

class Printer {
 public:
  explicit Printer(const TensorView& view) : view_(view), abbreviate_(view.elements() > kPrintedWhole) {
    if (view.elements() > 0) measure(0, 0);
  }

  std::string body() {
    if (view_.elements() == 0) return "[]";
    print(0, 0);
    return text_;
  }

 private:
  // body(position) for each printed position of an axis; -1 stands for what is left out.
  template <typename Body>
  void for_each_position(int axis, Body&& body) const {
    const std::int64_t length = view_.shape[axis];
    const bool cut = abbreviate_ && length > 2 * kEdge;
    for (std::int64_t i = 0; i < length; ++i) {
      if (cut && i == kEdge) {
        body(-1);
        i = length - kEdge;
      }
      body(i);
    }
  }

  void measure(int axis, std::int64_t offset) {
    if (axis == view_.shape.rank()) {
      width_ = std::max(width_, cell_at(view_, offset).size());
      return;
    }
    for_each_position(axis, [&](std::int64_t i) {
      if (i >= 0) measure(axis + 1, offset + i * view_.strides[axis]);
    });
  }

  void print(int axis, std::int64_t offset) {
    if (axis == view_.shape.rank()) {
      text_ += fmt::format("{:>{}}", cell_at(view_, offset), width_);
      return;
    }
    text_ += '[';
    const std::string indent(kPrefix.size() + static_cast<std::size_t>(axis) + 1, ' ');
    bool first = true;
    for_each_position(axis, [&](std::int64_t i) {
      if (!first) separate(axis, indent);
      first = false;
      if (i < 0)
        text_ += "...";
      else
        print(axis + 1, offset + i * view_.strides[axis]);
    });
    text_ += ']';
  }

  // Between two entries of an axis: on one line for the last axis, as long as there is room.
  void separate(int axis, const std::string& indent) {
    const int below = view_.shape.rank() - axis - 1;
    if (below == 0) {
      const std::size_t line_start = text_.rfind('\n') + 1;  // npos + 1 is 0
      const std::size_t column = text_.size() - line_start + (line_start == 0 ? kPrefix.size() : 0);
      const bool room = column + width_ + 2 <= kLineWidth;
      text_ += room ? ", " : ",\n" + indent;
      return;
    }
    text_ += ',';
    text_.append(below >= 2 ? 2 : 1, '\n');
    text_ += indent;
  }

  static constexpr std::string_view kPrefix = "tensor(";

  TensorView view_;
  bool abbreviate_;
  std::size_t width_ = 0;
  std::string text_;
};

}  // namespace

std::string Tensor::to_string() const {
  if (!defined()) return "tensor(undefined)";
  TESSERA_CHECK(device().kind == DeviceKind::kCpu, "to_string: only tensors on the cpu can be read");
  return fmt::format("tensor({}, shape={}, dtype={})", Printer(view()).body(), shape().to_string(),
                     dtype_name(dtype()));
}

}  // namespace tessera
