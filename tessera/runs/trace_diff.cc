#include "tessera/runs/trace_diff.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/base/json.h"
#include "tessera/runs/trace_match.h"

namespace tessera::runs {
namespace {

bool same_computation(const TraceEvent& a, const TraceEvent& b) {
  return a.kind == b.kind && a.name == b.name && a.attributes == b.attributes && a.inputs == b.inputs &&
         a.dtype == b.dtype && a.shape == b.shape;
}

// The elements of the first leaf that differs; a tensor whose leaves are not listed is taken as one.
void find_leaf(TraceDifference& difference) {
  const TraceEvent &a = *difference.a, &b = *difference.b;
  difference.leaf_last = std::max<std::int64_t>(0, a.shape.elements() - 1);
  if (a.leaves.empty()) return;
  std::size_t leaf = 0;
  while (leaf < a.leaves.size() && a.leaves[leaf] == b.leaves[leaf]) ++leaf;
  difference.leaf_first = static_cast<std::int64_t>(leaf) * kTraceLeaf;
  difference.leaf_last = std::min(difference.leaf_first + kTraceLeaf, a.shape.elements()) - 1;
}

std::string scalar_text(const std::map<std::string, double>& scalars, const std::string& name) {
  const auto found = scalars.find(name);
  return found == scalars.end() ? "nothing" : real_text(found->second);
}

class Comparison {
 public:
  Comparison(const std::string& folder_a, const std::string& folder_b) : a_(folder_a), b_(folder_b) {
    result_.from = std::max(a_.header().from, b_.header().from);
    result_.to = std::min(a_.header().to, b_.header().to);
    if (result_.from > result_.to)
      fail_with(ExitCode::kUsage, "the traces have no step in common: {} has steps {} to {}, {} has {} to {}",
                folder_a, a_.header().from, a_.header().to, folder_b, b_.header().from, b_.header().to);
  }

  TraceComparison run() {
    std::optional<TraceStep> before_a, before_b;
    for (std::uint64_t step = result_.from; step <= result_.to; ++step) {
      TraceStep at_a = step_of(a_, step), at_b = step_of(b_, step);
      compare_steps(at_a, at_b);
      if (result_.difference) {
        find_origin(before_a, before_b);
        result_.to = step;
        break;
      }
      before_a = std::move(at_a);
      before_b = std::move(at_b);
    }
    read_to_end(a_);  // to the digest of the whole: a damaged trace is not to be believed
    read_to_end(b_);
    return std::move(result_);
  }

 private:
  static TraceStep step_of(TraceReader& reader, std::uint64_t wanted) {
    for (;;) {
      std::optional<TraceStep> step = reader.next();
      TESSERA_CHECK(step.has_value(), "{}: step {} is not there", reader.folder(), wanted);
      if (step->step == wanted) return std::move(*step);
    }
  }

  static void read_to_end(TraceReader& reader) {
    while (reader.next()) {
    }
  }

  void compare_steps(const TraceStep& a, const TraceStep& b) {
    if (same_in_order(a, b)) {
      result_.events += a.events.size();
      return compare_scalars(a, b);
    }
    const std::vector<std::optional<std::uint32_t>> matches = match_events(a, b);
    for (std::uint32_t i = 0; i < a.events.size(); ++i) {
      if (!matches[i]) return programs_part(a, b, i, matches);
      if (a.events[i].root != b.events[*matches[i]].root) return values_part(a, b, i, *matches[i]);
      ++result_.events;
    }
    if (a.events.size() != b.events.size())
      return programs_part(a, b, static_cast<std::uint32_t>(a.events.size()), matches);
    compare_scalars(a, b);
  }

  static bool same_in_order(const TraceStep& a, const TraceStep& b) {
    return std::equal(
        a.events.begin(), a.events.end(), b.events.begin(), b.events.end(),
        [](const TraceEvent& x, const TraceEvent& y) { return same_computation(x, y) && x.root == y.root; });
  }

  // Event `in_a` (or none, at the end) has no match; shown beside it is the first event of b that has none.
  void programs_part(const TraceStep& a, const TraceStep& b, std::uint32_t in_a,
                     const std::vector<std::optional<std::uint32_t>>& matches) {
    std::vector<bool> matched(b.events.size());
    for (const auto& match : matches)
      if (match) matched[*match] = true;
    const auto in_b =
        static_cast<std::uint32_t>(std::find(matched.begin(), matched.end(), false) - matched.begin());
    const bool both = in_a < a.events.size() && in_b < b.events.size();
    TraceDifference& difference =
        begin(both ? TraceParting::kProgram : TraceParting::kEnd, a.step, in_a, in_b);
    if (in_a < a.events.size()) difference.a = a.events[in_a];
    if (in_b < b.events.size()) difference.b = b.events[in_b];
  }

  void values_part(const TraceStep& a, const TraceStep& b, std::uint32_t in_a, std::uint32_t in_b) {
    TraceDifference& difference = begin(TraceParting::kValue, a.step, in_a, in_b);
    difference.a = a.events[in_a];
    difference.b = b.events[in_b];
    for (const std::uint32_t input : difference.a->inputs) difference.inputs.push_back(a.events[input]);
    find_leaf(difference);
    const auto values_a = a_.values(a.step, in_a, *difference.a);
    const auto values_b = b_.values(b.step, in_b, *difference.b);
    if (values_a && values_b) difference.element = first_differing_element(*values_a, *values_b);
  }

  void compare_scalars(const TraceStep& a, const TraceStep& b) {
    std::map<std::string, double> names = a.scalars;
    names.insert(b.scalars.begin(), b.scalars.end());
    for (const auto& [name, unused] : names) {
      const std::string text_a = scalar_text(a.scalars, name), text_b = scalar_text(b.scalars, name);
      if (text_a == text_b) continue;
      TraceDifference& difference =
          begin(TraceParting::kScalar, a.step, static_cast<std::uint32_t>(a.events.size()),
                static_cast<std::uint32_t>(b.events.size()));
      difference.scalar = name;
      difference.scalar_a = text_a;
      difference.scalar_b = text_b;
      return;
    }
  }

  TraceDifference& begin(TraceParting parting, std::uint64_t step, std::uint32_t in_a, std::uint32_t in_b) {
    result_.difference.emplace();
    result_.difference->parting = parting;
    result_.difference->step = step;
    result_.difference->event = in_a;
    result_.difference->event_b = in_b;
    return *result_.difference;
  }

  // All events of the step before agree, so it does not matter in which trace the maker is looked for.
  void find_origin(const std::optional<TraceStep>& before_a, const std::optional<TraceStep>& before_b) {
    TraceDifference& difference = *result_.difference;
    if (!before_a || !before_b || difference.parting != TraceParting::kValue ||
        difference.a->kind != TraceEventKind::kState)
      return;
    for (std::size_t i = before_a->events.size(); i-- > 0;) {
      const TraceEvent& event = before_a->events[i];
      const bool is_a = event.root == difference.a->root, is_b = event.root == difference.b->root;
      if (!(is_a || is_b) || event.dtype != difference.a->dtype || !(event.shape == difference.a->shape))
        continue;
      difference.origin = {before_a->step, static_cast<std::uint32_t>(i), event, is_b};
      return;
    }
  }

  TraceReader a_, b_;
  TraceComparison result_;
};

}  // namespace

TraceComparison compare_traces(const std::string& folder_a, const std::string& folder_b) {
  return Comparison(folder_a, folder_b).run();
}

}  // namespace tessera::runs
