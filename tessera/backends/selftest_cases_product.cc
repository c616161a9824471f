// The cases of the selftest: matrix products, convolutions, windows.
#include "tessera/backends/selftest_make_cases.h"

namespace tessera::selftest {
namespace {

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

}  // namespace

void add_product(Cases& cases) {
  (cases.op() == Op::kMatrixMultiply ? add_matmul : add_convolution)(cases);
}

namespace {

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

}  // namespace

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

}  // namespace tessera::selftest
