// Text line by line, for the readers of formats whose errors name a line.
//
// Lines end with LF or CRLF; a line that is empty but for blanks, and what follows a '#' in a line, is skipped. The text has to outlive
// the object and the views that it gives. Not thread-safe: one object per thread.
//
// ```cpp
// data::Lines lines("# a comment\n\n1 2  # two words\n", "t.off");
// assert(lines.next() && lines.number() == 3);
// assert(data::split_at_blanks(lines.text()).size() == 2 && !lines.next());
// ```
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/text.h"

namespace tessera::data {

class Lines {
 public:
  Lines(std::string_view text, std::string source, bool comments = true)
      : rest_(text), source_(std::move(source)), comments_(comments) {}

  bool next();                                     // false at the end of the text
  std::string_view text() const { return text_; }  // of the line that next() found, without blanks around it
  std::int64_t number() const { return number_; }  // counted from 1
  std::string_view rest() const {
    return rest_;
  }  // what follows that line, for formats whose data follow a header

  // Error "FILE:LINE: ...".
  template <typename... Args>
  [[noreturn]] void reject(fmt::format_string<Args...> format, Args&&... args) const {
    fail("{}:{}: {}", source_, number_, fmt::format(format, std::forward<Args>(args)...));
  }
  const std::string& source() const { return source_; }

 private:
  std::string_view rest_, text_;
  std::string source_;
  bool comments_;
  std::int64_t number_ = 0;
};

// The parts between blanks and tabs.
std::vector<std::string_view> split_at_blanks(std::string_view line);

// The finite number that a word is; rejects the line with a sentence that begins with `what` ("vertex 3") otherwise.
double finite_number(const Lines& lines, std::string_view word, std::string_view what);

}  // namespace tessera::data
