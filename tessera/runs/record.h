// The files of a record, as values: what they hold, how they are written, how they are read.
//
//     claim.json          Claim, one line of canonical JSON. Its SHA-256 is the genesis of the chain
//     chain.jsonl         one ChainLine per step, the first for step 0 (the initial state), the last one
//     closing checkpoints/        checkpoint.h circumstances.json  Circumstances: where and how it ran; not
//     part of the seal timing.jsonl        durations seal.json           Seal
//
// Real numbers are hexadecimal texts (base/json.h), hashes are SHA-256 in lower-case hexadecimal, so that
// `sha256sum claim.json` and `sed -n 7p chain.jsonl | sha256sum` give the hashes that the lines name.
// Readers are strict: what the writer would not have written is an Error that names file, line and reason.
//
// Thread-safety: pure functions; one writer per record (run.h holds its lock).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/base/hash.h"

namespace tessera::runs {

inline constexpr std::string_view kRecordFormat = "tessera/record/1";
inline constexpr std::string_view kContract = "0 (draft)";  // the numerics contract that the run obeys

inline constexpr std::string_view kClaimFile = "claim.json";
inline constexpr std::string_view kChainFile = "chain.jsonl";
inline constexpr std::string_view kCheckpointFolder = "checkpoints";
inline constexpr std::string_view kCircumstancesFile = "circumstances.json";
inline constexpr std::string_view kTimingFile = "timing.jsonl";
inline constexpr std::string_view kSealFile = "seal.json";
inline constexpr std::string_view kLockFile = "lock";
inline constexpr std::string_view kPauseFile = "paused.json";  // a checkpoint made by a clean stop (Pause)

// What the run claims: the same claim must give the same chain on every machine.
struct Claim {
  std::string contract{kContract};
  std::string kind;                                  // "train", or "program" for a user's own
  std::map<std::string, std::string> configuration;  // canonical texts
  std::uint64_t seed = 0;
  std::map<std::string, std::string> inputs;  // name -> SHA-256
  std::uint64_t steps = 0;                    // planned; 0: not known beforehand
  std::uint64_t digest_every = 50;
  std::uint64_t checkpoint_every = 500;  // 0: only at the end
  friend bool operator==(const Claim&, const Claim&) = default;
};
std::string claim_text(const Claim& claim);  // with the newline
Claim parse_claim(std::string_view text, const std::string& where);
// "configuration key 'lr': '0.1' in the record, '0.2' now"; empty when they are equal.
std::string first_difference(const Claim& recorded, const Claim& now);

struct ChainLine {
  Digest previous{};  // of the line before, newline included; of the claim for the first
  std::uint64_t step = 0;
  std::map<std::string, double> scalars;
  std::map<std::string, std::string> state;  // digest by tensor; empty on steps without digests
  std::string checkpoint;                    // digest; empty on steps without one
  bool closing = false;                      // the run is complete; nothing follows
};
std::string chain_line_text(const ChainLine& line);  // with the newline
ChainLine parse_chain_line(std::string_view text, const std::string& where);

struct Session {                 // one process that worked on the run
  std::string started, ended;    // UTC, "2026-01-31T12:00:00Z"; `ended` is empty when it was killed
  std::uint64_t first_step = 0;  // the step it began after
  std::uint64_t last_step = 0;
  std::string end;  // "finished", "stopped by SIGINT", "failed"; empty: killed, or still running
  std::map<std::string, std::string>
      environment;  // threads, backend, machine, build, variables of the allow-list
  std::vector<std::string> command = {};
  std::string program_digest = {};  // so that a resumption by another program is seen
};

struct ConfigurationOrigin {
  std::string key, value, origin;
};
struct InputPlace {
  std::string name, path;
};

struct Circumstances {
  std::string name;
  std::vector<std::string> command;
  std::string folder_of_command;  // the working directory
  std::string program_digest;
  std::vector<ConfigurationOrigin> configuration;  // in the order in which it was given
  std::vector<InputPlace> inputs;
  std::vector<Session> sessions;
  std::vector<std::string> notes;  // e.g. a damaged checkpoint that was passed over
  bool resumable = true;           // false: the program keeps no state
  std::string signing_key = {};    // public key of the one that is to sign the seal; empty: none
};
std::string circumstances_text(const Circumstances& circumstances);
Circumstances parse_circumstances(std::string_view text, const std::string& where);

// A clean stop between two checkpoints: where to go on. It never enters the chain, which counts steps only.
struct Pause {
  std::uint64_t step = 0;
  Digest chain{};  // hash of the line of that step
  std::string checkpoint;
};
std::string pause_text(const Pause& pause);
Pause parse_pause(std::string_view text, const std::string& where);

struct Seal {
  Digest claim{};
  Digest chain{};  // hash of the last line
  std::uint64_t lines = 0;
  std::string checkpoint;  // the final one; empty when the program keeps no state
  Digest circumstances{};  // from here on: as the files were at sealing, not part of the seal's value
  Digest timing{};
  std::vector<std::string> checkpoints;  // the ones that were left in the folder, sorted
  std::string public_key, signature;     // hexadecimal; empty when unsigned
};
// H("tessera/seal/1", H(claim), last hash of the chain, number of lines, final checkpoint): the same on every
// machine.
Digest seal_value(const Seal& seal);
// What an Ed25519 signature is over: the seal and H(circumstances).
std::string signed_message(const Seal& seal);
std::string seal_text(const Seal& seal);
// Also checks that the value in the text is that of its parts.
Seal parse_seal(std::string_view text, const std::string& where);

// ---- A whole record ----

struct RecordLine {
  ChainLine line;
  Digest hash{};  // of its text, newline included
};

struct Record {
  std::string folder;
  Claim claim;
  Digest claim_hash{};
  std::vector<RecordLine> lines;  // links verified
  std::uint64_t torn_bytes = 0;   // of an incomplete last line, which is not in `lines`
  std::uint64_t chain_bytes = 0;  // of the complete lines
  std::optional<Seal> seal;

  bool closed() const { return !lines.empty() && lines.back().line.closing; }
  std::uint64_t last_step() const { return lines.empty() ? 0 : lines.back().line.step; }
};

// "not started": no complete claim. "running": some process holds its lock. "interrupted": resumable, or cut
// short.
enum class RunStatus { kNotStarted, kRunning, kInterrupted, kSealed };
std::string_view status_name(RunStatus status);
RunStatus run_status(const std::string& folder);
std::string record_path(const std::string& folder, std::string_view file);

// Throws Error when the folder holds no started record, or at the first line that is malformed or does not
// link.
Record read_record(const std::string& folder);
Claim read_claim(const std::string& folder);
Circumstances read_circumstances(const std::string& folder);
std::optional<Seal> read_seal(const std::string& folder);  // nothing when there is no seal.json

}  // namespace tessera::runs
