// Bias and activation of results that lie in memory already.
#pragma once

#include <cstdint>
#include <utility>

#include "tessera/backends/cpu/gemm.h"

namespace tessera::backends {

// The epilogue of a block of results that lie in memory; `biased`: they have their bias already.
template <typename T>
void finish_block(const Epilogue<T>& epilogue, std::int64_t m, std::int64_t n, MatrixView<T> c, bool biased) {
  const bool standing = c.row == 1 && (m > n || c.column != 1);  // lines run along C's columns
  if (standing) {
    std::swap(m, n);
    std::swap(c.row, c.column);
  }
  const bool one_bias = epilogue.along_rows != standing;
  const bool lines = c.column == 1;
  const T* const bias = biased ? nullptr : epilogue.bias;
  FinishRun<T> run{};
  run.one_bias = one_bias;
  run.n = lines ? n : 1;
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; j += run.n) {
      run.x = run.out = c.data + i * c.row + j * c.column;
      if (bias != nullptr) run.bias = one_bias ? bias + i : bias + j;
      epilogue.finish(run);
    }
  }
}

}  // namespace tessera::backends
