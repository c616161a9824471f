// The arguments of one command: declared once with their help, parsed by CLI11, which only arguments.cc sees.
//
// A name is written as the help shows it: "CONFIG" for a positional argument, "--threads N" for an option that takes a value,
// "--quiet" for a flag. A mistyped option gets a suggestion; a value of the wrong type names the option.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::cli {

class Arguments {
 public:
  // `command` as typed ("train", "key new"); `summary` one line; `details` paragraphs and examples below the options.
  Arguments(std::string_view command, std::string_view summary, std::string_view details);
  ~Arguments();
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;

  void positional(std::string_view name, std::string& value, std::string_view help, bool required = true);
  void positional(std::string_view name, std::vector<std::string>& values,
                  std::string_view help);  // one or more
  void option(std::string_view name, std::string& value, std::string_view help);
  void option(std::string_view name, std::vector<std::string>& values,
              std::string_view help);  // may be repeated
  void option(std::string_view name, std::int64_t& value, std::string_view help, std::int64_t lowest,
              std::int64_t highest);
  void flag(std::string_view name, bool& value, std::string_view help);

  // Fills the declared values. Throws Error(kUsage). If help was asked for: prints it and returns false.
  bool parse(const std::vector<std::string>& words);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace tessera::cli
