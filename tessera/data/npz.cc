#include "tessera/data/npz.h"

#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/text.h"
#include "tessera/base/zip.h"
#include "tessera/data/npy.h"

namespace tessera::data {
namespace {
constexpr std::string_view kEnding = ".npy";
}  // namespace

std::map<std::string, Tensor> parse_npz(std::string_view bytes, const std::string& source) {
  std::map<std::string, Tensor> arrays;
  for (const ZipEntry& entry : parse_zip(bytes, source)) {
    const std::string name = printable(entry.name);
    if (!entry.name.ends_with(kEnding))
      fail("{}: has an entry '{}', expected only NPY files (NAME.npy)", source, name);
    arrays.emplace(entry.name.substr(0, entry.name.size() - kEnding.size()),
                   parse_npy(entry.bytes, fmt::format("{}: {}", source, name)));
  }
  return arrays;
}

std::map<std::string, Tensor> read_npz(const std::string& path) {
  return parse_npz(read_file(path), path);
}

std::string npz_bytes(const std::map<std::string, Tensor>& arrays) {
  std::vector<ZipEntry> entries;
  for (const auto& [name, array] : arrays)
    entries.push_back({fmt::format("{}{}", name, kEnding), npy_bytes(array)});
  return zip_bytes(entries);
}

void write_npz(const std::string& path, const std::map<std::string, Tensor>& arrays) {
  write_file_atomically(path, npz_bytes(arrays));
}

Table npz_table(const std::map<std::string, Tensor>& arrays, const std::string& source) {
  Table table{source, -1, {}, {}};
  for (const auto& [name, array] : arrays) {
    if (array.rank() != 1 && array.rank() != 2)
      fail("{}: the array '{}' has the shape {}, expected one or two axes for columns of a table", source,
           printable(name), array.shape().to_string());
    if (table.rows >= 0 && array.size(0) != table.rows)
      fail("{}: the array '{}' has {} rows, expected {} as '{}'", source, printable(name), array.size(0),
           table.rows, printable(arrays.begin()->first));
    const bool vector = array.rank() == 1;
    Table part = table_of(vector ? array.reshape({array.size(0), 1}) : array);
    table.rows = part.rows;
    table.lines = std::move(part.lines);
    for (std::size_t i = 0; i < part.columns.size(); ++i) {
      part.columns[i].name = vector ? name : fmt::format("{}_{}", name, i + 1);
      if (table.find(part.columns[i].name) != nullptr)
        fail("{}: two columns would be called '{}'", source, printable(part.columns[i].name));
      table.columns.push_back(std::move(part.columns[i]));
    }
  }
  if (table.columns.empty()) fail("{}: holds no array", source);
  return table;
}

}  // namespace tessera::data
