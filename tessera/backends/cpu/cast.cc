// Conversions and arithmetic progressions: shapes, strides and threads around the loops of cast_kernels.h.

#include <algorithm>
#include <cstdint>
#include <variant>

#include "tessera/backends/cpu/axis_lines.h"
#include "tessera/backends/cpu/cast_kernels.h"
#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/runs.h"
#include "tessera/backends/cpu/tasks.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kPiece = 512;  // elements gathered, or of a progression before its conversion

// A run whose elements do not lie side by side, piece by piece. Bits is unsigned and as large as they are.
template <typename Bits>
void convert_run(CastLoop loop, const Bits* from, std::int64_t step, char* to, std::int64_t to_size,
                 std::int64_t length) {
  if (step == 1) return loop(from, to, length);
  Bits piece[kPiece];
  for (std::int64_t i = 0; i < length; i += kPiece) {
    const std::int64_t count = std::min(kPiece, length - i);
    for (std::int64_t j = 0; j < count; ++j) piece[j] = from[(i + j) * step];
    loop(piece, to + i * to_size, count);
  }
}

}  // namespace

bool run_cast(const KernelCall& call) {
  const TensorView &x = call.inputs[0], &out = call.output;
  const CastLoop loop = cast_loop(x.dtype, out.dtype);
  if (loop == nullptr) return false;
  const RunSpace<1> space(out.shape, {&x});
  const std::int64_t step = space.step(0), to_size = dtype_size(out.dtype);
  return with_bits(x.dtype, [&](auto zero) {
    using Bits = decltype(zero);
    for_each_part(out.elements(), [&](std::int64_t begin, std::int64_t end) {
      space.for_each_run(begin, end,
                         [&](std::int64_t position, std::int64_t length, const std::int64_t* offsets) {
                           convert_run(loop, x.as<const Bits>() + offsets[0], step,
                                       out.as<char>() + position * to_size, to_size, length);
                         });
    });
    return true;
  });
}

bool run_arange(const KernelCall& call) {
  const auto& attributes = std::get<FillAttributes>(call.attributes);
  const TensorView& out = call.output;
  const ProgressionLoop progression = progression_loop();
  const CastLoop convert = cast_loop(DType::kFloat64, out.dtype);
  if (progression == nullptr || convert == nullptr) return false;
  const std::int64_t size = dtype_size(out.dtype);
  for_each_part(out.elements(), [&](std::int64_t begin, std::int64_t end) {
    if (out.dtype == DType::kFloat64)
      return progression(attributes.value, attributes.step, begin, out.as<double>() + begin, end - begin);
    alignas(64) double piece[kPiece];
    for (std::int64_t i = begin; i < end; i += kPiece) {
      const std::int64_t count = std::min(kPiece, end - i);
      progression(attributes.value, attributes.step, i, piece, count);
      convert(piece, out.as<char>() + i * size, count);
    }
  });
  return true;
}

}  // namespace tessera::backends
