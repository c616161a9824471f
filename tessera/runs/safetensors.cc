#include "tessera/runs/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "tessera/base/bytes.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/json.h"
#include "tessera/base/text.h"

namespace tessera::runs {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "elements are written as they lie in memory");

constexpr const char* kMetadata = "__metadata__";
constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kLongestHeader = 100'000'000;  // the format's own limit

struct TypeName {
  DType dtype;
  const char* name;
};
constexpr TypeName kTypes[] = {{DType::kFloat32, "F32"}, {DType::kFloat64, "F64"},
                               {DType::kInt64, "I64"},   {DType::kUInt8, "U8"},
                               {DType::kBool, "BOOL"},   {DType::kBFloat16, "BF16"}};

const char* name_of(DType dtype) {
  for (const TypeName& type : kTypes)
    if (type.dtype == dtype) return type.name;
  TESSERA_CHECK(false, "a type without a name in safetensors");
  return "";
}

std::vector<const NamedTensor*> in_file_order(const std::vector<NamedTensor>& tensors) {
  std::vector<const NamedTensor*> order;
  std::set<std::string_view> names;
  for (const NamedTensor& named : tensors) {
    TESSERA_CHECK(named.tensor.defined(), "the tensor '{}' is undefined", named.name);
    if (named.name == kMetadata) fail("a tensor cannot be named '{}' in a safetensors file", kMetadata);
    if (!names.insert(named.name).second) fail("two tensors are named '{}'", named.name);
    order.push_back(&named);
  }
  std::sort(order.begin(), order.end(), [](const NamedTensor* a, const NamedTensor* b) {
    const auto size_a = dtype_size(a->tensor.dtype()), size_b = dtype_size(b->tensor.dtype());
    return size_a != size_b ? size_a > size_b : a->name < b->name;
  });
  return order;
}

// ---- Reading ----

struct Place {
  std::string name;
  DType dtype;
  Shape shape;
  std::uint64_t begin, end;
};

class HeaderReader {
 public:
  HeaderReader(std::string where, std::uint64_t data_size)
      : where_(std::move(where)), data_size_(data_size) {}

  std::vector<Place> places(const json& header) const {
    std::vector<Place> result;
    for (const auto& [name, entry] : header.items())
      if (name != kMetadata) result.push_back(place(name, entry));
    refuse_gaps(result);
    return result;
  }

  std::map<std::string, std::string> metadata(const json& header) const {
    std::map<std::string, std::string> result;
    const auto found = header.find(kMetadata);
    if (found == header.end()) return result;
    if (!found->is_object())
      fail("{}: {} is to be an object, found {}", where_, kMetadata, found->type_name());
    for (const auto& [key, value] : found->items()) {
      if (!value.is_string())
        fail("{}: {}: '{}' is to be a text, found {}", where_, kMetadata, printable(key), value.type_name());
      result[key] = value.get<std::string>();
    }
    return result;
  }

 private:
  template <typename... Args>
  [[noreturn]] void refuse(const std::string& name, fmt::format_string<Args...> format,
                           Args&&... args) const {
    fail("{}: tensor '{}': {}", where_, printable(name), fmt::format(format, std::forward<Args>(args)...));
  }

  const json& field(const std::string& name, const json& entry, const char* key) const {
    const auto found = entry.find(key);
    if (found == entry.end()) refuse(name, "'{}' is missing", key);
    return *found;
  }

  Place place(const std::string& name, const json& entry) const {
    if (!entry.is_object()) refuse(name, "expected an object, found {}", entry.type_name());
    Place result{name, read_type(name, field(name, entry, "dtype")),
                 read_shape(name, field(name, entry, "shape")), 0, 0};
    const json& offsets = field(name, entry, "data_offsets");
    if (entry.size() != 3)
      refuse(name, "expected dtype, shape and data_offsets only, found {} fields", entry.size());
    if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
        !offsets[1].is_number_unsigned())
      refuse(name, "'data_offsets' is to be two natural numbers, found {}", offsets.dump());
    result.begin = offsets[0].get<std::uint64_t>();
    result.end = offsets[1].get<std::uint64_t>();
    if (result.begin > result.end || result.end > data_size_)
      refuse(name, "data_offsets [{}, {}] are outside the {} bytes of data", result.begin, result.end,
             data_size_);
    const std::uint64_t needed = bytes_of(result);
    if (result.end - result.begin != needed)
      refuse(name, "shape {} of {} needs {} bytes, data_offsets give {}", result.shape.to_string(),
             name_of(result.dtype), needed, result.end - result.begin);
    return result;
  }

  DType read_type(const std::string& name, const json& value) const {
    if (!value.is_string()) refuse(name, "'dtype' is to be a text, found {}", value.type_name());
    for (const TypeName& type : kTypes)
      if (value == type.name) return type.dtype;
    refuse(name, "the type '{}' is not one of F32, F64, I64, U8, BOOL", value.get<std::string>());
  }

  Shape read_shape(const std::string& name, const json& value) const {
    if (!value.is_array()) refuse(name, "'shape' is to be a list, found {}", value.type_name());
    if (value.size() > static_cast<std::size_t>(kMaxRank))
      refuse(name, "a shape of {} axes; at most {} are supported", value.size(), kMaxRank);
    Shape shape;
    for (const json& length : value) {
      if (!length.is_number_unsigned() ||
          length.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        refuse(name, "'shape' is to be a list of natural numbers, found {}", value.dump());
      shape.append(length.get<std::int64_t>());
    }
    return shape;
  }

  std::uint64_t bytes_of(const Place& place) const {
    // An axis of length 0 makes the others irrelevant, however large.
    if (std::find(place.shape.begin(), place.shape.end(), 0) != place.shape.end()) return 0;
    std::uint64_t bytes = static_cast<std::uint64_t>(dtype_size(place.dtype));
    for (const std::int64_t length : place.shape)
      if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(length), &bytes))
        refuse(place.name, "the shape {} is too large", place.shape.to_string());
    return bytes;
  }

  // Every byte of the data belongs to exactly one tensor.
  void refuse_gaps(std::vector<Place>& places) const {
    std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
      return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
    });
    std::uint64_t used = 0;
    for (const Place& place : places) {
      if (place.begin < used)
        refuse(place.name, "its data, from byte {}, overlap another tensor's", place.begin);
      if (place.begin > used) refuse(place.name, "its data begin at byte {}, expected {}", place.begin, used);
      used = place.end;
    }
    if (used != data_size_) fail("{}: {} bytes of data belong to no tensor", where_, data_size_ - used);
  }

  std::string where_;
  std::uint64_t data_size_;
};

Tensor tensor_at(const Place& place, std::string_view data, const std::string& where) {
  const std::string_view bytes = data.substr(place.begin, place.end - place.begin);
  if (place.dtype == DType::kBool)
    for (std::size_t i = 0; i < bytes.size(); ++i)
      if (static_cast<unsigned char>(bytes[i]) > 1)
        fail("{}: tensor '{}': element {} is to be 0 or 1, found {}", where, place.name, i,
             static_cast<unsigned>(static_cast<unsigned char>(bytes[i])));
  return Tensor::from_bytes(as_byte_span(bytes), place.dtype, place.shape);
}

}  // namespace

std::string write_safetensors(const std::vector<NamedTensor>& tensors,
                              const std::map<std::string, std::string>& metadata) {
  const std::vector<const NamedTensor*> order = in_file_order(tensors);
  json header = json::object();
  if (!metadata.empty()) header[kMetadata] = metadata;
  std::uint64_t offset = 0;
  for (const NamedTensor* named : order) {
    const Shape& shape = named->tensor.shape();
    const std::uint64_t end =
        offset + static_cast<std::uint64_t>(shape.elements() * dtype_size(named->tensor.dtype()));
    header[named->name] = {{"dtype", name_of(named->tensor.dtype())},
                           {"shape", std::vector<std::int64_t>(shape.begin(), shape.end())},
                           {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = canonical_json(header);
  text.append((kLengthBytes - text.size() % kLengthBytes) % kLengthBytes, ' ');
  std::string bytes;
  bytes.reserve(kLengthBytes + text.size() + offset);
  put_u64(bytes, text.size());
  bytes += text;
  for (const NamedTensor* named : order) bytes += as_text(named->tensor.canonical_bytes());
  return bytes;
}

SafetensorsFile parse_safetensors(std::string_view bytes, const std::string& where) {
  if (bytes.size() < kLengthBytes)
    fail("{}: not a safetensors file: {} bytes, expected at least {}", where, bytes.size(), kLengthBytes);
  const std::uint64_t length = get_u64(bytes.data());
  if (length > bytes.size() - kLengthBytes || length > kLongestHeader)
    fail("{}: not a safetensors file, or cut short: a header of {} bytes in a file of {}", where, length,
         bytes.size());
  const std::string_view text = bytes.substr(kLengthBytes, length);
  if (!text.starts_with('{')) fail("{}: not a safetensors file: the header does not begin with '{{'", where);
  const json header = parse_json(text, where + ", header");
  const std::string_view data = bytes.substr(kLengthBytes + length);

  const HeaderReader reader(where, data.size());
  SafetensorsFile file;
  file.metadata = reader.metadata(header);
  for (const Place& place : reader.places(header))
    file.tensors.push_back({place.name, tensor_at(place, data, where)});
  std::sort(file.tensors.begin(), file.tensors.end(),
            [](const NamedTensor& a, const NamedTensor& b) { return a.name < b.name; });
  return file;
}

void save_safetensors(const std::string& path, const std::vector<NamedTensor>& tensors,
                      const std::map<std::string, std::string>& metadata) {
  write_file_atomically(path, write_safetensors(tensors, metadata));
}

SafetensorsFile load_safetensors(const std::string& path) {
  return parse_safetensors(read_regular_file(path), path);
}

}  // namespace tessera::runs
