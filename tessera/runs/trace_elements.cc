// The part of trace_diff.h that looks at elements: bits, values and the distance between them.

#include <bit>
#include <cmath>
#include <cstring>

#include "tessera/base/error.h"
#include "tessera/runs/trace_diff.h"

namespace tessera::runs {
namespace {

// Row-major elements as unsigned words, NaN canonical.
struct Words {
  explicit Words(const Tensor& tensor)
      : bytes(tensor.canonical_bytes()), size(static_cast<std::size_t>(dtype_size(tensor.dtype()))) {}

  std::uint64_t at(std::int64_t element) const {
    std::uint64_t word = 0;  // little endian, as everywhere in a record
    std::memcpy(&word, bytes.data() + static_cast<std::size_t>(element) * size, size);
    return word;
  }

  std::vector<std::byte> bytes;
  std::size_t size;
};

// Ascending with the value of the float: negative numbers count down from the middle.
template <typename Word>
Word ordered(std::uint64_t bits) {
  constexpr Word kSign = static_cast<Word>(Word{1} << (8 * sizeof(Word) - 1));
  const Word word = static_cast<Word>(bits);
  return (word & kSign) != 0 ? static_cast<Word>(~word) : static_cast<Word>(word | kSign);
}

template <typename Word>
std::uint64_t distance(std::uint64_t a, std::uint64_t b) {
  const Word x = ordered<Word>(a), y = ordered<Word>(b);
  return x < y ? y - x : x - y;
}

bool is_nan(DType dtype, std::uint64_t bits) {
  if (dtype == DType::kBFloat16)
    return std::isnan(static_cast<float>(BFloat16::from_bits(static_cast<std::uint16_t>(bits))));
  return dtype == DType::kFloat32 ? std::isnan(std::bit_cast<float>(static_cast<std::uint32_t>(bits)))
                                  : std::isnan(std::bit_cast<double>(bits));
}

std::optional<std::uint64_t> ulp_of(DType dtype, std::uint64_t a, std::uint64_t b) {
  if (!is_floating(dtype) || is_nan(dtype, a) || is_nan(dtype, b)) return std::nullopt;
  if (dtype == DType::kBFloat16) return distance<std::uint16_t>(a, b);
  return dtype == DType::kFloat32 ? distance<std::uint32_t>(a, b) : distance<std::uint64_t>(a, b);
}

std::string value_text(DType dtype, std::uint64_t bits, std::size_t size) {
  const auto with_bits = [&](const auto& value) {
    return fmt::format("{} (0x{:0{}x})", value, bits, 2 * size);
  };
  switch (dtype) {
    case DType::kFloat32:
      return with_bits(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
    case DType::kFloat64:
      return with_bits(std::bit_cast<double>(bits));
    case DType::kInt64:
      return with_bits(static_cast<std::int64_t>(bits));
    case DType::kBFloat16:
      return with_bits(static_cast<float>(BFloat16::from_bits(static_cast<std::uint16_t>(bits))));
    case DType::kUInt8:
    case DType::kBool:
      return with_bits(bits);
  }
  return "";
}

std::vector<std::int64_t> position_of(std::int64_t element, const Shape& shape) {
  std::vector<std::int64_t> position(static_cast<std::size_t>(shape.rank()));
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    position[static_cast<std::size_t>(axis)] = element % shape[axis];
    element /= shape[axis];
  }
  return position;
}

}  // namespace

std::optional<std::uint64_t> ulp_distance(const Tensor& a, const Tensor& b, std::int64_t element) {
  TESSERA_CHECK(a.dtype() == b.dtype() && element >= 0 && element < std::min(a.elements(), b.elements()),
                "ulp_distance: element {} of {} and {}", element, a.shape().to_string(),
                b.shape().to_string());
  return ulp_of(a.dtype(), Words(a).at(element), Words(b).at(element));
}

std::optional<ElementDifference> first_differing_element(const Tensor& a, const Tensor& b) {
  TESSERA_CHECK(a.dtype() == b.dtype() && a.shape() == b.shape(), "elements of {} {} and {} {}",
                dtype_name(a.dtype()), a.shape().to_string(), dtype_name(b.dtype()), b.shape().to_string());
  const Words words_a(a), words_b(b);
  std::optional<ElementDifference> first;
  std::int64_t differing = 0;
  for (std::int64_t i = 0; i < a.elements(); ++i) {
    const std::uint64_t x = words_a.at(i), y = words_b.at(i);
    if (x == y) continue;
    ++differing;
    if (first) continue;
    first.emplace();
    first->element = i;
    first->position = position_of(i, a.shape());
    first->a = value_text(a.dtype(), x, words_a.size);
    first->b = value_text(a.dtype(), y, words_a.size);
    first->ulp = ulp_of(a.dtype(), x, y);
    if (std::popcount(x ^ y) == 1) first->bit = std::countr_zero(x ^ y);
  }
  if (first) first->differing = differing;
  return first;
}

}  // namespace tessera::runs
