// Convolution (cross-correlation) of images [N,C,H,W] with filters [O,C/groups,R,S], and its two gradients.
// Each is contract rule 2; what differs is what k runs over. In a group only its own C/groups input channels
// and O/groups filters take part.
#include <vector>

#include "tessera/backends/reference/common.h"
#include "tessera/backends/reference/kernels.h"
#include "tessera/backends/reference/products.h"

namespace tessera::backends::reference {
namespace {

// Input rows are h, output rows y, filter rows r; tap r of output y reads input y * stride + r * dilation -
// padding.
struct Geometry {
  std::int64_t images, groups;
  std::int64_t channels, filters;  // of one group
  std::int64_t height, width;      // of the input
  std::int64_t rows, columns;      // of the filter
  std::int64_t out_height, out_width;
  const WindowAttributes* window;

  std::int64_t input_row(std::int64_t y, std::int64_t r) const {
    return y * window->stride[0] + r * window->dilation[0] - window->padding[0];
  }
  std::int64_t input_column(std::int64_t x, std::int64_t s) const {
    return x * window->stride[1] + s * window->dilation[1] - window->padding[1];
  }
  std::int64_t outputs() const { return out_height * out_width; }
  std::int64_t taps() const { return channels * rows * columns; }
};

Geometry geometry_of(const Shape& input, const Shape& weight, const Shape& output,
                     const WindowAttributes& window) {
  return {input[0],  window.groups, weight[1], weight[0] / window.groups,
          input[2],  input[3],      weight[2], weight[3],
          output[2], output[3],     &window};
}

// image[channel][h][w], and +0 outside.
template <typename T>
T tap_or_zero(const T* image, std::int64_t channel, std::int64_t h, std::int64_t w, std::int64_t height,
              std::int64_t width) {
  const bool inside = h >= 0 && h < height && w >= 0 && w < width;
  return inside ? image[(channel * height + h) * width + w] : T(0);
}

}  // namespace

// k = (channel, row, column) of the filter.
void conv2d_kernel(const KernelCall& call) {
  const Geometry g = geometry_of(call.inputs[0].shape, call.inputs[1].shape, call.output.shape,
                                 attributes_of<WindowAttributes>(call));
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> input(call.inputs[0]), weight(call.inputs[1]);
    T* out = call.output.as<T>();
    parallel_for(g.images * g.groups, [&](std::int64_t part) {  // one group of one image
      const T* image = input.data() + part * g.channels * g.height * g.width;
      // taps[k][y][x]: what output (y, x) reads for k
      std::vector<T> taps;
      taps.reserve(static_cast<std::size_t>(g.taps() * g.outputs()));
      for (std::int64_t c = 0; c < g.channels; ++c)
        for (std::int64_t r = 0; r < g.rows; ++r)
          for (std::int64_t s = 0; s < g.columns; ++s)
            for (std::int64_t y = 0; y < g.out_height; ++y)
              for (std::int64_t x = 0; x < g.out_width; ++x)
                taps.push_back(
                    tap_or_zero(image, c, g.input_row(y, r), g.input_column(x, s), g.height, g.width));

      const T* filters = weight.data() + part % g.groups * g.filters * g.taps();
      ProductSums<T> sums(g.outputs());
      for (std::int64_t o = 0; o < g.filters; ++o) {
        for (std::int64_t k = 0; k < g.taps(); ++k)
          sums.add_products(filters[o * g.taps() + k], taps.data() + k * g.outputs());
        sums.finish(out + (part * g.filters + o) * g.outputs());
      }
    });
  });
}

// (output gradient [N,O,H',W'], weight) -> [N,C,H,W]. Input (h, w) takes part in output (y, x) through tap
// (r, s) where y * stride = h + padding - r * dilation, so only taps where the right side divides by the
// stride count, and those are the same for all inputs of one phase ((h + padding) mod stride, (w + padding)
// mod stride). k = (output channel, row, column) over those taps alone; where y or x is outside the output it
// is a tap of +0.
namespace {

struct Alignment {
  std::vector<std::int64_t> inputs;  // the rows (or columns) of the input in this phase
  std::vector<std::int64_t> taps;    // the rows (or columns) of the filter that reach them
};

Alignment align(std::int64_t phase, std::int64_t input_length, std::int64_t filter_length,
                const WindowAttributes& window, int axis) {
  const std::int64_t stride = window.stride[axis];
  Alignment result;
  for (std::int64_t h = 0; h < input_length; ++h)
    if ((h + window.padding[axis]) % stride == phase) result.inputs.push_back(h);
  for (std::int64_t r = 0; r < filter_length; ++r)
    if (r * window.dilation[axis] % stride == phase) result.taps.push_back(r);
  return result;
}

// The inputs of one phase, of one group of one image, whose gradients go to `image` [channels, height,
// width].
template <typename T>
void input_gradient_of_phase(const Geometry& g, const T* gradient, const T* filters, const Alignment& down,
                             const Alignment& across, T* image) {
  const auto inputs = static_cast<std::int64_t>(down.inputs.size() * across.inputs.size());
  if (inputs == 0) return;
  const WindowAttributes& window = *g.window;
  // terms[k][input]: the output gradient that the input meets for k; position[k]: where in a filter bank k's
  // weight stands
  std::vector<T> terms;
  std::vector<std::int64_t> position;
  for (std::int64_t o = 0; o < g.filters; ++o)
    for (const std::int64_t r : down.taps)
      for (const std::int64_t s : across.taps) {
        position.push_back((o * g.channels * g.rows + r) * g.columns + s);
        for (const std::int64_t h : down.inputs)
          for (const std::int64_t w : across.inputs) {
            const std::int64_t y = (h + window.padding[0] - r * window.dilation[0]) / window.stride[0];
            const std::int64_t x = (w + window.padding[1] - s * window.dilation[1]) / window.stride[1];
            terms.push_back(tap_or_zero(gradient, o, y, x, g.out_height, g.out_width));
          }
      }

  ProductSums<T> sums(inputs);
  std::vector<T> results(static_cast<std::size_t>(inputs));
  for (std::int64_t c = 0; c < g.channels; ++c) {
    for (std::size_t k = 0; k < position.size(); ++k)
      sums.add_products(filters[position[k] + c * g.rows * g.columns],
                        terms.data() + static_cast<std::int64_t>(k) * inputs);
    sums.finish(results.data());
    auto result = results.begin();
    for (const std::int64_t h : down.inputs)
      for (const std::int64_t w : across.inputs) image[(c * g.height + h) * g.width + w] = *result++;
  }
}

}  // namespace

void conv2d_input_gradient_kernel(const KernelCall& call) {
  const auto& window = attributes_of<WindowAttributes>(call);
  const Geometry g = geometry_of(call.output.shape, call.inputs[1].shape, call.inputs[0].shape, window);
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> gradient(call.inputs[0]), weight(call.inputs[1]);
    T* out = call.output.as<T>();
    parallel_for(g.images * g.groups, [&](std::int64_t part) {  // one group of one image
      for (std::int64_t row_phase = 0; row_phase < window.stride[0]; ++row_phase)
        for (std::int64_t column_phase = 0; column_phase < window.stride[1]; ++column_phase)
          input_gradient_of_phase(g, gradient.data() + part * g.filters * g.outputs(),
                                  weight.data() + part % g.groups * g.filters * g.taps(),
                                  align(row_phase, g.height, g.rows, window, 0),
                                  align(column_phase, g.width, g.columns, window, 1),
                                  out + part * g.channels * g.height * g.width);
    });
  });
}

// (output gradient [N,O,H',W'], input [N,C,H,W]) -> [O,C/groups,R,S].
// k = (image, row, column) of the output.
void conv2d_weight_gradient_kernel(const KernelCall& call) {
  const Geometry g = geometry_of(call.inputs[1].shape, call.output.shape, call.inputs[0].shape,
                                 attributes_of<WindowAttributes>(call));
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> gradient(call.inputs[0]), input(call.inputs[1]);
    T* out = call.output.as<T>();
    // A task is one channel of a group: it makes that channel's taps for all filters of the group.
    parallel_for(g.groups * g.channels, [&](std::int64_t part) {
      const std::int64_t group = part / g.channels, c = part % g.channels;
      std::vector<ProductSums<T>> sums(static_cast<std::size_t>(g.filters),
                                       ProductSums<T>(g.rows * g.columns));
      std::vector<T> taps(static_cast<std::size_t>(g.rows * g.columns));
      for (std::int64_t image = 0; image < g.images; ++image) {
        const T* channels = input.data() + (image * g.groups + group) * g.channels * g.height * g.width;
        const T* gradients = gradient.data() + (image * g.groups + group) * g.filters * g.outputs();
        for (std::int64_t y = 0; y < g.out_height; ++y)
          for (std::int64_t x = 0; x < g.out_width; ++x) {
            for (std::int64_t r = 0; r < g.rows; ++r)
              for (std::int64_t s = 0; s < g.columns; ++s)
                taps[static_cast<std::size_t>(r * g.columns + s)] =
                    tap_or_zero(channels, c, g.input_row(y, r), g.input_column(x, s), g.height, g.width);
            for (std::int64_t o = 0; o < g.filters; ++o)
              sums[static_cast<std::size_t>(o)].add_products(gradients[o * g.outputs() + y * g.out_width + x],
                                                             taps.data());
          }
      }
      for (std::int64_t o = 0; o < g.filters; ++o)
        sums[static_cast<std::size_t>(o)].finish(out + ((group * g.filters + o) * g.channels + c) * g.rows *
                                                           g.columns);
    });
  });
}

}  // namespace tessera::backends::reference
