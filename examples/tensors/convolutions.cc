// Convolution in one, two and three dimensions as operations on tensors: a moving average, the edges of a picture, a blurred point in
// space; what stride, padding, dilation and groups do to the shape; and that the gradient of a convolution is a convolution again.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

void print_picture(const Tensor& picture) {
  const std::vector<float> values = picture.to_vector<float>();
  const auto columns = static_cast<std::size_t>(picture.shape()[picture.shape().rank() - 1]);
  for (std::size_t i = 0; i < values.size(); ++i)
    std::printf("%3.0f%s", static_cast<double>(values[i]), (i + 1) % columns == 0 ? "\n" : " ");
}

int main() {
  use_default_backend();

  const Tensor signal = Tensor::from<float>({0, 0, 3, 3, 0, 9, 0, 0}, {1, 1, 8});
  std::printf("moving average of three:\n");
  print_picture(conv1d(signal, full({1, 1, 3}, 1.0 / 3), {.padding = 1}));

  // A filled square, and where its brightness changes from left to right (Sobel's filter).
  const Tensor inside = cast(less(absolute(arange(8, DType::kFloat32) - 3.5F), 2.0F), DType::kFloat32);
  const Tensor square = (inside.reshape({8, 1}) * inside.reshape({1, 8})).reshape({1, 1, 8, 8});
  const Tensor sobel = Tensor::from<float>({-1, 0, 1, -2, 0, 2, -1, 0, 1}, {1, 1, 3, 3});
  std::printf("\nedges of a square:\n");
  print_picture(conv2d(square, sobel, {.padding = {1, 1}}));

  const Tensor middle = cast(equal(arange(5), 2), DType::kFloat32);
  const Tensor point = (middle.reshape({5, 1, 1}) * middle.reshape({5, 1}) * middle).reshape({1, 1, 5, 5, 5});
  const Tensor cloud = conv3d(point, ones({1, 1, 3, 3, 3}), {.padding = {1, 1, 1}});
  std::printf("\na point in space spreads over %g places\n", static_cast<double>(sum(cloud).item<float>()));

  std::printf("\nshapes, of [2, 6, 32, 32]:\n");
  const Tensor images = RandomSource(1).normal("images", {2, 6, 32, 32});
  const auto show = [&](const char* what, const Shape& filters, const Conv2dOptions& options) {
    std::printf("  %-34s %s\n", what, conv2d(images, ones(filters), options).shape().to_string().c_str());
  };
  show("4 filters of 5 x 5", {4, 6, 5, 5}, {});
  show("the same, padding 2, stride 2", {4, 6, 5, 5}, {.stride = {2, 2}, .padding = {2, 2}});
  show("4 of 3 x 3, every third element", {4, 6, 3, 3}, {.dilation = {3, 3}});
  show("6 of 3 x 3, one for each channel", {6, 1, 3, 3}, {.groups = 6});

  // d sum(g * conv(x, w)) / dx is the convolution of g, padded, with the filters turned around and their axes exchanged.
  const Tensor weight = RandomSource(2).normal("weight", {4, 6, 3, 3}),
               g = RandomSource(3).normal("g", {2, 4, 30, 30});
  const Tensor gradient = grad([&](const Tensor& x) { return sum(conv2d(x, weight) * g); }, images);
  const Tensor turned =
      transpose(weight.slice({Range::all(), Range::all(), Range::step(-1), Range::step(-1)}), 0, 1);
  const Tensor difference = max(absolute(gradient - conv2d(g, turned, {.padding = {2, 2}})));
  std::printf("\ngradient in x and turned filters: %s\n",
              difference.item<float>() < 1e-4F ? "the same but for rounding" : "different");
}
