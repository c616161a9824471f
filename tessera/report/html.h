// Pieces of HTML that cannot hold what a record says as markup.
//
// What stands in a record may come from a stranger: names, paths, settings, messages. An Html is made of literals of the program
// (markup) and of texts (text), which go through printable() and have every character escaped that means something in HTML, in
// attributes too. A std::string does not become an Html by accident. Thread-safety: distinct objects may be used from distinct
// threads.
//
// ```cpp
// report::Html row = report::markup("<td>");
// row += report::text("<script>alert('1')</script>");
// row += report::markup("</td>");
// assert(row.string() == "<td>&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;</td>");
// assert(report::text("a\x1b[2J").string() == "a\\x1b[2J");
// assert(report::shortened("Grüße", 4) == "Grü…");
// ```
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tessera::report {

class Html {
 public:
  Html() = default;
  Html& operator+=(const Html& more) {
    string_ += more.string_;
    return *this;
  }
  friend Html operator+(Html first, const Html& second) { return first += second; }
  const std::string& string() const { return string_; }
  bool empty() const { return string_.empty(); }

 private:
  explicit Html(std::string string) : string_(std::move(string)) {}
  friend Html markup(std::string_view literal);
  friend Html text(std::string_view text);
  std::string string_;
};

Html markup(std::string_view literal);  // of this program: never what was read
Html text(std::string_view text);
// <tag attributes>content</tag>; tag and attributes are literals of this program.
Html element(std::string_view tag, const Html& content, std::string_view attributes = {});
Html element(std::string_view tag, std::string_view plain_text, std::string_view attributes = {});
Html code(std::string_view plain_text);
// Closed until the reader opens it.
Html details(std::string_view summary, const Html& content);

struct TableColumn {
  std::string title;
  bool number = false;  // aligned to the right
};

// The first cell of a row is its header.
struct Table {
  std::string caption;
  std::vector<TableColumn> columns;
  std::vector<std::vector<Html>> rows;
};
Html table_html(const Table& table);

// ---- Texts for people ----

// The first characters and "…" when there are more than `most`. Only whole characters of UTF-8.
std::string shortened(std::string_view text, std::size_t most);
std::string count_text(std::uint64_t count, std::string_view singular,
                       std::string_view plural = {});   // "1,350 steps"
std::string number_text(double value);                  // four digits: "0.9833", "1.2e-05", "not a number"
std::string percent_text(double share);                 // "98.3 %"
std::string duration_text(std::uint64_t microseconds);  // "1.2 s", "3 min 5 s", "2 h 14 min"

}  // namespace tessera::report
