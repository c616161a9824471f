// Which lines make a tile, and the tiles on all threads.

#include "tessera/backends/cpu/softmax_columns.h"

#include <algorithm>
#include <cstdint>
#include <variant>

#include "tessera/backends/cpu/axis_lines.h"
#include "tessera/backends/cpu/move.h"
#include "tessera/backends/cpu/rows.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kRoomBytes =
    256 << 10;  // of one input's tile: in the second-level cache, with what else there is
constexpr std::int64_t kLineBytes = 64;    // of a cache
constexpr std::int64_t kFewestBytes = 32;  // side by side: fewer would leave most of a vector empty

// Columns of a tile: as many as the room holds, but enough for memory to be read in stretches, and no fewer tiles than threads.
std::int64_t tile_width(const AxisLines& lines, std::int64_t element) {
  const std::int64_t line = kLineBytes / element, fits = kRoomBytes / (lines.length * element) / line * line;
  std::int64_t width = std::min(lines.inner, std::clamp(fits, 2 * line, kMostColumns));
  const auto tiles = [&] { return lines.outer * ((lines.inner + width - 1) / width); };
  while (width > 2 * line && tiles() < 2 * thread_count()) width = (width / 2 + line - 1) / line * line;
  return width;
}

template <typename T>
auto loop_for(Op op) -> void (*)(const ColumnTile<T>&) {
  const ColumnLoops<T>* loops = column_loops<T>();
  if (loops == nullptr) return nullptr;
  switch (op) {
    case Op::kSoftmax:
      return loops->softmax;
    case Op::kLogSoftmax:
      return loops->log_softmax;
    case Op::kSoftmaxGradient:
      return loops->softmax_gradient;
    case Op::kLogSoftmaxGradient:
      return loops->log_softmax_gradient;
    default:
      return nullptr;
  }
}

template <typename T>
bool map_columns(const KernelCall& call) {
  const auto loop = loop_for<T>(call.op);
  const AxisLines lines(call.output.shape, std::get<AxisAttributes>(call.attributes).axis);
  constexpr std::int64_t kElement = sizeof(T), kLine = kLineBytes / kElement;
  if (loop == nullptr || call.output.elements() == 0 || lines.inner * kElement < kFewestBytes) return false;
  ScratchScope inputs;
  const T* x = dense<T>(call.inputs[0], inputs);
  const T* g = call.inputs.size() > 1 ? dense<T>(call.inputs[1], inputs) : nullptr;
  T* out = call.output.as<T>();
  const std::int64_t n = lines.length, plane = n * lines.inner, width = tile_width(lines, kElement);
  const std::int64_t tiles = (lines.inner + width - 1) / width,
                     room = n * ((width + kLine - 1) / kLine * kLine);
  const bool streams = streams_rows(out, lines.outer * n, lines.inner);
  const std::int64_t per_task = std::max<std::int64_t>(1, kRowElementsPerTask / (n * width));
  const std::int64_t units = lines.outer * tiles;
  parallel_for((units + per_task - 1) / per_task, [&](std::int64_t task) {
    ScratchScope scratch;
    T* rooms[] = {scratch.allocate<T>(room), scratch.allocate<T>(room)};
    for (std::int64_t unit = task * per_task; unit < std::min(units, (task + 1) * per_task); ++unit) {
      const std::int64_t column = unit % tiles * width, at = unit / tiles * plane + column;
      loop({x + at, g == nullptr ? nullptr : g + at, out + at, lines.inner, n,
            std::min(width, lines.inner - column), rooms[0], rooms[1], streams});
    }
    if (streams) hwy::FlushStream();
  });
  return true;
}

}  // namespace

bool run_softmax_columns(const KernelCall& call) {
  if (call.output.dtype == DType::kFloat32) return map_columns<float>(call);
  if (call.output.dtype == DType::kFloat64) return map_columns<double>(call);
  return false;
}

}  // namespace tessera::backends
