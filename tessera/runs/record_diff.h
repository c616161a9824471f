// Two records compared without executing anything: what they claim, where they ran, and the first step at which their chains part.
//
// The groups stand in the order in which they usually explain a difference: configuration, data, code, environment. What is
// claimed (the first two, and the contract) decides what the bits should be; code and environment are circumstances, which should not
// change a bit. Records of different claims, lengths and digest intervals can be compared: what both have is.
//
// Thread-safety: pure functions of files. Errors: Error for what is no record, or is malformed.
//
// ```cpp
// runs::ChainLine a{.step = 0}, b{.step = 0};
// a.state = b.state = {{"w", "aa"}};
// runs::ChainLine a1{.step = 1, .scalars = {{"loss", 0.5}}}, b1{.step = 1, .scalars = {{"loss", 0.25}}};
// const auto parts = runs::compare_chains({{a, {}}, {a1, {}}}, {{b, {}}, {b1, {}}});
// assert(parts.difference->step == 1 && parts.difference->what == "scalar 'loss'");
// assert(parts.state_agreed == 0);         // the last step at which every tensor is known to agree
// ```
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tessera/runs/record.h"

namespace tessera::runs {

struct RecordDifference {
  std::string name;              // "training.learning_rate", "input 'features'", "threads"
  std::string a, b;              // empty: that side has none
  std::string place_a, place_b;  // where a configuration value came from, where an input lay
};

struct RecordDifferences {
  std::vector<RecordDifference>
      configuration;                   // also seed, contract, kind, number of steps, intervals of the record
  std::vector<RecordDifference> data;  // inputs by digest
  std::vector<RecordDifference> code;  // program digest, command, compiler
  std::vector<RecordDifference> environment;  // of the sessions: machine, threads, backend; interruptions
  bool claims_equal() const { return configuration.empty() && data.empty(); }
};
RecordDifferences compare_circumstances(const Claim& claim_a, const Circumstances& a, const Claim& claim_b,
                                        const Circumstances& b);

struct ChainDifference {
  std::uint64_t step = 0;
  std::string what;                 // "scalar 'loss'", "tensor 'model.w'", "the end of the run"
  std::string a, b;                 // numbers in decimal and hexadecimal, digests; "nothing"
  std::vector<std::string> others;  // what else differs at that step, by name
  bool only_length = false;         // every common step agrees; one goes on, or is complete
};

struct ChainComparison {
  std::uint64_t common_steps = 0;             // the last step that both have
  std::optional<ChainDifference> difference;  // the first
  // The last step before the difference at which the digests of every tensor were taken on both sides, and agree.
  std::optional<std::uint64_t> state_agreed;
};
ChainComparison compare_chains(const std::vector<RecordLine>& a, const std::vector<RecordLine>& b);

}  // namespace tessera::runs
