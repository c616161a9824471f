#include "tessera/runs/record_diff.h"

#include <algorithm>
#include <map>
#include <set>

#include "tessera/base/error.h"
#include "tessera/base/json.h"

namespace tessera::runs {
namespace {

struct Placed {
  std::string value, place;
};
using Table = std::map<std::string, Placed>;

void add_differences(std::vector<RecordDifference>& found, const Table& a, const Table& b) {
  std::set<std::string> names;
  for (const auto& [name, value] : a) names.insert(name);
  for (const auto& [name, value] : b) names.insert(name);
  const auto at = [](const Table& table, const std::string& name) {
    const auto entry = table.find(name);
    return entry == table.end() ? Placed() : entry->second;
  };
  for (const std::string& name : names) {
    const Placed in_a = at(a, name), in_b = at(b, name);
    if (in_a.value != in_b.value) found.push_back({name, in_a.value, in_b.value, in_a.place, in_b.place});
  }
}

// ---- Claims and circumstances ----

Table configuration_of(const Claim& claim, const Circumstances& circumstances) {
  Table table;
  for (const auto& [key, value] : claim.configuration) table[key] = {value, ""};
  for (const ConfigurationOrigin& setting : circumstances.configuration)
    if (const auto found = table.find(setting.key); found != table.end())
      found->second.place = setting.origin;
  table["numerics contract"] = {claim.contract, ""};
  table["kind of run"] = {claim.kind, ""};
  table["seed"] = {std::to_string(claim.seed), ""};
  table["steps"] = {claim.steps == 0 ? "not known beforehand" : std::to_string(claim.steps), ""};
  table["record.digest_every"] = {std::to_string(claim.digest_every), ""};
  table["record.checkpoint_every"] = {std::to_string(claim.checkpoint_every), ""};
  return table;
}

Table inputs_of(const Claim& claim, const Circumstances& circumstances) {
  Table table;
  for (const auto& [name, digest] : claim.inputs) table[fmt::format("input '{}'", name)] = {digest, ""};
  for (const InputPlace& input : circumstances.inputs)
    if (const auto found = table.find(fmt::format("input '{}'", input.name)); found != table.end())
      found->second.place = input.path;
  return table;
}

// Each session may have had another one: all of them in order, repetitions once.
template <typename ValueOf>
std::string over_sessions(const Circumstances& circumstances, ValueOf value_of) {
  std::string text, last;
  for (const Session& session : circumstances.sessions) {
    const std::string value = value_of(session);
    if (value == last || value.empty()) continue;
    text += (text.empty() ? "" : ", then ") + value;
    last = value;
  }
  return text;
}

constexpr const char* kCompiler = "compiler";

Table code_of(const Circumstances& circumstances) {
  Table table;
  table["program"] = {
      over_sessions(circumstances, [](const Session& session) { return session.program_digest; }),
      circumstances.command.empty() ? "" : circumstances.command.front()};
  table[kCompiler] = {over_sessions(circumstances,
                                    [](const Session& session) {
                                      const auto found = session.environment.find(kCompiler);
                                      return found == session.environment.end() ? std::string()
                                                                                : found->second;
                                    }),
                      ""};
  return table;
}

Table environment_of(const Circumstances& circumstances) {
  std::set<std::string> names;
  for (const Session& session : circumstances.sessions)
    for (const auto& [name, value] : session.environment) names.insert(name);
  Table table;
  for (const std::string& name : names)
    if (name != kCompiler)
      table[name] = {over_sessions(circumstances,
                                   [&](const Session& session) {
                                     const auto found = session.environment.find(name);
                                     return found == session.environment.end() ? std::string()
                                                                               : found->second;
                                   }),
                     ""};
  std::string ends;
  for (const Session& session : circumstances.sessions)
    ends +=
        fmt::format("{}steps {} to {}", ends.empty() ? "" : ", ", session.first_step + 1, session.last_step);
  if (circumstances.sessions.size() > 1) table["sessions"] = {ends, ""};
  return table;
}

// ---- Chains ----

// What differs between two maps, first what both have.
template <typename Value, typename ToText>
void add_parts(std::vector<ChainDifference>& found, const char* what, const std::map<std::string, Value>& a,
               const std::map<std::string, Value>& b, ToText to_text) {
  std::map<std::string, Value> names = a;
  names.insert(b.begin(), b.end());
  std::vector<ChainDifference> one_sided;
  for (const auto& [name, unused] : names) {
    const auto in_a = a.find(name), in_b = b.find(name);
    const std::string text_a = in_a == a.end() ? "nothing" : to_text(in_a->second),
                      text_b = in_b == b.end() ? "nothing" : to_text(in_b->second);
    if (text_a == text_b) continue;
    const bool both = in_a != a.end() && in_b != b.end();
    (both ? found : one_sided).push_back({0, fmt::format("{} '{}'", what, name), text_a, text_b, {}, false});
  }
  found.insert(found.end(), one_sided.begin(), one_sided.end());
}

std::optional<ChainDifference> compare_step(const ChainLine& a, const ChainLine& b) {
  std::vector<ChainDifference> found;
  add_parts(found, "scalar", a.scalars, b.scalars, real_text);
  // One side may have taken digests at this step and the other not.
  if (!a.state.empty() && !b.state.empty())
    add_parts(found, "tensor", a.state, b.state, [](const std::string& digest) { return digest; });
  if (found.empty()) return std::nullopt;
  ChainDifference first = std::move(found.front());
  first.step = a.step;
  for (std::size_t i = 1; i < found.size(); ++i) first.others.push_back(found[i].what);
  return first;
}

// The lines by step. A run whose loop ended without a last step of its own has a closing line for a step that has a line already.
std::map<std::uint64_t, ChainLine> by_step(const std::vector<RecordLine>& lines) {
  std::map<std::uint64_t, ChainLine> result;
  for (const RecordLine& recorded : lines) {
    ChainLine& line = result[recorded.line.step];
    line.step = recorded.line.step;
    line.closing = recorded.line.closing;
    line.scalars.insert(recorded.line.scalars.begin(), recorded.line.scalars.end());
    if (!recorded.line.state.empty()) line.state = recorded.line.state;
  }
  return result;
}

}  // namespace

RecordDifferences compare_circumstances(const Claim& claim_a, const Circumstances& a, const Claim& claim_b,
                                        const Circumstances& b) {
  RecordDifferences result;
  add_differences(result.configuration, configuration_of(claim_a, a), configuration_of(claim_b, b));
  add_differences(result.data, inputs_of(claim_a, a), inputs_of(claim_b, b));
  add_differences(result.code, code_of(a), code_of(b));
  add_differences(result.environment, environment_of(a), environment_of(b));
  return result;
}

ChainComparison compare_chains(const std::vector<RecordLine>& a, const std::vector<RecordLine>& b) {
  const auto lines_a = by_step(a), lines_b = by_step(b);
  ChainComparison result;
  for (const auto& [step, line_a] : lines_a) {
    const auto found = lines_b.find(step);
    if (found == lines_b.end()) break;
    const ChainLine& line_b = found->second;
    result.difference = compare_step(line_a, line_b);
    if (result.difference) return result;
    result.common_steps = step;
    if (!line_a.state.empty() && !line_b.state.empty()) result.state_agreed = step;
  }
  if (lines_a.empty() || lines_b.empty()) return result;
  const ChainLine &last_a = lines_a.rbegin()->second, &last_b = lines_b.rbegin()->second;
  const auto end = [](const ChainLine& line) {
    return fmt::format("step {}{}", line.step, line.closing ? ", complete" : ", not complete");
  };
  if (last_a.step != last_b.step || last_a.closing != last_b.closing)
    result.difference = ChainDifference{
        std::min(last_a.step, last_b.step), "the end of the run", end(last_a), end(last_b), {}, true};
  return result;
}

}  // namespace tessera::runs
