#include "tessera/data/arrow_stream.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/data/table_builder.h"

namespace tessera::data {
namespace {

// ---- Handing out ----

struct OwnedStream {
  std::shared_ptr<const Table> table;
  bool handed_out = false;
};

int schema_of(ArrowArrayStream* stream, ArrowSchema* out) {
  ArrowArray unused;
  export_arrow(static_cast<OwnedStream*>(stream->private_data)->table, *out, unused);
  unused.release(&unused);
  return 0;
}

int next_of(ArrowArrayStream* stream, ArrowArray* out) {
  auto& owned = *static_cast<OwnedStream*>(stream->private_data);
  out->release = nullptr;  // the end
  if (std::exchange(owned.handed_out, true)) return 0;
  ArrowSchema unused;
  export_arrow(owned.table, unused, *out);
  unused.release(&unused);
  return 0;
}

const char* no_error(ArrowArrayStream*) {
  return nullptr;
}

void release(ArrowArrayStream* stream) {
  delete static_cast<OwnedStream*>(stream->private_data);
  stream->release = nullptr;
}

// ---- Taking ----

class TakenStream {
 public:
  TakenStream(ArrowArrayStream& stream, const std::string& source) : stream_(stream), source_(source) {
    if (stream.release == nullptr) fail("{}: the Arrow stream was released before", source);
  }
  ~TakenStream() { stream_.release(&stream_); }
  TakenStream(const TakenStream&) = delete;
  TakenStream& operator=(const TakenStream&) = delete;

  // A new one for each piece, since taking a piece releases it.
  ArrowSchema schema() {
    ArrowSchema schema{};
    require(stream_.get_schema(&stream_, &schema));
    return schema;
  }
  ArrowArray next() {
    ArrowArray array{};
    require(stream_.get_next(&stream_, &array));
    return array;
  }

 private:
  void require(int status) {
    if (status == 0) return;
    const char* message = stream_.get_last_error(&stream_);
    fail("{}: the Arrow stream ended with the error {}: {}", source_, status,
         message == nullptr ? "it does not say why" : message);
  }
  ArrowArrayStream& stream_;
  const std::string& source_;
};

void append_numbers(Column& to, const Column& from, std::int64_t before) {
  if (!to.absent.empty() || !from.absent.empty()) {
    to.absent.resize(static_cast<std::size_t>(before));
    to.absent.insert(to.absent.end(), from.absent.begin(), from.absent.end());
    to.absent.resize(static_cast<std::size_t>(before) + from.numbers.size());
  }
  to.numbers.insert(to.numbers.end(), from.numbers.begin(), from.numbers.end());
}

void append_codes(Column& to, const Column& from) {
  std::map<std::string, std::int32_t, std::less<>> place;
  for (const std::string& name : to.categories) place.emplace(name, static_cast<std::int32_t>(place.size()));
  std::vector<std::int32_t> code_of;
  for (const std::string& name : from.categories) {
    const auto [found, added] = place.emplace(name, static_cast<std::int32_t>(to.categories.size()));
    if (added) to.categories.push_back(name);
    code_of.push_back(found->second);
  }
  for (const std::int32_t code : from.codes)
    to.codes.push_back(code < 0 ? -1 : code_of[static_cast<std::size_t>(code)]);
}

// A piece of numbers in which all values are missing is one of texts: TableBuilder cannot know more.
void make_numeric(Column& column, std::int64_t rows) {
  column.numeric = true;
  column.texts.clear();
  column.numbers.assign(static_cast<std::size_t>(rows), std::numeric_limits<double>::quiet_NaN());
  column.absent.assign(static_cast<std::size_t>(rows), 1);
}

void append(Column& to, Column from, std::int64_t before, std::int64_t added, const std::string& source) {
  const bool to_empty = to.missing == before && to.type() == ColumnType::kText;
  const bool from_empty = from.missing == added && from.type() == ColumnType::kText;
  if (to.numeric && from_empty) make_numeric(from, added);
  if (from.numeric && to_empty) make_numeric(to, before);
  if (to.type() != from.type())
    fail("{}: the column '{}' has {} in one piece of the stream and {} in another", source, to.name,
         type_name(to.type()), type_name(from.type()));
  if (to.first_missing_line == 0 && from.first_missing_line != 0)
    to.first_missing_line = before + from.first_missing_line;
  if (to.first_text_line == 0 && from.first_text_line != 0) {
    to.first_text_line = before + from.first_text_line;
    to.first_text = from.first_text;
  }
  to.missing += from.missing;
  if (to.numeric)
    append_numbers(to, from, before);
  else if (to.categorical)
    append_codes(to, from);
  else
    std::move(from.texts.begin(), from.texts.end(), std::back_inserter(to.texts));
}

void append(Table& table, Table piece, const std::string& source) {
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    append(table.columns[i], std::move(piece.columns[i]), table.rows, piece.rows, source);
  for (const std::int64_t line : piece.lines) table.lines.push_back(table.rows + line);
  table.rows += piece.rows;
}

// No piece: the columns without rows.
Table without_rows(ArrowSchema schema, const std::string& source) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < schema.n_children; ++i)
    names.emplace_back(schema.children[i]->name == nullptr ? "" : schema.children[i]->name);
  schema.release(&schema);
  return TableBuilder(source, names).finish();
}

}  // namespace

void export_arrow(std::shared_ptr<const Table> table, ArrowArrayStream& stream) {
  stream = {schema_of, next_of, no_error, release, new OwnedStream{std::move(table)}};
}

Table import_arrow(ArrowArrayStream& stream, const std::string& source) {
  TakenStream taken(stream, source);
  Table table;
  bool first = true;
  for (ArrowArray array = taken.next(); array.release != nullptr; array = taken.next()) {
    ArrowSchema schema = taken.schema();
    Table piece = import_arrow(schema, array, source);
    if (std::exchange(first, false))
      table = std::move(piece);
    else
      append(table, std::move(piece), source);
  }
  return first ? without_rows(taken.schema(), source) : table;
}

}  // namespace tessera::data
