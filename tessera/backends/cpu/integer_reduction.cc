// Sums and extremes of integers: lists that lie in stretches of memory are cut into parts, lists side by side are taken row by row, a tile
// of results staying in the first-level cache.

#include "tessera/backends/cpu/integer_reduction.h"

#include <algorithm>
#include <cstdint>
#include <variant>

#include "tessera/backends/cpu/runs.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/backends/cpu/tasks.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kMostColumns = 2048;  // of a tile
constexpr std::int64_t kFewestColumns = 8;   // side by side

template <typename T, typename Result>
class IntegerLists {
 public:
  IntegerLists(const KernelCall& call, const IntegerLoops<T, Result>& loops)
      : IntegerLists(call.inputs[0], std::get<ReduceAttributes>(call.attributes).axes, loops) {}

  bool in_stretches() const { return length_ == 1 || reduced_.step(0) == 1; }
  bool side_by_side() const { return kept_.step(0) == 1 && kept_.run_length() >= kFewestColumns; }

  void reduce_stretches(Result* out) const {
    const std::int64_t parts = (length_ + kElementsPerTask - 1) / kElementsPerTask;
    ScratchScope scratch;
    Result* partial = parts == 1 ? out : scratch.allocate<Result>(count_ * parts);
    in_tasks(count_ * parts, std::min(length_, kElementsPerTask), [&](std::int64_t first, std::int64_t end) {
      for (std::int64_t unit = first; unit < end; ++unit) {
        const T* list = x_ + kept_.offset(unit / parts, 0);
        const std::int64_t begin = unit % parts * kElementsPerTask;
        Result result = loops_.start;
        reduced_.for_each_run(begin, std::min(length_, begin + kElementsPerTask),
                              [&](std::int64_t, std::int64_t n, const std::int64_t* offsets) {
                                loops_.list(list + offsets[0], n, &result);
                              });
        partial[unit] = result;
      }
    });
    if (parts == 1) return;
    for (std::int64_t list = 0; list < count_; ++list) {
      out[list] = partial[list * parts];
      for (std::int64_t part = 1; part < parts; ++part)
        out[list] = loops_.combine(out[list], partial[list * parts + part]);
    }
  }

  void reduce_rows(Result* out) const {
    const std::int64_t run = kept_.run_length(), width = tile_width();
    const std::int64_t tiles = (run + width - 1) / width, step = reduced_.step(0);
    in_tasks(count_ / run * tiles, width * length_, [&](std::int64_t first, std::int64_t end) {
      for (std::int64_t unit = first; unit < end; ++unit) {
        const std::int64_t list = unit / tiles * run + unit % tiles * width;
        const std::int64_t columns = std::min(width, run - unit % tiles * width);
        const T* lists = x_ + kept_.offset(list, 0);
        std::fill_n(out + list, columns, loops_.start);
        reduced_.for_each_run(0, length_, [&](std::int64_t, std::int64_t n, const std::int64_t* offsets) {
          for (std::int64_t i = 0; i < n; ++i) loops_.row(lists + offsets[0] + i * step, columns, out + list);
        });
      }
    });
  }

 private:
  IntegerLists(const TensorView& x, const std::vector<int>& axes, const IntegerLoops<T, Result>& loops)
      : loops_(loops),
        x_(x.as<const T>()),
        kept_(apart(x, axes, false)),
        reduced_(apart(x, axes, true)),
        count_(1),
        length_(1) {
    for (int axis = 0; axis < x.shape.rank(); ++axis)
      (std::find(axes.begin(), axes.end(), axis) == axes.end() ? count_ : length_) *= x.shape[axis];
  }

  // The axes that are reduced, or the others.
  static RunSpace<1> apart(const TensorView& x, const std::vector<int>& axes, bool reduced) {
    TensorView side{x.data, x.dtype, Shape{}, Strides{}};
    for (int axis = 0; axis < x.shape.rank(); ++axis) {
      if ((std::find(axes.begin(), axes.end(), axis) != axes.end()) != reduced) continue;
      side.shape.append(x.shape[axis]);
      side.strides.append(x.strides[axis]);
    }
    return RunSpace<1>(side.shape, {&side});
  }

  // As wide as a tile may be, but no fewer tiles than threads.
  std::int64_t tile_width() const {
    const std::int64_t run = kept_.run_length(), others = count_ / run;
    std::int64_t width = std::min(run, kMostColumns);
    while (width > 64 && others * ((run + width - 1) / width) < thread_count())
      width = (width / 2 + 63) / 64 * 64;
    return width;
  }

  const IntegerLoops<T, Result>& loops_;
  const T* x_;
  RunSpace<1> kept_, reduced_;
  std::int64_t count_, length_;
};

template <typename T, typename Result>
bool reduce(const KernelCall& call, const IntegerLoops<T, Result>* loops) {
  if (loops == nullptr || call.inputs[0].elements() == 0) return false;
  const IntegerLists<T, Result> lists(call, *loops);
  if (lists.in_stretches())
    lists.reduce_stretches(call.output.as<Result>());
  else if (lists.side_by_side())
    lists.reduce_rows(call.output.as<Result>());
  else
    return false;
  return true;
}

template <typename T>
bool reduce_integers(const KernelCall& call) {
  if (call.op == Op::kSum || call.op == Op::kSumSquares) return reduce(call, integer_sum_loops<T>(call.op));
  return reduce(call, integer_extreme_loops<T>(call.op));
}

}  // namespace

bool run_integer_reduction(const KernelCall& call) {
  switch (call.inputs[0].dtype) {
    case DType::kInt64:
      return reduce_integers<std::int64_t>(call);
    case DType::kUInt8:
    case DType::kBool:
      return reduce_integers<std::uint8_t>(call);
    default:
      return false;
  }
}

}  // namespace tessera::backends
