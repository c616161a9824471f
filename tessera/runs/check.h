// Is a record what was sealed? Looked at file by file, without executing anything.
//
// Every byte of every file is covered: the claim and the chain by their hashes, checkpoints by their names,
// circumstances and durations by the hashes in the seal, and the seal by its canonical form and the values
// that it must have. A record without a seal, or with fewer lines than the seal says, is unsealed. An intact
// record is not yet a true one: anybody can write one; that is what re-execution (run.h) and signatures
// (keys.h) are for.
//
// Thread-safety: pure function.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/runs/safetensors.h"

namespace tessera::runs {

struct CheckProblem {
  std::string place;    // "chain.jsonl:12 (step 11)", "checkpoints/ab12...safetensors, tensor 'model.w'"
  std::string message;  // a sentence
  ExitCode code = ExitCode::kFailure;
};

struct CheckResult {
  std::vector<CheckProblem> problems;  // the first is the one to tell
  std::string seal;                    // hexadecimal; empty when there is none
  std::uint64_t steps = 0, lines = 0, tensors = 0;
  std::string signed_by;           // public key in hexadecimal; empty when unsigned
  bool trusted = false;            // signed by the key of CheckOptions, and the signature holds
  std::vector<std::string> notes;  // unknown files and the like: no problem, but to be mentioned

  bool intact() const { return problems.empty(); }
  ExitCode code() const;  // kSuccess, kFailure, or kUnsealed when nothing worse was found
};

struct CheckOptions {
  std::string trusted_key_file;  // public key; when given, the record must be signed by it
};

// Throws Error only when `folder` is not a record at all.
CheckResult check_record(const std::string& folder, const CheckOptions& options = {});

// The final state of a finished run, for whoever uses what was learned: only from a record whose bytes are the sealed ones.
struct SealedState {
  std::vector<NamedTensor> tensors;
  std::string path;  // of the checkpoint, for messages
};
SealedState sealed_state(const std::string& folder);  // throws Error with the first problem of check_record

}  // namespace tessera::runs
