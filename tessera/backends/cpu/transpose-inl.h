// Transposing in registers. Included once per target, after Highway's headers (Highway's -inl convention).
#include <cstdint>

#if TESSERA_SIMD_TARGET
#if defined(TESSERA_TRANSPOSE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TESSERA_TRANSPOSE_INL_H
#undef TESSERA_TRANSPOSE_INL_H
#else
#define TESSERA_TRANSPOSE_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A vector whose 16-byte blocks are `blocks_apart` elements apart in memory. With AVX-512 each block is broadcast under a mask, which
// leaves the shuffling unit to the transposition.
template <class D>
HWY_INLINE hn::Vec<D> load_blocks(D d, const hn::TFromD<D>* from, std::int64_t blocks_apart) {
  constexpr std::size_t kBytes = hn::MaxLanes(D()) * sizeof(hn::TFromD<D>);
  if constexpr (kBytes == 16) {
    return hn::LoadU(d, from);
  } else if constexpr (kBytes == 32) {
    const hn::Half<D> half;
    return hn::Combine(d, hn::LoadU(half, from + blocks_apart), hn::LoadU(half, from));
  } else {
    constexpr std::size_t kSide = 16 / sizeof(hn::TFromD<D>);
    auto vector = hn::LoadDup128(d, from + 3 * blocks_apart);
    vector = hn::IfThenElse(hn::FirstN(d, 3 * kSide), hn::LoadDup128(d, from + 2 * blocks_apart), vector);
    vector = hn::IfThenElse(hn::FirstN(d, 2 * kSide), hn::LoadDup128(d, from + blocks_apart), vector);
    return hn::IfThenElse(hn::FirstN(d, kSide), hn::LoadDup128(d, from), vector);
  }
}

// Transposes the squares of 16 bytes a side, 4 x 4 floats or 2 x 2 doubles, that stand in the blocks of the vectors.
template <class D, class V>
HWY_INLINE void transpose_blocks(D d, V (&rows)[4]) {
  const V even_low = hn::InterleaveLower(d, rows[0], rows[2]),
          odd_low = hn::InterleaveLower(d, rows[1], rows[3]);
  const V even_high = hn::InterleaveUpper(d, rows[0], rows[2]),
          odd_high = hn::InterleaveUpper(d, rows[1], rows[3]);
  rows[0] = hn::InterleaveLower(d, even_low, odd_low);
  rows[1] = hn::InterleaveUpper(d, even_low, odd_low);
  rows[2] = hn::InterleaveLower(d, even_high, odd_high);
  rows[3] = hn::InterleaveUpper(d, even_high, odd_high);
}
template <class D, class V>
HWY_INLINE void transpose_blocks(D d, V (&rows)[2]) {
  const V low = hn::InterleaveLower(d, rows[0], rows[1]);
  rows[1] = hn::InterleaveUpper(d, rows[0], rows[1]);
  rows[0] = low;
}

// Element i of vector k becomes from[k + i * column], for one block's width of k.
template <class D, int kSide>
HWY_INLINE void load_transposed(D d, const hn::TFromD<D>* from, std::int64_t column,
                                hn::Vec<D> (&vectors)[kSide]) {
  _Pragma("GCC unroll 4") for (int r = 0; r < kSide; ++r) vectors[r] =
      load_blocks(d, from + r * column, kSide * column);
  transpose_blocks(d, vectors);
}

}  // namespace tessera::backends::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // toggled
#endif  // TESSERA_SIMD_TARGET
