#include <bit>
#include <cmath>
#include <limits>

#include "tessera/backends/selftest_cases.h"

namespace tessera::selftest {
namespace {

// Two Philox words per element: enough for every dtype.
std::uint64_t bits_of(numerics::PhiloxKey key, std::int64_t element) {
  const auto block = numerics::philox(key, numerics::philox_counter(static_cast<std::uint64_t>(element), 0));
  return std::uint64_t{block[1]} << 32 | block[0];
}

template <typename T>
std::vector<T> specials() {
  using Limits = std::numeric_limits<T>;
  if constexpr (std::is_same_v<T, bool>) {
    return {false, true};
  } else if constexpr (std::is_integral_v<T>) {
    std::vector<T> values = {
        0, 1, 2, 3, 7, 100, 127, 128, 255, Limits::max(), Limits::max() - 1, Limits::min()};
    if constexpr (Limits::is_signed) {
      for (const T x : {T(-1), T(-2), T(-7), T(-128), T(-256), T(Limits::min() + 1)}) values.push_back(x);
      // Neighbours of the last integers that float32 and float64 hold exactly: conversions round to even
      // there.
      for (const int exponent : {24, 53})
        for (const int step : {-1, 0, 1, 2, 3}) values.push_back((T(1) << exponent) + step);
    }
    return values;
  } else {
    const T eps = Limits::epsilon(), tiny = Limits::min(), least = Limits::denorm_min();
    std::vector<T> values;
    for (const T x : {T(0),
                      T(1),
                      T(2),
                      T(0.5),
                      T(1.5),
                      T(2.5),
                      T(3),
                      T(10),
                      T(88),
                      T(104),
                      T(255.5),
                      T(256),
                      T(710),
                      T(745),
                      1 + eps,
                      1 - eps / 2,
                      least,
                      3 * least,
                      tiny - least,
                      tiny,
                      tiny * 3,
                      Limits::max(),
                      Limits::max() / 2,
                      T(0x1p24),
                      T(0x1p31),
                      T(0x1p53),
                      T(0x1p63),
                      T(0x1.fffffep62),
                      T(0x1p64),
                      T(0x1.921fb6p+1),
                      T(0x1.921fb6p+0),
                      T(1e5),
                      T(1e20),
                      T(1e-5),
                      T(1e-20),
                      Limits::infinity()}) {
      values.push_back(x);
      values.push_back(-x);
    }
    values.push_back(Limits::quiet_NaN());
    return values;
  }
}

// +-1.mantissa * 2^exponent with exponent in [low, low + 16).
template <typename T>
T random_float(std::uint64_t bits, int low) {
  const int exponent = low + static_cast<int>(bits & 15);
  const T sign = (bits & 16) != 0 ? T(-1) : T(1);
  const std::uint64_t mantissa = bits >> (64 - (std::numeric_limits<T>::digits - 1));
  // Below 2^digits: exact. Both scalings are by powers of two: exact.
  const T fraction = std::ldexp(static_cast<T>(mantissa), 1 - std::numeric_limits<T>::digits);
  return sign * std::ldexp(T(1) + fraction, exponent);
}

// Random sign and mantissa; the exponent's field is random as well, or one of the 16 smallest or largest.
template <typename T>
T float_of_bits(std::uint64_t bits, Values values) {
  using Word = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr int kMantissa = std::numeric_limits<T>::digits - 1;
  constexpr Word kExponents = std::bit_cast<Word>(std::numeric_limits<T>::infinity());
  const auto word = static_cast<Word>(bits >> (64 - 8 * sizeof(T)));
  if (values == Values::kAnyBits) return std::bit_cast<T>(word);
  const Word step = static_cast<Word>(bits & 15);
  const Word exponent = values == Values::kTiny ? step : (kExponents >> kMantissa) - 1 - step;
  return std::bit_cast<T>(static_cast<Word>((word & ~kExponents) | exponent << kMantissa));
}

template <typename T>
T make_value(std::uint64_t bits, Values values) {
  if (values == Values::kAwkward && (bits >> 5 & 7) == 0) {
    static const std::vector<T> special = specials<T>();
    return special[(bits >> 8) % special.size()];
  }
  if constexpr (std::is_same_v<T, bool>)
    return (bits & 1) != 0;
  else if constexpr (std::is_same_v<T, std::uint8_t>)
    return static_cast<T>(bits);
  else if constexpr (std::is_integral_v<T>)
    return values == Values::kAnyBits ? static_cast<T>(bits) : static_cast<T>(bits % 2001) - 1000;
  else if (values == Values::kAnyBits || values == Values::kTiny || values == Values::kHuge)
    return float_of_bits<T>(bits, values);
  else
    return random_float<T>(bits, values == Values::kSmall ? -12 : -8);
}

template <typename T>
Tensor make_contiguous(numerics::PhiloxKey key, const Shape& shape, Values values) {
  const auto n = static_cast<std::size_t>(shape.elements());
  const auto data = std::make_unique<T[]>(n);  // not a vector: std::vector<bool> has no data()
  for (std::size_t i = 0; i < n; ++i)
    data[i] = make_value<T>(bits_of(key, static_cast<std::int64_t>(i)), values);
  return Tensor::from(std::span<const T>(data.get(), n), shape);
}

Tensor make_contiguous(numerics::PhiloxKey key, const Shape& shape, DType dtype, Values values) {
  switch (dtype) {
    case DType::kFloat32:
      return make_contiguous<float>(key, shape, values);
    case DType::kFloat64:
      return make_contiguous<double>(key, shape, values);
    case DType::kInt64:
      return make_contiguous<std::int64_t>(key, shape, values);
    case DType::kUInt8:
      return make_contiguous<std::uint8_t>(key, shape, values);
    case DType::kBool:
      return make_contiguous<bool>(key, shape, values);
    case DType::kBFloat16:
      return make_contiguous<float>(key, shape, values).to(DType::kBFloat16);
  }
  return {};
}

}  // namespace

std::string_view layout_name(Layout layout) {
  switch (layout) {
    case Layout::kContiguous:
      return "contiguous";
    case Layout::kTransposed:
      return "transposed";
    case Layout::kReversed:
      return "reversed";
    case Layout::kSliced:
      return "sliced";
    case Layout::kBroadcast:
      return "broadcast";
  }
  return "";
}

Tensor make_input(numerics::PhiloxKey key, const Shape& shape, DType dtype, Values values, Layout layout) {
  const int rank = shape.rank();
  Shape stored = shape;
  if (rank == 0) return make_contiguous(key, shape, dtype, values);
  switch (layout) {
    case Layout::kContiguous:
      return make_contiguous(key, shape, dtype, values);
    case Layout::kTransposed:
      for (int axis = 0; axis < rank; ++axis) stored[axis] = shape[rank - 1 - axis];
      return make_contiguous(key, stored, dtype, values).transpose();
    case Layout::kReversed:
      return make_contiguous(key, shape, dtype, values)
          .slice(std::vector<Range>(static_cast<std::size_t>(rank), Range::step(-1)));
    case Layout::kSliced: {  // every second element of the last axis, the first row left out
      stored[0] += 1;
      stored[rank - 1] *= 2;
      std::vector<Range> ranges(static_cast<std::size_t>(rank), Range::all());
      ranges.back() = Range::step(2);
      ranges[0] = rank == 1 ? Range(2, std::nullopt, 2) : Range::from(1);
      return make_contiguous(key, stored, dtype, values).slice(ranges);
    }
    case Layout::kBroadcast:  // the first axis repeated
      if (shape[0] == 0) return make_contiguous(key, shape, dtype, values);
      stored[0] = 1;
      return make_contiguous(key, stored, dtype, values).broadcast_to(shape);
  }
  return {};
}

Tensor make_indices(numerics::PhiloxKey key, std::int64_t count, std::int64_t bound) {
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < count; ++i)
    indices.push_back(static_cast<std::int64_t>(bits_of(key, i) % static_cast<std::uint64_t>(bound)));
  return Tensor::from(indices, Shape{count});
}

Tensor special_values(DType dtype) {
  const auto make = [](const auto& values) {
    return Tensor::from(values, Shape{static_cast<std::int64_t>(values.size())});
  };
  switch (dtype) {
    case DType::kFloat32:
      return make(specials<float>());
    case DType::kFloat64:
      return make(specials<double>());
    case DType::kInt64:
      return make(specials<std::int64_t>());
    case DType::kUInt8:
      return make(specials<std::uint8_t>());
    case DType::kBool:
      return Tensor::from<bool>({false, true}, Shape{2});
    case DType::kBFloat16:
      return make(specials<float>()).to(DType::kBFloat16);
  }
  return {};
}

}  // namespace tessera::selftest
