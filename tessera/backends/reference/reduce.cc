// Reductions over axes. The reduced axes are flattened row-major into one list per output element, and the
// list is reduced in the order of contract rule 3, which numerics/reduce.h spells out.
#include "tessera/numerics/reduce.h"

#include <vector>

#include "tessera/backends/reference/common.h"
#include "tessera/backends/reference/kernels.h"
#include "tessera/numerics/reduce-inl.h"

namespace tessera::backends::reference {
namespace {

// The lists to be reduced: the input's elements with the kept axes first and the reduced axes last.
template <typename T>
class Lists {
 public:
  Lists(const KernelCall& call)
      : axes_(kept_then_reduced(call)),
        elements_(permute_view(call.inputs[0], axes_)),
        count_(call.output.elements()),
        length_(1) {
    for (const int axis : attributes_of<ReduceAttributes>(call).axes) length_ *= call.inputs[0].shape[axis];
  }
  std::int64_t count() const { return count_; }    // one per output element
  std::int64_t length() const { return length_; }  // of each list
  std::span<const T> operator[](std::int64_t i) const { return elements_.row(i, length_); }

 private:
  static std::vector<int> kept_then_reduced(const KernelCall& call) {
    const std::vector<int>& reduced = attributes_of<ReduceAttributes>(call).axes;
    std::vector<int> axes;
    for (int axis = 0; axis < call.inputs[0].shape.rank(); ++axis)
      if (std::find(reduced.begin(), reduced.end(), axis) == reduced.end()) axes.push_back(axis);
    axes.insert(axes.end(), reduced.begin(), reduced.end());
    return axes;
  }

  std::vector<int> axes_;
  Dense<T> elements_;
  std::int64_t count_, length_;
};

// out[i] = function(list i), where Out is the output's type.
template <typename T, typename Out, typename Function>
void reduce_lists(const KernelCall& call, Function function) {
  const Lists<T> lists(call);
  Out* out = call.output.as<Out>();
  const std::int64_t lists_per_task =
      std::max<std::int64_t>(1, kElementsPerTask / std::max<std::int64_t>(1, lists.length()));
  for_each_output(lists.count(), lists_per_task, [&](std::int64_t i) { out[i] = function(lists[i]); });
}

template <typename... Types, typename Function>
void reduce(const KernelCall& call, Function function) {
  dispatch<Types...>(call.inputs[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    reduce_lists<T, T>(call, function);
  });
}

// Integers add modulo 2^64, so their order cannot show.
template <typename T>
std::int64_t integer_sum(std::span<const T> list) {
  std::uint64_t total = 0;
  for (const T x : list) total += static_cast<std::uint64_t>(x);
  return static_cast<std::int64_t>(total);
}

template <typename T>
std::int64_t integer_sum_squares(std::span<const T> list) {
  std::uint64_t total = 0;
  for (const T x : list) total += static_cast<std::uint64_t>(x) * static_cast<std::uint64_t>(x);
  return static_cast<std::int64_t>(total);
}

// max and min are the same in any order; the result of one element goes through the same rules (a zero is
// +0).
struct Largest {
  template <typename T>
  T operator()(std::span<const T> list) const {
    T best = list[0];
    for (const T x : list) best = numerics::larger_of(best, x);
    return best;
  }
};

struct Smallest {
  template <typename T>
  T operator()(std::span<const T> list) const {
    T best = list[0];
    for (const T x : list) best = numerics::smaller_of(best, x);
    return best;
  }
};

struct PositionOfLargest {
  template <typename T>
  std::int64_t operator()(std::span<const T> list) const {
    std::size_t best = 0;
    for (std::size_t i = 1; i < list.size(); ++i)
      if (numerics::exceeds(list[i], list[best])) best = i;
    return static_cast<std::int64_t>(best);
  }
};

}  // namespace

void sum_kernel(const KernelCall& call) {
  if (is_floating(call.inputs[0].dtype))
    return reduce<float, double>(call, [](auto list) { return numerics::sum(list); });
  dispatch<std::int64_t, std::uint8_t, bool>(call.inputs[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    reduce_lists<T, std::int64_t>(call, integer_sum<T>);
  });
}

void sum_squares_kernel(const KernelCall& call) {
  if (is_floating(call.inputs[0].dtype))
    return reduce<float, double>(call, [](auto list) { return numerics::sum_of_squares(list); });
  dispatch<std::int64_t, std::uint8_t, bool>(call.inputs[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    reduce_lists<T, std::int64_t>(call, integer_sum_squares<T>);
  });
}

void mean_kernel(const KernelCall& call) {
  reduce<float, double>(call, [](auto list) { return numerics::mean(list); });
}

void variance_kernel(const KernelCall& call) {
  reduce<float, double>(call, [](auto list) { return numerics::variance(list); });
}

void max_kernel(const KernelCall& call) {
  reduce<float, double, std::int64_t, std::uint8_t, bool>(call, Largest{});
}
void min_kernel(const KernelCall& call) {
  reduce<float, double, std::int64_t, std::uint8_t, bool>(call, Smallest{});
}

void argmax_kernel(const KernelCall& call) {
  dispatch_any(call.inputs[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    reduce_lists<T, std::int64_t>(call, PositionOfLargest{});
  });
}

}  // namespace tessera::backends::reference
