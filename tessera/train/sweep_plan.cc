#include "tessera/train/sweep_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/suggest.h"
#include "tessera/data/numbers.h"
#include "tessera/numerics/functions.h"
#include "tessera/tensor/random.h"
#include "tessera/train/config_schema.h"
#include "tessera/train/config_toml.h"

namespace tessera::train {
namespace {

using Kind = RawValue::Kind;

constexpr double kMostTrials = 100000;
constexpr std::string_view kNameExpected = "a name of a-z, 0-9, '.', '_' and '-'";

[[noreturn]] void reject(const RawEntry& entry, std::string_view expected, const std::string& hint = "") {
  fail_with(ExitCode::kUsage, "{}: {} is {}, expected {}{}", entry.origin, entry.key, entry.value.shown(),
            expected, hint);
}

std::string text_of(const RawEntry& entry, std::string_view expected) {
  if (entry.value.kind != Kind::kText || entry.value.text.empty()) reject(entry, expected);
  return entry.value.text;
}

double real_of(const RawEntry& entry) {
  const auto number = data::parse_real(entry.value.text);
  if ((entry.value.kind != Kind::kReal && entry.value.kind != Kind::kInteger) || !number ||
      !std::isfinite(*number))
    reject(entry, "a finite number");
  return *number;
}

std::int64_t integer_of(const RawEntry& entry, std::int64_t lowest, std::int64_t highest) {
  const auto number = data::parse_integer(entry.value.text);
  if (entry.value.kind != Kind::kInteger || !number || *number < lowest || *number > highest)
    reject(entry, fmt::format("a whole number from {} to {}", lowest, highest));
  return *number;
}

std::string choice_of(const RawEntry& entry, const std::vector<std::string>& choices) {
  for (const std::string& choice : choices)
    if (entry.value.kind == Kind::kText && entry.value.text == choice) return choice;
  std::string expected;
  for (const std::string& choice : choices)
    expected += fmt::format("{}\"{}\"", expected.empty() ? "one of " : ", ", choice);
  reject(entry, expected, did_you_mean(entry.value.text, choices));
}

// A value as --set takes it: lists in TOML notation, texts bare.
std::vector<std::string> values_of(const RawEntry& entry) {
  if (entry.value.kind != Kind::kList || entry.value.items.empty())
    reject(entry, "a list of at least one value, for example [0.1, 0.01]");
  std::vector<std::string> values;
  for (const RawValue& item : entry.value.items)
    values.push_back(item.kind == Kind::kText ? item.text : item.shown());
  return values;
}

std::vector<std::string> bundles_of(const RawEntry& entry) {
  constexpr std::string_view kExpected =
      "a list of lists of settings, for example [[\"training.optimizer=sgd\"], "
      "[\"training.optimizer=adam\"]]";
  if (entry.value.kind != Kind::kList || entry.value.items.empty()) reject(entry, kExpected);
  std::vector<std::string> bundles;
  for (const RawValue& list : entry.value.items) {
    if (list.kind != Kind::kList || list.items.empty()) reject(entry, kExpected);
    std::string joined;
    for (const RawValue& item : list.items) {
      const std::size_t equals = item.text.find('=');
      if (item.kind != Kind::kText || equals == std::string::npos || equals == 0 ||
          item.text.find('\n') != std::string::npos)
        reject(entry, kExpected);
      joined += (joined.empty() ? "" : "\n") + item.text;
    }
    bundles.push_back(std::move(joined));
  }
  return bundles;
}

class SweepReader {
 public:
  SweepReader(const std::string& source, const std::string& folder) : folder_(folder) {
    plan_.source = source;
    plan_.name = name_of_file(source);
  }

  SweepPlan read(const RawConfig& raw) {
    plan_.parameters.resize(raw.layers);
    for (const RawEntry& entry : raw.entries) add(entry);
    check();
    return std::move(plan_);
  }

 private:
  static std::string name_of_file(const std::string& path) {
    std::string name = path.substr(path.rfind('/') + 1);
    name = name.substr(0, name.find('.'));
    for (char& c : name) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
      if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_') c = '-';
    }
    return name.empty() ? "sweep" : name;
  }

  void add(const RawEntry& entry) {
    constexpr std::string_view kPrefix = "parameter.";
    if (entry.key.starts_with(kPrefix)) {
      const std::size_t dot = entry.key.find('.', kPrefix.size());
      const auto number = data::parse_integer(entry.key.substr(kPrefix.size(), dot - kPrefix.size()));
      if (dot != std::string::npos && number && *number >= 1 &&
          *number <= static_cast<std::int64_t>(plan_.parameters.size())) {
        add_parameter(plan_.parameters[static_cast<std::size_t>(*number) - 1], entry,
                      entry.key.substr(dot + 1));
        return;
      }
    }
    if (entry.key == "base") {
      const std::string path = text_of(entry, "the path of a training configuration");
      plan_.base = path.starts_with('/') ? path : folder_ + "/" + path;
    } else if (entry.key == "name") {
      plan_.name = text_of(entry, kNameExpected);
      if (!is_run_name(plan_.name)) reject(entry, kNameExpected);
    } else if (entry.key == "method") {
      const std::string method = choice_of(entry, {"grid", "random", "step_by_step"});
      plan_.method = method == "grid"     ? SweepMethod::kGrid
                     : method == "random" ? SweepMethod::kRandom
                                          : SweepMethod::kStepByStep;
    } else if (entry.key == "metric") {
      plan_.metric = choice_of(entry, {"held_out_accuracy", "held_out_loss"});
      plan_.larger_is_better = plan_.metric == "held_out_accuracy";
    } else if (entry.key == "trials") {
      plan_.random_trials = integer_of(entry, 1, static_cast<std::int64_t>(kMostTrials));
    } else if (entry.key == "seed") {
      plan_.seed = static_cast<std::uint64_t>(integer_of(entry, 0, std::int64_t{1} << 53));
    } else {
      unknown(entry, entry.key, {"base", "name", "method", "metric", "trials", "seed", "parameter"});
    }
  }

  void add_parameter(SweepParameter& parameter, const RawEntry& entry, const std::string& name) {
    if (parameter.origin.empty()) parameter.origin = entry.origin;
    if (name == "key") {
      parameter.key = text_of(entry, "a key of the configuration, for example \"training.batch\"");
    } else if (name == "values") {
      parameter.values = values_of(entry);
    } else if (name == "settings") {
      parameter.values = bundles_of(entry);
      parameter.bundles = true;
    } else if (name == "lowest" || name == "highest") {
      (name == "lowest" ? parameter.lowest : parameter.highest) = real_of(entry);
      bounds_[&parameter].push_back(entry.value.kind == Kind::kInteger);
    } else if (name == "scale") {
      parameter.logarithmic = choice_of(entry, {"linear", "log"}) == "log";
    } else {
      unknown(entry, name, {"key", "values", "settings", "lowest", "highest", "scale"});
    }
  }

  [[noreturn]] static void unknown(const RawEntry& entry, const std::string& name,
                                   const std::vector<std::string>& names) {
    fail_with(ExitCode::kUsage, "{}: unknown key '{}' of a sweep{}", entry.origin, entry.key,
              did_you_mean(name, names));
  }

  void check() {
    const std::string& source = plan_.source;
    if (plan_.base.empty())
      fail_with(ExitCode::kUsage, "{}: base is missing, expected the path of a training configuration",
                source);
    if (plan_.parameters.empty())
      fail_with(ExitCode::kUsage, "{}: there is no [[parameter]], expected at least one with key and values",
                source);
    const bool random = plan_.method == SweepMethod::kRandom;
    if (random != (plan_.random_trials > 0))
      fail_with(ExitCode::kUsage, "{}: {}", source,
                random ? "trials is missing, expected how many settings are to be drawn"
                       : "trials is only for method = \"random\"; the lists say how many there are");
    for (SweepParameter& parameter : plan_.parameters) check(parameter);
    if (static_cast<double>(plan_.trials()) > kMostTrials)
      fail_with(ExitCode::kUsage, "{}: the lists make {} trials, expected at most {}", source, plan_.trials(),
                kMostTrials);
  }

  void check(SweepParameter& parameter) {
    const std::string& origin = parameter.origin;
    if (parameter.key.empty())
      fail_with(ExitCode::kUsage, "{}: the [[parameter]] has no key, expected one of the configuration",
                origin.empty() ? plan_.source : origin);
    for (const SweepParameter& other : plan_.parameters)
      if (&other != &parameter && other.key == parameter.key)
        fail_with(ExitCode::kUsage, "{}: {} is swept twice, expected each key once", origin, parameter.key);
    const std::vector<bool>& whole = bounds_[&parameter];
    if (parameter.values.empty() == whole.empty())
      fail_with(ExitCode::kUsage,
                "{}: the parameter {} has {}, expected values, settings, or lowest and highest", origin,
                parameter.key, whole.empty() ? "neither values nor a range" : "both values and a range");
    if (whole.empty()) return;
    parameter.whole = whole.size() == 2 && whole[0] && whole[1];
    if (plan_.method != SweepMethod::kRandom)
      fail_with(ExitCode::kUsage,
                "{}: the parameter {} has a range, which only method = \"random\" draws from; "
                "expected values",
                origin, parameter.key);
    if (whole.size() != 2 || !(parameter.lowest < parameter.highest) ||
        (parameter.logarithmic && !(parameter.lowest > 0)))
      fail_with(ExitCode::kUsage,
                "{}: the parameter {} has the range {} to {}, expected lowest below highest{}", origin,
                parameter.key, parameter.lowest, parameter.highest,
                parameter.logarithmic ? ", both above 0 for scale = \"log\"" : "");
  }

  std::string folder_;
  SweepPlan plan_;
  std::map<const SweepParameter*, std::vector<bool>> bounds_;  // whether each given bound is whole
};

std::string setting(const SweepParameter& parameter, const std::string& value) {
  return parameter.bundles ? value : fmt::format("{}={}", parameter.key, value);
}

TrialSettings grid_trial(const std::vector<SweepParameter>& parameters, std::size_t trial) {
  TrialSettings settings(parameters.size());
  for (std::size_t p = parameters.size(); p-- > 0;) {
    const std::size_t count = parameters[p].values.size();
    settings[p] = setting(parameters[p], parameters[p].values[trial % count]);
    trial /= count;
  }
  return settings;
}

std::string drawn_value(const SweepParameter& parameter, double u) {
  if (!parameter.values.empty()) {
    const auto count = static_cast<double>(parameter.values.size());
    return parameter.values[std::min(static_cast<std::size_t>(u * count), parameter.values.size() - 1)];
  }
  double lowest = parameter.lowest, highest = parameter.highest;
  if (parameter.whole) lowest -= 0.5, highest += 0.5;  // each whole number has the same share
  if (parameter.logarithmic && parameter.whole) lowest = std::max(lowest, 0.5);
  double value = 0;
  if (parameter.logarithmic) {
    const double from = numerics::log(lowest), to = numerics::log(highest);
    value = numerics::exp(from + u * (to - from));
  } else {
    value = lowest + u * (highest - lowest);
  }
  if (!parameter.whole) return fmt::format("{}", std::clamp(value, lowest, highest));
  return fmt::format("{:.0f}", std::clamp(std::floor(value + 0.5), parameter.lowest, parameter.highest));
}

TrialSettings random_trial(const SweepPlan& plan, std::size_t trial) {
  RandomSource random(plan.seed);
  random.begin_step(trial);
  TrialSettings settings;
  for (const SweepParameter& parameter : plan.parameters) {
    const double u = random.uniform("sweep/" + parameter.key, {1}, DType::kFloat64).item<double>();
    settings.push_back(setting(parameter, drawn_value(parameter, u)));
  }
  return settings;
}

TrialSettings step_by_step_trial(const SweepPlan& plan, std::span<const TrialResult> done) {
  TrialSettings kept;
  std::size_t first = 0;  // trial of this parameter's first value
  for (const SweepParameter& parameter : plan.parameters) {
    const std::size_t count = parameter.values.size();
    if (done.size() < first + count) {
      kept.push_back(setting(parameter, parameter.values[done.size() - first]));
      return kept;
    }
    const std::size_t best = plan.best(done.subspan(first, count)).value_or(0);
    kept.push_back(setting(parameter, parameter.values[best]));
    first += count;
  }
  return {};
}

}  // namespace

std::vector<std::string> overrides_of(const TrialSettings& settings) {
  std::vector<std::string> overrides;
  for (const std::string& setting : settings)
    for (const std::string& one : words(setting, '\n')) overrides.push_back(one);
  return overrides;
}

SweepPlan SweepPlan::parse(std::string_view toml, const std::string& source, const std::string& folder) {
  return SweepReader(source, folder).read(parse_toml(toml, source, "parameter"));
}

SweepPlan SweepPlan::read(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return parse(read_file(path), path, slash == std::string::npos ? "." : path.substr(0, slash));
}

std::int64_t SweepPlan::trials() const {
  if (method == SweepMethod::kRandom) return random_trials;
  double product = 1, sum = 0;
  for (const SweepParameter& parameter : parameters) {
    product *= static_cast<double>(parameter.values.size());
    sum += static_cast<double>(parameter.values.size());
  }
  return static_cast<std::int64_t>(std::min(method == SweepMethod::kGrid ? product : sum, 1e15));
}

TrialSettings SweepPlan::next(std::span<const TrialResult> done) const {
  if (static_cast<std::int64_t>(done.size()) >= trials()) return {};
  if (method == SweepMethod::kGrid) return grid_trial(parameters, done.size());
  if (method == SweepMethod::kRandom) return random_trial(*this, done.size());
  return step_by_step_trial(*this, done);
}

std::optional<std::size_t> SweepPlan::best(std::span<const TrialResult> done) const {
  const auto loss_of = [](const TrialResult& trial) {
    return trial.loss && *trial.loss == *trial.loss ? *trial.loss : std::numeric_limits<double>::infinity();
  };
  const auto is_better = [&](const TrialResult& a, const TrialResult& b) {
    if (*a.metric != *b.metric) return larger_is_better == (*a.metric > *b.metric);
    return loss_of(a) < loss_of(b);
  };
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < done.size(); ++i) {
    if (!done[i].metric || *done[i].metric != *done[i].metric) continue;  // failed, or not a number
    if (!best || is_better(done[i], done[*best])) best = i;
  }
  return best;
}

}  // namespace tessera::train
