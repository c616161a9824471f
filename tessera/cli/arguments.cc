#include "tessera/cli/arguments.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/base/suggest.h"

namespace tessera::cli {

namespace {

// "--threads N" -> "--threads"
std::string option_name(std::string_view name) {
  return std::string(name.substr(0, name.find(' ')));
}

// "--threads N" -> "N"
std::string value_name(std::string_view name) {
  const auto space = name.find(' ');
  return space == std::string_view::npos ? "" : std::string(name.substr(space + 1));
}

}  // namespace

struct Arguments::Parser {
  Parser(std::string_view command, std::string_view summary, std::string_view details)
      : app(std::string(summary), "tessera " + std::string(command)), name(command) {
    app.footer(details.empty() ? std::string() : "\n" + std::string(details));
    app.set_help_flag("-h,--help", "Print this help");
    app.get_formatter()->column_width(28);
    app.allow_extras();
  }

  CLI::App app;
  std::string name;
};

Arguments::Arguments(std::string_view command, std::string_view summary, std::string_view details)
    : parser_(std::make_unique<Parser>(command, summary, details)) {}
Arguments::~Arguments() = default;

void Arguments::positional(std::string_view name, std::string& value, std::string_view help, bool required) {
  auto* option = parser_->app.add_option(std::string(name), value, std::string(help))->option_text(" ");
  if (required) option->required();
}

void Arguments::positional(std::string_view name, std::vector<std::string>& values, std::string_view help) {
  parser_->app.add_option(std::string(name), values, std::string(help))
      ->option_text("... ")
      ->expected(1, CLI::detail::expected_max_vector_size)
      ->required();
}

void Arguments::option(std::string_view name, std::string& value, std::string_view help) {
  parser_->app.add_option(option_name(name), value, std::string(help))->option_text(value_name(name));
}

void Arguments::option(std::string_view name, std::vector<std::string>& values, std::string_view help) {
  parser_->app.add_option(option_name(name), values, std::string(help))
      ->option_text(value_name(name))
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
}

void Arguments::option(std::string_view name, std::int64_t& value, std::string_view help, std::int64_t lowest,
                       std::int64_t highest) {
  const std::string flag = option_name(name);
  parser_->app.add_option(flag, value, std::string(help))
      ->option_text(value_name(name))
      ->check([flag, lowest, highest](const std::string& text) -> std::string {
        std::int64_t number = 0;
        if (!CLI::detail::lexical_cast(text, number)) {
          fail_with(ExitCode::kUsage, "{}: expected a whole number, found '{}'", flag, text);
        }
        if (number < lowest || number > highest) {
          fail_with(ExitCode::kUsage, "{}: expected a number from {} to {}, found {}", flag, lowest, highest,
                    number);
        }
        return {};
      });
}

void Arguments::flag(std::string_view name, bool& value, std::string_view help) {
  parser_->app.add_flag(std::string(name), value, std::string(help));
}

bool Arguments::parse(const std::vector<std::string>& words) {
  const std::string& name = parser_->name;
  try {
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    parser_->app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", parser_->app.help());
    return false;
  } catch (const CLI::ParseError& error) {
    fail_with(ExitCode::kUsage, "{} (see 'tessera {} --help')", error.what(), name);
  }
  const std::vector<std::string> extras = parser_->app.remaining();
  if (extras.empty()) return true;

  std::vector<std::string> known;
  for (const CLI::Option* option : parser_->app.get_options()) {
    for (const std::string& long_name : option->get_lnames()) known.push_back("--" + long_name);
  }
  const std::string word = extras.front().substr(0, extras.front().find('='));
  if (word.starts_with("-")) {
    fail_with(ExitCode::kUsage, "tessera {} has no option {}{} (see 'tessera {} --help')", name, word,
              did_you_mean(word, known), name);
  }
  fail_with(ExitCode::kUsage, "tessera {} does not take the argument '{}' (see 'tessera {} --help')", name,
            word, name);
}

}  // namespace tessera::cli
