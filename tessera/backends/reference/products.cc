#include "tessera/backends/reference/products.h"

#include <algorithm>
#include <cmath>

#include "tessera/numerics/contract.h"

namespace tessera::backends::reference {
namespace {

TESSERA_FMA_CLONES void fused_multiply_add(float factor, const float* row, float* sums, std::int64_t n) {
  for (std::int64_t j = 0; j < n; ++j) sums[j] = std::fma(factor, row[j], sums[j]);
}
TESSERA_FMA_CLONES void fused_multiply_add(double factor, const double* row, double* sums, std::int64_t n) {
  for (std::int64_t j = 0; j < n; ++j) sums[j] = std::fma(factor, row[j], sums[j]);
}

}  // namespace

template <typename T>
void ProductSums<T>::add_products(T factor, const T* row) {
  if (terms_in_chunk_ == kChunk) end_chunk();
  fused_multiply_add(factor, row, chunk_.data(), static_cast<std::int64_t>(chunk_.size()));
  ++terms_in_chunk_;
}

template <typename T>
void ProductSums<T>::end_chunk() {
  for (std::size_t j = 0; j < chunk_.size(); ++j) {
    result_[j] = first_chunk_ ? chunk_[j] : result_[j] + chunk_[j];
    chunk_[j] = T(0);
  }
  first_chunk_ = false;
  terms_in_chunk_ = 0;
}

template <typename T>
void ProductSums<T>::finish(T* out) {
  if (terms_in_chunk_ > 0 || first_chunk_) end_chunk();  // without any term the chunk still holds +0
  std::copy(result_.begin(), result_.end(), out);
  first_chunk_ = true;
}

template class ProductSums<float>;
template class ProductSums<double>;

}  // namespace tessera::backends::reference
