#include <cmath>
#include <cstring>
#include <limits>
#include <set>
#include <string_view>

#include "tessera/base/error.h"
#include "tessera/data/arrow.h"
#include "tessera/data/csv_rows.h"
#include "tessera/data/table_builder.h"

namespace tessera::data {
namespace {

// Both structures are released at the end, however it comes.
class TakenArray {
 public:
  TakenArray(ArrowSchema& schema, ArrowArray& array) : schema_(schema), array_(array) {}
  ~TakenArray() {
    if (schema_.release != nullptr) schema_.release(&schema_);
    if (array_.release != nullptr) array_.release(&array_);
  }
  TakenArray(const TakenArray&) = delete;
  TakenArray& operator=(const TakenArray&) = delete;

 private:
  ArrowSchema& schema_;
  ArrowArray& array_;
};

std::string name_of(const ArrowSchema& schema) {
  return schema.name == nullptr ? "" : schema.name;
}

template <typename T>
T element(const void* buffer, std::int64_t place) {
  T value;
  std::memcpy(&value, static_cast<const char*>(buffer) + place * static_cast<std::int64_t>(sizeof(T)),
              sizeof(T));
  return value;
}

bool bit(const void* buffer, std::int64_t place) {
  return (static_cast<const std::uint8_t*>(buffer)[place / 8] >> (place % 8) & 1) != 0;
}

// IEEE binary16: exact in float64.
double half(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const double sign = bits >> 15 != 0 ? -1 : 1;
  if (exponent == 31)
    return fraction == 0 ? sign * std::numeric_limits<double>::infinity()
                         : std::numeric_limits<double>::quiet_NaN();
  return sign * (exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(fraction + 1024, exponent - 25));
}

// One child: what stands in each of its rows.
class ArrowColumn {
 public:
  ArrowColumn(const ArrowSchema& schema, const ArrowArray& array, const std::string& source)
      : schema_(schema),
        array_(array),
        source_(source),
        format_(schema.format == nullptr ? "" : schema.format) {
    if (array.length < 0 || array.offset < 0)
      reject("has the length {} and the offset {}", array.length, array.offset);
    const std::int64_t expected = format_ == "n" ? 0 : is_text() ? 3 : 2;
    if (!is_known()) reject_format();
    if (array.n_buffers != expected && !(is_view() && array.n_buffers > expected))
      reject("has {} buffers, expected {}", array.n_buffers, expected);
    for (std::int64_t i = 1; i < expected; ++i)
      if (array.buffers[i] == nullptr && array.length > 0 && i < 2) reject("has no buffer {}", i);
  }

  std::int64_t length() const { return array_.length; }
  bool is_text() const { return format_ == "u" || format_ == "U" || is_view(); }
  bool is_integer() const {
    return format_.size() == 1 && std::string_view("cCsSiIlL").find(format_[0]) != std::string_view::npos;
  }

  bool is_null(std::int64_t row) const {
    if (format_ == "n") return true;
    return array_.buffers[0] != nullptr && !bit(array_.buffers[0], array_.offset + row);
  }

  double number(std::int64_t row) const {
    const std::int64_t place = array_.offset + row;
    const void* data = array_.buffers[1];
    switch (format_[0]) {
      case 'b':
        return bit(data, place) ? 1 : 0;
      case 'e':
        return half(element<std::uint16_t>(data, place));
      case 'f':
        return static_cast<double>(element<float>(data, place));
      case 'g':
        return element<double>(data, place);
      case 'L':
        return static_cast<double>(element<std::uint64_t>(data, place));
      default:
        return static_cast<double>(integer(row));
    }
  }

  std::int64_t integer(std::int64_t row) const {
    const std::int64_t place = array_.offset + row;
    const void* data = array_.buffers[1];
    switch (format_[0]) {
      case 'c':
        return element<std::int8_t>(data, place);
      case 'C':
        return element<std::uint8_t>(data, place);
      case 's':
        return element<std::int16_t>(data, place);
      case 'S':
        return element<std::uint16_t>(data, place);
      case 'i':
        return element<std::int32_t>(data, place);
      case 'I':
        return element<std::uint32_t>(data, place);
      default:
        return element<std::int64_t>(data, place);
    }
  }

  std::string_view text(std::int64_t row) const {
    const std::int64_t place = array_.offset + row;
    if (is_view()) return viewed(row, place);
    const bool large = format_ == "U";
    const auto offset = [&](std::int64_t at) {
      return large ? element<std::int64_t>(array_.buffers[1], at)
                   : element<std::int32_t>(array_.buffers[1], at);
    };
    const std::int64_t begin = offset(place), end = offset(place + 1);
    if (begin < 0 || end < begin) reject("row {}: a text goes from {} to {}", row, begin, end);
    if (begin == end) return {};
    return {static_cast<const char*>(array_.buffers[2]) + begin, static_cast<std::size_t>(end - begin)};
  }

  // 16 bytes: the length, then the text itself if it fits, else four letters of it, the buffer and the place there. The last buffer has the sizes of those
  // with texts.
  std::string_view viewed(std::int64_t row, std::int64_t place) const {
    constexpr std::int32_t kInside = 12;
    const char* view = static_cast<const char*>(array_.buffers[1]) + place * 16;
    const auto length = element<std::int32_t>(view, 0);
    if (length < 0) reject("row {}: a text has the length {}", row, length);
    if (length <= kInside) return {view + 4, static_cast<std::size_t>(length)};
    const auto buffer = element<std::int32_t>(view, 2), begin = element<std::int32_t>(view, 3);
    const std::int64_t buffers = array_.n_buffers - 3;
    if (buffer < 0 || buffer >= buffers)
      reject("row {}: a text lies in the buffer {} of {}", row, buffer, buffers);
    const auto size = element<std::int64_t>(array_.buffers[array_.n_buffers - 1], buffer);
    if (begin < 0 || begin > size - length)
      reject("row {}: a text goes from {} to {} of {} bytes", row, begin, std::int64_t{begin} + length, size);
    return {static_cast<const char*>(array_.buffers[2 + buffer]) + begin, static_cast<std::size_t>(length)};
  }

  template <typename... Args>
  [[noreturn]] void reject(fmt::format_string<Args...> format, Args&&... args) const {
    fail("{}: column '{}' {}", source_, shown_field(name_of(schema_)),
         fmt::format(format, std::forward<Args>(args)...));
  }
  [[noreturn]] void reject_format() const {
    reject("has Arrow's format '{}', expected numbers, texts or categories of texts; convert it first",
           shown_field(format_));
  }

 private:
  bool is_view() const { return format_ == "vu"; }
  bool is_known() const {
    return is_view() || (format_.size() == 1 &&
                         std::string_view("nbcCsSiIlLefguU").find(format_[0]) != std::string_view::npos);
  }

  const ArrowSchema& schema_;
  const ArrowArray& array_;
  const std::string& source_;
  std::string_view format_;
};

// Categories are taken as they are, in the dictionary's order, used or not.
Column categories(const ArrowColumn& indices, const ArrowSchema& schema, const ArrowArray& array,
                  const std::string& source) {
  const ArrowColumn dictionary(*schema.dictionary, *array.dictionary, source);
  if (!dictionary.is_text() || !indices.is_integer()) dictionary.reject_format();
  Column column;
  column.name = name_of(schema);
  column.categorical = true;
  if (dictionary.length() > std::numeric_limits<std::int32_t>::max())
    indices.reject("has {} categories, expected fewer than 2^31", dictionary.length());
  std::set<std::string_view> seen;
  for (std::int64_t i = 0; i < dictionary.length(); ++i) {
    if (dictionary.is_null(i) || dictionary.text(i).empty())
      indices.reject("has an empty category {} in its dictionary", i);
    if (!seen.insert(dictionary.text(i)).second)
      indices.reject("has the category '{}' twice in its dictionary", shown_field(dictionary.text(i)));
    column.categories.emplace_back(dictionary.text(i));
  }
  for (std::int64_t row = 0; row < indices.length(); ++row) {
    const std::int64_t code = indices.is_null(row) ? -1 : indices.integer(row);
    if (code >= dictionary.length() || (code < 0 && !indices.is_null(row)))
      indices.reject("row {}: has the category {} of {}", row, code, dictionary.length());
    column.codes.push_back(static_cast<std::int32_t>(code));
    if (code < 0 && column.missing++ == 0) column.first_missing_line = row + 1;
  }
  return column;
}

void check_struct(const ArrowSchema& schema, const ArrowArray& array, const std::string& source) {
  if (schema.release == nullptr || array.release == nullptr)
    fail("{}: the Arrow structures were released before", source);
  if (schema.format == nullptr || std::string_view(schema.format) != "+s")
    fail(
        "{}: found Arrow's format '{}', expected '+s', a struct with a child for each column (a record "
        "batch)",
        source, shown_field(schema.format == nullptr ? "" : schema.format));
  if (schema.n_children != array.n_children)
    fail("{}: the schema has {} columns and the array {}", source, schema.n_children, array.n_children);
  if (array.length < 0 || array.offset < 0)
    fail("{}: the array has the length {} and the offset {}", source, array.length, array.offset);
  if (array.null_count > 0) fail("{}: {} rows are null as a whole, expected none", source, array.null_count);
}

void add_values(const ArrowColumn& values, std::size_t place, std::int64_t rows, std::int64_t offset,
                TableBuilder& builder) {
  for (std::int64_t row = offset; row < offset + rows; ++row) {
    if (values.is_null(row))
      builder.add_missing(place);
    else if (values.is_text())
      builder.add_text(place, values.text(row));
    else
      builder.add_number(place, values.number(row));
  }
}

}  // namespace

Table import_arrow(ArrowSchema& schema, ArrowArray& array, const std::string& source) {
  const TakenArray taken(schema, array);
  check_struct(schema, array, source);
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < schema.n_children; ++i) names.push_back(name_of(*schema.children[i]));
  TableBuilder builder(source, names);
  std::vector<std::pair<std::size_t, Column>> categorical;
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    const ArrowSchema& child_schema = *schema.children[i];
    const ArrowArray& child = *array.children[i];
    const ArrowColumn values(child_schema, child, source);
    if (child.length < array.length + array.offset)
      values.reject("has {} rows, expected {}", child.length, array.length);
    if ((child_schema.dictionary == nullptr) != (child.dictionary == nullptr))
      values.reject("has a dictionary in one of its two structures only");
    if (child_schema.dictionary == nullptr)
      add_values(values, static_cast<std::size_t>(i), array.length, array.offset, builder);
    else
      categorical.emplace_back(i, categories(values, child_schema, child, source));
  }
  for (std::int64_t row = 0; row < array.length; ++row) builder.end_row();
  Table table = builder.finish();
  for (auto& [place, column] : categorical) {
    const auto first = column.codes.begin() + array.offset;
    column.codes = std::vector<std::int32_t>(first, first + array.length);
    table.columns[place] = std::move(column);
  }
  return table;
}

std::span<const double> arrow_numbers(const ArrowSchema& schema, const ArrowArray& array,
                                      std::int64_t column) {
  const std::string source = "arrow_numbers";
  check_struct(schema, array, source);
  if (column < 0 || column >= schema.n_children)
    fail("{}: column {} of {} was asked for", source, column, schema.n_children);
  const ArrowSchema& child_schema = *schema.children[column];
  const ArrowArray& child = *array.children[column];
  const ArrowColumn values(child_schema, child, source);
  if (std::string_view(child_schema.format) != "g" || child_schema.dictionary != nullptr)
    values.reject("has Arrow's format '{}', expected 'g' (float64)", child_schema.format);
  for (std::int64_t row = 0; row < array.length; ++row)
    if (values.is_null(row + array.offset)) values.reject("row {} is null, expected no nulls", row);
  return {static_cast<const double*>(child.buffers[1]) + child.offset + array.offset,
          static_cast<std::size_t>(array.length)};
}

}  // namespace tessera::data
