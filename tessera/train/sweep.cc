#include "tessera/train/sweep.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/hash.h"
#include "tessera/base/json.h"
#include "tessera/data/csv.h"
#include "tessera/runs/record.h"
#include "tessera/train/inputs.h"
#include "tessera/train/training_loss.h"
#include "tessera/train/training_setup.h"

namespace tessera::train {
namespace {

constexpr std::string_view kPlanFile = "plan.json", kResultsFile = "results.csv", kSweepLock = "lock";

std::string trial_name(std::size_t number) {
  return fmt::format("trial-{:04}", number);
}

// What decides which settings are tried.
std::string plan_text(const SweepPlan& plan, const SweepOptions& options) {
  nlohmann::json parameters = nlohmann::json::array();
  for (const SweepParameter& parameter : plan.parameters) {
    nlohmann::json row = {{"key", parameter.key}};
    if (!parameter.values.empty()) {
      row["values"] = parameter.values;
    } else {
      row["lowest"] = hex_float(parameter.lowest);
      row["highest"] = hex_float(parameter.highest);
      row["scale"] = parameter.logarithmic ? "log" : "linear";
      row["whole"] = parameter.whole;
    }
    parameters.push_back(std::move(row));
  }
  const nlohmann::json json = {{"method", static_cast<int>(plan.method)},
                               {"metric", plan.metric},
                               {"overrides", options.overrides},
                               {"parameters", parameters},
                               {"seed", plan.seed},
                               {"trials", plan.trials()}};
  return canonical_json(json) + "\n";
}

// More random trials may be asked for later: the ones before them stay the same.
void check_plan(const std::string& folder, const std::string& text) {
  const std::string path = fmt::format("{}/{}", folder, kPlanFile);
  if (!exists(path)) {
    write_file_atomically(path, text);
    return;
  }
  nlohmann::json recorded = parse_json(read_file(path), path), now = parse_json(text, "the plan");
  if (!recorded.is_object()) fail("{}: found something that is not a plan, expected an object of JSON", path);
  recorded["trials"] = now["trials"];
  if (recorded != now)
    fail_with(ExitCode::kInputChanged,
              "{}: the sweep in this folder was begun with another plan; expected the same one (another name "
              "begins a new sweep)",
              path);
  write_file_atomically(path, text);
}

// What a record claims and the sweep says now, in both directions; what was worked out from the data is not in the file.
void check_settings(const std::string& folder, const runs::Claim& claim, const Config& config) {
  std::map<std::string, std::string> now;
  for (const ConfigValue& value : config.values())
    if (value.spec->place == RecordPlace::kConfiguration && value.text != "[]") now[value.key] = value.text;
  std::map<std::string, std::string> recorded = claim.configuration;
  for (const char* found : {"data.classes", "data.columns", "data.shape", "data.vocabulary"})
    if (!now.contains(found)) recorded.erase(found);
  std::erase_if(recorded, [&](const auto& setting) {  // of words
    return setting.first.ends_with(".entries") && !now.contains(setting.first);
  });
  std::erase_if(recorded, [](const auto& setting) { return setting.second == "[]"; });
  for (const auto* one : {&recorded, &now})
    for (const auto& [key, text] : *one) {
      const auto* other = one == &now ? &recorded : &now;
      const auto found = other->find(key);
      if (found != other->end() && found->second == text) continue;
      const std::string there = found == other->end() ? "not set" : found->second;
      fail_with(
          ExitCode::kInputChanged,
          "{}: {} is {} in the record and {} in the sweep; the base configuration has changed since (another "
          "name begins a new sweep)",
          folder, key, one == &now ? there : text, one == &now ? text : there);
    }
  if (claim.seed != static_cast<std::uint64_t>(config.integer("seed")))
    fail_with(ExitCode::kInputChanged, "{}: the seed is {} in the record and {} in the sweep", folder,
              claim.seed, config.integer("seed"));
}

// Of the weights that the run keeps: those of the last evaluation, or of the best one (model_selection.h).
void read_finals(const std::string& folder, SweepTrial& trial) {
  const runs::Claim claim = runs::read_claim(folder);
  const auto keep = claim.configuration.find("training.keep");
  const bool best = keep != claim.configuration.end() && keep->second == "best";
  for (const runs::RecordLine& line : runs::read_record(folder).lines) {
    const auto accuracy = line.line.scalars.find("held_out_accuracy");
    const auto loss = line.line.scalars.find("held_out_loss");
    if (loss == line.line.scalars.end()) continue;
    if (best && trial.loss && !(loss->second < *trial.loss)) continue;
    if (accuracy != line.line.scalars.end()) trial.accuracy = accuracy->second;
    trial.loss = loss->second;
  }
}

// Everything that decides a result, in one text.
std::string identity(const Config& config) {
  std::string text = config.text("seed") + "\n";
  for (const ConfigValue& value : config.values())
    if (value.spec->place != RecordPlace::kCircumstances || value.spec->type == ValueType::kPath ||
        value.spec->type == ValueType::kPaths)
      text += fmt::format("{}={}\n", value.key, value.text);
  return text;
}

std::string value_text(const SweepParameter& parameter, std::string setting) {
  if (!parameter.bundles) return setting.substr(setting.find('=') + 1);
  std::replace(setting.begin(), setting.end(), '\n', ' ');
  return setting;
}

std::string results_csv(const SweepPlan& plan, const std::vector<SweepTrial>& trials) {
  using data::csv_field;
  std::string out = "trial,run";
  for (const SweepParameter& parameter : plan.parameters) out += fmt::format(",{}", csv_field(parameter.key));
  out += ",held_out_accuracy,held_out_loss,problem\n";
  for (std::size_t i = 0; i < trials.size(); ++i) {
    out += fmt::format("{},{}", i + 1, csv_field(trials[i].run.substr(trials[i].run.rfind('/') + 1)));
    for (std::size_t p = 0; p < plan.parameters.size(); ++p) {
      const TrialSettings& settings = trials[i].result.settings;
      out += fmt::format(",{}",
                         csv_field(p < settings.size() ? value_text(plan.parameters[p], settings[p]) : ""));
    }
    for (const auto& number : {trials[i].accuracy, trials[i].loss})
      out += number ? fmt::format(",{}", *number) : ",";
    out += fmt::format(",{}\n", csv_field(trials[i].problem));
  }
  return out;
}

class Sweep {
 public:
  Sweep(const SweepPlan& plan, const SweepOptions& options)
      : plan_(plan), options_(options), folder_(fmt::format("{}/{}", options.store, plan.name)) {}

  SweepResult run(const std::function<void(std::size_t, const SweepTrial&)>& report) {
    refuse_without_held_out();
    make_folders(folder_);
    const FolderLock lock(fmt::format("{}/{}", folder_, kSweepLock), "sweep " + plan_.name);
    check_plan(folder_, plan_text(plan_, options_));
    SweepResult result;
    result.folder = folder_;
    std::vector<TrialResult> done;
    while (true) {
      const TrialSettings settings = plan_.next(done);
      if (settings.empty()) break;
      result.trials.push_back(trial(settings, done.size() + 1));
      done.push_back(result.trials.back().result);
      write_file_atomically(fmt::format("{}/{}", folder_, kResultsFile), results_csv(plan_, result.trials));
      if (report) report(done.size(), result.trials.back());
    }
    result.best = plan_.best(done);
    return result;
  }

 private:
  void refuse_without_held_out() const {
    const Config base = Config::read(plan_.base, options_.overrides);
    if (base.real("data.held_out") == 0)
      fail_with(ExitCode::kUsage,
                "{}: data.held_out is 0, expected above 0: a sweep chooses by held-out samples",
                base.origin("data.held_out"));
    if (predicts_numbers(base) && plan_.metric == "held_out_accuracy")
      fail_with(ExitCode::kUsage,
                "{}: training.loss is \"{}\", for labels that are numbers, and the sweep chooses by "
                "held_out_accuracy, expected metric = \"held_out_loss\" in the plan",
                base.origin("training.loss"), base.text("training.loss"));
  }

  SweepTrial trial(const TrialSettings& settings, std::size_t number) {
    SweepTrial trial;
    trial.result.settings = settings;
    std::vector<std::string> overrides = options_.overrides;
    const std::vector<std::string> chosen = overrides_of(settings);
    overrides.insert(overrides.end(), chosen.begin(), chosen.end());
    try {
      const Config config = Config::read(plan_.base, overrides);
      const auto [earlier, is_new] =
          runs_.try_emplace(identity(config), fmt::format("{}/{}", folder_, trial_name(number)));
      trial.run = earlier->second;
      if (is_new) trial.trained = train_trial(config, trial.run, trial_name(number));
      read_finals(trial.run, trial);
      trial.result.metric = plan_.larger_is_better ? trial.accuracy : trial.loss;
      trial.result.loss = trial.loss;
    } catch (const runs::Stopped&) {
      throw;
    } catch (const Error& error) {
      // The plan itself is wrong, or the folder holds something else.
      if ((error.code() == ExitCode::kUsage && number == 1) || error.code() == ExitCode::kInputChanged) throw;
      trial.problem = error.what();
    }
    return trial;
  }

  bool train_trial(const Config& config, const std::string& folder, const std::string& name) {
    TrainOptions options;
    options.store = folder_;
    options.name = name;
    options.data_folder = options_.data_folder;
    options.environment = options_.environment;
    options.quiet = options_.quiet;
    if (is_folder(folder)) {
      const runs::RunStatus status = runs::run_status(folder);
      if (status == runs::RunStatus::kSealed || status == runs::RunStatus::kInterrupted) {
        const runs::Claim claim = runs::read_claim(folder);
        check_settings(folder, claim, config);
        check_inputs(folder, claim, config);
      }
      if (status == runs::RunStatus::kSealed) return false;
      if (status != runs::RunStatus::kNotStarted) {
        resume(folder, options);
        return true;
      }
      remove_unstarted(folder);
    }
    train(config, options);
    return true;
  }

  // A file is read once for all trials.
  void check_inputs(const std::string& folder, const runs::Claim& claim, const Config& config) {
    for (const auto& [role, path] : input_paths(config)) {
      const auto [digest, is_new] = digests_.try_emplace(path);
      if (is_new) digest->second = input_digest(path, config.text("data.format"));
      const auto claimed = claim.inputs.find(role);
      if (claimed == claim.inputs.end() || claimed->second != digest->second)
        fail_with(ExitCode::kInputChanged,
                  "{}: the input '{}' ({}) has changed since the trial was trained (another name begins a "
                  "new sweep)",
                  folder, role, path);
    }
  }

  // Killed before the first line: nothing but what a run writes before its claim.
  static void remove_unstarted(const std::string& folder) {
    for (const std::string& name : names_in_folder(folder))
      if (name != runs::kLockFile && name != runs::kCircumstancesFile && name != runs::kTimingFile &&
          name != runs::kCheckpointFolder && !is_temporary_name(name))
        fail("{}/{}: found in the place of a trial, expected a run or nothing", folder, name);
    remove_folder(folder);
  }

  const SweepPlan& plan_;
  const SweepOptions& options_;
  std::string folder_;
  std::map<std::string, std::string> runs_;     // by what decides their result
  std::map<std::string, std::string> digests_;  // of data files, by path
};

}  // namespace

SweepResult run_sweep(const SweepPlan& plan, const SweepOptions& options,
                      const std::function<void(std::size_t, const SweepTrial&)>& report) {
  return Sweep(plan, options).run(report);
}

}  // namespace tessera::train
