#include "tessera/cli/command.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <exception>
#include <utility>

#include "tessera/backends/backends.h"
#include "tessera/base/postgresql_uri.h"
#include "tessera/base/suggest.h"
#include "tessera/base/text.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/version.h"
#include "tessera/tensor/fault.h"

namespace tessera::cli {

const std::vector<Command>& commands() {
  static const std::vector<Command> table = {
      {"train", "Train a network from a configuration and record the run", run_train},
      {"sweep", "Train with many settings, one recorded run each, and say which is best", run_sweep},
      {"predict", "Say what a trained run makes of the rows of a file", run_predict},
      {"evaluate", "Measure a trained run on a labelled file", run_evaluate},
      {"verify", "Re-execute a run and compare every step with its record", run_verify},
      {"resume", "Continue an interrupted run from its last checkpoint", run_resume},
      {"diff", "Say where two runs part: configuration, step, operation, tensor, element", run_diff},
      {"trace", "Re-execute some steps and leave what every operation computed", run_trace},
      {"runs", "List and search the runs of a store", run_runs},
      {"show", "Show one run: configuration, circumstances, progress, seal", run_show},
      {"compare", "Show the results of several runs and the settings in which they differ", run_compare},
      {"report", "Write one HTML page about a run, or about several", run_report},
      {"visualise", "Show what the feature maps of a trained network look for, as one HTML page",
       run_visualise},
      {"export", "Write a run's network as ONNX or safetensors, or its curves for TensorBoard", run_export},
      {"code train", "Learn to give clinical notes their codes, and record the run", run_code_train},
      {"code evaluate", "Measure such a run on notes with labels", run_code_evaluate},
      {"code predict", "Give notes their codes, with the sentences that speak for each", run_code_predict},
      {"generate train", "Learn to make images, and record the run", run_generate_train},
      {"generate samples", "Write a picture of what such a run makes", run_generate_samples},
      {"generate evaluate", "Measure how good and how varied that is", run_generate_evaluate},
      {"embed train", "Learn vectors of words from texts, and record the run", run_embed_train},
      {"embed nearest", "List the words that are nearest to one", run_embed_nearest},
      {"embed analogy", "Say what is to C as B is to A", run_embed_analogy},
      {"embed encode", "Write texts as vectors, one row each", run_embed_encode},
      {"analyse", "Look at a table or at images before learning from them", run_analyse},
      {"fit", "Let an estimator learn from a table, and record the run", run_fit},
      {"search", "Find the best settings of an estimator by cross-validation, and record the run",
       run_search},
      {"ingest", "Put the records of a CSV file into a table of an SQLite database", run_ingest},
      {"selftest", "Check this machine against the committed digests of every operation",
       run_selftest_command},
      {"doctor", "Say what this machine has, what was built in, and what would clash", run_doctor},
      {"key new", "Make a pair of keys for signing seals", run_key_new},
  };
  return table;
}

namespace {

std::string general_help() {
  std::string text =
      "Tessera trains networks and fits models to the same bits everywhere and leaves a record that anybody "
      "can "
      "re-execute.\n\n"
      "Usage: tessera COMMAND [ARGUMENTS]\n\nCommands:\n";
  for (const Command& command : commands())
    text += fmt::format("  {:<17} {}\n", command.name, command.summary);
  text +=
      "\nStart here:\n"
      "  tessera train examples/train/digits.toml    train a small network on handwritten digits\n"
      "  tessera analyse people.csv --target income  look at a table, then let an estimator learn from it:\n"
      "  tessera fit logistic_regression people.csv --target income\n"
      "  tessera runs                                list what was trained\n"
      "  tessera verify runs/digits-0001             re-execute it and compare every bit\n"
      "  tessera diff digits-0001 digits-0002        find where two runs part\n"
      "\n'tessera COMMAND --help' explains a command. 'tessera --version' prints the version.\n"
      "Exit status: 0 success or identical, 1 mismatch or failure, 2 usage, 3 cannot re-run, 4 input "
      "changed, 5 unsealed.\n";
  return text;
}

// The command whose name is a prefix of the words ("key new" takes two).
const Command* find_command(const std::vector<std::string>& words, std::size_t& used) {
  for (const Command& command : commands()) {
    const bool two_words = command.name.find(' ') != std::string_view::npos;
    if (two_words && words.size() < 2) continue;
    const std::string typed = two_words ? words[0] + " " + words[1] : words[0];
    if (typed == command.name) {
      used = two_words ? 2 : 1;
      return &command;
    }
  }
  return nullptr;
}

// The commands whose names begin with `word` and have a second one.
std::vector<const Command*> group_of(const std::string& word) {
  std::vector<const Command*> group;
  for (const Command& command : commands())
    if (command.name.starts_with(word + " ")) group.push_back(&command);
  return group;
}

std::string group_help(const std::vector<const Command*>& group, const std::string& word) {
  std::string text = fmt::format("Usage: tessera {} COMMAND [ARGUMENTS]\n\nCommands:\n", word);
  for (const Command* command : group) text += fmt::format("  {:<17} {}\n", command->name, command->summary);
  return text + fmt::format("\n'tessera {} COMMAND --help' explains a command.\n", word);
}

bool asks_for_help(const std::string& word) {
  return word == "--help" || word == "-h";
}

[[noreturn]] void fail_unknown(const std::vector<std::string>& words) {
  std::vector<std::string> names, seconds;
  for (const Command& command : commands()) names.emplace_back(command.name);
  for (const Command* command : group_of(words[0]))
    seconds.emplace_back(command->name.substr(words[0].size() + 1));
  if (!seconds.empty())
    fail_with(ExitCode::kUsage, "'tessera {}' needs a second word: {}{}", words[0], fmt::join(seconds, ", "),
              words.size() > 1 ? did_you_mean(words[1], seconds) : "");
  if (words[0].starts_with("-")) {
    fail_with(ExitCode::kUsage, "expected a command, found the option {} (see 'tessera --help')", words[0]);
  }
  fail_with(ExitCode::kUsage, "there is no command '{}'{} (see 'tessera --help')", words[0],
            did_you_mean(words[0], names));
}

ExitCode dispatch(std::vector<std::string> words) {
  if (words.empty() || asks_for_help(words[0]) || words[0] == "help") {
    if (words.size() > 1 && words[0] == "help") {
      words.erase(words.begin());
      words.push_back("--help");
    } else {
      std::fputs(general_help().c_str(), words.empty() ? stderr : stdout);
      return words.empty() ? ExitCode::kUsage : ExitCode::kSuccess;
    }
  }
  if (words[0] == "--version") {
    fmt::print("tessera {}\n", version());
    return ExitCode::kSuccess;
  }
  std::size_t used = 0;
  const Command* command = find_command(words, used);
  if (command == nullptr) {
    const std::vector<const Command*> group = group_of(words[0]);
    if (group.empty() || words.size() < 2 || !asks_for_help(words[1])) fail_unknown(words);
    std::fputs(group_help(group, words[0]).c_str(), stdout);
    return ExitCode::kSuccess;
  }
  plant_fault_from_environment();  // for tests; says so
  use_default_backend();           // also commands that compute nothing read tensors
  return command->run({words.begin() + static_cast<std::ptrdiff_t>(used), words.end()});
}

}  // namespace

int run_command_line(std::vector<std::string> words) {
  try {
    for (std::string& word : words) word = take_password(word);  // so that nothing can say or write it
    const ExitCode code = dispatch(std::move(words));
    if (std::fflush(stdout) != 0) {
      std::fputs("tessera: the output could not be written\n", stderr);
      return static_cast<int>(ExitCode::kFailure);
    }
    return static_cast<int>(code);
  } catch (const Error& error) {
    std::fflush(stdout);
    fmt::print(stderr, "tessera: {}\n",
               printable(without_passwords(error.what())));  // it may quote a file that somebody else made
    return static_cast<int>(error.code());
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "tessera: out of memory\n");
    return static_cast<int>(ExitCode::kFailure);
  }
}

}  // namespace tessera::cli
