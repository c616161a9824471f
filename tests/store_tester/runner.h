// Executes a script against a store of its own and the model of it, and stops at the first place where the two disagree.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>

#include "tests/store_tester/model.h"

namespace store_tester {

struct Finding {
  std::size_t operation =
      0;  // its place in the script; the number of operations: found when all runs were brought to their end
  std::string sentence;
};

struct Counts {
  std::map<std::string, std::uint64_t> executed;  // by kind of operation
  std::uint64_t passed_over = 0;                  // they did not apply
  std::uint64_t faults = 0;                       // planted ones that were met
  std::uint64_t refusals = 0;                     // that had to be, and were
  std::uint64_t seals = 0;
};

class Runner {
 public:
  // `root`: an empty folder for stores, keys and the uninterrupted runs.
  explicit Runner(std::string root);
  std::optional<Finding> run(const Script& script, Counts& counts);

 private:
  struct Disagreement : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  template <typename... Args>
  [[noreturn]] static void found(fmt::format_string<Args...> format, Args&&... args) {
    throw Disagreement(fmt::format(format, std::forward<Args>(args)...));
  }

  // ---- runner.cc ----
  bool execute(const Operation& operation);  // false: it does not apply
  bool execute_on_run(RunModel& run, const Operation& operation);
  void bring_to_an_end();  // every run is resumed, sealed, checked and replayed
  void bring_to_an_end(RunModel& run);
  DiskState disk_of(const RunModel& run) { return look_at(run.folder, run.recipe, references_); }

  // ---- runner_sessions.cc ----
  bool open(RunModel& run, const Operation& operation);
  bool resume(RunModel& run, const Operation& operation);
  bool command(RunModel& run, const Operation& operation);  // steps, stop, finish, abandon
  bool go(RunModel& run);
  bool kill(RunModel& run, const Operation& operation);  // and cut
  bool rival(RunModel& run, const Operation& operation);
  void refused_rival(const RunModel& run, const std::string& what);
  void start_session(RunModel& run, const Operation& operation, const SessionModel& session);
  void take_numbered_folder(RunModel& run, const std::string& name);
  void note_start(RunModel& run);
  Expectation expect_start(RunModel& run, const SessionModel& session);
  Expectation expect_command(RunModel& run, const Operation& operation);
  void judge(RunModel& run, const Operation& operation, const Expectation& expectation, const Answer& answer);
  void judge_death(RunModel& run, const Operation& operation, const Expectation& expectation,
                   const Answer& answer);
  void judge_error(RunModel& run, const Operation& operation, const Expectation& expectation,
                   const Answer& answer);
  void judge_success(RunModel& run, const Operation& operation, const Expectation& expectation,
                     const Answer& answer);
  void judge_values(RunModel& run, const Operation& operation, const Expectation& expectation,
                    const Answer& answer);
  void settle(RunModel& run, const Expectation& expectation, std::size_t least_lines, bool certain);
  void note_seal(RunModel& run, const DiskState& disk, bool certain);
  void end_session(RunModel& run);

  // ---- runner_looks.cc ----
  bool check(RunModel& run);
  bool read(RunModel& run);
  bool replay(RunModel& run, const Operation& operation);
  bool list(const Operation& operation);
  bool expected_in_list(const RunModel& run, const DiskState& disk, const std::string& where) const;
  Answer ask_once(const std::function<void(Channel&)>& work, const std::string& fault = "none");

  // ---- runner_folders.cc ----
  bool copy(RunModel& run, const Operation& operation);
  bool rename(RunModel& run, const Operation& operation);
  bool remove(RunModel& run, const Operation& operation);
  bool tamper(RunModel& run, const Operation& operation);
  bool stranger(RunModel& run);
  bool garbage(const Operation& operation);
  bool damage_index(const Operation& operation);
  RunModel fresh_run(const std::string& name) const;

  std::string root_, store_;
  std::uint64_t stores_ = 0, garbage_ = 0;
  References references_;
  std::map<std::string, std::string> key_names_;  // by public key
  std::map<std::string, RunModel> runs_;
  Snapshot before_;             // of the folder, before the command whose answer is judged
  bool index_flipped_ = false;  // SQLite cannot know that a number in it was changed
  Counts* counts_ = nullptr;
};

}  // namespace store_tester
