#include "tessera/backends/cpu/columns.h"

#include <algorithm>
#include <cstring>

namespace tessera::backends {
namespace {

constexpr std::int64_t kMaxRuns = kChunk + 1;

// The runs of positions n0 ... n0+columns-1; the same for every tap.
int list_runs(std::int64_t n0, std::int64_t columns, std::int64_t grid_columns, std::int64_t row_step,
              std::int64_t column_step, CopyRun* runs) {
  int count = 0;
  // The lines may follow each other without a gap.
  const bool merged = column_step == 1 && row_step == grid_columns;
  for (std::int64_t done = 0; done < columns;) {
    const std::int64_t line = (n0 + done) / grid_columns, place = (n0 + done) % grid_columns;
    const std::int64_t length = merged ? columns : std::min(grid_columns - place, columns - done);
    runs[count++] = {done, line * row_step + place * column_step, length};
    done += length;
  }
  return count;
}

template <typename T>
void copy_spaced_runs(const T* from, std::int64_t column_step, const CopyRun* runs, int count, T* to) {
  for (int r = 0; r < count; ++r)
    for (std::int64_t i = 0; i < runs[r].length; ++i)
      to[runs[r].to + i] = from[runs[r].from + i * column_step];
}

}  // namespace

template <typename T>
void copy_padded(const TensorView& images, std::int64_t image, std::int64_t first_channel,
                 const PaddedPlanes& planes, T* padded) {
  const Strides& strides = images.strides;
  const std::int64_t columns = planes.columns();
  for (std::int64_t c = 0; c < planes.channels; ++c) {
    const T* from = images.as<const T>() + image * strides[0] + (first_channel + c) * strides[1];
    T* to = padded + c * planes.plane();
    std::fill(to, to + planes.before[0] * columns, T(0));
    to += planes.before[0] * columns;
    for (std::int64_t row = 0; row < planes.height; ++row, from += strides[2], to += columns) {
      std::fill(to, to + planes.before[1], T(0));
      T* inside = to + planes.before[1];
      if (strides[3] == 1)
        std::memcpy(inside, from, static_cast<std::size_t>(planes.width) * sizeof(T));
      else
        for (std::int64_t i = 0; i < planes.width; ++i) inside[i] = from[i * strides[3]];
      std::fill(inside + planes.width, to + columns, T(0));
    }
    std::fill(to, to + planes.after[0] * columns, T(0));
  }
}

template <typename T>
void ColumnSource<T>::pack(std::int64_t k0, std::int64_t depth, std::int64_t n0, std::int64_t columns,
                           T* panel, std::int64_t step) const {
  CopyRun runs[kMaxRuns];
  const int count = list_runs(n0, columns, grid_columns_, row_step_, column_step_, runs);
  const std::int64_t* offsets = offsets_.data() + k0;
  if (column_step_ == 1)
    return kernels_.pack_runs(padded_, offsets, depth, runs, count, columns, panel, step);
  for (std::int64_t k = 0; k < depth; ++k, panel += step) {
    copy_spaced_runs(padded_ + offsets[k], column_step_, runs, count, panel);
    std::fill(panel + columns, panel + std::min(step, columns + kOverrun), T(0));
  }
}

template void copy_padded<float>(const TensorView&, std::int64_t, std::int64_t, const PaddedPlanes&, float*);
template void copy_padded<double>(const TensorView&, std::int64_t, std::int64_t, const PaddedPlanes&,
                                  double*);
template class ColumnSource<float>;
template class ColumnSource<double>;

}  // namespace tessera::backends
