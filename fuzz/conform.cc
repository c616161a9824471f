// Any table against any table's schema: the first byte chooses options, the rest is two CSV files with a NUL between.
#include "fuzz/fuzz.h"
#include "tessera/data/schema.h"

namespace tessera::fuzz {

void fuzz_one(std::string_view bytes) {
  const std::size_t middle = bytes.find('\0');
  if (bytes.empty() || middle == std::string_view::npos || middle == 0) return;
  data::CsvOptions options{.separator = data::kDetectSeparator, .missing = {"?"}};
  options.trim = (bytes[0] & 1) != 0;
  data::Table training = data::parse_csv(bytes.substr(1, middle - 1), "a.csv", options);
  if (bytes[0] & 2) data::make_category(training, training.columns.back().name);
  TESSERA_CHECK(data::digest(data::conform(training, data::Schema::of(training))) == data::digest(training),
                "a table does not conform to its own schema");
  const data::Schema schema = data::Schema::of(training);
  const data::Table later = data::parse_csv(bytes.substr(middle + 1), "b.csv", schema.csv_options(options));
  const data::Table found =
      data::conform(later, schema, {.unseen = data::UnseenCategory::kOther, .allow_missing = true});
  TESSERA_CHECK(found.columns.size() == schema.columns.size() && found.rows == later.rows,
                "other columns, or rows");
}

}  // namespace tessera::fuzz
