// Errors and contracts.
//
// Two kinds of things go wrong:
//   - Bad input (a file, an option, a shape): `throw Error(...)`. The message is one sentence that names the
//     file, line, column or argument, what was found and what was expected. Programs print it on stderr and
//     exit with `code()`. Nothing half-written is left behind.
//   - A programming error: `TESSERA_CHECK(condition, message...)`. It prints file, line and condition and
//   aborts;
//     nothing catches it.
//
// Thread-safety: everything here may be used from any thread.
//
// ```cpp
// try {
//   fail("{}:{}: expected a number, found '{}'", "digits.csv", 7, "x");
// } catch (const Error& error) {
//   assert(std::string(error.what()) == "digits.csv:7: expected a number, found 'x'");
//   assert(error.code() == ExitCode::kFailure);
// }
// ```
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace tessera {

// Exit statuses of the command-line tool; an Error carries the one that it leads to.
enum class ExitCode : int {
  kSuccess = 0,       // done; for verify: identical
  kFailure = 1,       // a mismatch, or a failure such as an unreadable file
  kUsage = 2,         // the command line or the configuration is wrong
  kCannotRerun = 3,   // the record cannot be re-executed here
  kInputChanged = 4,  // an input file is not the one that was recorded
  kUnsealed = 5,      // the record is not sealed: incomplete, or cut short
};

class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message, ExitCode code = ExitCode::kFailure)
      : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

// Throws Error with a message formatted by fmt.
template <typename... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(fmt::format(format, std::forward<Args>(args)...));
}

// The same with an exit status of its own.
template <typename... Args>
[[noreturn]] void fail_with(ExitCode code, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(fmt::format(format, std::forward<Args>(args)...), code);
}

namespace internal {
[[noreturn]] void contract_violation(const char* file, int line, const char* condition,
                                     const std::string& message);
}  // namespace internal

}  // namespace tessera

// Aborts with file, line, condition and message when `condition` does not hold. For programming errors only.
#define TESSERA_CHECK(condition, ...)                                                                    \
  do {                                                                                                   \
    if (!(condition)) [[unlikely]]                                                                       \
      ::tessera::internal::contract_violation(__FILE__, __LINE__, #condition, fmt::format(__VA_ARGS__)); \
  } while (false)
