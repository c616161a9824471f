#include "tessera/runs/trace_match.h"

#include <fmt/format.h>

#include <map>
#include <string>

namespace tessera::runs {
namespace {

using Match = std::optional<std::uint32_t>;

bool made_by_nobody(const TraceEvent& event) {
  return event.kind == TraceEventKind::kHost || event.kind == TraceEventKind::kOlder;
}

std::string kind_key(const TraceEvent& event) {
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", static_cast<int>(event.kind), event.name, event.attributes,
                     dtype_name(event.dtype), event.shape.to_string(),
                     made_by_nobody(event) ? event.scope : "");
}

class Matcher {
 public:
  Matcher(const TraceStep& a, const TraceStep& b)
      : a_(a), b_(b), of_a_(a.events.size()), of_b_(b.events.size()) {}

  std::vector<Match> run() {
    match_inputs(true);
    match_inputs(false);
    match_operations();
    return std::move(of_a_);
  }

 private:
  void join(std::size_t in_a, std::size_t in_b) {
    of_a_[in_a] = static_cast<std::uint32_t>(in_b);
    of_b_[in_b] = static_cast<std::uint32_t>(in_a);
  }

  // Events without inputs that no operation made: those with equal elements, then the rest, each in order.
  void match_inputs(bool equal_elements) {
    const auto key = [&](const TraceEvent& event) {
      std::string text = kind_key(event);
      if (equal_elements) text.append(reinterpret_cast<const char*>(event.root.data()), event.root.size());
      return text;
    };
    std::map<std::string, std::vector<std::size_t>> waiting;  // of b, by key, last first
    for (std::size_t i = b_.events.size(); i-- > 0;)
      if (b_.events[i].kind != TraceEventKind::kOperation && !of_b_[i])
        waiting[key(b_.events[i])].push_back(i);
    for (std::size_t i = 0; i < a_.events.size(); ++i) {
      if (a_.events[i].kind == TraceEventKind::kOperation || of_a_[i]) continue;
      auto& candidates = waiting[key(a_.events[i])];
      if (candidates.empty()) continue;
      join(i, candidates.back());
      candidates.pop_back();
    }
  }

  // The inputs as numbers of a; nothing when one of them has no match.
  std::optional<std::string> operation_key(const TraceEvent& event, bool of_b) const {
    std::string key = kind_key(event);
    for (const std::uint32_t input : event.inputs) {
      const Match number = of_b ? of_b_[input] : Match(input);
      if (!number) return std::nullopt;
      key += fmt::format("\n{}", *number);
    }
    return key;
  }

  void match_operations() {
    std::map<std::string, std::vector<std::size_t>> waiting;  // of a, by key, in order
    std::map<std::string, std::size_t> used;
    for (std::size_t i = 0; i < a_.events.size(); ++i)
      if (a_.events[i].kind == TraceEventKind::kOperation)
        waiting[*operation_key(a_.events[i], false)].push_back(i);
    for (std::size_t i = 0; i < b_.events.size(); ++i) {  // inputs come before what uses them
      if (b_.events[i].kind != TraceEventKind::kOperation) continue;
      const std::optional<std::string> key = operation_key(b_.events[i], true);
      const auto found = key ? waiting.find(*key) : waiting.end();
      if (found == waiting.end() || used[*key] == found->second.size()) continue;
      join(found->second[used[*key]++], i);
    }
  }

  const TraceStep &a_, &b_;
  std::vector<Match> of_a_, of_b_;
};

}  // namespace

std::vector<Match> match_events(const TraceStep& a, const TraceStep& b) {
  return Matcher(a, b).run();
}

}  // namespace tessera::runs
