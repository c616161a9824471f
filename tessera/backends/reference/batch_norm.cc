// Batch normalisation and its gradients: the compositions of tensor/batch_norm.h, channel after channel. A channel's list is (sample, position),
// row-major; sums are contract rule 3.
#include <vector>

#include "tessera/backends/reference/common.h"
#include "tessera/backends/reference/kernels.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce.h"

namespace tessera::backends::reference {
namespace {

struct Channels {
  explicit Channels(const Shape& shape)
      : samples(shape[0]), count(shape[1]), inner(elements_between(shape, 2, shape.rank())) {}
  std::int64_t elements() const { return samples * inner; }  // of one
  // Where element i of a channel's list stands.
  std::int64_t at(std::int64_t channel, std::int64_t i) const {
    return (i / inner * count + channel) * inner + i % inner;
  }
  template <typename T>
  std::vector<T> list(const Dense<T>& x, std::int64_t channel) const {
    std::vector<T> all;
    for (std::int64_t i = 0; i < elements(); ++i) all.push_back(x[at(channel, i)]);
    return all;
  }
  std::int64_t samples, count, inner;
};

template <typename T>
T inverse_of(T variance, const KernelCall& call) {
  return T{1} / numerics::sqrt(variance + static_cast<T>(attributes_of<BatchNormAttributes>(call).epsilon));
}

// body(T{}, channels, channel) for each channel.
template <typename Body>
void for_each_channel(const KernelCall& call, const Shape& shape, Body&& body) {
  const Channels channels(shape);
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    for_each_output(channels.count, 1, [&](std::int64_t channel) { body(zero, channels, channel); });
  });
}

}  // namespace

void batch_statistics_kernel(const KernelCall& call) {
  for_each_channel(call, call.inputs[0].shape, [&](auto zero, const Channels& channels, std::int64_t c) {
    using T = decltype(zero);
    const std::vector<T> x = channels.list(Dense<T>(call.inputs[0]), c);
    call.output.as<T>()[c] = numerics::mean(std::span<const T>(x));
    call.output.as<T>()[channels.count + c] = numerics::variance(std::span<const T>(x));
  });
}

void batch_norm_kernel(const KernelCall& call) {
  for_each_channel(call, call.output.shape, [&](auto zero, const Channels& channels, std::int64_t c) {
    using T = decltype(zero);
    const Dense<T> x(call.inputs[0]), statistics(call.inputs[1]), scale(call.inputs[2]),
        shift(call.inputs[3]);
    const T mean = statistics[c], inverse = inverse_of(statistics[channels.count + c], call);
    for (std::int64_t i = 0; i < channels.elements(); ++i) {
      const std::int64_t at = channels.at(c, i);
      call.output.as<T>()[at] = ((x[at] - mean) * inverse) * scale[c] + shift[c];
    }
  });
}

void batch_norm_sums_kernel(const KernelCall& call) {
  for_each_channel(call, call.inputs[0].shape, [&](auto zero, const Channels& channels, std::int64_t c) {
    using T = decltype(zero);
    const Dense<T> statistics(call.inputs[2]);
    const std::vector<T> g = channels.list(Dense<T>(call.inputs[0]), c),
                         x = channels.list(Dense<T>(call.inputs[1]), c);
    const T mean = statistics[c], inverse = inverse_of(statistics[channels.count + c], call);
    std::vector<T> products;
    for (std::size_t i = 0; i < x.size(); ++i) products.push_back(g[i] * ((x[i] - mean) * inverse));
    call.output.as<T>()[c] = numerics::sum(std::span<const T>(g));
    call.output.as<T>()[channels.count + c] = numerics::sum(std::span<const T>(products));
  });
}

void batch_norm_input_gradient_kernel(const KernelCall& call) {
  const bool own = attributes_of<BatchNormAttributes>(call).own;
  for_each_channel(call, call.output.shape, [&](auto zero, const Channels& channels, std::int64_t c) {
    using T = decltype(zero);
    const Dense<T> g(call.inputs[0]), x(call.inputs[1]), statistics(call.inputs[2]), scale(call.inputs[3]),
        sums(call.inputs[4]);
    const T mean = statistics[c], inverse = inverse_of(statistics[channels.count + c], call),
            factor = scale[c] * inverse, count = static_cast<T>(channels.elements());
    const T level = sums[c] / count, slope = sums[channels.count + c] / count;
    for (std::int64_t i = 0; i < channels.elements(); ++i) {
      const std::int64_t at = channels.at(c, i);
      call.output.as<T>()[at] =
          own ? factor * ((g[at] - level) - ((x[at] - mean) * inverse) * slope) : g[at] * factor;
    }
  });
}

}  // namespace tessera::backends::reference
