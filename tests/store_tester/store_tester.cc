// Tests the run store against a model: random sequences of operations, among them kills in the middle of writing a file, failing
// disks and changed bytes. A sequence at which the store and the model disagree is made short and printed as a script.
//
//     store_tester [--sequences N] [--seed S] [--first K] [--jobs J] [--length L]
//     store_tester --replay FILE...     executes scripts (operation.h has their format)
//     store_tester --every-call         one fault at every call of every operation
//     store_tester --print K            the random script number K of the seed
//     store_tester --self-test          builds one fault after the other into itself, and has to find each
//     store_tester --break NAME ...     the same for one fault, with any of the above
//
// Exit status: 0 no finding, 1 a finding, 2 usage. docs/testing.md says more.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/progress.h"
#include "tests/store_tester/breaks.h"
#include "tests/store_tester/every_call.h"
#include "tests/store_tester/generator.h"
#include "tests/store_tester/jobs.h"

namespace {

using namespace store_tester;  // NOLINT(google-build-using-namespace): this is its program
using tessera::grouped_number;

constexpr std::size_t kMostOperations = 6;  // that a finding of the self-test may have

struct Arguments {
  Task task;
  bool self_test = false, every_call = false, print = false;
  std::vector<std::string> scripts;
};

std::uint64_t number_of(const std::string& option, const std::string& text) {
  char* end = nullptr;
  const std::uint64_t number = std::strtoull(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0' || text[0] == '-')
    tessera::fail_with(tessera::ExitCode::kUsage, "{}: expected a whole number, found '{}'", option, text);
  return number;
}

void choose_break(const std::string& name) {
  for (const auto& [known, what] : kBreaks)
    if (known == name) chosen_break() = name;
  if (chosen_break() == name) return;
  std::string known;
  for (const auto& [each, what] : kBreaks) known += " " + each;
  tessera::fail_with(tessera::ExitCode::kUsage, "--break: expected one of{}, found '{}'", known, name);
}

Arguments parse_arguments(const std::vector<std::string>& words) {
  Arguments arguments;
  Task& task = arguments.task;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& option = words[i];
    const auto value = [&]() -> std::string {
      if (i + 1 == words.size())
        tessera::fail_with(tessera::ExitCode::kUsage, "{}: a value is missing", option);
      return words[++i];
    };
    if (option == "--sequences")
      task.sequences = number_of(option, value());
    else if (option == "--seed")
      task.seed = number_of(option, value());
    else if (option == "--first")
      task.first = number_of(option, value());
    else if (option == "--jobs")
      task.jobs = std::max<std::uint64_t>(number_of(option, value()), 1);
    else if (option == "--length")
      task.length = number_of(option, value());
    else if (option == "--break")
      choose_break(value());
    else if (option == "--self-test")
      arguments.self_test = true;
    else if (option == "--every-call")
      arguments.every_call = true;
    else if (option == "--print") {
      arguments.print = true;
      task.first = number_of(option, value());
    } else if (option == "--replay") {
      arguments.scripts.assign(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
      break;
    } else
      tessera::fail_with(tessera::ExitCode::kUsage,
                         "there is no option '{}'; the first lines of store_tester.cc list them", option);
  }
  return arguments;
}

std::string summary(const Counts& counts) {
  std::uint64_t operations = 0;
  std::string kinds;
  for (const auto& [kind, count] : counts.executed) {
    operations += count;
    kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", kind, grouped_number(count));
  }
  return fmt::format("{} operations ({}), {} faults met, {} refusals, {} seals", grouped_number(operations),
                     kinds, grouped_number(counts.faults), grouped_number(counts.refusals),
                     grouped_number(counts.seals));
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

int random_sequences(const Task& task) {
  const auto start = std::chrono::steady_clock::now();
  const Outcome outcome = run_task(task);
  std::puts(fmt::format("{} sequences of seed {}, {} findings, {:.0f} s: {}",
                        grouped_number(outcome.sequences), task.seed, outcome.finding ? 1 : 0,
                        seconds_since(start), summary(outcome.counts))
                .c_str());
  if (!outcome.finding) return 0;
  std::puts(fmt::format("# sequence {} of seed {}: {}\n{}", outcome.finding->sequence, task.seed,
                        outcome.finding->sentence, script_text(outcome.finding->script))
                .c_str());
  return 1;
}

int replay_scripts(const std::vector<std::string>& files) {
  int findings = 0;
  Counts counts;
  for (const std::string& file : files) {
    const Script script = parse_script(tessera::read_file(file), file);
    const auto finding = run_script(script, counts);
    if (!finding) continue;
    ++findings;
    const std::string where =
        finding->operation < script.size() ? operation_text(script[finding->operation]) : "at the end";
    std::puts(fmt::format("{}: {}: {}", file, where, finding->sentence).c_str());
  }
  std::puts(fmt::format("{} scripts, {} findings: {}", files.size(), findings, summary(counts)).c_str());
  return findings == 0 ? 0 : 1;
}

int fault_at_every_call() {
  Counts counts;
  std::size_t scripts = 0, findings = 0;
  every_call([&](const Script& script) {
    const std::uint64_t faults = counts.faults;
    const auto finding = run_script(script, counts);
    ++scripts;
    findings += finding ? 1 : 0;
    if (finding) std::puts(fmt::format("# {}\n{}", finding->sentence, script_text(script)).c_str());
    return counts.faults > faults;
  });
  std::puts(fmt::format("{} scripts, {} findings: {}", scripts, findings, summary(counts)).c_str());
  return findings == 0 ? 0 : 1;
}

int self_test(Task task) {
  int missed = 0;
  task.quiet = true;
  for (const auto& [name, what] : kBreaks) {
    chosen_break() = name;
    const Outcome outcome = run_task(task);
    const bool good = outcome.finding && outcome.finding->script.size() <= kMostOperations;
    missed += good ? 0 : 1;
    std::puts(fmt::format("{}: {}: {}", name, what,
                          !outcome.finding
                              ? fmt::format("NOT FOUND in {} sequences", outcome.sequences)
                              : fmt::format("{} by sequence {}, {} operations: {}",
                                            good ? "found" : "NOT SHORT", outcome.finding->sequence,
                                            outcome.finding->script.size(), outcome.finding->sentence))
                  .c_str());
    if (outcome.finding) std::puts(script_text(outcome.finding->script).c_str());
  }
  std::puts(fmt::format("{} of {} faults found and made short",
                        kBreaks.size() - static_cast<std::size_t>(missed), kBreaks.size())
                .c_str());
  return missed == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** values) {
  try {
    const Arguments arguments = parse_arguments({values + 1, values + count});
    tessera::use_default_backend();
    if (arguments.self_test) return self_test(arguments.task);
    if (arguments.every_call) return fault_at_every_call();
    if (!arguments.scripts.empty()) return replay_scripts(arguments.scripts);
    if (!arguments.print) return random_sequences(arguments.task);
    std::fputs(
        script_text(random_script(arguments.task.seed, arguments.task.first, arguments.task.length)).c_str(),
        stdout);
    return 0;
  } catch (const tessera::Error& error) {
    std::fprintf(stderr, "store_tester: %s\n", error.what());
    return static_cast<int>(error.code());
  }
}
