#include "tessera/tabular/fit_config.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/json.h"
#include "tessera/base/postgresql_uri.h"

namespace tessera::tabular {
namespace {

using namespace train::keys;
using train::Key, train::KeyPlace, train::KeyType, train::kKeyNone, train::kKeyRequired;

constexpr Key kKeys[] = {
    text("name", "fit", "Runs are called NAME-0001, NAME-0002, ...", KeyType::kName,
         KeyPlace::kCircumstances),
    integer("seed", 0, 9007199254740992, "1",
            "Of the split and the folds. Estimators that draw have a seed of their own.",
            KeyPlace::kClaimField),
    text("data.table", kKeyRequired,
         "The table: CSV, NPY or NPZ, packed with gzip or not, an SQLite database, or the address of a "
         "PostgreSQL database, postgresql://USER@HOST/DATABASE.",
         KeyType::kPath, KeyPlace::kCircumstances),
    text("data.query", kKeyNone, "Of a database: which rows, in which order (SELECT ... ORDER BY ...)."),
    text("data.target", kKeyNone,
         "The column that is to be predicted; none for clusterings and transformations."),
    text("data.ignore", kKeyNone,
         "Columns that are left out, separated by commas; a name with a comma stands in double quotes."),
    boolean("data.header", "true",
            "The first row names the columns; false: they are column_1, column_2, ..."),
    text(
        "data.columns", kKeyNone,
        "Names for the columns of a file without a header, all of them in their order, separated by commas."),
    choice("data.separator", "comma semicolon tab bar detect", "comma",
           "What stands between two fields; the character itself will do."),
    text("data.missing", kKeyNone,
         "Texts that stand for a missing value beside the empty one, separated by commas."),
    text("data.categories", kKeyNone,
         "Columns of numbers that are names, not amounts, separated by commas; *: every column."),
    boolean("data.trim", "false", "Blanks around fields do not count."),
    real("data.test", 0, 0.9, "0.2", "The share of the rows that is held out for the final test; 0: none."),
    choice("features.categories",
           "one_hot ordinal count hashing two_hash target m_estimate james_stein woe leave_one_out catboost "
           "embedding",
           "one_hot",
           "What texts become: a feature per category, its position, or what an encoder of docs/encoders.md "
           "makes of it."),
    text("features.encoder", kKeyNone, "Parameters of that encoder, NAME=VALUE, separated by commas."),
    choice("features.missing", "mean median zero refuse keep", "mean",
           "What missing numbers become, learned from the training rows; keep: for estimators that can do "
           "with them."),
    boolean("features.scale", "false", "Every feature gets mean 0 and deviation 1 over the training rows."),
    text("model.estimator", kKeyRequired, "Its name; `tessera fit --list` has all of them."),
    text("model.parameters", "{}",
         "All parameters of the estimator: `--set NAME=VALUE`, or `--set parameters.NAME=VALUE` where a "
         "setting "
         "has that name, too.",
         KeyType::kText, KeyPlace::kFound),
    integer("evaluate.folds", 0, 1000, "5",
            "Cross-validation on the training rows with so many folds, stratified for classes; 0: none."),
    text("search.plan", kKeyNone, "What a search tries.", KeyType::kText, KeyPlace::kFound),
    text("found.table", kKeyNone, "Digest of the table's records.", KeyType::kText, KeyPlace::kFound),
    text("found.schema", kKeyNone, "The columns of the features.", KeyType::kText, KeyPlace::kFound),
    text("found.classes", kKeyNone, "The classes.", KeyType::kText, KeyPlace::kFound),
};

// Of the estimator: in a record, and where a name would be ambiguous.
constexpr std::string_view kParameter = "parameters.";

std::vector<std::string> listed(const std::string& text) {
  std::vector<std::string> items;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    if (comma > begin) items.push_back(text.substr(begin, comma - begin));
    begin = comma + 1;
  }
  return items;
}

// Where the name in quotes ends that begins here, behind its closing quote; 0 if it is none. As in CSV two quotes within stand for one.
std::size_t quoted_name_end(std::string_view text) {
  if (!text.starts_with('"')) return 0;
  for (std::size_t at = text.find('"', 1); at != std::string_view::npos; at = text.find('"', at + 2))
    if (at + 1 >= text.size() || text[at + 1] != '"')
      return at + 1 >= text.size() || text[at + 1] == ',' ? at + 1 : 0;
  return 0;
}

std::vector<std::string> listed_names(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t quoted = quoted_name_end(text),
                      end = quoted > 0 ? quoted : std::min(text.find(','), text.size());
    std::string name(text.substr(0, end));
    if (quoted > 0) {
      name = name.substr(1, quoted - 2);
      for (std::size_t at = name.find("\"\""); at != std::string::npos; at = name.find("\"\"", at + 1))
        name.erase(at, 1);
    }
    if (!name.empty()) names.push_back(std::move(name));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return names;
}

// "cv=10,noise=0.1"
std::map<std::string, std::string> pairs(const std::string& text, const std::string& origin) {
  std::map<std::string, std::string> found;
  for (const std::string& item : listed(text)) {
    const std::size_t equals = item.find('=');
    if (equals == std::string::npos || equals == 0)
      fail_with(ExitCode::kUsage, "{}: features.encoder has '{}', expected NAME=VALUE", origin, item);
    if (!found.emplace(item.substr(0, equals), item.substr(equals + 1)).second)
      fail_with(ExitCode::kUsage, "{}: features.encoder has '{}' twice", origin, item.substr(0, equals));
  }
  return found;
}

std::vector<std::string> without_blanks(std::vector<std::string> items) {
  for (std::string& item : items) {
    item.erase(0, item.find_first_not_of(' '));
    item.erase(item.find_last_not_of(' ') + 1);
  }
  return items;
}

// "data.separator=;" is what people write.
std::string with_separator_named(const std::string& setting) {
  static const std::map<std::string, std::string> kNames = {
      {",", "comma"}, {";", "semicolon"}, {"\t", "tab"}, {"\\t", "tab"}, {"|", "bar"}};
  constexpr std::string_view kSeparator = "data.separator=";
  if (!setting.starts_with(kSeparator)) return setting;
  const auto found = kNames.find(setting.substr(kSeparator.size()));
  return found == kNames.end() ? setting : std::string(kSeparator) + found->second;
}

// The value of the last setting "KEY=VALUE", the one that counts.
std::optional<std::string> given(const std::vector<std::string>& overrides, std::string_view key) {
  std::optional<std::string> value;
  for (const std::string& text : overrides)
    if (text.starts_with(key)) value = text.substr(key.size());
  return value;
}

void check_names(const std::string& names) {
  std::size_t begin = 0;
  for (int number = 1; begin <= names.size(); ++number) {
    const std::size_t comma = std::min(names.find(',', begin), names.size());
    if (names.find_first_not_of(" \t", begin) >= comma)
      fail_with(ExitCode::kUsage, "--set data.columns={}: name {} is empty", names, number);
    begin = comma + 1;
  }
}

// A file whose columns are named here has no header; to say so is allowed, too.
void add_missing_header(std::vector<std::string>& overrides) {
  const auto columns = given(overrides, "data.columns="), header = given(overrides, "data.header=");
  if (!columns) return;
  check_names(*columns);
  if (!header)
    overrides.emplace_back("data.header=false");
  else if (*header == "true")  // of anything else the type is wrong, which is said later
    fail_with(ExitCode::kUsage,
              "--set data.header=true: data.columns names the columns of a file without a header, expected "
              "one of the two");
}

std::unique_ptr<learn::Estimator> estimator_for_tables(const std::string& name, bool target) {
  std::unique_ptr<learn::Estimator> estimator = learn::make_estimator(name);
  const std::string_view task = learn::task_name(estimator->task());
  if (target && !predicts_a_target(*estimator))
    fail_with(ExitCode::kUsage, "'{}' is for {}, expected an estimator that predicts a target, or no target",
              name, task);
  if (!target && predicts_a_target(*estimator))
    fail_with(ExitCode::kUsage, "'{}' is for {}, expected a target: the column that it is to predict", name,
              task);
  return estimator;
}

// What is judged by folds and encoded by the target needs one.
void check_without_target(const FitConfig& config) {
  if (config.integer("evaluate.folds") > 0)
    fail_with(ExitCode::kUsage,
              "{}: evaluate.folds is {}, expected 0: without a target there is no score of a fold",
              config.origin("evaluate.folds"), config.integer("evaluate.folds"));
  if (learn::looks_at_target(learn::encoding_named(config.text("features.categories"))))
    fail_with(ExitCode::kUsage, "{}: features.categories is {}, which looks at a target, and there is none",
              config.origin("features.categories"), config.text("features.categories"));
}

}  // namespace

bool predicts_a_target(const learn::Estimator& estimator) {
  return estimator.task() == learn::Task::kClassification || estimator.task() == learn::Task::kRegression;
}

FitConfig FitConfig::of(const std::string& estimator, const std::string& table, const std::string& target,
                        const std::vector<std::string>& settings) {
  const std::unique_ptr<learn::Estimator> model = estimator_for_tables(estimator, !target.empty());
  std::vector<std::string> overrides = {"data.table=" + take_password(table), "model.estimator=" + estimator};
  if (target.empty())
    overrides.insert(overrides.end(), {"evaluate.folds=0", "data.test=0"});  // later ones count
  else
    overrides.push_back("data.target=" + target);
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const std::string& setting : settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0)
      fail_with(ExitCode::kUsage, "--set {}: expected NAME=VALUE", setting);
    const std::string name = setting.substr(0, equals);
    if (name == "data.table" || name == "data.target" || name == "model.estimator")
      fail_with(ExitCode::kUsage, "--set {}: it is given already, expected another name", setting);
    if (name.starts_with(kParameter))
      parameters.emplace_back(name.substr(kParameter.size()), setting.substr(equals + 1));
    else if (name.find('.') != std::string::npos || name == "seed" || name == "name")
      overrides.push_back(with_separator_named(setting));
    else
      parameters.emplace_back(name, setting.substr(equals + 1));
  }
  learn::set_parameters(*model, std::move(parameters));
  add_missing_header(overrides);
  FitConfig config;
  config.parse_keys(kKeys, "", "tessera fit", overrides, ".");
  config.set_found("model.parameters", canonical_json(learn::parameters_json(*model)));
  if (target.empty()) check_without_target(config);
  return config;
}

FitConfig FitConfig::of_search(const std::string& estimator, const std::string& table,
                               const std::string& target, std::vector<std::string> settings,
                               const SearchOptions& search) {
  settings.insert(settings.begin(), "name=search");
  FitConfig config = of(estimator, table, target, settings);
  if (config.integer("evaluate.folds") < 2)
    fail_with(ExitCode::kUsage, "{}: evaluate.folds is {}, expected at least 2: a search is judged by them",
              config.origin("evaluate.folds"), config.integer("evaluate.folds"));
  SearchOptions options = search;
  options.seed = config.seed();
  config.set_found("search.plan", SearchPlan::of(options, *config.estimator()).to_json());
  return config;
}

std::optional<SearchPlan> FitConfig::search() const {
  if (!has("search.plan")) return std::nullopt;
  return SearchPlan::from_json(text("search.plan"));
}

FitConfig FitConfig::from_record(const std::map<std::string, std::string>& texts) {
  std::map<std::string, std::string> known = texts;
  std::erase_if(
      known, [](const auto& item) { return item.first.starts_with("record."); });  // the same for every fit
  nlohmann::json parameters = nlohmann::json::object();
  for (auto item = known.begin(); item != known.end();) {
    const bool is_parameter = item->first.starts_with(kParameter);
    if (is_parameter) parameters[item->first.substr(kParameter.size())] = item->second;
    item = is_parameter ? known.erase(item) : std::next(item);
  }
  known["model.parameters"] = canonical_json(parameters);
  FitConfig config;
  config.recorded_keys(kKeys, known);
  return config;
}

std::unique_ptr<learn::Estimator> FitConfig::estimator() const {
  std::unique_ptr<learn::Estimator> model = estimator_for_tables(text("model.estimator"), has("data.target"));
  learn::set_parameters(*model, parse_json(text("model.parameters"), "model.parameters"));
  return model;
}

learn::TableFeaturesOptions FitConfig::features() const {
  using learn::MissingNumbers;
  static const std::map<std::string, MissingNumbers> kMissing = {{"mean", MissingNumbers::kMean},
                                                                 {"median", MissingNumbers::kMedian},
                                                                 {"zero", MissingNumbers::kZero},
                                                                 {"refuse", MissingNumbers::kRefuse},
                                                                 {"keep", MissingNumbers::kKeep}};
  const bool classes = estimator()->task() == learn::Task::kClassification;
  return {.categories = learn::encoding_named(text("features.categories")),
          .missing = kMissing.at(text("features.missing")),
          .scale = boolean("features.scale"),
          .encoder = has("features.encoder") ? pairs(text("features.encoder"), origin("features.encoder"))
                                             : std::map<std::string, std::string>(),
          .target_type = classes ? learn::TargetType::kAuto : learn::TargetType::kContinuous};
}

std::vector<std::string> FitConfig::text_columns(const std::vector<std::string>& names) const {
  if (!has("data.categories")) return {};
  const std::string target = has("data.target") ? text("data.target") : "";
  std::vector<std::string> columns;
  if (text("data.categories") != "*")
    columns = column_names("data.categories");
  else
    std::ranges::copy_if(names, std::back_inserter(columns),
                         [&](const std::string& name) { return name != target; });
  return columns;
}

data::CsvOptions FitConfig::csv() const {
  static const std::map<std::string, char> kSeparators = {
      {"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"bar", '|'}, {"detect", data::kDetectSeparator}};
  return {.separator = kSeparators.at(text("data.separator")),
          .header = boolean("data.header"),
          .missing = has("data.missing") ? listed(text("data.missing")) : std::vector<std::string>(),
          .trim = boolean("data.trim")};
}

data::TableFileOptions FitConfig::table_file() const {
  return {.csv = csv(),
          .query = has("data.query") ? text("data.query") : "",
          .columns = has("data.columns") ? without_blanks(listed(text("data.columns")))
                                         : std::vector<std::string>()};
}

std::vector<std::string> FitConfig::ignored() const {
  return has("data.ignore") ? column_names("data.ignore") : std::vector<std::string>();
}

// A blank behind a comma may be part of a name only where names are taken from a header as they are.
std::vector<std::string> FitConfig::column_names(const std::string& key) const {
  const std::vector<std::string> names = listed_names(text(key));
  return boolean("data.header") && !boolean("data.trim") ? names : without_blanks(names);
}

std::string fit_config_reference() {
  return train::key_reference(kKeys);
}

}  // namespace tessera::tabular
