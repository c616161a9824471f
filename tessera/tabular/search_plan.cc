#include "tessera/tabular/search_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "tessera/base/error.h"
#include "tessera/base/json.h"
#include "tessera/data/csv.h"
#include "tessera/data/numbers.h"
#include "tessera/learn/model_selection.h"
#include "tessera/numerics/reduce.h"
#include "tessera/stats/moments.h"

namespace tessera::tabular {

namespace {

using train::SweepMethod, train::SweepParameter, train::SweepPlan;

constexpr std::int64_t kMostCandidates = 10'000;

SweepParameter named(const std::string& option, const std::string& text, const std::string& expected) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
    fail_with(ExitCode::kUsage, "{} {}: expected {}", option, text, expected);
  SweepParameter parameter;
  parameter.key = text.substr(0, equals);
  parameter.origin = option;
  if (parameter.key.find('.') != std::string::npos)
    fail_with(ExitCode::kUsage, "{} {}: expected a parameter of the estimator, found the key '{}'", option,
              text, parameter.key);
  return parameter;
}

SweepParameter grid_parameter(const std::string& text) {
  SweepParameter parameter = named("--grid", text, "NAME=VALUE,VALUE");
  const std::string values = text.substr(parameter.key.size() + 1);
  const char separator = values.find('|') == std::string::npos ? ',' : '|';
  for (std::size_t begin = 0; begin <= values.size();) {
    const std::size_t end = std::min(values.find(separator, begin), values.size());
    if (end == begin) fail_with(ExitCode::kUsage, "--grid {}: found an empty value", text);
    parameter.values.push_back(values.substr(begin, end - begin));
    begin = end + 1;
  }
  return parameter;
}

SweepParameter ranged(const std::string& text) {
  const std::string expected = "NAME=LOWEST..HIGHEST or NAME=LOWEST..HIGHEST:log";
  SweepParameter parameter = named("--range", text, expected);
  std::string range = text.substr(parameter.key.size() + 1);
  if (range.ends_with(":log")) {
    parameter.logarithmic = true;
    range.resize(range.size() - 4);
  }
  const std::size_t dots = range.find("..");
  const std::string low = range.substr(0, dots),
                    high = dots == std::string::npos ? "" : range.substr(dots + 2);
  const auto lowest = data::parse_real(low), highest = data::parse_real(high);
  if (!lowest || !highest || !std::isfinite(*lowest) || !std::isfinite(*highest) || !(*lowest < *highest) ||
      (parameter.logarithmic && !(*lowest > 0)))
    fail_with(ExitCode::kUsage, "--range {}: expected {}, the lowest below the highest, both above 0 for log",
              text, expected);
  parameter.lowest = *lowest;
  parameter.highest = *highest;
  parameter.whole = data::parse_integer(low).has_value() && data::parse_integer(high).has_value();
  return parameter;
}

void check(const SweepPlan& plan) {
  if (plan.parameters.empty())
    fail_with(ExitCode::kUsage,
              "a search needs at least one --grid NAME=VALUE,VALUE (or --range with --random)");
  for (std::size_t i = 0; i < plan.parameters.size(); ++i) {
    const SweepParameter& parameter = plan.parameters[i];
    for (std::size_t j = 0; j < i; ++j)
      if (plan.parameters[j].key == parameter.key)
        fail_with(ExitCode::kUsage, "{}: '{}' is searched twice, expected each parameter once",
                  parameter.origin, parameter.key);
    if (parameter.values.empty() && plan.method != SweepMethod::kRandom)
      fail_with(ExitCode::kUsage, "--range {}: a range is drawn from, expected --random N beside it",
                parameter.key);
  }
  if (plan.trials() > kMostCandidates)
    fail_with(ExitCode::kUsage, "the search has {} candidates, expected at most {}", plan.trials(),
              kMostCandidates);
}

Settings settings_of_trial(const train::TrialSettings& trial) {
  Settings settings;
  for (const std::string& text : trial) {
    const std::size_t equals = text.find('=');
    settings.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return settings;
}

constexpr std::string_view kMethods[] = {"grid", "random", "step_by_step"};

// The mean in 40 bits: the same rows right in other folds differ in the last bit of the mean, and are no reason to prefer one.
double to_compare(double mean) {
  int exponent = 0;
  const double fraction = std::frexp(mean, &exponent);
  return std::isfinite(mean) ? std::ldexp(std::round(std::ldexp(fraction, 40)), exponent - 40) : mean;
}

double mean_of(std::span<const double> values) {
  return numerics::mean(values);
}

}  // namespace

SearchPlan SearchPlan::of(const SearchOptions& options, const learn::Estimator& estimator) {
  SearchPlan result;
  SweepPlan& plan = result.plan_;
  if (options.random > 0 && options.step_by_step)
    fail_with(ExitCode::kUsage, "--random and --step-by-step: expected one of them at most");
  plan.method = options.random > 0     ? SweepMethod::kRandom
                : options.step_by_step ? SweepMethod::kStepByStep
                                       : SweepMethod::kGrid;
  plan.random_trials = options.random;
  plan.seed = options.seed;
  for (const std::string& text : options.grid) plan.parameters.push_back(grid_parameter(text));
  for (const std::string& text : options.ranges) plan.parameters.push_back(ranged(text));
  check(plan);
  result.scoring_ = options.scoring;
  learn::scorer(options.scoring, estimator.task());
  // What is known before any score: every value of a list by itself, or every candidate.
  const std::int64_t known = plan.method == SweepMethod::kStepByStep ? 0 : plan.trials();
  std::vector<train::TrialResult> done;
  for (std::int64_t i = 0; i < known; ++i, done.emplace_back())
    learn::set_parameters(*learn::unfitted_copy(estimator), settings_of_trial(plan.next(done)));
  if (plan.method == SweepMethod::kStepByStep)
    for (const SweepParameter& parameter : plan.parameters)
      for (const std::string& value : parameter.values)
        learn::set_parameters(*learn::unfitted_copy(estimator), Settings{{parameter.key, value}});
  return result;
}

std::string SearchPlan::to_json() const {
  nlohmann::json json = {{"method", std::string(kMethods[static_cast<std::size_t>(plan_.method)])},
                         {"scoring", scoring_},
                         {"parameters", nlohmann::json::array()}};
  if (plan_.method == SweepMethod::kRandom) {
    json["draws"] = plan_.random_trials;
    json["seed"] = plan_.seed;
  }
  for (const SweepParameter& parameter : plan_.parameters) {
    nlohmann::json one = {{"key", parameter.key}};
    if (parameter.values.empty()) {
      one["lowest"] = hex_float(parameter.lowest);
      one["highest"] = hex_float(parameter.highest);
      one["logarithmic"] = parameter.logarithmic;
      one["whole"] = parameter.whole;
    } else {
      one["values"] = parameter.values;
    }
    json["parameters"].push_back(std::move(one));
  }
  return canonical_json(json);
}

SearchPlan SearchPlan::from_json(const std::string& text) {
  const nlohmann::json json = parse_json(text, "search.plan");
  SearchPlan result;
  SweepPlan& plan = result.plan_;
  try {
    const auto method = std::ranges::find(kMethods, json.at("method").get<std::string>());
    if (method == std::end(kMethods)) fail("search.plan: the method is none of grid, random, step_by_step");
    plan.method = static_cast<SweepMethod>(method - std::begin(kMethods));
    result.scoring_ = json.at("scoring").get<std::string>();
    if (plan.method == SweepMethod::kRandom) {
      plan.random_trials = json.at("draws").get<std::int64_t>();
      plan.seed = json.at("seed").get<std::uint64_t>();
    }
    for (const nlohmann::json& one : json.at("parameters")) {
      SweepParameter& parameter = plan.parameters.emplace_back();
      parameter.key = one.at("key").get<std::string>();
      parameter.origin = "search.plan";
      if (one.contains("values")) {
        parameter.values = one.at("values").get<std::vector<std::string>>();
        continue;
      }
      parameter.lowest = hex_float_value(one.at("lowest").get<std::string>());
      parameter.highest = hex_float_value(one.at("highest").get<std::string>());
      parameter.logarithmic = one.at("logarithmic").get<bool>();
      parameter.whole = one.at("whole").get<bool>();
    }
  } catch (const nlohmann::json::exception&) {
    fail("search.plan: the record's plan of the search is damaged: {}", text);
  }
  check(plan);
  if (plan.trials() < 1) fail("search.plan: the record's plan has no candidate");
  return result;
}

std::vector<std::string> SearchPlan::names() const {
  std::vector<std::string> names;
  for (const SweepParameter& parameter : plan_.parameters) names.push_back(parameter.key);
  return names;
}

std::vector<train::TrialResult> SearchPlan::results(std::span<const double> scores,
                                                    std::int64_t folds) const {
  std::vector<train::TrialResult> results;
  const std::size_t width = static_cast<std::size_t>(folds);
  for (std::size_t begin = 0; begin + width <= scores.size(); begin += width) {
    const double mean = mean_of(scores.subspan(begin, width));
    train::TrialResult& result = results.emplace_back();
    if (!std::isnan(mean)) result.metric = to_compare(mean);
  }
  return results;
}

Settings SearchPlan::settings(std::span<const double> scores, std::int64_t folds) const {
  return settings_of(static_cast<std::int64_t>(scores.size()) / folds, scores, folds);
}

Settings SearchPlan::settings_of(std::int64_t candidate, std::span<const double> scores,
                                 std::int64_t folds) const {
  const std::size_t before = static_cast<std::size_t>(candidate);
  TESSERA_CHECK(scores.size() / static_cast<std::size_t>(folds) >= before && candidate < candidates(),
                "candidate {} of {}", candidate, candidates());
  const std::vector<train::TrialResult> done =
      may_repeat() ? results(scores, folds) : std::vector<train::TrialResult>(before);
  return settings_of_trial(plan_.next(std::span(done).first(before)));
}

std::optional<std::int64_t> SearchPlan::best(std::span<const double> scores, std::int64_t folds) const {
  const std::vector<train::TrialResult> done = results(scores, folds);
  const auto found = plan_.best(done);
  return found ? std::optional(static_cast<std::int64_t>(*found)) : std::nullopt;
}

std::vector<Candidate> candidates_of(const SearchPlan& plan, std::span<const double> scores,
                                     std::int64_t folds) {
  std::vector<Candidate> candidates;
  const std::size_t width = static_cast<std::size_t>(folds);
  for (std::size_t begin = 0; begin < scores.size(); begin += width) {
    Candidate& one = candidates.emplace_back();
    const std::span<const double> own = scores.subspan(begin, std::min(width, scores.size() - begin));
    one.settings = plan.settings_of(static_cast<std::int64_t>(begin / width), scores, folds);
    one.folds.assign(own.begin(), own.end());
    one.mean = own.size() < width ? std::numeric_limits<double>::quiet_NaN() : mean_of(own);
    one.failed = std::isnan(one.mean);
    one.deviation = one.failed ? one.mean : stats::standard_deviation(own);
  }
  if (scores.size() % width != 0) candidates.back().failed = false;
  for (Candidate& one : candidates)
    if (one.folds.size() == width)
      one.rank = 1 + std::ranges::count_if(candidates, [&](const Candidate& other) {
                   return one.failed ? !other.failed : to_compare(other.mean) > to_compare(one.mean);
                 });
  return candidates;
}

std::string settings_text(const Settings& settings) {
  std::string text;
  for (const auto& [name, value] : settings)
    text += fmt::format("{}{}={}", text.empty() ? "" : "  ", name, value);
  return text;
}

std::string candidates_table(const std::vector<Candidate>& candidates, std::size_t most) {
  std::vector<const Candidate*> order;
  for (const Candidate& one : candidates) order.push_back(&one);
  std::ranges::stable_sort(order, {}, [](const Candidate* one) { return one->rank; });
  std::string text = "rank  mean     deviation  settings\n";
  for (std::size_t i = 0; i < std::min(most, order.size()); ++i) {
    const Candidate& one = *order[i];
    text += one.failed ? fmt::format("{:>4}  failed   -          {}\n", one.rank, settings_text(one.settings))
                       : fmt::format("{:>4}  {:<7.4f}  {:<9.4f}  {}\n", one.rank, one.mean, one.deviation,
                                     settings_text(one.settings));
  }
  if (order.size() > most) text += fmt::format("      and {} more\n", order.size() - most);
  return text;
}

std::string candidates_csv(const SearchPlan& plan, const std::vector<Candidate>& candidates,
                           std::int64_t folds) {
  const std::vector<std::string> names = plan.names();
  std::string text = "rank,mean,deviation";
  for (const std::string& name : names) text += fmt::format(",{}", data::csv_field(name));
  for (std::int64_t fold = 1; fold <= folds; ++fold) text += fmt::format(",fold_{}", fold);
  text += "\n";
  const auto number = [](double value) {
    return std::isnan(value) ? std::string() : fmt::format("{}", value);
  };
  for (const Candidate& one : candidates) {
    text += fmt::format("{},{},{}", one.rank == 0 ? "" : std::to_string(one.rank), number(one.mean),
                        number(one.deviation));
    for (const std::string& name : names) {  // step by step has not set those behind its own
      const auto found = std::ranges::find(one.settings, name, &std::pair<std::string, std::string>::first);
      text += fmt::format(",{}", found == one.settings.end() ? "" : data::csv_field(found->second));
    }
    for (const double value : one.folds) text += fmt::format(",{}", number(value));
    text += std::string(static_cast<std::size_t>(folds) - one.folds.size(), ',') + "\n";
  }
  return text;
}

}  // namespace tessera::tabular
