// Tensors of ONNX files (message TensorProto): element types, raw bytes and lists of numbers.
#include <algorithm>
#include <bit>
#include <limits>

#include "tessera/base/bytes.h"
#include "tessera/base/error.h"
#include "tessera/interchange/onnx_messages.h"
#include "tessera/interchange/wire.h"

namespace tessera::onnx {

using interchange::WireReader;
using interchange::WireWriter;

namespace {

struct TypeRow {
  ElementType type;
  const char* name;
  std::optional<DType> dtype;  // how Tessera holds it
  int size;                    // bytes of an element in raw data
};
constexpr TypeRow kTypes[] = {{ElementType::kFloat, "float", DType::kFloat32, 4},
                              {ElementType::kUInt8, "uint8", DType::kUInt8, 1},
                              {ElementType::kInt8, "int8", DType::kInt64, 1},
                              {ElementType::kUInt16, "uint16", DType::kInt64, 2},
                              {ElementType::kInt16, "int16", DType::kInt64, 2},
                              {ElementType::kInt32, "int32", DType::kInt64, 4},
                              {ElementType::kInt64, "int64", DType::kInt64, 8},
                              {ElementType::kString, "string", std::nullopt, 0},
                              {ElementType::kBool, "bool", DType::kBool, 1},
                              {ElementType::kFloat16, "float16", DType::kFloat32, 2},
                              {ElementType::kDouble, "double", DType::kFloat64, 8},
                              {ElementType::kUInt32, "uint32", DType::kInt64, 4},
                              {ElementType::kUInt64, "uint64", DType::kInt64, 8},
                              {ElementType::kBFloat16, "bfloat16", DType::kBFloat16, 2}};

const TypeRow* row_of(ElementType type) {
  for (const TypeRow& row : kTypes)
    if (row.type == type) return &row;
  return nullptr;
}

// What the fields of the message say, before they are put together.
struct Fields {
  std::vector<std::int64_t> dimensions;
  std::vector<float> reals;
  std::vector<double> doubles;
  std::vector<std::int64_t> integers;  // int32_data, int64_data or uint64_data
  std::string_view raw;
  bool has_raw = false;
  std::size_t texts = 0;
};

// IEEE-754 binary16, exactly.
float from_half(unsigned bits) {
  const unsigned exponent = bits >> 10 & 0x1F, fraction = bits & 0x3FF;
  const float sign = (bits & 0x8000) != 0 ? -1.0F : 1.0F;
  if (exponent == 0) return sign * static_cast<float>(fraction) * 0x1p-24F;
  const std::uint32_t single_exponent = exponent == 31 ? 255 : exponent + 112;
  return sign * std::bit_cast<float>(single_exponent << 23 | std::uint32_t{fraction} << 13);
}

class TensorReader {
 public:
  explicit TensorReader(WireReader reader) : reader_(std::move(reader)) {}

  TensorEntry read() {
    while (reader_.next()) read_field();
    const TypeRow* row = row_of(entry_.element_type);
    const Shape shape = read_shape();
    if (row == nullptr || !row->dtype) return std::move(entry_);
    entry_.tensor = fields_.has_raw ? from_raw(*row, shape) : from_lists(*row, shape);
    return std::move(entry_);
  }

 private:
  void read_field() {
    switch (reader_.field()) {
      case 1:
        return reader_.append_to(fields_.dimensions);
      case 2:
        entry_.element_type = static_cast<ElementType>(reader_.integer());
        return;
      case 3:
        return refuse("is stored in segments, which are not supported");
      case 4:
        return reader_.append_to(fields_.reals);
      case 5:
      case 7:
      case 11:
        return reader_.append_to(fields_.integers);
      case 6:
        ++fields_.texts;
        return;
      case 8:
        entry_.name = reader_.text();
        return;
      case 9:
        fields_.raw = reader_.text();
        fields_.has_raw = true;
        return;
      case 10:
        return reader_.append_to(fields_.doubles);
      case 13:
        return refuse("has its data in another file, which is not supported");
      case 14:
        if (reader_.integer() != 0) refuse("has its data in another file, which is not supported");
        return;
      default:
        return;
    }
  }

  template <typename... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
    reader_.refuse(
        fmt::format("the tensor '{}' {}", entry_.name, fmt::format(format, std::forward<Args>(args)...)));
  }

  Shape read_shape() const {
    if (fields_.dimensions.size() > static_cast<std::size_t>(kMaxRank))
      refuse("has {} axes, expected at most {}", fields_.dimensions.size(), kMaxRank);
    Shape shape;
    std::int64_t elements = 1;
    for (const std::int64_t length : fields_.dimensions) {
      if (length < 0) refuse("has an axis of length {}", length);
      shape.append(length);
    }
    if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return shape;
    for (const std::int64_t length : shape)
      if (__builtin_mul_overflow(elements, length, &elements)) refuse("is too large: {}", shape.to_string());
    return shape;
  }

  void expect_elements(std::size_t found, std::size_t per_element, const Shape& shape) const {
    // An axis of length 0 makes the others irrelevant, however large.
    const bool empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
    const auto expected = empty ? 0 : static_cast<std::uint64_t>(shape.elements());
    if (found % per_element != 0 || found / per_element != expected)
      refuse("has shape {}, which needs {} elements of {} bytes, but {} bytes of data", shape.to_string(),
             expected, per_element, found);
  }

  Tensor from_raw(const TypeRow& row, const Shape& shape) const {
    const std::string_view raw = fields_.raw;
    expect_elements(raw.size(), static_cast<std::size_t>(row.size), shape);
    if (row.type == ElementType::kBool) expect_flags(raw);
    if (row.size == dtype_size(*row.dtype) && row.type != ElementType::kUInt64)
      return Tensor::from_bytes(as_byte_span(raw), *row.dtype, shape);
    if (row.type == ElementType::kFloat16) return from_raw_halves(raw, shape);
    std::vector<std::int64_t> values(raw.size() / static_cast<std::size_t>(row.size));
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = widened(row.type, raw.data() + i * static_cast<std::size_t>(row.size));
    return Tensor::from(values, shape);
  }

  static Tensor from_raw_halves(std::string_view raw, const Shape& shape) {
    std::vector<float> values(raw.size() / 2);
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = from_half(static_cast<unsigned char>(raw[2 * i]) |
                            static_cast<unsigned>(static_cast<unsigned char>(raw[2 * i + 1])) << 8);
    return Tensor::from(values, shape);
  }

  void expect_flags(std::string_view raw) const {
    for (const char c : raw)
      if (static_cast<unsigned char>(c) > 1) refuse("is of bool, but has an element {}", static_cast<int>(c));
  }

  std::int64_t widened(ElementType type, const char* data) const {
    const auto byte = [&](int i) { return static_cast<unsigned>(static_cast<unsigned char>(data[i])); };
    switch (type) {
      case ElementType::kInt8:
        return static_cast<std::int8_t>(byte(0));
      case ElementType::kUInt16:
        return static_cast<std::uint16_t>(byte(0) | byte(1) << 8);
      case ElementType::kInt16:
        return static_cast<std::int16_t>(byte(0) | byte(1) << 8);
      case ElementType::kInt32:
        return static_cast<std::int32_t>(get_u32(data));
      case ElementType::kUInt32:
        return get_u32(data);
      default:
        return checked(type, static_cast<std::int64_t>(get_u64(data)));
    }
  }

  std::int64_t checked(ElementType type, std::int64_t value) const {
    if (type == ElementType::kUInt64 && value < 0) refuse("has a uint64 above what int64 holds");
    return value;
  }

  Tensor from_lists(const TypeRow& row, const Shape& shape) const {
    if (row.type == ElementType::kFloat) {
      expect_elements(fields_.reals.size() * 4, 4, shape);
      return Tensor::from(fields_.reals, shape);
    }
    if (row.dtype == DType::kFloat64) {
      expect_elements(fields_.doubles.size() * 8, 8, shape);
      return Tensor::from(fields_.doubles, shape);
    }
    expect_elements(fields_.integers.size() * 8, 8, shape);
    return from_integers(row, shape);
  }

  Tensor from_integers(const TypeRow& row, const Shape& shape) const {
    if (row.dtype == DType::kInt64) {
      std::vector<std::int64_t> values = fields_.integers;
      for (std::int64_t& value : values) value = checked(row.type, value);
      return Tensor::from(values, shape);
    }
    std::string bytes;
    std::vector<float> halves;
    for (const std::int64_t value : fields_.integers) {
      const std::int64_t highest = row.type == ElementType::kBool ? 1 : row.size == 1 ? 255 : 65535;
      if (value < 0 || value > highest) refuse("of {} has an element {}", row.name, value);
      if (row.type == ElementType::kFloat16) halves.push_back(from_half(static_cast<unsigned>(value)));
      bytes.push_back(static_cast<char>(value));
      if (row.size == 2) bytes.push_back(static_cast<char>(value >> 8));
    }
    if (row.type == ElementType::kFloat16) return Tensor::from(halves, shape);
    return Tensor::from_bytes(as_byte_span(bytes), *row.dtype, shape);
  }

  WireReader reader_;
  TensorEntry entry_;
  Fields fields_;
};

}  // namespace

std::string element_type_name(ElementType type) {
  const TypeRow* row = row_of(type);
  return row != nullptr ? row->name : fmt::format("type {}", static_cast<int>(type));
}

std::optional<DType> dtype_of(ElementType type) {
  const TypeRow* row = row_of(type);
  return row != nullptr ? row->dtype : std::nullopt;
}

ElementType element_type_of(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return ElementType::kFloat;
    case DType::kFloat64:
      return ElementType::kDouble;
    case DType::kInt64:
      return ElementType::kInt64;
    case DType::kUInt8:
      return ElementType::kUInt8;
    case DType::kBool:
      return ElementType::kBool;
    case DType::kBFloat16:
      return ElementType::kBFloat16;
  }
  return ElementType::kUndefined;
}

TensorEntry read_tensor(const WireReader& reader) {
  return TensorReader(reader).read();
}

void put_tensor(WireWriter& writer, const TensorEntry& entry) {
  TESSERA_CHECK(entry.tensor.defined() && entry.element_type == element_type_of(entry.tensor.dtype()),
                "the tensor '{}' cannot be written", entry.name);
  const Shape& shape = entry.tensor.shape();
  writer.packed(1, std::vector<std::int64_t>(shape.begin(), shape.end()));
  writer.integer(2, static_cast<std::int64_t>(entry.element_type));
  writer.text(8, entry.name);
  writer.text(9, as_text(entry.tensor.canonical_bytes()));
}

TensorEntry parse_tensor(std::string_view bytes, const std::string& where) {
  return read_tensor(WireReader(bytes, where));
}

std::string write_tensor(const TensorEntry& tensor) {
  WireWriter writer;
  put_tensor(writer, tensor);
  return writer.bytes();
}

}  // namespace tessera::onnx
