// PCD files; point_cloud.h says what is read.
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "tessera/base/bytes.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/float_environment.h"
#include "tessera/data/lines.h"
#include "tessera/data/numbers.h"
#include "tessera/data/point_cloud.h"

namespace tessera::data {
namespace {

constexpr std::int64_t kMostFields = 1024;  // a point of more numbers is damage

struct Field {
  std::string name;
  std::int64_t size = 4;  // bytes per number
  char type = 'F';        // I, U, F
  std::int64_t count = 1;
};

struct PcdHeader {
  std::vector<Field> fields;
  std::int64_t width = -1, height = 1, points = -1;
  std::string data;
  std::int64_t numbers() const {
    std::int64_t sum = 0;
    for (const Field& field : fields) sum += field.count;
    return sum;
  }
  std::int64_t bytes() const {
    std::int64_t sum = 0;
    for (const Field& field : fields) sum += field.count * field.size;
    return sum;
  }
};

class HeaderReader {
 public:
  explicit HeaderReader(Lines& lines) : lines_(lines) {}

  PcdHeader read() {
    while (header_.data.empty()) {
      if (!lines_.next())
        fail("{}:{}: the file ends within the header, expected a line 'DATA ascii' or 'DATA binary'",
             lines_.source(), lines_.number());
      if (!line(split_at_blanks(lines_.text())))
        lines_.reject("found '{}', expected a line of a PCD header (VERSION, FIELDS, SIZE, ..., DATA)",
                      printable(lines_.text().substr(0, 40)));
    }
    check();
    return std::move(header_);
  }

 private:
  using Words = std::vector<std::string_view>;

  bool line(const Words& words) {
    const std::string_view key = words[0];
    if (key == "VERSION" || key == "VIEWPOINT") return true;
    if (key == "FIELDS") {
      fields(words);
    } else if (key == "SIZE") {
      for_fields(words,
                 [&](Field& field, std::string_view word) { field.size = integer(word, "SIZE", 1, 8); });
    } else if (key == "TYPE") {
      for_fields(words, [&](Field& field, std::string_view word) {
        if (word != "I" && word != "U" && word != "F")
          lines_.reject("the TYPE of {} is '{}', expected I, U or F", field.name, printable(word));
        field.type = word[0];
      });
    } else if (key == "COUNT") {
      for_fields(words, [&](Field& field, std::string_view word) {
        field.count = integer(word, "COUNT", 1, kMostFields);
      });
    } else if (key == "WIDTH") {
      header_.width = only_number(words);
    } else if (key == "HEIGHT") {
      header_.height = only_number(words);
    } else if (key == "POINTS") {
      header_.points = only_number(words);
    } else if (key == "DATA") {
      data(words);
    } else {
      return false;
    }
    return true;
  }

  void fields(const Words& words) {
    if (!header_.fields.empty()) lines_.reject("there is a second line of FIELDS");
    if (static_cast<std::int64_t>(words.size()) > kMostFields)
      lines_.reject("there are {} fields, expected at most {}", words.size() - 1, kMostFields);
    for (std::size_t i = 1; i < words.size(); ++i) {
      for (const Field& field : header_.fields)
        if (field.name == words[i] && field.name != "_")  // PCL names its padding so, often more than once
          lines_.reject("two fields are called '{}'", printable(words[i]));
      header_.fields.push_back({.name = std::string(words[i])});
    }
  }

  template <typename Set>
  void for_fields(const Words& words, Set set) {
    if (words.size() - 1 != header_.fields.size())
      lines_.reject("{} has {} values, expected one for each of the {} FIELDS", words[0], words.size() - 1,
                    header_.fields.size());
    for (std::size_t i = 1; i < words.size(); ++i) set(header_.fields[i - 1], words[i]);
  }

  void data(const Words& words) {
    if (words.size() != 2 || (words[1] != "ascii" && words[1] != "binary"))
      lines_.reject("the DATA are '{}', expected ascii or binary{}",
                    printable(words.size() < 2 ? "" : words[1].substr(0, 40)),
                    words.size() == 2 && words[1] == "binary_compressed"
                        ? " (PCL's pcl_convert_pcd_ascii_binary unpacks them)"
                        : "");
    header_.data = words[1];
  }

  std::int64_t integer(std::string_view word, std::string_view key, std::int64_t low,
                       std::int64_t high) const {
    const auto value = parse_integer(word);
    if (!value || *value < low || *value > high)
      lines_.reject("{} is '{}', expected an integer from {} to {}", key, printable(word.substr(0, 40)), low,
                    high);
    return *value;
  }
  std::int64_t only_number(const Words& words) const {
    if (words.size() != 2) lines_.reject("{} has {} values, expected 1", words[0], words.size() - 1);
    return integer(words[1], words[0], 0, std::numeric_limits<std::int32_t>::max());
  }

  void check() {
    for (const Field& field : header_.fields) {
      const bool known = field.type == 'F' ? field.size == 4 || field.size == 8
                                           : field.size == 1 || field.size == 2 || field.size == 4;
      if (!known)
        lines_.reject(
            "the field {} has TYPE {} and SIZE {}, expected F with 4 or 8, or I or U with 1, 2 or 4",
            printable(field.name), field.type, field.size);
    }
    for (const std::string_view name : {"x", "y", "z"}) {
      bool found = false;
      for (const Field& field : header_.fields) found |= field.name == name && field.count == 1;
      if (!found) lines_.reject("the header has no field {} of one number", name);
    }
    if (header_.points < 0 && header_.width < 0) lines_.reject("the header has neither POINTS nor WIDTH");
    if (header_.points < 0) header_.points = header_.width * header_.height;
    if (header_.width >= 0 && header_.width * header_.height != header_.points)
      lines_.reject("POINTS is {}, but WIDTH times HEIGHT is {}", header_.points,
                    header_.width * header_.height);
  }

  Lines& lines_;
  PcdHeader header_;
};

// Any of PCD's types as fp64, which holds all of them.
double number_at(const char* data, const Field& field) {
  const auto raw = [&]() -> std::uint64_t {
    switch (field.size) {
      case 1:
        return static_cast<unsigned char>(data[0]);
      case 2:
        return static_cast<unsigned char>(data[0]) | std::uint64_t{static_cast<unsigned char>(data[1])} << 8;
      case 4:
        return get_u32(data);
      default:
        return get_u64(data);
    }
  }();
  if (field.type == 'F')
    return field.size == 4 ? double{std::bit_cast<float>(static_cast<std::uint32_t>(raw))}
                           : std::bit_cast<double>(raw);
  if (field.type == 'U') return static_cast<double>(raw);
  const int unused = 64 - 8 * static_cast<int>(field.size);
  return static_cast<double>(static_cast<std::int64_t>(raw << unused) >> unused);
}

// The numbers of all points, row by row.
std::vector<double> binary_numbers(const PcdHeader& header, const Lines& lines) {
  const std::string_view bytes = lines.rest();
  const std::int64_t record = header.bytes();
  if (header.points > static_cast<std::int64_t>(bytes.size()) / record)
    fail("{}: {} bytes follow the header, expected {} points of {} bytes", lines.source(), bytes.size(),
         header.points, record);
  if (static_cast<std::int64_t>(bytes.size()) != header.points * record)
    fail("{}: {} bytes follow the header, expected only {} points of {} bytes", lines.source(), bytes.size(),
         header.points, record);
  std::vector<double> numbers;
  numbers.reserve(static_cast<std::size_t>(header.points * header.numbers()));
  const char* at = bytes.data();
  for (std::int64_t point = 0; point < header.points; ++point)
    for (const Field& field : header.fields)
      for (std::int64_t i = 0; i < field.count; ++i, at += field.size)
        numbers.push_back(number_at(at, field));
  return numbers;
}

std::vector<double> text_numbers(const PcdHeader& header, Lines& lines) {
  const auto expected = static_cast<std::size_t>(header.numbers());
  std::vector<double> numbers;
  for (std::int64_t point = 0; point < header.points; ++point) {
    if (!lines.next())
      fail("{}:{}: the file ends, expected point {} of {}", lines.source(), lines.number(), point,
           header.points);
    const std::vector<std::string_view> words = split_at_blanks(lines.text());
    if (words.size() != expected)
      lines.reject("point {} has {} numbers, expected {}", point, words.size(), expected);
    for (const std::string_view word : words) {
      const auto value = parse_real(word);
      if (!value)
        lines.reject("point {}: found '{}', expected a number", point, printable(word.substr(0, 40)));
      numbers.push_back(*value);
    }
  }
  if (lines.next())
    lines.reject("the file goes on with '{}', expected its end after {} points",
                 printable(lines.text().substr(0, 40)), header.points);
  return numbers;
}

PointCloud assemble(const PcdHeader& header, const std::vector<double>& numbers, const std::string& source) {
  const FloatEnvironment contract;  // for the rounding
  const auto row = static_cast<std::size_t>(header.numbers());
  std::vector<float> points(static_cast<std::size_t>(header.points) * 3);
  PointCloud cloud;
  std::size_t first = 0;
  for (const Field& field : header.fields) {
    const auto count = static_cast<std::size_t>(field.count);
    const bool coordinate = field.name == "x" || field.name == "y" || field.name == "z";
    std::vector<double> values;
    for (std::size_t i = 0; i < static_cast<std::size_t>(header.points); ++i)
      for (std::size_t j = 0; j < count; ++j) {
        const double value = numbers[i * row + first + j];
        if (!coordinate) {
          values.push_back(value);
          continue;
        }
        const auto rounded = static_cast<float>(value);
        if (std::isinf(rounded)) fail("{}: point {}: {} is {}, beyond float32", source, i, field.name, value);
        points[i * 3 + static_cast<std::size_t>(field.name[0] - 'x')] = rounded;
      }
    first += count;
    if (!coordinate && field.name != "_")
      cloud.attributes[field.name] = Tensor::from<double>(values, {header.points, field.count});
  }
  cloud.points = Tensor::from<float>(points, {header.points, 3});
  return cloud;
}

}  // namespace

PointCloud parse_pcd(std::string_view bytes, const std::string& source) {
  Lines lines(bytes, source);
  const PcdHeader header = HeaderReader(lines).read();
  return assemble(
      header, header.data == "binary" ? binary_numbers(header, lines) : text_numbers(header, lines), source);
}

PointCloud read_pcd(const std::string& path) {
  return parse_pcd(read_file_maybe_gzip(path), path);
}

}  // namespace tessera::data
