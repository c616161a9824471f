// Chunk behind chunk, in a chunk panel behind panel, each as gemm.cc would have packed it.

#include <algorithm>
#include <new>

#include "tessera/backends/cpu/gemm.h"
#include "tessera/backends/cpu/strided_source.h"

namespace tessera::backends {

template <typename T>
PackedMatrix<T>::PackedMatrix(const GemmKernels<T>& kernels, std::int64_t k, std::int64_t n,
                              MatrixView<const T> b)
    : vectors_(kernels.vectors),
      lanes_(kernels.lanes),
      width_(kernels.vectors * kernels.lanes),
      k_(k),
      n_(n) {
  constexpr std::align_val_t kAlignment{64};
  // A vector more than the panels: packing writes whole ones.
  const std::size_t bytes = static_cast<std::size_t>(k * round_up(n, lanes_) + 2 * width_) * sizeof(T);
  T* const memory = static_cast<T*>(::operator new(bytes, kAlignment));
  panels_ = std::shared_ptr<const T[]>(
      memory, [](const T* data) { ::operator delete(const_cast<T*>(data), std::align_val_t(64)); });
  const StridedSource<T> source(kernels, b, true);
  const std::int64_t padded = round_up(n, lanes_);
  for (std::int64_t k0 = 0; k0 < k; k0 += kChunk) {
    const std::int64_t depth = std::min(kChunk, k - k0);
    for (std::int64_t n0 = 0; n0 < n; n0 += width_) {
      const std::int64_t columns = std::min(width_, n - n0);
      source.pack(k0, depth, n0, columns, memory + k0 * padded + n0 * depth, round_up(columns, lanes_));
    }
  }
}

template <typename T>
const T* PackedMatrix<T>::in_place(std::int64_t k0, std::int64_t n0, std::int64_t, std::int64_t* step) const {
  n0 += first_;
  *step = std::min(width_, round_up(n_ - n0, lanes_));
  return panels_.get() + k0 * round_up(n_, lanes_) + n0 * std::min(kChunk, k_ - k0);
}

template <typename T>
void PackedMatrix<T>::pack(std::int64_t k0, std::int64_t depth, std::int64_t n0, std::int64_t columns,
                           T* panel, std::int64_t step) const {
  std::int64_t own_step;
  const T* from = in_place(k0, n0, columns, &own_step);
  for (std::int64_t i = 0; i < depth; ++i) std::copy_n(from + i * own_step, columns, panel + i * step);
}

template <typename T>
PackedMatrix<T> PackedMatrix<T>::from_column(std::int64_t first) const {
  PackedMatrix part = *this;
  part.first_ += first;
  return part;
}

template class PackedMatrix<float>;
template class PackedMatrix<double>;

}  // namespace tessera::backends
