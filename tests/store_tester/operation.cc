#include "tests/store_tester/operation.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "tessera/base/error.h"

namespace store_tester {
namespace {

using tessera::fail;

const OperationKind& kind_named(const std::string& name, const std::string& where) {
  for (const OperationKind& kind : operation_kinds())
    if (kind.name == name) return kind;
  fail("{}: there is no operation '{}'", where, name);
}

bool is_number(const std::string& text) {
  return !text.empty() && text.size() < 10 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Operation parse_operation(std::istringstream& words, const std::string& where) {
  Operation operation;
  words >> operation.kind;
  const OperationKind& kind = kind_named(operation.kind, where);
  if (kind.about_a_run) {
    words >> operation.run;
    if (std::find(kRuns.begin(), kRuns.end(), operation.run) == kRuns.end())
      fail("{}: expected one of the runs a, b, c, found '{}'", where, operation.run);
  }
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const auto found = kind.defaults.find(name);
    if (equals == std::string::npos || found == kind.defaults.end())
      fail("{}: '{}' has no argument '{}'", where, kind.name, word);
    const std::string value = word.substr(equals + 1);
    if (is_number(found->second) && !is_number(value))
      fail("{}: {}: expected a whole number, found '{}'", where, name, value);
    operation.arguments[name] = value;
  }
  return operation;
}

}  // namespace

const std::vector<OperationKind>& operation_kinds() {
  static const std::vector<OperationKind> kinds = {
      // A process begins a run and stops before its first step. keep: kept_checkpoints; numbered: the name is chosen.
      {"open",
       true,
       {{"steps", "6"},
        {"digest", "4"},
        {"checkpoint", "3"},
        {"seed", "1"},
        {"kept", "yes"},
        {"keep", "3"},
        {"key", "none"},
        {"loop", "range"},
        {"numbered", "no"},
        {"fault", "none"}}},
      // A process goes on with a run. other: what of the claim is given differently (seed, steps, digest, configuration).
      {"resume",
       true,
       {{"kept", "same"},
        {"keep", "3"},
        {"key", "same"},
        {"unsigned", "no"},
        {"loop", "range"},
        {"other", "nothing"},
        {"fault", "none"}}},
      // What the process that holds the run is told to do.
      {"steps", true, {{"n", "1"}, {"fault", "none"}}},
      {"stop", true, {{"fault", "none"}}},    // SIGTERM, then a step
      {"finish", true, {{"fault", "none"}}},  // in a loop that is not over: with `break`, after one more step
      {"abandon", true, {{"fault", "none"}}},  // leaves the loop without finish()
      {"go", true, {}},                        // after fault=halt:N
      // What happens to it: SIGKILL; a power cut, which leaves `keep` thousandths of what was not synced.
      {"kill", true, {}},
      {"cut", true, {{"keep", "0"}}},
      // Another process resumes (or opens) the run, makes n steps if it may, and leaves.
      {"rival", true, {{"what", "resume"}, {"n", "1"}}},
      // Looking at it.
      {"check", true, {}},
      {"read", true, {}},
      {"replay", true, {{"from", "0"}, {"to", "0"}, {"loop", "range"}, {"other", "nothing"}}},
      {"list", false, {{"where", "all"}, {"fault", "none"}}},  // all, sealed, steps, seed
      // What people do to folders. file: claim, chain, circumstances, timing, seal, paused, or a number for a checkpoint;
      // how: flip (a bit), cut, append, line (the last one again), swap (two lines), delete, or another thing of its name:
      // folder, pipe, link (that leads nowhere), away (a link to the file). at: where, in thousandths.
      {"copy", true, {{"to", "b"}}},
      {"rename", true, {{"to", "b"}}},
      {"remove", true, {}},
      {"tamper", true, {{"file", "chain"}, {"how", "flip"}, {"at", "500"}}},
      {"stranger", true, {}},  // a foreign file in the run's folder
      {"garbage",
       false,
       {{"what",
         "file"}}},  // file, folder, lock, claim, link, pipe, number (a folder with the highest one) in the store
      {"index", false, {{"how", "delete"}, {"at", "500"}}},  // delete, cut, garbage, flip
  };
  return kinds;
}

std::string Operation::text(const std::string& name) const {
  if (const auto found = arguments.find(name); found != arguments.end()) return found->second;
  return kind_named(kind, "operation").defaults.at(name);
}

std::uint64_t Operation::number(const std::string& name) const {
  const std::string value = text(name);
  std::uint64_t number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

std::string operation_text(const Operation& operation) {
  std::string text = operation.kind;
  if (!operation.run.empty()) text += " " + operation.run;
  for (const auto& [name, value] : operation.arguments) text += fmt::format(" {}={}", name, value);
  return text;
}

std::string script_text(const Script& script) {
  std::string text;
  for (const Operation& operation : script) text += operation_text(operation) + "\n";
  return text;
}

Script parse_script(std::string_view text, const std::string& where) {
  Script script;
  std::istringstream lines{std::string(text)};
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::string place = fmt::format("{}:{}", where, ++number);
    std::istringstream words(line.substr(0, line.find('#')));
    if ((words >> std::ws).eof()) continue;
    script.push_back(parse_operation(words, place));
  }
  return script;
}

}  // namespace store_tester
