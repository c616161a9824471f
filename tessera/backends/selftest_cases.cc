// What the selftest computes, by class of operation. Shapes are chosen for the places where orders could
// differ: below, at and beyond a vector (8, 16), a chunk of k (256), a reduction block (1,024) and its tree
// (33,000 is 32 blocks and a piece).
#include "tessera/backends/selftest_cases.h"

#include <array>
#include <utility>

#include "tessera/base/error.h"

namespace tessera::selftest {
namespace {

constexpr DType kFloating[] = {DType::kFloat32, DType::kFloat64, DType::kBFloat16};
constexpr DType kNumbers[] = {DType::kFloat32, DType::kFloat64, DType::kBFloat16, DType::kInt64};
constexpr DType kAll[] = {DType::kFloat32, DType::kFloat64, DType::kBFloat16,
                          DType::kInt64,   DType::kUInt8,   DType::kBool};

std::span<const DType> dtypes_of(Op op) {
  switch (op) {
    case Op::kNegate:
    case Op::kAbsolute:
    case Op::kSign:
    case Op::kRelu:
    case Op::kAdd:
    case Op::kSubtract:
    case Op::kMultiply:
    case Op::kDivide:
    case Op::kMaximum:
    case Op::kMinimum:
    case Op::kIndexAdd:
      return kNumbers;
    case Op::kSum:
    case Op::kSumSquares:
    case Op::kMax:
    case Op::kMin:
    case Op::kArgMax:
      return kAll;
    case Op::kMaxPool2d:
    case Op::kMaxPool2dIndices:
      return std::span<const DType>(kAll).first(5);  // all but bool
    default:
      return kFloating;
  }
}

// The cases of one operation. The inputs of a case are drawn from its own stream: input i has the key (i,
// name).
class Cases {
 public:
  explicit Cases(Op op) : op_(op) {}

  using Inputs = std::vector<Tensor>;
  struct Keys {
    std::string stream;
    numerics::PhiloxKey operator[](std::uint64_t input) const { return numerics::stream_key(input, stream); }
  };

  // `make` gives the inputs, from keys that belong to this case.
  template <typename Make>
  void add(std::string name, Attributes attributes, Make make) {
    const Keys keys{fmt::format("selftest/{}/{}", op_info(op_).name, name)};
    cases_.push_back({std::string(op_info(op_).name), std::move(name), [op = op_, keys, attributes, make] {
                        const Inputs inputs = make(keys);
                        return apply(op, inputs, attributes);
                      }});
  }
  Op op() const { return op_; }
  std::vector<Case> take() { return std::move(cases_); }

 private:
  Op op_;
  std::vector<Case> cases_;
};

template <typename... Parts>
std::string case_name(DType dtype, fmt::format_string<Parts...> format, Parts&&... parts) {
  return fmt::format("{}/{}", dtype_name(dtype), fmt::format(format, std::forward<Parts>(parts)...));
}

// ---- Elementwise ----

void add_unary(Cases& cases) {
  for (const DType dtype : dtypes_of(cases.op())) {
    cases.add(case_name(dtype, "special"), {}, [=](auto) { return Cases::Inputs{special_values(dtype)}; });
    for (const Shape& shape : {Shape{}, Shape{1}, Shape{0, 3}, Shape{7}, Shape{3, 5, 7}, Shape{33001}})
      cases.add(case_name(dtype, "contiguous {}", shape.to_string()), {}, [=](auto keys) {
        return Cases::Inputs{make_input(keys[0], shape, dtype, Values::kAwkward)};
      });
    for (const Layout layout : kLayouts)
      cases.add(case_name(dtype, "{} [17, 33]", layout_name(layout)), {}, [=](auto keys) {
        return Cases::Inputs{make_input(keys[0], {17, 33}, dtype, Values::kAwkward, layout)};
      });
  }
}

// Integer division by zero is an error, so divisors are odd.
Tensor second_argument(Op op, numerics::PhiloxKey key, const Shape& shape, DType dtype, Layout layout) {
  if (op != Op::kDivide || dtype != DType::kInt64)
    return make_input(key, shape, dtype, Values::kAwkward, layout);
  const std::vector<std::int64_t> values =
      make_input(key, shape, dtype, Values::kAwkward, layout).to_vector<std::int64_t>();
  std::vector<std::int64_t> odd;
  for (const std::int64_t value : values) odd.push_back(value | 1);
  return Tensor::from(odd, shape);
}

void add_binary_of(Cases& cases, DType dtype) {
  const Op op = cases.op();
  if (op != Op::kDivide || dtype != DType::kInt64)  // every special value with every other
    cases.add(case_name(dtype, "special"), {}, [=](auto) {
      const Tensor values = special_values(dtype);
      return Cases::Inputs{values.reshape({values.elements(), 1}), values};
    });
  struct Pair {
    Shape a, b;
  };
  for (const Pair& pair :
       {Pair{{}, {}}, Pair{{7}, {}}, Pair{{}, {0}}, Pair{{3, 5, 7}, {3, 5, 7}}, Pair{{17, 1}, {33}},
        Pair{{2, 1, 5}, {3, 1}}, Pair{{33001}, {33001}}, Pair{{33, 65}, {65}}, Pair{{33, 65}, {33, 1}}})
    cases.add(case_name(dtype, "{} {}", pair.a.to_string(), pair.b.to_string()), {}, [=](auto keys) {
      return Cases::Inputs{make_input(keys[0], pair.a, dtype, Values::kAwkward),
                           second_argument(op, keys[1], pair.b, dtype, Layout::kContiguous)};
    });
  for (const Layout layout : kLayouts)
    cases.add(case_name(dtype, "contiguous, {} [17, 33]", layout_name(layout)), {}, [=](auto keys) {
      return Cases::Inputs{make_input(keys[0], {17, 33}, dtype, Values::kAwkward),
                           second_argument(op, keys[1], {17, 33}, dtype, layout)};
    });
  cases.add(case_name(dtype, "transposed, sliced [17, 33]"), {}, [=](auto keys) {
    return Cases::Inputs{make_input(keys[0], {17, 33}, dtype, Values::kAwkward, Layout::kTransposed),
                         second_argument(op, keys[1], {17, 33}, dtype, Layout::kSliced)};
  });
}

void add_binary(Cases& cases) {
  for (const DType dtype : dtypes_of(cases.op())) add_binary_of(cases, dtype);
}

void add_compare(Cases& cases) {
  for (const DType dtype : kAll) add_binary_of(cases, dtype);
}

void add_select(Cases& cases) {
  for (const DType dtype : kAll) {
    for (const Layout layout : kLayouts)
      cases.add(case_name(dtype, "{} [17, 33]", layout_name(layout)), {}, [=](auto keys) {
        return Cases::Inputs{make_input(keys[0], {17, 33}, DType::kBool, Values::kOrdinary, layout),
                             make_input(keys[1], {17, 33}, dtype, Values::kAwkward, layout),
                             make_input(keys[2], {17, 33}, dtype, Values::kAwkward)};
      });
    cases.add(case_name(dtype, "[5, 1, 7] [3, 1] []"), {}, [=](auto keys) {
      return Cases::Inputs{make_input(keys[0], {5, 1, 7}, DType::kBool), make_input(keys[1], {3, 1}, dtype),
                           make_input(keys[2], {}, dtype)};
    });
  }
}

void add_cast(Cases& cases) {
  for (const DType from : kAll)
    for (const DType to : kAll) {
      const Attributes attributes = CastAttributes{to};
      cases.add(case_name(from, "to {}, special", dtype_name(to)), attributes,
                [=](auto) { return Cases::Inputs{special_values(from)}; });
      cases.add(case_name(from, "to {}, transposed [17, 33]", dtype_name(to)), attributes, [=](auto keys) {
        return Cases::Inputs{make_input(keys[0], {17, 33}, from, Values::kAwkward, Layout::kTransposed)};
      });
    }
}

// ---- From nothing ----

void add_create(Cases& cases) {
  const auto nothing = [](auto) { return Cases::Inputs{}; };
  for (const DType dtype :
       cases.op() == Op::kFill ? std::span<const DType>(kAll) : std::span<const DType>(kNumbers))
    for (const Shape& shape : {Shape{0}, Shape{7}, Shape{1025}}) {
      const bool exact = !is_floating(dtype);
      const double value = dtype == DType::kBool ? 1 : exact ? 5 : -0.1, step = exact ? 3 : 0.7;
      cases.add(case_name(dtype, "{}", shape.to_string()), FillAttributes{shape, dtype, value, step},
                nothing);
    }
}

void add_random(Cases& cases) {
  const auto nothing = [](auto) { return Cases::Inputs{}; };
  const bool integers = cases.op() == Op::kRandomBits || cases.op() == Op::kRandomPermutation;
  for (const DType dtype : {DType::kInt64, DType::kFloat32, DType::kFloat64}) {
    if (integers != (dtype == DType::kInt64)) continue;
    for (const std::int64_t n : {0, 1, 7, 1025, 10001})
      for (const std::uint64_t offset : {0, 5}) {
        if (offset != 0 && cases.op() == Op::kRandomPermutation) continue;
        cases.add(case_name(dtype, "[{}] from {}", n, offset),
                  RandomAttributes{{n}, dtype, 0x243f6a88, 0x85a308d3, 3, offset}, nothing);
      }
  }
}

// ---- Views, moves, indices ----

SliceAttributes slice_attributes(const Shape& full, const std::vector<Range>& ranges) {
  SliceAttributes attributes{{}, full};
  for (int axis = 0; axis < full.rank(); ++axis)
    attributes.ranges.push_back(ranges[static_cast<std::size_t>(axis)].resolve(full[axis], axis));
  return attributes;
}

void add_view(Cases& cases) {
  for (const DType dtype : kAll)
    for (const Layout layout : {Layout::kContiguous, Layout::kTransposed}) {
      const Shape shape = cases.op() == Op::kBroadcastTo ? Shape{3, 1, 5} : Shape{3, 4, 5};
      Attributes attributes;
      if (cases.op() == Op::kReshape) attributes = ShapeAttributes{{4, 15}};
      if (cases.op() == Op::kBroadcastTo) attributes = ShapeAttributes{{2, 3, 4, 5}};
      if (cases.op() == Op::kPermute) attributes = PermuteAttributes{{2, 0, 1}};
      if (cases.op() == Op::kSlice)
        attributes = slice_attributes(shape, {Range(1), Range::step(-1), Range(1, 4, 2)});
      // Reshape's row promises a view; strided inputs are copied before it.
      const Layout used = cases.op() == Op::kReshape ? Layout::kContiguous : layout;
      cases.add(case_name(dtype, "{} {}", layout_name(layout), shape.to_string()), attributes,
                [=](auto keys) {
                  return Cases::Inputs{make_input(keys[0], shape, dtype, Values::kAwkward, used)};
                });
    }
}

void add_copy(Cases& cases) {
  for (const DType dtype : kAll)
    for (const Layout layout : kLayouts)
      cases.add(case_name(dtype, "{} [3, 17, 33]", layout_name(layout)), {}, [=](auto keys) {
        return Cases::Inputs{make_input(keys[0], {3, 17, 33}, dtype, Values::kAwkward, layout)};
      });
}

void add_embed(Cases& cases) {
  struct Example {
    const char* name;
    Shape full;
    std::vector<Range> ranges;
    Shape sliced;
  };
  const std::vector<Example> examples = {
      {"one row", {5, 7}, {Range(-2), Range::all()}, {7}},
      {"every third, backwards", {5, 17}, {Range(1, 4), Range::step(-3)}, {3, 6}},
      {"nothing", {5, 7}, {Range(2, 2), Range::all()}, {0, 7}},
  };
  for (const DType dtype : kNumbers)
    for (const Example& example : examples)
      cases.add(case_name(dtype, "{} of {}", example.name, example.full.to_string()),
                slice_attributes(example.full, example.ranges), [=](auto keys) {
                  return Cases::Inputs{
                      make_input(keys[0], example.sliced, dtype, Values::kAwkward, Layout::kReversed)};
                });
}

void add_concatenate(Cases& cases) {
  for (const DType dtype : kAll)
    for (const int axis : {0, 1, 2})
      cases.add(case_name(dtype, "three along axis {}", axis), AxisAttributes{axis}, [=](auto keys) {
        Cases::Inputs inputs;
        for (const std::int64_t length : {3, 0, 17}) {
          Shape shape{2, 3, 5};
          shape[axis] = length;
          const Layout layout = length == 17 ? Layout::kTransposed : Layout::kContiguous;
          inputs.push_back(
              make_input(keys[static_cast<std::uint64_t>(length)], shape, dtype, Values::kAwkward, layout));
        }
        return inputs;
      });
}

void add_index(Cases& cases) {
  const bool adds = cases.op() == Op::kIndexAdd;
  for (const DType dtype : adds ? std::span<const DType>(kNumbers) : std::span<const DType>(kAll))
    for (const int axis : {0, 1, 2})
      for (const std::int64_t count : {0, 5, 700})  // 700 of them meet the same few entries, in order
        cases.add(case_name(dtype, "{} along axis {}", count, axis), AxisAttributes{axis}, [=](auto keys) {
          const Shape shape{4, 9, 5};
          Shape source = shape;
          source[axis] = count;
          Cases::Inputs inputs = {make_input(keys[0], shape, dtype, Values::kOrdinary, Layout::kTransposed),
                                  make_indices(keys[1], count, shape[axis])};
          if (adds) inputs.push_back(make_input(keys[2], source, dtype, Values::kOrdinary, Layout::kSliced));
          return inputs;
        });
}

// An index, or an order, for every line along the axis.
void add_along(Cases& cases) {
  const bool adds = cases.op() == Op::kScatterAdd;
  for (const DType dtype : adds ? std::span<const DType>(kNumbers) : std::span<const DType>(kAll))
    for (const int axis : {0, 1, 2})
      for (const std::int64_t count : {0, 5, 700})
        cases.add(case_name(dtype, "{} along axis {}", count, axis), AxisAttributes{axis}, [=](auto keys) {
          const Shape shape{4, 9, 5};
          Shape places = shape;
          places[axis] = count;
          Cases::Inputs inputs = {make_input(keys[0], shape, dtype, Values::kOrdinary, Layout::kTransposed),
                                  make_indices(keys[1], places.elements(), shape[axis]).reshape(places)};
          if (adds) inputs.push_back(make_input(keys[2], places, dtype, Values::kOrdinary, Layout::kSliced));
          return inputs;
        });
}

// Below and beyond where a line is sorted another way, and where its keys differ in few digits only.
void add_sort(Cases& cases) {
  const auto add_case = [&](DType dtype, const Shape& shape, int axis, bool descending, Values values,
                            Layout layout) {
    cases.add(case_name(dtype, "{}{} {} along {}{}", layout_name(layout),
                        values == Values::kAwkward ? " awkward" : "", shape.to_string(), axis,
                        descending ? ", descending" : ""),
              SortAttributes{axis, descending},
              [=](auto keys) { return Cases::Inputs{make_input(keys[0], shape, dtype, values, layout)}; });
  };
  for (const DType dtype : kAll)
    for (const bool descending : {false, true}) {
      for (const std::int64_t length : {0, 1, 2, 17, 300, 5000, 70001})
        add_case(dtype, {length}, 0, descending, Values::kAwkward, Layout::kContiguous);
      for (const int axis : {0, 1, 2})
        add_case(dtype, {4, 33, 5}, axis, descending, Values::kSmall, Layout::kTransposed);
    }
}

// ---- Products ----

void add_matmul(Cases& cases) {
  struct Pair {
    Shape a, b;
  };
  for (const DType dtype : kFloating) {
    for (const Pair& pair :
         {Pair{{1, 1}, {1, 1}}, Pair{{3, 5}, {5, 7}}, Pair{{4, 0}, {0, 3}}, Pair{{17, 255}, {255, 33}},
          Pair{{17, 256}, {256, 33}}, Pair{{17, 257}, {257, 33}}, Pair{{65, 600}, {600, 49}},
          Pair{{1, 1537}, {1537, 1}}, Pair{{2, 1, 5, 300}, {3, 300, 9}}, Pair{{130, 31}, {31, 130}},
          Pair{{5, 7, 11}, {11, 3}}})
      cases.add(case_name(dtype, "{} {}", pair.a.to_string(), pair.b.to_string()), {}, [=](auto keys) {
        return Cases::Inputs{make_input(keys[0], pair.a, dtype), make_input(keys[1], pair.b, dtype)};
      });
    for (const Layout a : {Layout::kTransposed, Layout::kSliced})
      for (const Layout b : {Layout::kTransposed, Layout::kReversed, Layout::kBroadcast})
        cases.add(case_name(dtype, "{}, {} [19, 300] [300, 37]", layout_name(a), layout_name(b)), {},
                  [=](auto keys) {
                    return Cases::Inputs{make_input(keys[0], {19, 300}, dtype, Values::kOrdinary, a),
                                         make_input(keys[1], {300, 37}, dtype, Values::kOrdinary, b)};
                  });
    cases.add(case_name(dtype, "awkward [19, 9] [9, 37]"), {}, [=](auto keys) {
      return Cases::Inputs{make_input(keys[0], {19, 9}, dtype, Values::kAwkward),
                           make_input(keys[1], {9, 37}, dtype, Values::kAwkward)};
    });
  }
}

struct Convolution {
  const char* name;
  Shape input, weight;
  WindowAttributes window;
};

std::vector<Convolution> convolutions() {
  WindowAttributes plain, padded, stride2, dilated, grouped, depthwise, odd;
  padded.padding[0] = padded.padding[1] = 1;
  stride2 = padded;
  stride2.stride[0] = stride2.stride[1] = 2;
  dilated.dilation[0] = 2;
  dilated.dilation[1] = 3;
  dilated.padding[0] = dilated.padding[1] = 2;
  grouped = padded;
  grouped.groups = 2;
  depthwise = padded;
  depthwise.groups = 6;
  odd.stride[0] = 3;
  odd.stride[1] = 2;
  odd.padding[0] = 2;
  odd.dilation[1] = 2;
  return {{"one by one", {1, 1, 1, 1}, {1, 1, 1, 1}, plain},
          {"plain", {2, 3, 7, 9}, {5, 3, 3, 3}, plain},
          {"padded", {3, 16, 8, 8}, {17, 16, 3, 3}, padded},
          {"beyond a chunk", {2, 33, 6, 5}, {9, 33, 3, 3}, padded},
          {"many channels, one by one", {2, 300, 5, 3}, {33, 300, 1, 1}, plain},
          {"stride 2", {2, 5, 9, 8}, {7, 5, 3, 3}, stride2},
          {"dilated", {2, 3, 11, 13}, {4, 3, 3, 3}, dilated},
          {"two groups", {2, 6, 7, 7}, {10, 3, 3, 3}, grouped},
          {"depthwise", {2, 6, 7, 7}, {6, 1, 3, 3}, depthwise},
          {"stride 3 and 2, tall filter", {2, 2, 14, 9}, {3, 2, 5, 2}, odd},
          {"many filters", {2, 3, 6, 5}, {40, 3, 3, 3}, padded},
          {"many filters, stride 2", {2, 2, 7, 9}, {130, 2, 3, 3}, stride2},
          {"large image", {1, 2, 33, 40}, {3, 2, 5, 5}, padded}};
}

// The same questions with three spatial axes.
std::vector<Convolution> volume_convolutions() {
  WindowAttributes plain;
  plain.axes = 3;
  WindowAttributes padded = plain, grouped = plain, odd = plain;
  for (int axis = 0; axis < 3; ++axis) {
    padded.padding[axis] = 1;
    odd.stride[axis] = 3 - axis;
    odd.padding[axis] = axis;
    odd.dilation[axis] = 1 + axis % 2;
  }
  WindowAttributes stride2 = padded;
  for (std::int64_t& stride : stride2.stride) stride = 2;
  grouped.groups = 2;
  WindowAttributes depthwise = padded;
  depthwise.groups = 6;
  return {{"plain", {2, 3, 4, 5, 7}, {5, 3, 2, 3, 3}, plain},
          {"padded", {2, 5, 4, 6, 5}, {17, 5, 3, 3, 3}, padded},
          {"beyond a chunk", {2, 11, 3, 5, 4}, {3, 11, 3, 3, 3}, padded},
          {"stride 2", {2, 3, 5, 6, 7}, {7, 3, 3, 3, 3}, stride2},
          {"two groups", {2, 6, 3, 4, 5}, {10, 3, 2, 2, 3}, grouped},
          {"depthwise", {2, 6, 4, 5, 6}, {6, 1, 3, 3, 3}, depthwise},
          {"stride 3, 2 and 1, dilated rows", {2, 2, 7, 9, 6}, {3, 2, 3, 2, 3}, odd}};
}

bool is_volume(Op op) {
  return op == Op::kConv3d || op == Op::kConv3dInputGradient || op == Op::kConv3dWeightGradient;
}

void add_convolution(Cases& cases) {
  const Op op = cases.op();
  const auto add_case = [&](DType dtype, const Convolution& convolution, Values values, Layout layout) {
    WindowAttributes window = convolution.window;
    Shape output = {convolution.input[0], convolution.weight[0]};
    for (int axis = 0; axis < window.axes; ++axis) {
      window.kernel[axis] = convolution.weight[2 + axis];
      output.append(window_output_size(convolution.input[2 + axis], window, axis));
    }
    Shape first = convolution.input, second = convolution.weight;
    if (op == Op::kConv2dInputGradient || op == Op::kConv3dInputGradient)
      first = output, window.input_shape = convolution.input;
    if (op == Op::kConv2dWeightGradient || op == Op::kConv3dWeightGradient)
      first = output, second = convolution.input, window.input_shape = convolution.weight;
    const char* suffix = values == Values::kAwkward ? ", awkward" : "";
    cases.add(case_name(dtype, "{}, {}{}", convolution.name, layout_name(layout), suffix), window,
              [=](auto keys) {
                return Cases::Inputs{make_input(keys[0], first, dtype, values, layout),
                                     make_input(keys[1], second, dtype, values, layout)};
              });
  };
  for (const DType dtype : kFloating)
    for (const Convolution& convolution : is_volume(op) ? volume_convolutions() : convolutions()) {
      add_case(dtype, convolution, Values::kOrdinary, Layout::kContiguous);
      const std::string_view name = convolution.name;
      // Taps outside the image are multiplied, so that an infinite weight there gives NaN.
      if (name == "stride 2" || name == "two groups")
        add_case(dtype, convolution, Values::kAwkward, Layout::kContiguous);
      if (name == "padded" || name == "dilated")
        add_case(dtype, convolution, Values::kOrdinary, Layout::kTransposed);
    }
}

// ---- Windows ----

std::vector<std::pair<const char*, WindowAttributes>> pools(bool dilation_allowed) {
  WindowAttributes halves, overlapping, round_up, without_padding, dilated;
  for (const int axis : {0, 1}) {
    halves.kernel[axis] = halves.stride[axis] = 2;
    overlapping.kernel[axis] = 3;
    overlapping.padding[axis] = 1;
    overlapping.stride[axis] = axis + 1;
    round_up.kernel[axis] = 3;
    round_up.stride[axis] = 2;
    round_up.padding[axis] = axis;
  }
  round_up.round_up = true;
  without_padding = round_up;
  without_padding.count_padding = false;
  dilated = overlapping;
  dilated.dilation[0] = 2;
  std::vector<std::pair<const char*, WindowAttributes>> result = {{"halves", halves},
                                                                  {"overlapping", overlapping},
                                                                  {"rounded up", round_up},
                                                                  {"padding not counted", without_padding}};
  if (dilation_allowed) result.emplace_back("dilated", dilated);
  return result;
}

void add_window(Cases& cases) {
  const Op op = cases.op();
  const bool largest = op == Op::kMaxPool2d || op == Op::kMaxPool2dIndices;
  for (const DType dtype : dtypes_of(op))
    for (const auto& [name, pool] : pools(largest))
      for (const Values values : {Values::kOrdinary, Values::kAwkward}) {
        const Shape input{2, 3, 10, 13};
        WindowAttributes window = pool;
        Shape shape = input;
        if (op == Op::kAveragePool2dGradient) {
          window.input_shape = input;
          shape = {2, 3, window_output_size(10, window, 0), window_output_size(13, window, 1)};
        }
        const bool awkward = values == Values::kAwkward;
        cases.add(case_name(dtype, "{}{}", name, awkward ? ", awkward, transposed" : ""), window,
                  [=](auto keys) {
                    return Cases::Inputs{make_input(keys[0], shape, dtype, values,
                                                    awkward ? Layout::kTransposed : Layout::kContiguous)};
                  });
      }
}

// ---- Reductions ----

struct Reduction {
  Shape shape;
  std::vector<int> axes;
};

std::vector<Reduction> reductions() {
  return {{{}, {}},
          {{1}, {0}},
          {{7}, {0}},
          {{16}, {0}},
          {{17}, {0}},
          {{1023}, {0}},
          {{1024}, {0}},
          {{1025}, {0}},
          {{33001}, {0}},
          {{17, 257}, {0}},
          {{17, 257}, {1}},
          {{2500, 3}, {0}},
          {{3, 2500}, {1}},
          {{5, 1030, 3}, {1}},
          {{3, 4, 5}, {0, 2}},
          {{7, 40, 41}, {0, 1, 2}},
          {{6, 5, 4}, {}},
          {{9, 30, 40}, {1, 2}},
          {{40, 3, 33}, {0, 2}}};
}

void add_reduction(Cases& cases) {
  const Op op = cases.op();
  const auto add_case = [&](DType dtype, const Reduction& reduction, Values values, Layout layout,
                            bool keep) {
    std::string axes;
    for (const int axis : reduction.axes) axes += fmt::format(" {}", axis);
    cases.add(case_name(dtype, "{}{} {} over{}{}", layout_name(layout),
                        values == Values::kAwkward ? " awkward" : "", reduction.shape.to_string(),
                        axes.empty() ? " none" : axes, keep ? ", kept" : ""),
              ReduceAttributes{reduction.axes, keep}, [=](auto keys) {
                return Cases::Inputs{make_input(keys[0], reduction.shape, dtype, values, layout)};
              });
  };
  for (const DType dtype : dtypes_of(op)) {
    for (const Reduction& reduction : reductions()) {
      if (op == Op::kArgMax && reduction.axes.size() != 1) continue;
      add_case(dtype, reduction, Values::kOrdinary, Layout::kContiguous, false);
      if (reduction.shape == Shape{3, 4, 5} || reduction.shape == Shape{17, 257})
        add_case(dtype, reduction, Values::kOrdinary, Layout::kContiguous, true);
    }
    for (const Layout layout : kLayouts)
      for (const int axis : {0, 1}) {
        if (layout == Layout::kContiguous) continue;
        add_case(dtype, {{40, 1100}, {axis}}, Values::kOrdinary, layout, false);
      }
    add_case(dtype, {{60, 4}, {1}}, Values::kAwkward, Layout::kContiguous, false);
    add_case(dtype, {{4, 60}, {0}}, Values::kAwkward, Layout::kTransposed, false);
    const bool needs_elements = op == Op::kMax || op == Op::kMin || op == Op::kArgMax;
    if (!needs_elements) add_case(dtype, {{3, 0}, {1}}, Values::kOrdinary, Layout::kContiguous, false);
    add_case(dtype, {{0, 3}, {1}}, Values::kOrdinary, Layout::kContiguous, false);
  }
}

void add_softmax(Cases& cases) {
  for (const DType dtype : kFloating) {
    const auto add_case = [&](const Shape& shape, int axis, Values values, Layout layout) {
      cases.add(case_name(dtype, "{}{} {} along {}", layout_name(layout),
                          values == Values::kAwkward ? " awkward" : "", shape.to_string(), axis),
                AxisAttributes{axis},
                [=](auto keys) { return Cases::Inputs{make_input(keys[0], shape, dtype, values, layout)}; });
    };
    for (const Shape& shape : {Shape{1}, Shape{17}, Shape{1500}})
      add_case(shape, 0, Values::kSmall, Layout::kContiguous);
    for (const int axis : {0, 1}) {
      for (const Layout layout : kLayouts) add_case({33, 10}, axis, Values::kSmall, layout);
      add_case({3, 1500}, axis, Values::kOrdinary, Layout::kContiguous);
    }
    add_case({4, 5, 6}, 1, Values::kSmall, Layout::kContiguous);
    add_case({60, 4}, 1, Values::kAwkward, Layout::kContiguous);
  }
}

void add_cross_entropy(Cases& cases) {
  for (const DType dtype : kFloating)
    for (const Shape& shape : {Shape{1, 1}, Shape{33, 10}, Shape{5, 1500}, Shape{0, 4}})
      for (const Layout layout : {Layout::kContiguous, Layout::kTransposed})
        cases.add(case_name(dtype, "{} {}", layout_name(layout), shape.to_string()), {}, [=](auto keys) {
          return Cases::Inputs{make_input(keys[0], shape, dtype, Values::kSmall, layout),
                               make_indices(keys[1], shape[0], shape[1])};
        });
}

void add_softmax_gradient(Cases& cases) {
  for (const DType dtype : kFloating) {
    const auto add_case = [&](const Shape& shape, int axis, Values values, Layout layout) {
      cases.add(case_name(dtype, "{}{} {} along {}", layout_name(layout),
                          values == Values::kAwkward ? " awkward" : "", shape.to_string(), axis),
                AxisAttributes{axis}, [=](auto keys) {
                  return Cases::Inputs{make_input(keys[0], shape, dtype, values, layout),
                                       make_input(keys[1], shape, dtype, values, layout)};
                });
    };
    for (const Shape& shape : {Shape{1}, Shape{17}, Shape{2500}})
      add_case(shape, 0, Values::kSmall, Layout::kContiguous);
    for (const int axis : {0, 1})
      for (const Layout layout : kLayouts) add_case({33, 10}, axis, Values::kSmall, layout);
    add_case({60, 4}, 1, Values::kAwkward, Layout::kContiguous);
  }
}

void add_cross_entropy_gradient(Cases& cases) {
  for (const DType dtype : kFloating)
    for (const Shape& shape : {Shape{1, 1}, Shape{33, 10}, Shape{5, 2500}, Shape{0, 4}})
      for (const Layout layout : {Layout::kContiguous, Layout::kTransposed})
        cases.add(case_name(dtype, "{} {}", layout_name(layout), shape.to_string()), {}, [=](auto keys) {
          return Cases::Inputs{make_input(keys[0], shape, dtype, Values::kSmall, layout),
                               make_indices(keys[1], shape[0], shape[1]),
                               make_input(keys[2], {shape[0]}, dtype)};
        });
}

// (x, scale, shift), (g, x, scale) or (g, x).
void add_layer_norm(Cases& cases) {
  const Op op = cases.op();
  const auto add_case = [&](DType dtype, const Shape& shape, int axes, Values values, Layout layout) {
    const LayerNormAttributes attributes{axes, 1e-5};
    Shape row;
    for (int axis = shape.rank() - axes; axis < shape.rank(); ++axis) row.append(shape[axis]);
    cases.add(case_name(dtype, "{}{} {} over {}", layout_name(layout),
                        values == Values::kAwkward ? " awkward" : "", shape.to_string(), axes),
              attributes, [=](auto keys) {
                const auto whole = [&](int i) { return make_input(keys[i], shape, dtype, values, layout); };
                const auto part = [&](int i) { return make_input(keys[i], row, dtype); };
                if (op == Op::kLayerNorm) return Cases::Inputs{whole(0), part(1), part(2)};
                if (op == Op::kLayerNormScaleGradient) return Cases::Inputs{whole(0), whole(1)};
                return Cases::Inputs{whole(0), whole(1), part(2)};
              });
  };
  for (const DType dtype : kFloating) {
    for (const Shape& shape :
         {Shape{1}, Shape{17}, Shape{5, 1024}, Shape{3, 2500}, Shape{1100, 5}, Shape{0, 4}})
      add_case(dtype, shape, 1, Values::kOrdinary, Layout::kContiguous);
    for (const Layout layout : kLayouts) add_case(dtype, {33, 10}, 1, Values::kOrdinary, layout);
    add_case(dtype, {4, 5, 6}, 2, Values::kOrdinary, Layout::kContiguous);
    add_case(dtype, {60, 4}, 1, Values::kAwkward, Layout::kContiguous);
  }
}

void add_normalization(Cases& cases) {
  switch (cases.op()) {
    case Op::kSoftmax:
    case Op::kLogSoftmax:
      return add_softmax(cases);
    case Op::kCrossEntropy:
      return add_cross_entropy(cases);
    case Op::kCrossEntropyGradient:
      return add_cross_entropy_gradient(cases);
    case Op::kSoftmaxGradient:
    case Op::kLogSoftmaxGradient:
      return add_softmax_gradient(cases);
    default:
      return add_layer_norm(cases);
  }
}

// ---- Optimisers ----

// Tensors whose ends lie below, at and beyond a vector and a line of 64 bytes.
void add_optimizer(Cases& cases) {
  struct Variant {
    const char* name;
    OptimizerAttributes attributes;
  };
  const bool adam = cases.op() == Op::kAdamStep;
  const std::vector<Variant> variants =
      adam ? std::vector<Variant>{{"plain", {}},
                                  {"decay", {.decay = true}},
                                  {"decoupled", {.decoupled = true}}}
           : std::vector<Variant>{{"plain", {}},
                                  {"decay", {.decay = true}},
                                  {"momentum", {.momentum = true}},
                                  {"nesterov, decay", {.momentum = true, .nesterov = true, .decay = true}}};
  for (const DType dtype : kFloating)
    for (const Variant& variant : variants)
      for (const Layout layout : {Layout::kContiguous, Layout::kTransposed}) {
        const std::size_t kinds = adam ? 4 : variant.attributes.momentum ? 3 : 2;
        cases.add(
            case_name(dtype, "{}, {}", variant.name, layout_name(layout)), variant.attributes,
            [=](auto keys) {
              Cases::Inputs inputs;
              for (std::size_t kind = 0; kind < kinds; ++kind)
                for (const Shape& shape : {Shape{7}, Shape{}, Shape{0, 3}, Shape{4, 4}, Shape{5, 41}})
                  inputs.push_back(make_input(keys[inputs.size()], shape, dtype,
                                              kind == 1 ? Values::kAwkward : Values::kSmall, layout));
              const DType numbers = dtype == DType::kFloat64 ? dtype : DType::kFloat32;
              inputs.push_back(make_input(keys[inputs.size()], {adam ? 7 : 3}, numbers, Values::kSmall));
              return inputs;
            });
      }
}

// ---- Recurrent layers: hidden features below, at and beyond a vector and a chunk of k ----

struct RecurrentRow {
  std::int64_t gates, states;  // states: h, and c
  std::int64_t parts;          // of the output; 0: the output is the states
  bool gradient;
};

RecurrentRow recurrent_row(Op op) {
  switch (op) {
    case Op::kLstm:
    case Op::kLstmGradient:
      return {4, 2, 7, op == Op::kLstmGradient};
    case Op::kRnn:
    case Op::kRnnGradient:
      return {1, 1, 0, op == Op::kRnnGradient};
    default:
      return {3, 1, 5, op == Op::kGruGradient};
  }
}

std::vector<Shape> recurrent_shapes(const RecurrentRow& row, std::int64_t times, std::int64_t samples,
                                    std::int64_t hidden) {
  const Shape state{samples, hidden}, states{times, samples, hidden};
  const std::int64_t gates = row.gates * hidden;
  std::vector<Shape> shapes = {{times, samples, gates}, state, {gates, hidden}, {gates}, {gates}};
  if (row.states == 2) shapes.insert(shapes.begin() + 1, state);
  if (!row.gradient) return shapes;
  shapes.insert(shapes.begin(), row.states == 2 ? Shape{2, times, samples, hidden} : states);
  shapes.push_back(row.parts == 0 ? states : Shape{row.parts, times, samples, hidden});
  return shapes;
}

void add_recurrent(Cases& cases) {
  const RecurrentRow row = recurrent_row(cases.op());
  struct Size {
    std::int64_t times, samples, hidden;
  };
  std::vector<std::pair<std::string, Attributes>> kinds = {{"", {}}};
  if (row.parts == 0)
    kinds = {{", tanh", RecurrentAttributes{Activation::kTanh}},
             {", relu", RecurrentAttributes{Activation::kRelu}}};
  for (const auto& [kind, attributes] : kinds)
    for (const DType dtype : kFloating)
      for (const Size& size : {Size{1, 1, 1}, Size{3, 7, 5}, Size{2, 13, 33}, Size{2, 2, 260}})
        for (const Layout layout : {Layout::kContiguous, Layout::kTransposed}) {
          const auto [times, samples, hidden] = size;
          const std::vector<Shape> shapes = recurrent_shapes(row, times, samples, hidden);
          cases.add(
              case_name(dtype, "{} times, {} samples, {} hidden, {}{}", times, samples, hidden,
                        layout_name(layout), kind),
              attributes, [=](auto keys) {
                Cases::Inputs inputs;
                for (const Shape& shape : shapes)
                  inputs.push_back(make_input(keys[inputs.size()], shape, dtype, Values::kSmall, layout));
                return inputs;
              });
        }
}

// ---- Bias, activation, dropout ----

void add_finish(Cases& cases) {
  const bool gradient = cases.op() == Op::kFinishGradient;
  constexpr Activation kActivations[] = {Activation::kNone, Activation::kRelu, Activation::kTanh,
                                         Activation::kSigmoid};
  for (const DType dtype : kFloating)
    for (std::size_t activation = 0; activation < std::size(kActivations); ++activation)
      for (const int axis : {-1, 0, 1, 2})  // -1: no bias
        for (const bool drops : {false, true}) {
          const Shape shape{3, 5, 19};
          const FinishAttributes attributes{.activation = kActivations[activation],
                                            .bias = axis >= 0,
                                            .axis = std::max(axis, 0),
                                            .drops = drops,
                                            .drop = 0.3,
                                            .scale = 1 / 0.7};
          const Layout layout = axis == 1 && drops ? Layout::kTransposed : Layout::kContiguous;
          cases.add(case_name(dtype, "activation {}, bias {}{}", activation, axis, drops ? ", drops" : ""),
                    attributes, [=](auto keys) {
                      Cases::Inputs inputs = {make_input(keys[0], shape, dtype, Values::kAwkward, layout)};
                      if (gradient)
                        inputs.push_back(make_input(keys[1], shape, dtype, Values::kAwkward, layout));
                      if (axis >= 0)
                        inputs.push_back(make_input(keys[2], {shape[axis]}, dtype, Values::kAwkward));
                      if (drops)
                        inputs.push_back(make_input(keys[3], shape, DType::kFloat32, Values::kSmall, layout));
                      return inputs;
                    });
        }
}

}  // namespace

std::vector<Case> cases_of(Op op) {
  Cases cases(op);
  switch (op_info(op).op_class) {
    case OpClass::kUnary:
      add_unary(cases);
      break;
    case OpClass::kBinary:
      add_binary(cases);
      break;
    case OpClass::kCompare:
      add_compare(cases);
      break;
    case OpClass::kSelect:
      add_select(cases);
      break;
    case OpClass::kCast:
      add_cast(cases);
      break;
    case OpClass::kCreate:
      add_create(cases);
      break;
    case OpClass::kRandom:
      add_random(cases);
      break;
    case OpClass::kView:
      add_view(cases);
      break;
    case OpClass::kMove:
      (op == Op::kCopy ? add_copy : op == Op::kEmbed ? add_embed : add_concatenate)(cases);
      break;
    case OpClass::kProduct:
      (op == Op::kMatrixMultiply ? add_matmul : add_convolution)(cases);
      break;
    case OpClass::kWindow:
      add_window(cases);
      break;
    case OpClass::kReduce:
      add_reduction(cases);
      break;
    case OpClass::kIndex:
      (op == Op::kGather || op == Op::kIndexAdd        ? add_index
       : op == Op::kTakeAlong || op == Op::kScatterAdd ? add_along
                                                       : add_sort)(cases);
      break;
    case OpClass::kNormalize:
      add_normalization(cases);
      break;
    case OpClass::kOptimizer:
      add_optimizer(cases);
      break;
    case OpClass::kRecurrent:
      add_recurrent(cases);
      break;
    case OpClass::kFinish:
      add_finish(cases);
      break;
  }
  auto result = cases.take();
  TESSERA_CHECK(!result.empty(), "the selftest has no case for {}", op_info(op).name);
  return result;
}

}  // namespace tessera::selftest
