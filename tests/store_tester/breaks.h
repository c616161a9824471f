// Faults that the tester can build into itself, to show that it finds them: `store_tester --break NAME`.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace store_tester {

inline const std::vector<std::pair<std::string, std::string>> kBreaks = {
    {"forget", "a resumed computation lacks one number that its state should have"},
    {"lock", "locks are not taken"},
    {"sync", "nothing is synced to the disk"},
    {"order", "a checkpoint appears after the line that names it"},
    {"torn", "files are not cut back after a write that failed or was cut off"},
    {"leftovers", "files are not removed"},
    {"claim", "a resume does not look whether the claim is the recorded one"},
    {"check", "the check of a record does not look at the durations"},
    {"replay", "a replay takes every chain for identical"},
    {"index", "the index counts the steps of sealed runs wrongly"},
};

inline std::string& chosen_break() {
  static std::string name;
  return name;
}
inline bool broken(std::string_view name) {
  return chosen_break() == name;
}

}  // namespace store_tester
