#include "tests/store_tester/generator.h"

#include <utility>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/numerics/philox.h"

namespace store_tester {
namespace {

enum class Guess { kNothing, kHeld, kHalted, kLoose, kSealed };

using Weighted = std::vector<std::pair<const char*, std::uint64_t>>;

class Generator {
 public:
  Generator(std::uint64_t seed, std::uint64_t number)
      : key_(tessera::numerics::stream_key(seed, "store_tester")), number_(number) {}

  Script script(std::uint64_t length) {
    Script script;
    const std::uint64_t count = 3 + below(length > 3 ? length - 2 : 1);
    for (std::uint64_t i = 0; i < count; ++i) script.push_back(next());
    return script;
  }

 private:
  // A number from 0 to bound - 1. The bounds are small, so the remainder does no harm.
  std::uint64_t below(std::uint64_t bound) {
    const auto block = tessera::numerics::philox(
        key_, tessera::numerics::philox_counter(draws_++, static_cast<std::uint32_t>(number_),
                                                static_cast<std::uint32_t>(number_ >> 32)));
    return (block[0] | std::uint64_t{block[1]} << 32) % bound;
  }
  bool one_in(std::uint64_t bound) { return below(bound) == 0; }

  std::string pick(const Weighted& choices) {
    std::uint64_t sum = 0;
    for (const auto& [name, weight] : choices) sum += weight;
    std::uint64_t place = below(sum);
    for (const auto& [name, weight] : choices) {
      if (place < weight) return name;
      place -= weight;
    }
    return choices.front().first;
  }

  void set(Operation& operation, const std::string& name, const std::string& value) {
    if (Operation{operation.kind}.text(name) != value) operation.arguments[name] = value;
  }
  void set(Operation& operation, const std::string& name, std::uint64_t value) {
    set(operation, name, std::to_string(value));
  }

  std::string kind_for(Guess guess) {
    switch (guess) {
      case Guess::kNothing:
        return pick(
            {{"open", 24}, {"resume", 1}, {"stranger", 1}, {"check", 1}, {"garbage", 1}, {"rival", 1}});
      case Guess::kHeld:
        return pick({{"steps", 18},
                     {"finish", 6},
                     {"stop", 3},
                     {"abandon", 2},
                     {"kill", 4},
                     {"cut", 4},
                     {"rival", 3},
                     {"check", 2},
                     {"read", 1},
                     {"replay", 2},
                     {"list", 3},
                     {"copy", 3},
                     {"tamper", 1},
                     {"index", 1}});
      case Guess::kHalted:
        return pick({{"go", 10},
                     {"kill", 3},
                     {"cut", 3},
                     {"rival", 6},
                     {"check", 3},
                     {"read", 3},
                     {"replay", 3},
                     {"list", 4},
                     {"copy", 6}});
      case Guess::kLoose:
        return pick({{"resume", 24},
                     {"rival", 3},
                     {"check", 2},
                     {"read", 2},
                     {"replay", 4},
                     {"list", 3},
                     {"copy", 2},
                     {"rename", 2},
                     {"remove", 1},
                     {"tamper", 6},
                     {"open", 2},
                     {"stranger", 1},
                     {"index", 2}});
      case Guess::kSealed:
        return pick({{"check", 4},
                     {"read", 2},
                     {"replay", 6},
                     {"tamper", 16},
                     {"resume", 2},
                     {"open", 2},
                     {"copy", 3},
                     {"rename", 2},
                     {"remove", 3},
                     {"list", 3},
                     {"index", 2},
                     {"garbage", 1},
                     {"rival", 1}});
    }
    return "list";
  }

  Operation next() {
    const std::string& run = kRuns[one_in(2) ? 0 : below(3)];
    Guess& guess = guesses_[run[0] - 'a'];
    Operation operation{kind_for(guess)};
    const std::string& kind = operation.kind;
    if (kind != "list" && kind != "index" && kind != "garbage") operation.run = run;
    if (kind == "open") fill_open(operation);
    if (kind == "resume") fill_resume(operation);
    if (kind == "steps") set(operation, "n", 1 + below(one_in(3) ? 9 : 3));
    if (kind == "cut" && one_in(2)) set(operation, "keep", below(1001));
    if (kind == "rival") set(operation, "what", pick({{"resume", 3}, {"open", 1}}));
    if (kind == "rival") set(operation, "n", 1 + below(4));
    if (kind == "replay") fill_replay(operation);
    if (kind == "list") set(operation, "where", pick({{"all", 3}, {"sealed", 1}, {"steps", 1}, {"seed", 1}}));
    if (kind == "copy" || kind == "rename") set(operation, "to", kRuns[below(3)]);
    if (kind == "tamper") fill_tamper(operation, guess);
    if (kind == "garbage")
      set(operation, "what",
          pick({{"file", 1},
                {"folder", 1},
                {"lock", 1},
                {"claim", 1},
                {"link", 1},
                {"pipe", 1},
                {"number", 1}}));
    if (kind == "index")
      set(operation, "how", pick({{"delete", 1}, {"cut", 2}, {"garbage", 1}, {"flip", 3}}));
    if (kind == "index") set(operation, "at", below(1000));
    const bool fault = add_fault(operation);
    guess = afterwards(guess, operation, fault);
    return operation;
  }

  void fill_open(Operation& operation) {
    set(operation, "steps", below(10) < 8 ? 1 + below(9) : 0);
    set(operation, "digest", std::vector<std::uint64_t>{1, 2, 4, 50}[below(4)]);
    set(operation, "checkpoint", std::vector<std::uint64_t>{0, 1, 2, 3, 3, 5}[below(6)]);
    set(operation, "seed", 1 + below(2));
    if (one_in(8)) set(operation, "kept", "no");
    set(operation, "keep", std::vector<std::uint64_t>{3, 3, 1, 2, 0}[below(5)]);
    if (one_in(5)) set(operation, "key", one_in(2) ? "one" : "two");
    if (one_in(3)) set(operation, "loop", "observer");
    if (one_in(8)) set(operation, "numbered", "yes");
  }

  void fill_resume(Operation& operation) {
    if (one_in(12)) set(operation, "kept", one_in(2) ? "yes" : "no");
    set(operation, "keep", std::vector<std::uint64_t>{3, 3, 1, 2, 0}[below(5)]);
    if (one_in(8)) set(operation, "key", pick({{"none", 2}, {"one", 1}, {"two", 1}}));
    if (one_in(16)) set(operation, "unsigned", "yes");
    if (one_in(3)) set(operation, "loop", "observer");
    if (one_in(12))
      set(operation, "other", pick({{"seed", 1}, {"steps", 1}, {"digest", 1}, {"configuration", 1}}));
  }

  void fill_replay(Operation& operation) {
    if (one_in(3)) set(operation, "from", below(8));
    if (one_in(3)) set(operation, "to", below(10));
    if (one_in(2)) set(operation, "loop", "observer");
    if (one_in(10)) set(operation, "other", "seed");
  }

  void fill_tamper(Operation& operation, Guess guess) {
    const std::string checkpoint = std::to_string(below(4));
    const bool mild = guess == Guess::kHeld || (guess == Guess::kLoose && !one_in(4));
    if (mild && !one_in(5))
      set(operation, "file", checkpoint);
    else if (mild)
      set(operation, "file", one_in(2) ? "paused" : "timing");
    else
      set(operation, "file",
          pick({{"claim", 2},
                {"chain", 5},
                {"circumstances", 2},
                {"timing", 2},
                {"seal", 3},
                {checkpoint.c_str(), 4}}));
    if (mild)
      set(operation, "how", pick({{"flip", 3}, {"cut", 2}, {"append", 1}, {"delete", 3}}));
    else
      set(operation, "how",
          pick({{"flip", 8},
                {"cut", 3},
                {"append", 2},
                {"line", 1},
                {"swap", 1},
                {"delete", 3},
                {"folder", 1},
                {"pipe", 1},
                {"link", 1},
                {"away", 1}}));
    set(operation, "at", below(1000));
  }

  // True when it ends the session, or is likely to.
  bool add_fault(Operation& operation) {
    const std::string& kind = operation.kind;
    const bool may = kind == "open" || kind == "resume" || kind == "steps" || kind == "finish" ||
                     kind == "stop" || kind == "abandon" || kind == "list";
    if (!may || !one_in(kind == "finish" || kind == "open" ? 2 : 3)) return false;
    const std::string action = pick({{"die", 4},
                                     {"torn", 3},
                                     {"cut", 4},
                                     {"io", 3},
                                     {"nospace", 2},
                                     {"full", 2},
                                     {"short", 2},
                                     {"again", 1},
                                     {"halt", 6}});
    const std::uint64_t call = 1 + (one_in(2) ? below(10) : below(kind == "list" ? 20 : 45));
    set(operation, "fault", fmt::format("{}:{}", action, call));
    halted_ = action == "halt";
    return action != "again" && call <= 15;
  }

  Guess afterwards(Guess before, const Operation& operation, bool fault) {
    const std::string& kind = operation.kind;
    if (kind == "list" || kind == "check" || kind == "read" || kind == "replay" || kind == "copy")
      return before;
    if (fault) return halted_ ? Guess::kHalted : Guess::kLoose;
    if (kind == "remove" || kind == "rename") return Guess::kNothing;
    if (kind == "finish") return Guess::kSealed;
    if (kind == "stop" || kind == "abandon" || kind == "kill" || kind == "cut") return Guess::kLoose;
    if (kind == "go") return Guess::kHeld;
    const bool starts = kind == "open" || kind == "resume";
    return starts && before != Guess::kSealed ? Guess::kHeld : before;
  }

  tessera::numerics::PhiloxKey key_;
  std::uint64_t number_, draws_ = 0;
  bool halted_ = false;
  Guess guesses_[3] = {Guess::kNothing, Guess::kNothing, Guess::kNothing};
};

}  // namespace

Script random_script(std::uint64_t seed, std::uint64_t number, std::uint64_t length) {
  return Generator(seed, number).script(length);
}

}  // namespace store_tester
