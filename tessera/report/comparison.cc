#include "tessera/report/comparison.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "tessera/base/error.h"
#include "tessera/base/json.h"
#include "tessera/base/progress.h"
#include "tessera/base/text.h"
#include "tessera/report/html.h"

namespace tessera::report {
namespace {

using nlohmann::json;

constexpr std::string_view kInputs = "inputs.";

std::map<std::string, std::string> settings_of(const runs::Claim& claim) {
  std::map<std::string, std::string> settings = claim.configuration;
  settings["contract"] = claim.contract;
  settings["seed"] = std::to_string(claim.seed);
  settings["record.digest_every"] = std::to_string(claim.digest_every);
  settings["record.checkpoint_every"] = std::to_string(claim.checkpoint_every);
  for (const auto& [name, digest] : claim.inputs) settings[std::string(kInputs) + name] = digest;
  return settings;
}

ComparedRun compared(const RunData& run, const ScalarNames& names) {
  ComparedRun result;
  result.name = run.name;
  result.folder = run.folder;
  result.status = run.damaged() ? "not intact" : runs::status_name(run.status);
  result.problem = run.problem();
  result.seal = run.check.seal;
  result.microseconds = run.microseconds;
  result.parameters = parameter_count(run);
  result.claim_readable = run.claim.has_value();
  if (run.claim) {
    result.planned = run.claim->steps;
    result.settings = settings_of(*run.claim);
  }
  if (!run.record) return result;
  result.chain_readable = true;
  result.steps = run.record->last_step();
  for (const runs::RecordLine& line : run.record->lines)
    for (const auto& [name, value] : line.line.scalars) {
      const std::string shown = names && run.claim ? names(*run.claim, name) : name;
      if (!shown.empty()) result.finals[shown] = value;
    }
  return result;
}

// The usual ones first; the learning rate is a setting.
std::vector<std::string> metrics_of(const std::vector<ComparedRun>& runs) {
  std::vector<std::string> metrics = {"loss",          "accuracy",     "held_out_loss", "held_out_accuracy",
                                      "held_out_rmse", "held_out_mae", "held_out_r2"};
  std::set<std::string> found;
  for (const ComparedRun& run : runs)
    for (const auto& [name, value] : run.finals) found.insert(name);
  std::erase_if(metrics, [&](const std::string& name) { return !found.contains(name); });
  for (const std::string_view first : {"test_", "folds_mean_", ""})
    for (const std::string& name : found)
      if (name.starts_with(first) && name != "learning_rate" &&
          std::find(metrics.begin(), metrics.end(), name) == metrics.end())
        metrics.push_back(name);
  return metrics;
}

std::vector<Difference> differences_of(const std::vector<ComparedRun>& runs) {
  std::set<std::string> keys;
  for (const ComparedRun& run : runs)
    for (const auto& [key, value] : run.settings) keys.insert(key);
  std::vector<Difference> differences;
  for (const std::string& key : keys) {
    Difference difference{key, {}};
    std::set<std::optional<std::string>> distinct;
    for (const ComparedRun& run : runs) {
      const auto found = run.settings.find(key);
      difference.values.push_back(found == run.settings.end() ? std::nullopt
                                                              : std::optional<std::string>(found->second));
      if (run.claim_readable) distinct.insert(difference.values.back());
    }
    if (distinct.size() > 1) differences.push_back(std::move(difference));
  }
  return differences;
}

// ---- For a terminal ----

using Lines = std::vector<std::vector<std::string>>;

// How many columns a text takes: its characters, not its bytes.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string aligned(const Lines& lines, const std::set<std::size_t>& left) {
  std::vector<std::size_t> widths(lines[0].size());
  for (const auto& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width_of(line[i]));
  std::string out;
  for (const auto& line : lines) {
    std::string row;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const std::string gap(widths[i] - width_of(line[i]), ' ');
      row += (i == 0 ? "" : "  ") + (left.contains(i) ? line[i] + gap : gap + line[i]);
    }
    out += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

std::string results_table(const Comparison& comparison) {
  const std::size_t metrics = std::min(comparison.metrics.size(), kMostShownMetrics);
  Lines lines = {{"run", "status", "parameters", "steps", "time"}};
  for (std::size_t i = 0; i < metrics; ++i)
    lines[0].push_back(shortened(printable(comparison.metrics[i]), 24));
  lines[0].emplace_back("seal");
  for (const ComparedRun& run : comparison.runs) {
    std::vector<std::string> line = {printable(run.name), run.status,
                                     run.parameters ? grouped_number(*run.parameters) : "-", steps_text(run),
                                     run.microseconds ? duration_text(*run.microseconds) : "-"};
    for (std::size_t i = 0; i < metrics; ++i) {
      const auto found = run.finals.find(comparison.metrics[i]);
      line.push_back(found == run.finals.end() ? "-" : number_text(found->second));
    }
    line.push_back(run.seal.empty() ? "-" : run.seal.substr(0, 12));
    lines.push_back(std::move(line));
  }
  return aligned(lines, {0, 1, lines[0].size() - 1});
}

std::string differences_list(const Comparison& comparison) {
  if (comparison.differences.empty()) return "\nthe configurations are the same\n";
  std::string out = "\nconfiguration keys that differ\n";
  for (const Difference& difference : comparison.differences) {
    out += fmt::format("{}\n", printable(difference.key));
    Lines lines;
    for (std::size_t i = 0; i < comparison.runs.size(); ++i)
      lines.push_back({"  " + printable(comparison.runs[i].name), value_text(comparison, difference, i)});
    out += aligned(lines, {0, 1});
  }
  return out;
}

template <typename T>
json value_or_null(const std::optional<T>& value) {
  return value ? json(*value) : json();
}

}  // namespace

std::string value_text(const Comparison& comparison, const Difference& difference, std::size_t run) {
  if (!comparison.runs[run].claim_readable) return "(unreadable)";
  const std::optional<std::string>& value = difference.values[run];
  if (!value) return "(not set)";
  if (difference.key.starts_with(kInputs)) return value->substr(0, 12);
  return shortened(printable(*value), 80);
}

ExitCode Comparison::code() const {
  for (const ComparedRun& run : runs)
    if (!run.problem.empty()) return ExitCode::kFailure;
  return ExitCode::kSuccess;
}

Comparison compare_runs(const std::vector<RunData>& runs, const ScalarNames& names) {
  if (runs.size() < kFewestCompared || runs.size() > kMostCompared)
    fail_with(ExitCode::kUsage, "expected {} to {} runs to compare, found {}", kFewestCompared, kMostCompared,
              runs.size());
  Comparison comparison;
  for (const RunData& run : runs) comparison.runs.push_back(compared(run, names));
  comparison.metrics = metrics_of(comparison.runs);
  comparison.differences = differences_of(comparison.runs);
  return comparison;
}

Comparison compare_runs(const std::vector<std::string>& folders, const ScalarNames& names) {
  return compare_runs(load_runs(folders), names);
}

std::string steps_text(const ComparedRun& run) {
  if (!run.chain_readable) return "-";
  if (run.planned == 0 || run.steps == run.planned) return grouped_number(run.steps);
  return fmt::format("{} of {}", grouped_number(run.steps), grouped_number(run.planned));
}

std::string comparison_text(const Comparison& comparison) {
  std::string out = results_table(comparison) + differences_list(comparison);
  for (const ComparedRun& run : comparison.runs)
    if (!run.problem.empty())
      out += fmt::format("\n{} is not intact: {}\n", printable(run.name), printable(run.problem));
  return out;
}

std::string comparison_json(const Comparison& comparison) {
  json runs = json::array(), differences = json::array();
  for (const ComparedRun& run : comparison.runs) {
    json finals = json::object();
    for (const auto& [name, value] : run.finals) finals[name] = hex_float(value);
    runs.push_back({{"name", printable(run.name)},
                    {"folder", printable(run.folder)},
                    {"status", run.status},
                    {"problem", printable(run.problem)},
                    {"parameters", value_or_null(run.parameters)},
                    {"steps", run.chain_readable ? json(run.steps) : json()},
                    {"planned", run.planned},
                    {"microseconds", value_or_null(run.microseconds)},
                    {"scalars", finals},
                    {"seal", run.seal}});
  }
  for (const Difference& difference : comparison.differences) {
    json values = json::array();
    for (const auto& value : difference.values) values.push_back(value_or_null(value));
    differences.push_back({{"key", difference.key}, {"values", values}});
  }
  return canonical_json({{"runs", runs}, {"differences", differences}});
}

}  // namespace tessera::report
