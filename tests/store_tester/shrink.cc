#include "tests/store_tester/shrink.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace store_tester {
namespace {

class Shrinker {
 public:
  Shrinker(Script script, const std::function<bool(const Script&)>& fails, std::size_t attempts)
      : script_(std::move(script)), fails_(fails), attempts_(attempts) {}

  Script shrink() {
    for (bool shorter = true; shorter && attempts_ > 0;) {
      shorter = leave_out_operations();
      shorter = simplify_arguments() || shorter;
    }
    return script_;
  }

 private:
  bool accept(const Script& candidate) {
    if (attempts_ == 0 || !tried_.insert(script_text(candidate)).second) return false;
    --attempts_;
    if (!fails_(candidate)) return false;
    script_ = candidate;
    return true;
  }

  bool leave_out_operations() {
    bool shorter = false;
    for (std::size_t size = std::max<std::size_t>(script_.size() / 2, 1);; size /= 2) {
      // From the end: what comes after the fault goes first.
      for (std::size_t end = script_.size(); end > 0;
           end = std::min(end - std::min(end, size), script_.size())) {
        Script candidate = script_;
        const std::size_t begin = end - std::min(end, size);
        candidate.erase(candidate.begin() + static_cast<std::ptrdiff_t>(begin),
                        candidate.begin() + static_cast<std::ptrdiff_t>(end));
        shorter = accept(candidate) || shorter;
      }
      if (size <= 1) return shorter;
    }
  }

  bool simplify_arguments() {
    bool simpler = false;
    for (std::size_t place = 0; place < script_.size(); ++place) {
      const std::map<std::string, std::string> arguments = script_[place].arguments;
      for (const auto& [name, value] : arguments) {
        Script candidate = script_;
        candidate[place].arguments.erase(name);
        simpler = accept(candidate) || (simplify_number(place, name, value) || simpler);
      }
    }
    return simpler;
  }

  // Also the number of a fault's call: "die:17".
  bool simplify_number(std::size_t place, const std::string& name, const std::string& value) {
    const std::size_t digits = value.find_first_of("0123456789");
    if (digits == std::string::npos || value.find_first_not_of("0123456789", digits) != std::string::npos)
      return false;
    const unsigned long number = std::stoul(value.substr(digits));
    for (const unsigned long smaller : {0UL, 1UL, number / 2, number - 1}) {
      if (smaller >= number) continue;
      Script candidate = script_;
      candidate[place].arguments[name] = value.substr(0, digits) + std::to_string(smaller);
      if (accept(candidate)) return true;
    }
    return false;
  }

  Script script_;
  const std::function<bool(const Script&)>& fails_;
  std::size_t attempts_;
  std::set<std::string> tried_;
};

}  // namespace

Script shrink(Script script, const std::function<bool(const Script&)>& fails, std::size_t attempts) {
  return Shrinker(std::move(script), fails, attempts).shrink();
}

}  // namespace store_tester
