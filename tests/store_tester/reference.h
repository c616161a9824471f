// What an uninterrupted run with a recipe leaves: the lines of its chain, the checkpoints that they name, and the seal. This is
// what every interrupted, resumed, copied or renamed run with that recipe is held against. Computed once and kept.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/store_tester/computation.h"

namespace store_tester {

// How a chain was closed: by finish() after a step, or in a step that was left by `break` and is the last line itself.
struct Ending {
  bool in_loop = false;
  std::uint64_t step = 0;
  auto operator<=>(const Ending&) const = default;
};

struct Chain {
  std::vector<std::string>
      lines;  // with their newlines; line i belongs to step i, a closing line by finish() to the last one
  std::vector<std::string> checkpoints;  // by line; empty: none
  std::string seal;                      // empty without an ending
  std::string claim;                     // the bytes of claim.json
};

class References {
 public:
  // `scratch`: a folder of its own.
  explicit References(std::string scratch) : scratch_(std::move(scratch)) {}
  // All steps, and then the ending; without one, no closing line.
  const Chain& chain(const Recipe& recipe, const std::optional<Ending>& ending);

 private:
  Chain compute(const Recipe& recipe, const std::optional<Ending>& ending) const;

  std::string scratch_;
  std::map<std::pair<Recipe, std::optional<Ending>>, Chain> chains_;
};

// The lines of a text; what follows the last newline is not one.
std::vector<std::string> whole_lines(const std::string& text);

}  // namespace store_tester
