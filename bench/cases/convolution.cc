#include <fmt/core.h>

#include <algorithm>

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

// One spatial axis (lines) to three (volumes), of which all have the same padding and stride.
struct Convolution {
  Shape image, filters;  // the second axis of the filters is that of the image divided by the groups
  std::int64_t padding = 0, stride = 1, groups = 1;

  int axes() const { return image.rank() - 2; }
  Shape output() const {
    Shape shape{image[0], filters[0]};
    for (int axis = 2; axis < image.rank(); ++axis)
      shape.append((image[axis] + 2 * padding - filters[axis]) / stride + 1);
    return shape;
  }
  std::string title() const {
    std::string text;
    for (int axis = 0; axis < image.rank(); ++axis)
      text += fmt::format("{}{}", axis == 0 ? "" : "x", image[axis]);
    text += fmt::format(" filters {}", filters[0]);
    for (int axis = 2; axis < filters.rank(); ++axis) text += fmt::format("x{}", filters[axis]);
    return text;
  }
  std::string long_title() const {
    return fmt::format("{} padding {} stride {} groups {}", title(), padding, stride, groups);
  }
  WindowAttributes window(const Shape& led_back_to) const {
    WindowAttributes window;
    window.axes = std::max(2, axes());
    const int row = axes() == 1 ? 1 : 0;
    for (int axis = 0; axis < axes(); ++axis) {
      window.kernel[row + axis] = filters[2 + axis];
      window.padding[row + axis] = padding;
      window.stride[row + axis] = stride;
    }
    window.groups = groups;
    window.input_shape = led_back_to;
    return window;
  }
};

// A line as the operation has it: an image of one row.
Shape as_image(const Shape& shape) {
  return shape.rank() == 3 ? Shape{shape[0], shape[1], 1, shape[2]} : shape;
}

Case pass_case(const Convolution& c, const std::string& pass, Op op, const Shape& first, const Shape& second,
               const Shape& led_back_to) {
  return lazy(fmt::format("conv{}d {} {}", c.axes(), pass, c.long_title()), [=] {
    return [inputs = std::vector{normal(as_image(first)), normal(as_image(second), 0.1)}, op,
            window = c.window(as_image(led_back_to))] { tessera::apply(op, inputs, window); };
  });
}

// The passes one by one, as a profile of a training step would show them.
void add_passes(const Convolution& c, std::vector<Case>& cases) {
  const bool volumes = c.axes() == 3;
  cases.push_back(pass_case(c, "forward", volumes ? Op::kConv3d : Op::kConv2d, c.image, c.filters, {}));
  cases.push_back(pass_case(c, "input gradient",
                            volumes ? Op::kConv3dInputGradient : Op::kConv2dInputGradient, c.output(),
                            c.filters, c.image));
  cases.push_back(pass_case(c, "weight gradient",
                            volumes ? Op::kConv3dWeightGradient : Op::kConv2dWeightGradient, c.output(),
                            c.image, c.filters));
}

// Forward, then the gradients with respect to input and weights.
Case convolution_gradients_case(const Convolution& c) {
  return lazy("conv2d with gradients " + c.title(), [=] {
    Conv2dOptions options;
    options.padding[0] = options.padding[1] = c.padding;
    return [x = normal(c.image), w = normal(c.filters, 0.1), options] {
      Tape tape;
      tape.watch({x, w});
      tape.gradient(tessera::sum(tessera::conv2d(x, w, options)), {x, w});
    };
  });
}

const Convolution kLayers[] = {
    {{32, 1, 28, 28}, {6, 1, 5, 5}, 2},             // LeNet, first
    {{32, 6, 14, 14}, {16, 6, 5, 5}},               // LeNet, second
    {{4, 3, 224, 224}, {64, 3, 7, 7}, 3, 2},        // ResNet, stem
    {{4, 64, 56, 56}, {64, 64, 3, 3}, 1},           // ResNet and VGG, stage by stage
    {{2, 128, 56, 56}, {128, 128, 3, 3}, 1},        //
    {{4, 256, 28, 28}, {256, 256, 3, 3}, 1},        //
    {{4, 512, 14, 14}, {512, 512, 3, 3}, 1},        //
    {{4, 64, 56, 56}, {256, 64, 1, 1}},             // ResNet, out of a bottleneck
    {{8, 256, 14, 14}, {1024, 256, 1, 1}},          //
    {{4, 128, 56, 56}, {128, 128, 3, 3}, 1, 2},     // ResNet, between stages
    {{8, 128, 28, 28}, {128, 1, 3, 3}, 1, 1, 128},  // MobileNet, depthwise
    {{16, 64, 1024}, {64, 64, 5}, 2},               // a line, as of audio
    {{2, 16, 16, 32, 32}, {32, 16, 3, 3, 3}, 1},    // a volume, as of a scan
};

}  // namespace

// Forward passes of images beside a rival whose images and weights stay in a layout of its own from layer to layer.
std::vector<Case> blocked_convolution_cases() {
  std::vector<Case> cases;
  for (const Convolution& c : kLayers)
    if (c.axes() == 2) cases.push_back(pass_case(c, "blocked", Op::kConv2d, c.image, c.filters, {}));
  return cases;
}

std::vector<Case> convolution_cases() {
  std::vector<Case> cases;
  for (const Convolution& c : kLayers) add_passes(c, cases);
  for (const Convolution& c :
       {Convolution{{32, 64, 28, 28}, {64, 64, 3, 3}, 1}, Convolution{{32, 3, 32, 32}, {32, 3, 5, 5}, 2}})
    cases.push_back(convolution_gradients_case(c));
  cases.push_back(unary_case("max_pool2d 32x64x28x28", {32, 64, 28, 28},
                             [](const Tensor& x) { tessera::max_pool2d(x); }));
  cases.push_back(unary_case("average_pool2d 32x64x28x28", {32, 64, 28, 28},
                             [](const Tensor& x) { tessera::average_pool2d(x); }));
  return cases;
}

}  // namespace bench
