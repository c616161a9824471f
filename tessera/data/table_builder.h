// A table that is made row by row from a source with types of its own: SQL, Arrow. Internal to this room.
//
// A column is numeric when every value of it is a number and there is at least one; a column without any value is of texts, as in
// CSV; numbers among texts become texts. An empty text is a missing value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/data/table.h"

namespace tessera::data {

class TableBuilder {
 public:
  // Names must be distinct and not empty.
  TableBuilder(const std::string& source, const std::vector<std::string>& names);

  // One call per column and row, row after row in each column; as many end_row().
  void add_missing(std::size_t column);
  void add_number(std::size_t column, double number);
  void add_text(std::size_t column, std::string_view text);
  void end_row();
  std::int64_t rows() const { return table_.rows; }
  Table finish();

 private:
  void become_text(Column& column);

  Table table_;
};

}  // namespace tessera::data
