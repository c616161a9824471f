// verifications.jsonl: who has re-executed a run, when, where, and with what outcome.
//
// `tessera verify` adds one line of canonical JSON, with one write, beside the seal. The file is a diary of whoever had the folder
// and proves nothing: it is in no hash, nothing is decided by it, and a line that cannot be read is counted and passed over. A
// folder that cannot be written, and a link, a pipe or a folder in the file's place, are left alone. Thread-safety: pure functions;
// several processes may add lines at once.
//
// ```cpp
// const std::string folder = make_temporary_folder("verifications-example");
// runs::Verification done = runs::verification_now("tessera 0.1.0", {{"threads", "2"}});
// done.message = "identical: 100 steps, 3 tensors";
// done.steps = 100;
// assert(runs::append_verification(folder, done));
// const runs::VerificationHistory history = runs::read_verifications(folder);
// assert(history.verifications.size() == 1 && history.verifications[0].message == done.message);
// assert(history.unreadable == 0 && history.verifications[0].environment.at("threads") == "2");
// remove_folder(folder);
// ```
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::runs {

inline constexpr std::string_view kVerificationsFile = "verifications.jsonl";

struct Verification {
  std::string when;            // UTC, "2026-01-31T12:00:00Z"
  std::string message;         // the outcome in one line, as it was printed
  std::uint64_t status = 0;    // the exit status: 0 is identical
  std::uint64_t steps = 0;     // that were executed and compared
  std::string part;            // of the run: "whole", "after step 200", "spot: 2 of 9 stretches", "none"
  std::string program;         // "tessera 0.1.0"
  std::string program_digest;  // SHA-256 of its file
  std::map<std::string, std::string> environment;  // threads, backend, machine, as in a Session
};
std::string verification_text(const Verification& verification);  // with the newline
Verification parse_verification(std::string_view text, const std::string& where);

// Time, program and machine filled in; the outcome is left to the caller. `environment` goes before what is found.
Verification verification_now(const std::string& program,
                              const std::map<std::string, std::string>& environment);
// False when nothing could be written.
bool append_verification(const std::string& run_folder, const Verification& verification);

struct VerificationHistory {
  std::vector<Verification> verifications;  // in the order of the file
  std::uint64_t unreadable = 0;             // lines that verify would not have written
};
// Never throws an Error: a file that cannot be read, or is far too large, is one unreadable line.
VerificationHistory read_verifications(const std::string& run_folder);

}  // namespace tessera::runs
