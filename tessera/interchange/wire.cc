#include "tessera/interchange/wire.h"

#include <bit>

#include "tessera/base/bytes.h"
#include "tessera/base/error.h"

namespace tessera::interchange {
namespace {
constexpr int kDeepest = 64;
constexpr int kLongestVarint = 10;  // bytes
}  // namespace

WireReader::WireReader(std::string_view bytes, std::string where) : bytes_(bytes), where_(std::move(where)) {}

void WireReader::refuse(std::string_view reason) const {
  fail("{}: byte {}: {}", where_, offset_ + field_position_, reason);
}

std::uint64_t WireReader::varint() {
  std::uint64_t value = 0;
  for (int i = 0; i < kLongestVarint; ++i) {
    if (position_ == bytes_.size()) refuse("a number is cut short");
    const auto byte = static_cast<unsigned char>(bytes_[position_++]);
    value |= std::uint64_t{byte & 0x7FU} << (7 * i);  // of the tenth byte only the lowest bit counts
    if (byte < 0x80) return value;
  }
  refuse("a number of more than ten bytes");
}

std::uint64_t WireReader::fixed(std::size_t size) {
  if (bytes_.size() - position_ < size) refuse("a number is cut short");
  const char* data = bytes_.data() + position_;
  position_ += size;
  return size == 4 ? get_u32(data) : get_u64(data);
}

bool WireReader::next() {
  field_position_ = position_;
  if (position_ == bytes_.size()) return false;
  const std::uint64_t key = varint();
  if (key >> 3 == 0 || key >> 3 > 0x1FFFFFFF) refuse("not a field of a protocol buffer (a wrong number)");
  field_ = static_cast<std::uint32_t>(key >> 3);
  type_ = static_cast<Type>(key & 7);
  text_ = {};
  switch (type_) {
    case Type::kVarint:
      number_ = varint();
      return true;
    case Type::kFixed64:
      number_ = fixed(8);
      return true;
    case Type::kFixed32:
      number_ = fixed(4);
      return true;
    case Type::kLength: {
      const std::uint64_t length = varint();
      if (length > bytes_.size() - position_)
        refuse(fmt::format("field {} has a length of {}, but {} bytes are left", field_, length,
                           bytes_.size() - position_));
      text_ = bytes_.substr(position_, length);
      position_ += length;
      return true;
    }
  }
  refuse(fmt::format("not a field of a protocol buffer (type {})", key & 7));
}

void WireReader::expect(Type type, std::string_view name) const {
  if (type_ != type)
    refuse(fmt::format("field {} is to be {}, found wire type {}", field_, name, static_cast<int>(type_)));
}

std::uint64_t WireReader::natural() const {
  expect(Type::kVarint, "an integer");
  return number_;
}

std::int64_t WireReader::integer() const {
  return static_cast<std::int64_t>(natural());
}

float WireReader::real32() const {
  expect(Type::kFixed32, "a float");
  return std::bit_cast<float>(static_cast<std::uint32_t>(number_));
}

double WireReader::real64() const {
  expect(Type::kFixed64, "a double");
  return std::bit_cast<double>(number_);
}

std::string_view WireReader::text() const {
  expect(Type::kLength, "bytes");
  return text_;
}

WireReader WireReader::message() const {
  WireReader nested(text(), where_);
  nested.offset_ = offset_ + position_ - text_.size();
  nested.depth_ = depth_ + 1;
  if (nested.depth_ > kDeepest) refuse("messages are nested too deep");
  return nested;
}

void WireReader::append_to(std::vector<std::int64_t>& values) const {
  if (type_ == Type::kVarint) return values.push_back(integer());
  WireReader packed = message();
  while (packed.position_ < packed.bytes_.size()) {
    packed.field_position_ = packed.position_;
    values.push_back(static_cast<std::int64_t>(packed.varint()));
  }
}

void WireReader::append_to(std::vector<float>& values) const {
  if (type_ == Type::kFixed32) return values.push_back(real32());
  WireReader packed = message();
  while (packed.position_ < packed.bytes_.size())
    values.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(packed.fixed(4))));
}

void WireReader::append_to(std::vector<double>& values) const {
  if (type_ == Type::kFixed64) return values.push_back(real64());
  WireReader packed = message();
  while (packed.position_ < packed.bytes_.size()) values.push_back(std::bit_cast<double>(packed.fixed(8)));
}

// ---- Writing ----

void WireWriter::varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>((value & 0x7F) | 0x80));
  bytes_.push_back(static_cast<char>(value));
}

void WireWriter::key(std::uint32_t field, unsigned type) {
  varint(std::uint64_t{field} << 3 | type);
}

void WireWriter::integer(std::uint32_t field, std::int64_t value) {
  key(field, 0);
  varint(static_cast<std::uint64_t>(value));
}

void WireWriter::real32(std::uint32_t field, float value) {
  key(field, 5);
  put_u32(bytes_, std::bit_cast<std::uint32_t>(value));
}

void WireWriter::real64(std::uint32_t field, double value) {
  key(field, 1);
  put_u64(bytes_, std::bit_cast<std::uint64_t>(value));
}

void WireWriter::text(std::uint32_t field, std::string_view value) {
  key(field, 2);
  varint(value.size());
  bytes_ += value;
}

void WireWriter::packed(std::uint32_t field, const std::vector<std::int64_t>& values) {
  if (values.empty()) return;
  WireWriter inner;
  for (const std::int64_t value : values) inner.varint(static_cast<std::uint64_t>(value));
  message(field, inner);
}

void WireWriter::packed(std::uint32_t field, const std::vector<float>& values) {
  if (values.empty()) return;
  WireWriter inner;
  for (const float value : values) put_u32(inner.bytes_, std::bit_cast<std::uint32_t>(value));
  message(field, inner);
}

}  // namespace tessera::interchange
