#include "tessera/data/npy.h"

#include <span>

#include "tessera/base/bytes.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/data/numbers.h"

namespace tessera::data {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

struct NpyHeader {
  DType dtype = DType::kFloat32;
  bool fortran_order = false;
  Shape shape;
};

// Reads the header's dictionary, a Python literal such as
//   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& source) : text_(text), source_(source) {}

  NpyHeader parse() {
    NpyHeader header;
    expect('{');
    while (!take('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr") {
        header.dtype = dtype_of_description(quoted());
        seen_ |= 1;
      } else if (key == "fortran_order") {
        header.fortran_order = boolean();
        seen_ |= 2;
      } else if (key == "shape") {
        header.shape = tuple();
        seen_ |= 4;
      } else {
        fail("{}: the header has a key '{}', expected 'descr', 'fortran_order' and 'shape'", source_, key);
      }
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    if (seen_ != 7) fail("{}: the header lacks one of 'descr', 'fortran_order' and 'shape'", source_);
    return header;
  }

 private:
  void skip_blanks() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\n')) ++position_;
  }
  bool take(char c) {
    skip_blanks();
    if (position_ >= text_.size() || text_[position_] != c) return false;
    ++position_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) unexpected(std::string("'") + c + "'");
  }
  [[noreturn]] void unexpected(const std::string& expected) {
    fail("{}: at byte {} of the header's dictionary: found '{}', expected {}", source_, position_,
         text_.substr(position_ < text_.size() ? position_ : text_.size(), 12), expected);
  }
  std::string quoted() {
    skip_blanks();
    const char quote = position_ < text_.size() ? text_[position_] : ' ';
    if (quote == '[')
      fail("{}: the elements are records, expected '<f4', '<f8', '<i8', '|u1' or '|b1'", source_);
    const std::size_t end =
        quote == '\'' || quote == '"' ? text_.find(quote, position_ + 1) : std::string_view::npos;
    if (end == std::string_view::npos) unexpected("a quoted word");
    const std::string word(text_.substr(position_ + 1, end - position_ - 1));
    position_ = end + 1;
    return word;
  }
  bool boolean() {
    skip_blanks();
    const bool value = text_.substr(position_).starts_with("True");
    if (!value && !text_.substr(position_).starts_with("False")) unexpected("True or False");
    position_ += value ? 4 : 5;
    return value;
  }
  Shape tuple() {
    Shape shape;
    expect('(');
    while (!take(')')) {
      skip_blanks();
      const std::size_t start = position_;
      while (position_ < text_.size() && text_[position_] >= '0' && text_[position_] <= '9') ++position_;
      const auto length = parse_integer(text_.substr(start, position_ - start));
      if (!length) unexpected("the length of an axis");
      if (shape.rank() == kMaxRank) fail("{}: the array has more than {} axes", source_, kMaxRank);
      shape.append(*length);
      if (!take(',')) {
        expect(')');
        break;
      }
    }
    return shape;
  }
  DType dtype_of_description(const std::string& name) {
    if (name == "<f4") return DType::kFloat32;
    if (name == "<f8") return DType::kFloat64;
    if (name == "<i8") return DType::kInt64;
    if (name == "|u1" || name == "<u1") return DType::kUInt8;
    if (name == "|b1") return DType::kBool;
    fail("{}: the elements are '{}', expected '<f4', '<f8', '<i8', '|u1' or '|b1'", source_, name);
  }

  std::string_view text_;
  const std::string& source_;
  std::size_t position_ = 0;
  int seen_ = 0;
};

// The part of the file with the dictionary, and where the elements start.
std::string_view header_text(std::string_view bytes, const std::string& source, std::size_t& data_start) {
  if (!bytes.starts_with(kMagic) || bytes.size() < 10)
    fail("{}: the file does not begin with '\\x93NUMPY', expected an NPY file", source);
  const int version = static_cast<unsigned char>(bytes[6]);
  if (version < 1 || version > 3)
    fail("{}: the file has NPY version {}, expected 1, 2 or 3", source, version);
  const std::size_t prefix = version == 1 ? 10 : 12;
  if (bytes.size() < prefix) fail("{}: the file ends within its header", source);
  const std::size_t length =
      version == 1 ? static_cast<unsigned char>(bytes[8]) + 256u * static_cast<unsigned char>(bytes[9])
                   : get_u32(bytes.data() + 8);
  if (bytes.size() - prefix < length)
    fail("{}: the file has {} bytes, expected a header of {}", source, bytes.size(), prefix + length);
  data_start = prefix + length;
  return bytes.substr(prefix, length);
}

void check_size(const NpyHeader& header, std::size_t found, const std::string& source) {
  // Never multiplied beyond what the file holds, so that a damaged header cannot overflow.
  auto expected = static_cast<std::size_t>(dtype_size(header.dtype));
  bool too_large = false, empty = false;
  for (const std::int64_t length : header.shape) empty |= length == 0;
  for (const std::int64_t length : header.shape) {
    if (empty || too_large) break;
    too_large = expected > found / static_cast<std::size_t>(length);
    if (!too_large) expected *= static_cast<std::size_t>(length);
  }
  if (empty) expected = 0;
  if (too_large || expected != found)
    fail("{}: the file has {} bytes after its header, which does not fit the shape {} of {}", source, found,
         header.shape.to_string(), dtype_name(header.dtype));
}

// Fortran order is C order of the reversed shape, with the axes reversed.
Tensor from_fortran_order(std::span<const std::byte> bytes, const NpyHeader& header) {
  Shape reversed;
  for (int axis = header.shape.rank() - 1; axis >= 0; --axis) reversed.append(header.shape[axis]);
  const Tensor view = Tensor::from_bytes(bytes, header.dtype, reversed).transpose();
  return Tensor::from_bytes(view.canonical_bytes(), header.dtype, header.shape);
}

std::string_view description(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return "<f4";
    case DType::kFloat64:
      return "<f8";
    case DType::kInt64:
      return "<i8";
    case DType::kUInt8:
      return "|u1";
    case DType::kBool:
      return "|b1";
    case DType::kBFloat16:
      fail("NPY has no name for bfloat16; convert the tensor with to(DType::kFloat32)");
  }
  return "";
}

}  // namespace

Tensor parse_npy(std::string_view bytes, const std::string& source) {
  std::size_t data_start = 0;
  const NpyHeader header = HeaderParser(header_text(bytes, source, data_start), source).parse();
  const std::string_view elements = bytes.substr(data_start);
  check_size(header, elements.size(), source);
  if (header.dtype == DType::kBool)
    for (std::size_t i = 0; i < elements.size(); ++i)
      if (elements[i] != 0 && elements[i] != 1)
        fail("{}: element {} is the byte {}, expected 0 or 1 (bool)", source, i,
             static_cast<unsigned char>(elements[i]));
  if (header.fortran_order && header.shape.rank() > 1)
    return from_fortran_order(as_byte_span(elements), header);
  return Tensor::from_bytes(as_byte_span(elements), header.dtype, header.shape);
}

Tensor read_npy(const std::string& path) {
  return parse_npy(read_file_maybe_gzip(path), path);
}

std::string npy_bytes(const Tensor& tensor) {
  std::string shape;
  for (const std::int64_t length : tensor.shape())
    shape += fmt::format("{}{}", shape.empty() ? "" : ", ", length);
  if (tensor.rank() == 1) shape += ",";
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                                   description(tensor.dtype()), shape);
  // NumPy leaves room for the first axis to grow to 21 digits.
  if (tensor.rank() > 0) header.append(21 - std::to_string(tensor.size(0)).size(), ' ');
  header.append(63 - (10 + header.size()) % 64, ' ');  // the elements start at a multiple of 64
  header += '\n';
  std::string out(kMagic);
  out += {'\x01', '\x00', static_cast<char>(header.size() & 255), static_cast<char>(header.size() >> 8)};
  out += header;
  out += as_text(tensor.canonical_bytes());
  return out;
}

void write_npy(const std::string& path, const Tensor& tensor) {
  write_file_atomically(path, npy_bytes(tensor));
}

}  // namespace tessera::data
