// Suggestions for mistyped names.
//
// The distance is Damerau-Levenshtein's in the form of optimal string alignment (insertions, deletions,
// replacements and swaps of neighbours), without regard to case. A candidate is near when about a third of
// the word, at most three characters, differs; of equally near ones the first wins. Thread-safety: pure
// functions.
//
// ```cpp
// const std::vector<std::string> commands = {"train", "verify", "resume"};
// assert(closest("tarin", commands) == "train");
// assert(did_you_mean("veryfy", commands) == " (did you mean 'verify'?)");
// assert(did_you_mean("xyz", commands) == "");
// ```
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tessera {

std::size_t edit_distance(std::string_view a, std::string_view b);
std::string closest(std::string_view word,
                    const std::vector<std::string>& candidates);  // "" if nothing is near
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace tessera
