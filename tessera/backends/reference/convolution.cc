// Convolution (cross-correlation) of images [N,C,H,W] with filters [O,C/groups,R,S], or of volumes [N,C,D,H,W]
// with filters [O,C/groups,Q,R,S], and its two gradients. Each is contract rule 2; what differs is what k runs
// over. In a group only its own C/groups input channels and O/groups filters take part.
//
// Everything below has three spatial axes: an image is a volume of depth 1.
#include <array>
#include <vector>

#include "tessera/backends/reference/common.h"
#include "tessera/backends/reference/kernels.h"
#include "tessera/backends/reference/products.h"

namespace tessera::backends::reference {
namespace {

using Place = std::array<std::int64_t, 3>;  // (depth, row, column); also lengths

std::int64_t volume(const Place& lengths) {
  return lengths[0] * lengths[1] * lengths[2];
}

// body(place) for all places of a box, row-major.
template <typename Body>
void for_each_place(const Place& lengths, Body&& body) {
  for (std::int64_t d = 0; d < lengths[0]; ++d)
    for (std::int64_t h = 0; h < lengths[1]; ++h)
      for (std::int64_t w = 0; w < lengths[2]; ++w) body(Place{d, h, w});
}

std::int64_t position(const Place& place, const Place& lengths) {
  return (place[0] * lengths[1] + place[1]) * lengths[2] + place[2];
}

struct Geometry {
  std::int64_t images, groups;
  std::int64_t channels, filters;  // of one group
  Place input, filter, output;     // lengths
  Place stride, padding, dilation;

  // Tap `tap` of output `out` reads input out * stride + tap * dilation - padding.
  Place input_place(const Place& out, const Place& tap) const {
    Place place;
    for (std::size_t axis = 0; axis < 3; ++axis)
      place[axis] = out[axis] * stride[axis] + tap[axis] * dilation[axis] - padding[axis];
    return place;
  }
  std::int64_t inputs() const { return volume(input); }
  std::int64_t outputs() const { return volume(output); }
  std::int64_t taps() const { return channels * volume(filter); }
};

Geometry geometry_of(const Shape& input, const Shape& weight, const Shape& output,
                     const WindowAttributes& window) {
  const Place ones{1, 1, 1};
  Geometry g{input[0], window.groups, weight[1], weight[0] / window.groups, ones, ones, ones, ones, {}, ones};
  const int spatial = input.rank() - 2;
  for (int i = 0; i < spatial; ++i) {
    const auto axis = static_cast<std::size_t>(3 - spatial + i);
    g.input[axis] = input[2 + i];
    g.filter[axis] = weight[2 + i];
    g.output[axis] = output[2 + i];
    g.stride[axis] = window.stride[i];
    g.padding[axis] = window.padding[i];
    g.dilation[axis] = window.dilation[i];
  }
  return g;
}

// One channel of a volume, and +0 outside.
template <typename T>
T tap_or_zero(const T* channel, const Place& place, const Place& lengths) {
  for (std::size_t axis = 0; axis < 3; ++axis)
    if (place[axis] < 0 || place[axis] >= lengths[axis]) return T(0);
  return channel[position(place, lengths)];
}

}  // namespace

// k = (channel, depth, row, column) of the filter.
void conv2d_kernel(const KernelCall& call) {
  const Geometry g = geometry_of(call.inputs[0].shape, call.inputs[1].shape, call.output.shape,
                                 attributes_of<WindowAttributes>(call));
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> input(call.inputs[0]), weight(call.inputs[1]);
    T* out = call.output.as<T>();
    parallel_for(g.images * g.groups, [&](std::int64_t part) {  // one group of one image
      const T* image = input.data() + part * g.channels * g.inputs();
      // taps[k][output]: what an output reads for k
      std::vector<T> taps;
      taps.reserve(static_cast<std::size_t>(g.taps() * g.outputs()));
      for (std::int64_t c = 0; c < g.channels; ++c)
        for_each_place(g.filter, [&](const Place& tap) {
          for_each_place(g.output, [&](const Place& place) {
            taps.push_back(tap_or_zero(image + c * g.inputs(), g.input_place(place, tap), g.input));
          });
        });

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

// (output gradient [N,O,H',W'], weight) -> [N,C,H,W]. Along each axis input h takes part in output y through tap r where
// y * stride = h + padding - r * dilation, so only taps where the right side divides by the stride count, and those are the same for all
// inputs of one phase (h + padding) mod stride. k = (output channel, depth, row, column) over those taps alone; where y is outside the
// output it is a tap of +0.
namespace {

struct Alignment {
  std::vector<std::int64_t> inputs;  // the lines of the input in this phase
  std::vector<std::int64_t> taps;    // the lines of the filter that reach them
};
using Alignments = std::array<Alignment, 3>;

Alignment align(const Geometry& g, std::size_t axis, std::int64_t phase) {
  Alignment result;
  for (std::int64_t h = 0; h < g.input[axis]; ++h)
    if ((h + g.padding[axis]) % g.stride[axis] == phase) result.inputs.push_back(h);
  for (std::int64_t r = 0; r < g.filter[axis]; ++r)
    if (r * g.dilation[axis] % g.stride[axis] == phase) result.taps.push_back(r);
  return result;
}

// body(place) for all combinations of one list per axis, row-major.
template <typename Body>
void for_each_combination(const Alignments& axes, std::vector<std::int64_t> Alignment::*list, Body&& body) {
  for (const std::int64_t d : axes[0].*list)
    for (const std::int64_t h : axes[1].*list)
      for (const std::int64_t w : axes[2].*list) body(Place{d, h, w});
}

// The output that input `h` meets through `tap`.
Place output_place(const Geometry& g, const Place& h, const Place& tap) {
  Place place;
  for (std::size_t axis = 0; axis < 3; ++axis)
    place[axis] = (h[axis] + g.padding[axis] - tap[axis] * g.dilation[axis]) / g.stride[axis];
  return place;
}

// The inputs of one phase, of one group of one image, whose gradients go to `image` [channels, inputs].
template <typename T>
void input_gradient_of_phase(const Geometry& g, const T* gradient, const T* filters, const Alignments& axes,
                             T* image) {
  std::vector<std::int64_t> inputs;
  for_each_combination(axes, &Alignment::inputs,
                       [&](const Place& place) { inputs.push_back(position(place, g.input)); });
  if (inputs.empty()) return;
  // terms[k][input]: the output gradient that the input meets for k; weights[k]: where in a filter bank k's
  // weight stands
  std::vector<T> terms;
  std::vector<std::int64_t> weights;
  for (std::int64_t o = 0; o < g.filters; ++o)
    for_each_combination(axes, &Alignment::taps, [&](const Place& tap) {
      weights.push_back(o * g.taps() + position(tap, g.filter));
      for_each_combination(axes, &Alignment::inputs, [&](const Place& place) {
        terms.push_back(tap_or_zero(gradient + o * g.outputs(), output_place(g, place, tap), g.output));
      });
    });

  const auto count = static_cast<std::int64_t>(inputs.size());
  ProductSums<T> sums(count);
  std::vector<T> results(inputs.size());
  for (std::int64_t c = 0; c < g.channels; ++c) {
    for (std::size_t k = 0; k < weights.size(); ++k)
      sums.add_products(filters[weights[k] + c * volume(g.filter)],
                        terms.data() + static_cast<std::int64_t>(k) * count);
    sums.finish(results.data());
    for (std::size_t i = 0; i < inputs.size(); ++i) image[c * g.inputs() + inputs[i]] = results[i];
  }
}

}  // namespace

void conv2d_input_gradient_kernel(const KernelCall& call) {
  const Geometry g = geometry_of(call.output.shape, call.inputs[1].shape, call.inputs[0].shape,
                                 attributes_of<WindowAttributes>(call));
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> gradient(call.inputs[0]), weight(call.inputs[1]);
    T* out = call.output.as<T>();
    parallel_for(g.images * g.groups, [&](std::int64_t part) {  // one group of one image
      for_each_place(g.stride, [&](const Place& phase) {
        input_gradient_of_phase(g, gradient.data() + part * g.filters * g.outputs(),
                                weight.data() + part % g.groups * g.filters * g.taps(),
                                {align(g, 0, phase[0]), align(g, 1, phase[1]), align(g, 2, phase[2])},
                                out + part * g.channels * g.inputs());
      });
    });
  });
}

// (output gradient [N,O,H',W'], input [N,C,H,W]) -> [O,C/groups,R,S].
// k = (image, depth, row, column) of the output.
void conv2d_weight_gradient_kernel(const KernelCall& call) {
  const Geometry g = geometry_of(call.inputs[1].shape, call.output.shape, call.inputs[0].shape,
                                 attributes_of<WindowAttributes>(call));
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> gradient(call.inputs[0]), input(call.inputs[1]);
    T* out = call.output.as<T>();
    const std::int64_t filter_taps = volume(g.filter);
    // A task is one channel of a group: it makes that channel's taps for all filters of the group.
    parallel_for(g.groups * g.channels, [&](std::int64_t part) {
      const std::int64_t group = part / g.channels, c = part % g.channels;
      std::vector<ProductSums<T>> sums(static_cast<std::size_t>(g.filters), ProductSums<T>(filter_taps));
      std::vector<T> taps(static_cast<std::size_t>(filter_taps));
      for (std::int64_t image = 0; image < g.images; ++image) {
        const T* channel = input.data() + ((image * g.groups + group) * g.channels + c) * g.inputs();
        const T* gradients = gradient.data() + (image * g.groups + group) * g.filters * g.outputs();
        for_each_place(g.output, [&](const Place& place) {
          taps.clear();
          for_each_place(g.filter, [&](const Place& tap) {
            taps.push_back(tap_or_zero(channel, g.input_place(place, tap), g.input));
          });
          for (std::int64_t o = 0; o < g.filters; ++o)
            sums[static_cast<std::size_t>(o)].add_products(
                gradients[o * g.outputs() + position(place, g.output)], taps.data());
        });
      }
      for (std::int64_t o = 0; o < g.filters; ++o)
        sums[static_cast<std::size_t>(o)].finish(out +
                                                 ((group * g.filters + o) * g.channels + c) * filter_taps);
    });
  });
}

// The same with three spatial axes.
void conv3d_kernel(const KernelCall& call) {
  conv2d_kernel(call);
}
void conv3d_input_gradient_kernel(const KernelCall& call) {
  conv2d_input_gradient_kernel(call);
}
void conv3d_weight_gradient_kernel(const KernelCall& call) {
  conv2d_weight_gradient_kernel(call);
}

}  // namespace tessera::backends::reference
