#include "tessera/cli/diff_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "tessera/base/progress.h"
#include "tessera/base/shell_words.h"
#include "tessera/base/text.h"
#include "tessera/runs/trace_listing.h"

namespace tessera::cli {
namespace {

constexpr std::size_t kDigits = 12;  // of a digest

std::string steps_text(std::uint64_t from, std::uint64_t to) {
  return from == to ? fmt::format("step {}", grouped_number(from))
                    : fmt::format("steps {} to {}", grouped_number(from), grouped_number(to));
}

// Sections: a title in the first column, lines in the second.
class Page {
 public:
  void section(const std::string& title) { title_ = title; }
  void line(const std::string& text) {
    text_ += fmt::format("{:<15} {}", title_, text);
    while (text_.ends_with(' ')) text_.pop_back();
    text_ += '\n';
    title_.clear();
  }
  void blank() { text_ += '\n'; }
  std::string text() && {
    while (text_.ends_with("\n\n")) text_.pop_back();
    return std::move(text_);
  }

 private:
  std::string text_, title_;
};

// ---- The two sides ----

std::string side_line(const runs::DiffSide& side) {
  if (side.is_trace)
    return fmt::format("{}  trace of {}, {} step{}", printable(side.folder), printable(side.name),
                       grouped_number(side.steps), side.steps == 1 ? "" : "s");
  return fmt::format("{}  {} step{}, {}", printable(side.folder), grouped_number(side.steps),
                     side.steps == 1 ? "" : "s",
                     side.seal.empty() ? "not sealed" : "seal " + side.seal.substr(0, kDigits));
}

void add_sides(Page& page, const runs::DiffResult& result) {
  for (const auto& [title, side] : {std::pair{"A", &result.a}, std::pair{"B", &result.b}}) {
    page.section(title);
    page.line(side_line(*side));
    if (!side->damage.empty()) page.line("not intact: " + printable(side->damage));
  }
  page.blank();
}

// ---- The records ----

constexpr std::size_t kLongest = 48;  // of a value; a longer one is shown where it differs

std::size_t first_difference(const std::string& a, const std::string& b) {
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

// The beginning of the character that byte belongs to.
std::size_t character_at(const std::string& text, std::size_t byte) {
  while (byte > 0 && byte < text.size() && (text[byte] & 0xc0) == 0x80) --byte;
  return std::min(byte, text.size());
}

std::string shown(const std::string& value, std::size_t difference, const std::string& place) {
  constexpr std::size_t kBefore = 12;
  std::string text = value.empty() ? "(none)" : printable(value);
  if (text.size() > kLongest) {
    const std::size_t from = difference + kBefore < kLongest ? 0 : character_at(text, difference - kBefore);
    const std::size_t to = character_at(text, from + kLongest);
    text = (from > 0 ? "... " : "") + text.substr(from, to - from) + (to < text.size() ? " ..." : "");
  }
  return place.empty() ? text : fmt::format("{}  ({})", text, printable(place));
}

void add_group(Page& page, const std::string& title, const std::vector<runs::RecordDifference>& group,
               const std::string& when_equal) {
  page.section(title);
  if (group.empty()) page.line(when_equal);
  for (const runs::RecordDifference& entry : group) {
    const std::size_t difference = first_difference(printable(entry.a), printable(entry.b));
    page.line(printable(entry.name));
    page.line("  A  " + shown(entry.a, difference, entry.place_a));
    page.line("  B  " + shown(entry.b, difference, entry.place_b));
  }
}

// What the runs of traces claim is known by its digest only.
void add_claims(Page& page, const runs::DiffResult& result) {
  if (result.a.claim.empty() || result.b.claim.empty()) return;
  page.section("claim");
  if (result.a.contract != result.b.contract)
    page.line(fmt::format("other numerics contracts: A {}, B {}", printable(result.a.contract),
                          printable(result.b.contract)));
  if (result.a.claim == result.b.claim) return page.line("the same");
  page.line("not the same: other configuration, seed or data");
  page.line("  A  " + result.a.claim.substr(0, kDigits));
  page.line("  B  " + result.b.claim.substr(0, kDigits));
}

void add_chains(Page& page, const runs::DiffResult& result) {
  const runs::ChainComparison& chains = *result.chains;
  page.section("chains");
  if (!chains.difference)
    return page.line(
        fmt::format("the same, step by step, up to step {}", grouped_number(chains.common_steps)));
  const runs::ChainDifference& difference = *chains.difference;
  page.line(
      fmt::format("part at step {}: {}{}", grouped_number(difference.step), printable(difference.what),
                  difference.others.empty() ? "" : fmt::format(", and {} more", difference.others.size())));
  page.line("  A  " + printable(difference.a));
  page.line("  B  " + printable(difference.b));
  if (chains.state_agreed)
    page.line(fmt::format("the whole state was compared last at step {}, and agreed",
                          grouped_number(*chains.state_agreed)));
}

// ---- The re-executions ----

void add_execution(Page& page, const std::string& name, const runs::DiffSide& side) {
  if (side.is_trace || (!side.executed && side.not_executed.empty())) return;
  if (!side.executed)
    return page.line(fmt::format("{}  not re-executed: {}", name, printable(side.not_executed)));
  if (side.fault) {
    page.line(fmt::format("{}  not reproducible: fault between steps {} and {}", name,
                          grouped_number(side.fault->after), grouped_number(side.fault->by)));
    return page.line("   " + printable(side.mismatch->sentence()));
  }
  page.line(fmt::format("{}  {}: reproduced here", name, steps_text(side.executed_from, side.executed_to)));
}

void add_executions(Page& page, const runs::DiffResult& result) {
  page.section("re-executed");
  add_execution(page, "A", result.a);
  add_execution(page, "B", result.b);
  page.section("");
}

// ---- The traces ----

std::string place_of(const runs::TraceEvent& event) {
  std::string text;
  if (!event.scope.empty()) text += ", in " + printable(event.scope);
  if (!event.where.empty()) text += ", at " + printable(event.where);
  return text;
}

std::string described(const runs::TraceEvent& event) {
  return fmt::format("{}, {} {}", runs::trace_event_phrase(event), dtype_name(event.dtype),
                     event.shape.to_string());
}

std::string distance_text(const runs::ElementDifference& element) {
  std::string text;
  if (element.ulp) text += fmt::format("   {} ULP", grouped_number(*element.ulp));
  if (element.bit) text += fmt::format("{}one bit, number {}", text.empty() ? "   " : "; ", *element.bit);
  return text;
}

std::string grouped(std::int64_t number) {
  return grouped_number(static_cast<std::uint64_t>(number));
}

void add_place(Page& page, const runs::TraceDifference& difference) {
  const std::int64_t elements = difference.a->shape.elements();
  if (difference.element) {
    const runs::ElementDifference& element = *difference.element;
    page.line(fmt::format("element [{}], number {} of {}; {} of them differ{}",
                          fmt::join(element.position, ", "), grouped(element.element), grouped(elements),
                          grouped(element.differing), element.differing == 1 ? "s" : ""));
    page.line("  A  " + element.a);
    page.line("  B  " + element.b + distance_text(element));
  } else if (difference.a->kind == runs::TraceEventKind::kOlder) {
    page.line("it was made before the step, such as the data; a trace holds no values of it");
  } else {
    page.line(fmt::format("in elements {} to {} of {}; traces with values (--values) name the element",
                          grouped(difference.leaf_first), grouped(difference.leaf_last), grouped(elements)));
  }
}

void add_value(Page& page, const runs::TraceDifference& difference, std::uint64_t first_step) {
  add_place(page, difference);
  if (difference.origin) {
    const auto& origin = *difference.origin;
    page.line(fmt::format("in step {} both computed it alike: %{} {}{}", grouped_number(origin.step),
                          origin.event, runs::trace_event_phrase(origin.made_by), place_of(origin.made_by)));
    page.line(
        fmt::format("no operation changed it afterwards: in {}, the memory did, or the program's own code",
                    origin.changed_in_a ? "A" : "B"));
  } else if (difference.a->kind == runs::TraceEventKind::kState && difference.step == first_step &&
             first_step > 1) {
    page.line(fmt::format("traces from step {} on would say whether it was computed so",
                          grouped_number(first_step - 1)));
  }
  if (difference.a->kind == runs::TraceEventKind::kHost)
    page.line(
        "it was made from the program's own memory: what differs there came from no operation of Tessera");
}

void add_inputs(Page& page, const runs::TraceDifference& difference) {
  for (std::size_t i = 0; i < difference.inputs.size(); ++i)
    page.line(fmt::format(
        "{} %{} {}",
        i == 0 ? "inputs, which agreed when they were made:" : "                                         ",
        difference.a->inputs[i], described(difference.inputs[i])));
}

void add_difference(Page& page, const runs::TraceDifference& difference, std::uint64_t first_step) {
  const std::string at = fmt::format(
      "part at step {}, event %{}{}", grouped_number(difference.step), difference.event,
      difference.event == difference.event_b ? "" : fmt::format(" (in B %{})", difference.event_b));
  switch (difference.parting) {
    case runs::TraceParting::kScalar:
      page.line(fmt::format("part at the end of step {}: the scalar '{}', though every tensor agrees",
                            grouped_number(difference.step), printable(difference.scalar)));
      page.line("  A  " + difference.scalar_a);
      return page.line("  B  " + difference.scalar_b);
    case runs::TraceParting::kEnd:
    case runs::TraceParting::kProgram:
      page.line(at + ": the programs do different things");
      for (const auto& [name, event] : {std::pair{"A", &difference.a}, std::pair{"B", &difference.b}})
        page.line(*event ? fmt::format("  {}  {}{}", name, described(**event), place_of(**event))
                         : fmt::format("  {}  nothing more in this step", name));
      return;
    case runs::TraceParting::kValue:
      page.line(fmt::format("{}: {}", at, described(*difference.a)));
      if (const std::string place = place_of(*difference.a); !place.empty())
        page.line("  " + place.substr(2));
      add_value(page, difference, first_step);
      add_inputs(page, difference);
  }
}

// Values of many steps would fill a disk; digests of them are enough to find the one.
std::string trace_command(const runs::DiffSide& side) {
  constexpr std::uint64_t kFewSteps = 10;
  const std::uint64_t from = side.fault->after + 1, to = side.fault->by;
  return fmt::format("tessera trace {} --from {} --to {}{}", shell_word(side.folder), from, to,
                     to - from < kFewSteps ? " --values" : "");
}

void add_traces(Page& page, const runs::DiffResult& result) {
  const runs::TraceComparison& traces = *result.traces;
  page.section("traces");
  if (traces.difference) {
    add_difference(page, *traces.difference, traces.from);
    if (result.seen_once) page.line("executed once more, they did not part there: this fault comes and goes");
    return;
  }
  page.line(fmt::format("{}: {} events, all alike", steps_text(traces.from, traces.to),
                        grouped_number(traces.events)));
  if (result.a.is_trace || result.b.is_trace) return;
  for (const auto& [name, side] : {std::pair{"A", &result.a}, std::pair{"B", &result.b}})
    if (side->fault)
      page.line(
          fmt::format("to name the operation, where the fault of {} shows: {}", name, trace_command(*side)));
}

}  // namespace

std::string diff_text(const runs::DiffResult& result) {
  Page page;
  add_sides(page, result);
  if (result.records) {
    add_group(page, "configuration", result.records->configuration, "the same");
    add_group(page, "data", result.records->data, "the same");
    add_group(page, "code", result.records->code, "the same program");
    add_group(page, "environment", result.records->environment, "the same");
  }
  if (!result.records) add_claims(page, result);
  if (result.chains) add_chains(page, result);
  add_executions(page, result);
  if (result.traces) add_traces(page, result);
  page.section("");
  if (result.identical())
    page.line(result.traces ? "identical in these steps" : "identical");
  else if (result.agree)
    page.line(fmt::format("the same as far as they go, but {} not sealed",
                          !result.a.is_trace && result.a.seal.empty() ? "A is" : "B is"));
  return std::move(page).text();
}

}  // namespace tessera::cli
