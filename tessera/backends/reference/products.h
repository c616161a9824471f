// Contract rule 2 in code: sums of products over k. Matrix products, convolutions and their gradients all go
// through it, each with its own meaning of k.
#pragma once

#include <cstdint>
#include <vector>

namespace tessera::backends::reference {

// A row of `n` sums that take their terms together, k by k. For each sum:
//   k is cut into chunks of 256; within a chunk there is one chain chunk = fma(a, b, chunk) from +0, k
//   ascending; the first chunk's result is copied, the next ones are added to it in ascending order; without
//   any term: +0.
// T is float or double.
template <typename T>
class ProductSums {
 public:
  static constexpr std::int64_t kChunk = 256;

  explicit ProductSums(std::int64_t n)
      : chunk_(static_cast<std::size_t>(n)), result_(static_cast<std::size_t>(n)) {}

  // The next k: sum j takes the product factor * row[j].
  void add_products(T factor, const T* row);
  // Ends the last chunk, writes the n results and is ready for a new row.
  void finish(T* out);

 private:
  void end_chunk();

  std::vector<T> chunk_, result_;
  std::int64_t terms_in_chunk_ = 0;
  bool first_chunk_ = true;
};

}  // namespace tessera::backends::reference
