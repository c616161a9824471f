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

std::string root_text(const TraceEvent& event) {
  return std::string(reinterpret_cast<const char*>(event.root.data()), event.root.size());
}

class Matcher {
 public:
  Matcher(const TraceStep& a, const TraceStep& b)
      : a_(a), b_(b), of_a_(a.events.size()), of_b_(b.events.size()) {}

  std::vector<Match> run() {
    match_inputs([](const TraceEvent& event, std::size_t rank) {
      return root_text(event) + fmt::format("\n{}", rank);
    });
    match_inputs([](const TraceEvent& event, std::size_t) { return root_text(event); });
    match_inputs([](const TraceEvent&, std::size_t) { return std::string(); });
    match_operations();
    return std::move(of_a_);
  }

 private:
  void join(std::size_t in_a, std::size_t in_b) {
    of_a_[in_a] = static_cast<std::uint32_t>(in_b);
    of_b_[in_b] = static_cast<std::uint32_t>(in_a);
  }

  // Events that no operation made and whose keys agree, each kind in order. What `more` asks beyond the kind may depend on the event's rank
  // among those of its kind.
  template <typename More>
  void match_inputs(const More& more) {
    std::map<std::string, std::vector<std::size_t>> waiting;  // of b, by key, in order
    std::map<std::string, std::size_t> used;
    each_input(b_, of_b_, more, [&](std::size_t i, const std::string& key) { waiting[key].push_back(i); });
    each_input(a_, of_a_, more, [&](std::size_t i, const std::string& key) {
      const auto found = waiting.find(key);
      if (found != waiting.end() && used[key] < found->second.size()) join(i, found->second[used[key]++]);
    });
  }

  template <typename More, typename Take>
  static void each_input(const TraceStep& step, const std::vector<Match>& matched, const More& more,
                         const Take& take) {
    std::map<std::string, std::size_t> ranks;
    for (std::size_t i = 0; i < step.events.size(); ++i) {
      const TraceEvent& event = step.events[i];
      if (event.kind == TraceEventKind::kOperation) continue;
      const std::string kind = kind_key(event);
      const std::size_t rank = ranks[kind]++;
      if (!matched[i]) take(i, kind + more(event, rank));
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
