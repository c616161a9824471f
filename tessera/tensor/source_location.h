// The place in the source that called a function, for traces and messages: std::source_location in the form that clang 14 can
// compile too (it lacks the builtin behind the standard one). As a default argument, `current()` is the caller's place.
//
// Thread-safety: a value.
//
// ```cpp
// SourceLocation here = SourceLocation::current();
// assert(here.line() > 0 && std::string(here.file_name()).size() > 0);
// assert(source_text(SourceLocation()).empty());
// ```
#pragma once

#include <string>

namespace tessera {

class SourceLocation {
 public:
  static constexpr SourceLocation current(const char* file = __builtin_FILE(),
                                          const char* function = __builtin_FUNCTION(),
                                          unsigned line = __builtin_LINE()) {
    return SourceLocation(file, function, line);
  }
  constexpr SourceLocation() = default;  // nowhere: empty names, line 0

  constexpr const char* file_name() const { return file_; }
  constexpr const char* function_name() const { return function_; }
  constexpr unsigned line() const { return line_; }

 private:
  constexpr SourceLocation(const char* file, const char* function, unsigned line)
      : file_(file), function_(function), line_(line) {}

  const char* file_ = "";
  const char* function_ = "";
  unsigned line_ = 0;
};

// "tessera/nn/layers.cc:88": the path is relative to the root of Tessera's own source, or to the working directory, for files below
// them, so that it is the same on two machines; others are as the compiler named them. Empty for nowhere.
std::string source_text(SourceLocation where);

}  // namespace tessera
