// Group normalisation and its gradients, group after group. A group's list is (channel, position), row-major; sums are contract rule 3, every
// operation is rounded once.
#include <vector>

#include "tessera/backends/reference/common.h"
#include "tessera/backends/reference/kernels.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce.h"

namespace tessera::backends::reference {
namespace {

struct Groups {
  Groups(const KernelCall& call, const Shape& shape)
      : samples(shape[0]),
        channels(shape[1]),
        groups(attributes_of<GroupNormAttributes>(call).groups),
        inner(elements_between(shape, 2, shape.rank())) {}
  std::int64_t size() const { return channels / groups * inner; }  // elements of one
  std::int64_t samples, channels, groups, inner;
};

template <typename T>
struct Normalized {
  Normalized(const KernelCall& call, std::span<const T> x) {
    const auto epsilon = static_cast<T>(attributes_of<GroupNormAttributes>(call).epsilon);
    const T mean = numerics::mean(x);
    inverse = T{1} / numerics::sqrt(numerics::variance(x) + epsilon);
    for (const T value : x) values.push_back((value - mean) * inverse);
  }
  std::vector<T> values;
  T inverse;
};

template <typename T>
T sum_of(const std::vector<T>& list) {
  return numerics::sum(std::span<const T>(list));
}

// sum(g) and sum(g * normalized) of one channel of one sample.
template <typename T>
struct ChannelSums {
  T plain, weighted;
};

template <typename T>
ChannelSums<T> sums_of(std::span<const T> g, const T* normalized) {
  std::vector<T> products;
  for (std::size_t i = 0; i < g.size(); ++i) products.push_back(g[i] * normalized[i]);
  return {numerics::sum(g), sum_of(products)};
}

// The gradient of a group of x; its channels' sums go to `sums`.
template <typename T>
void group_gradient(const Groups& of, std::span<const T> g, const Normalized<T>& x, const T* scale,
                    ChannelSums<T>* sums, T* out) {
  const std::int64_t count = of.channels / of.groups;
  std::vector<T> plain, weighted;
  for (std::int64_t c = 0; c < count; ++c) {
    const auto first = static_cast<std::size_t>(c * of.inner);
    sums[c] = sums_of(g.subspan(first, static_cast<std::size_t>(of.inner)), x.values.data() + first);
    plain.push_back(sums[c].plain * scale[c]);
    weighted.push_back(sums[c].weighted * scale[c]);
  }
  const T n = static_cast<T>(of.size()), level = sum_of(plain) / n, slope = sum_of(weighted) / n;
  for (std::int64_t i = 0; i < of.size(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    out[i] = x.inverse * ((g[at] * scale[i / of.inner] - level) - x.values[at] * slope);
  }
}

}  // namespace

void group_norm_kernel(const KernelCall& call) {
  const Groups of(call, call.output.shape);
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> x(call.inputs[0]), scale(call.inputs[1]), shift(call.inputs[2]);
    for_each_output(of.samples * of.groups, 1, [&](std::int64_t group) {
      const Normalized<T> normal(call, x.row(group, of.size()));
      const std::int64_t channel = group % of.groups * (of.channels / of.groups);
      for (std::int64_t i = 0; i < of.size(); ++i)
        call.output.as<T>()[group * of.size() + i] =
            normal.values[static_cast<std::size_t>(i)] * scale[channel + i / of.inner] +
            shift[channel + i / of.inner];
    });
  });
}

void group_norm_gradient_kernel(const KernelCall& call) {
  const Groups of(call, call.inputs[0].shape);
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> g(call.inputs[0]), x(call.inputs[1]), scale(call.inputs[2]);
    T* out = call.output.as<T>();
    std::vector<ChannelSums<T>> sums(static_cast<std::size_t>(of.samples * of.channels));
    const std::int64_t count = of.channels / of.groups;
    for_each_output(of.samples * of.groups, 1, [&](std::int64_t group) {
      group_gradient<T>(of, g.row(group, of.size()), Normalized<T>(call, x.row(group, of.size())),
                        scale.data() + group % of.groups * count, sums.data() + group * count,
                        out + group * of.size());
    });
    for (std::int64_t c = 0; c < of.channels; ++c) {
      std::vector<T> plain, weighted;
      for (std::int64_t sample = 0; sample < of.samples; ++sample) {
        const auto& of_one = sums[static_cast<std::size_t>(sample * of.channels + c)];
        plain.push_back(of_one.plain);
        weighted.push_back(of_one.weighted);
      }
      out[g.size() + c] = sum_of(weighted);
      out[g.size() + of.channels + c] = sum_of(plain);
    }
  });
}

}  // namespace tessera::backends::reference
