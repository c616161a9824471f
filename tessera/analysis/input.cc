#include "tessera/analysis/input.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "tessera/base/error.h"
#include "tessera/base/postgresql_uri.h"
#include "tessera/base/suggest.h"
#include "tessera/data/idx.h"
#include "tessera/data/npy.h"
#include "tessera/data/npz.h"
#include "tessera/data/sql_table.h"
#include "tessera/data/table_file.h"

namespace tessera::analysis {
namespace {

const std::vector<std::string> kFormats = {"csv", "npz", "npy", "idx", "cifar10", "cifar100", "sqlite"};
constexpr const char* kPostgresql = "postgresql";  // by the address alone

std::string format_of(const InputSource& source) {
  if (is_postgresql_uri(source.file)) {
    if (!source.format.empty())
      fail_with(ExitCode::kUsage, "{}: --format is for files, and this is a PostgreSQL database",
                without_password(source.file));
    return kPostgresql;
  }
  refuse_other_address(source.file);
  if (!source.format.empty()) {
    if (std::find(kFormats.begin(), kFormats.end(), source.format) == kFormats.end())
      fail_with(ExitCode::kUsage,
                "there is no format '{}'{}, expected csv, npz, npy, idx, cifar10, cifar100 or sqlite",
                source.format, did_you_mean(source.format, kFormats));
    return source.format;
  }
  std::string_view name = source.file;
  if (name.ends_with(".gz")) name.remove_suffix(3);
  if (name.ends_with(".npz")) return "npz";
  if (name.ends_with(".npy")) return "npy";
  if (name.ends_with(".idx") || name.ends_with("-ubyte")) return "idx";
  if (name.ends_with(".sqlite") || name.ends_with(".sqlite3") || name.ends_with(".db")) return "sqlite";
  return "csv";
}

void check_source(const InputSource& source, const std::string& format) {
  const std::string file = without_password(source.file);
  const bool database = format == "sqlite" || format == kPostgresql;
  if (database && source.query.empty())
    fail_with(ExitCode::kUsage, "{}: a database needs --query SQL, for example 'SELECT * FROM people'", file);
  if (!database && !source.query.empty())
    fail_with(ExitCode::kUsage, "{}: --query is for a database, and this is read as {}", file, format);
  if (format != "csv" && !source.columns.empty())
    fail_with(ExitCode::kUsage, "{}: --columns is for CSV without a header, and this is read as {}", file,
              format);
  if (!source.labels.empty() && format != "npy" && format != "idx")
    fail_with(ExitCode::kUsage, "{}: --labels is for images in NPY and IDX files, and this is read as {}",
              file, format);
}

// Arrays of one or two axes are tables.
Input array_input(const InputSource& source, const std::string& format) {
  Input input;
  const Tensor array = format == "npy" ? data::read_npy(source.file) : data::read_idx(source.file);
  if (array.rank() == 0) fail("{}: a single number, expected at least one axis", source.file);
  if (array.rank() <= 2) {
    if (!source.labels.empty())
      fail_with(ExitCode::kUsage, "{}: an array of the shape {} is a table, expected images beside --labels",
                source.file, array.shape().to_string());
    input.table = data::table_of(array.rank() == 1 ? array.reshape({array.size(0), 1}) : array);
    input.table->source = source.file;
    return input;
  }
  data::DatasetSource images{.format = format, .features = source.file, .labels = source.labels};
  input.images = data::read_dataset(images);
  return input;
}

}  // namespace

Input read_analysis_input(const InputSource& source) {
  const std::string format = format_of(source);
  check_source(source, format);
  if (format == "npy" || format == "idx") return array_input(source, format);
  Input input;
  if (format == "cifar10" || format == "cifar100") {
    data::DatasetSource images{.format = format, .features = source.file};
    if (format == "cifar100") images.label_column = "fine";
    input.images = data::read_dataset(images);
  } else if (format == "npz") {
    input.table = data::npz_table(data::read_npz(source.file), source.file);
  } else if (format == kPostgresql) {
    input.table = data::read_table_file(source.file, {.query = source.query});
  } else if (format == "sqlite") {
    input.table = data::read_sqlite(source.file, source.query);
  } else if (!source.columns.empty()) {
    input.table = data::read_table_file(source.file, {.csv = source.csv, .columns = source.columns});
  } else {
    input.table = data::read_csv(source.file, source.csv);
  }
  return input;
}

}  // namespace tessera::analysis
