// Columns of a table by name, for whoever looks many of them up: Table::find looks at one after the other. For these rooms, not for users.
//
// The table must outlive the index. Thread-safety: may be read from several threads.
#pragma once

#include <string_view>
#include <unordered_map>

#include "tessera/data/table.h"

namespace tessera::data {

class ColumnIndex {
 public:
  explicit ColumnIndex(const Table& table) : table_(table) {
    for (const Column& column : table.columns)
      columns_.emplace(column.name, &column);  // the first one counts
  }
  const Column* find(std::string_view name) const {
    const auto found = columns_.find(name);
    return found == columns_.end() ? nullptr : found->second;
  }
  const Column& column(std::string_view name) const {
    const Column* found = find(name);
    return found != nullptr ? *found : table_.column(name);  // which throws, with a suggestion
  }

 private:
  const Table& table_;
  std::unordered_map<std::string_view, const Column*> columns_;
};

}  // namespace tessera::data
