// The wire format of protocol buffers, in which ONNX models and TensorBoard events are written: fields of a number, a type and a
// value, one after the other. https://protobuf.dev/programming-guides/encoding/
//
// The reader goes through the fields of one message; which number means what is its caller's business, and fields that the caller does
// not ask about are passed over, as the format wants. It copies nothing: text is a view of the bytes, which must outlive the reader. The
// writer puts fields in the order of the calls, so the same calls give the same bytes.
//
// Errors: Error that names the file and the byte, for a value that is cut short, a varint of more than ten bytes, a length beyond the end
// of its message, groups (which nobody writes any more), a field of another type than expected, and messages nested deeper than 64.
// Thread-safety: distinct objects may be used from distinct threads.
//
// ```cpp
// interchange::WireWriter inner, message;
// inner.integer(1, 150);
// message.message(3, inner);
// assert(message.bytes() == std::string_view("\x1a\x03\x08\x96\x01", 5));
// interchange::WireReader reader(message.bytes(), "example.pb");
// assert(reader.next() && reader.field() == 3);
// interchange::WireReader nested = reader.message();
// assert(nested.next() && nested.integer() == 150 && !nested.next());
// ```
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::interchange {

class WireReader {
 public:
  // `where` begins the messages: usually the path.
  WireReader(std::string_view bytes, std::string where);

  bool next();  // goes to the next field; false at the end of the message
  std::uint32_t field() const { return field_; }

  // The value of the current field, which must be of that type.
  std::int64_t integer() const;   // varint; negative numbers are in two's complement
  std::uint64_t natural() const;  // the same bits without a sign
  float real32() const;
  double real64() const;
  std::string_view text() const;  // bytes and strings
  WireReader message() const;     // nested

  // Repeated numbers come one per field or packed into one.
  void append_to(std::vector<std::int64_t>& values) const;
  void append_to(std::vector<float>& values) const;
  void append_to(std::vector<double>& values) const;

  // Throws Error that names the file and the byte of the current field.
  [[noreturn]] void refuse(std::string_view reason) const;

 private:
  enum class Type : std::uint8_t { kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5 };
  void expect(Type type, std::string_view name) const;
  std::uint64_t varint();
  std::uint64_t fixed(std::size_t size);

  std::string_view bytes_;  // of this message
  std::string where_;
  std::size_t offset_ = 0;  // of the message in the file
  std::size_t position_ = 0, field_position_ = 0;
  int depth_ = 0;
  std::uint32_t field_ = 0;
  Type type_ = Type::kVarint;
  std::uint64_t number_ = 0;
  std::string_view text_;
};

class WireWriter {
 public:
  void integer(std::uint32_t field, std::int64_t value);
  void real32(std::uint32_t field, float value);
  void real64(std::uint32_t field, double value);
  void text(std::uint32_t field, std::string_view value);
  void message(std::uint32_t field, const WireWriter& value) { text(field, value.bytes_); }
  // Without elements: no field at all.
  void packed(std::uint32_t field, const std::vector<std::int64_t>& values);
  void packed(std::uint32_t field, const std::vector<float>& values);
  const std::string& bytes() const { return bytes_; }

 private:
  void key(std::uint32_t field, unsigned type);
  void varint(std::uint64_t value);
  std::string bytes_;
};

}  // namespace tessera::interchange
