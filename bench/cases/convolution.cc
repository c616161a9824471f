#include <fmt/core.h>

#include "bench/cases/tools.h"
#include "tessera/autograd/tape.h"

namespace bench {
using tessera::Conv2dOptions;
using tessera::Op;
using tessera::Shape;
using tessera::Tape;
using tessera::Tensor;
using tessera::WindowAttributes;

namespace {

struct Convolution {
  std::int64_t batch, channels, size, outputs, kernel, padding;
  std::int64_t stride = 1, groups = 1;
  Shape image() const { return {batch, channels, size, size}; }
  Shape filters() const { return {outputs, channels / groups, kernel, kernel}; }
  Shape output() const {
    const std::int64_t side = (size + 2 * padding - kernel) / stride + 1;
    return {batch, outputs, side, side};
  }
  std::string title() const {
    return fmt::format("{}x{}x{}x{} filters {}x{}x{}", batch, channels, size, size, outputs, kernel, kernel);
  }
  std::string long_title() const {
    return fmt::format("{} padding {} stride {} groups {}", title(), padding, stride, groups);
  }
  WindowAttributes window(const Shape& led_back_to) const {
    WindowAttributes window;
    for (const int axis : {0, 1}) {
      window.kernel[axis] = kernel;
      window.padding[axis] = padding;
      window.stride[axis] = stride;
    }
    window.groups = groups;
    window.input_shape = led_back_to;
    return window;
  }
};

Case pass_case(const Convolution& c, const std::string& pass, Op op, const Shape& first, const Shape& second,
               const Shape& led_back_to) {
  return lazy("conv2d " + pass + " " + c.long_title(), [=] {
    return [inputs = std::vector{normal(first), normal(second, 0.1)}, op, window = c.window(led_back_to)] {
      tessera::apply(op, inputs, window);
    };
  });
}

// The passes one by one, as a profile of a training step would show them.
void add_passes(const Convolution& c, std::vector<Case>& cases) {
  cases.push_back(pass_case(c, "forward", Op::kConv2d, c.image(), c.filters(), {}));
  cases.push_back(
      pass_case(c, "input gradient", Op::kConv2dInputGradient, c.output(), c.filters(), c.image()));
  cases.push_back(
      pass_case(c, "weight gradient", Op::kConv2dWeightGradient, c.output(), c.image(), c.filters()));
}

// Forward, then the gradients with respect to input and weights.
Case convolution_gradients_case(const Convolution& c) {
  return lazy("conv2d with gradients " + c.title(), [=] {
    Conv2dOptions options;
    options.padding[0] = options.padding[1] = c.padding;
    return [x = normal(c.image()), w = normal(c.filters(), 0.1), options] {
      Tape tape;
      tape.watch({x, w});
      tape.gradient(tessera::sum(tessera::conv2d(x, w, options)), {x, w});
    };
  });
}

constexpr Convolution kLayers[] = {
    {32, 1, 28, 6, 5, 2},            // LeNet, first
    {32, 6, 14, 16, 5, 0},           // LeNet, second
    {4, 3, 224, 64, 7, 3, 2},        // ResNet, stem
    {4, 64, 56, 64, 3, 1},           // ResNet and VGG, stage by stage
    {2, 128, 56, 128, 3, 1},         //
    {4, 256, 28, 256, 3, 1},         //
    {4, 512, 14, 512, 3, 1},         //
    {4, 64, 56, 256, 1, 0},          // ResNet, out of a bottleneck
    {8, 256, 14, 1024, 1, 0},        //
    {4, 128, 56, 128, 3, 1, 2},      // ResNet, between stages
    {8, 128, 28, 128, 3, 1, 1, 128}  // MobileNet, depthwise
};

}  // namespace

std::vector<Case> convolution_cases() {
  std::vector<Case> cases;
  for (const Convolution& c : kLayers) add_passes(c, cases);
  for (const Convolution& c : {Convolution{32, 64, 28, 64, 3, 1}, Convolution{32, 3, 32, 32, 5, 2}})
    cases.push_back(convolution_gradients_case(c));
  cases.push_back(unary_case("max_pool2d 32x64x28x28", {32, 64, 28, 28},
                             [](const Tensor& x) { tessera::max_pool2d(x); }));
  cases.push_back(unary_case("average_pool2d 32x64x28x28", {32, 64, 28, 28},
                             [](const Tensor& x) { tessera::average_pool2d(x); }));
  return cases;
}

}  // namespace bench
