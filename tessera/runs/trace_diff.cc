#include "tessera/runs/trace_diff.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/base/json.h"

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
    const std::size_t common = std::min(a.events.size(), b.events.size());
    for (std::size_t i = 0; i < common; ++i) {
      if (same_computation(a.events[i], b.events[i]) && a.events[i].root == b.events[i].root) {
        ++result_.events;
        continue;
      }
      return part_at(a, b, i);
    }
    if (a.events.size() != b.events.size()) {
      TraceDifference& difference = begin(TraceParting::kEnd, a.step, common);
      if (common < a.events.size()) difference.a = a.events[common];
      if (common < b.events.size()) difference.b = b.events[common];
      return;
    }
    compare_scalars(a, b);
  }

  void part_at(const TraceStep& a, const TraceStep& b, std::size_t event) {
    const bool same = same_computation(a.events[event], b.events[event]);
    TraceDifference& difference = begin(same ? TraceParting::kValue : TraceParting::kProgram, a.step, event);
    difference.a = a.events[event];
    difference.b = b.events[event];
    for (const std::uint32_t input : difference.a->inputs) difference.inputs.push_back(a.events[input]);
    if (!same) return;
    find_leaf(difference);
    const auto values_a = a_.values(a.step, difference.event, *difference.a);
    const auto values_b = b_.values(b.step, difference.event, *difference.b);
    if (values_a && values_b) difference.element = first_differing_element(*values_a, *values_b);
  }

  void compare_scalars(const TraceStep& a, const TraceStep& b) {
    std::map<std::string, double> names = a.scalars;
    names.insert(b.scalars.begin(), b.scalars.end());
    for (const auto& [name, unused] : names) {
      const std::string text_a = scalar_text(a.scalars, name), text_b = scalar_text(b.scalars, name);
      if (text_a == text_b) continue;
      TraceDifference& difference = begin(TraceParting::kScalar, a.step, a.events.size());
      difference.scalar = name;
      difference.scalar_a = text_a;
      difference.scalar_b = text_b;
      return;
    }
  }

  TraceDifference& begin(TraceParting parting, std::uint64_t step, std::size_t event) {
    result_.difference.emplace();
    result_.difference->parting = parting;
    result_.difference->step = step;
    result_.difference->event = static_cast<std::uint32_t>(event);
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
