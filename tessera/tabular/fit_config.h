// The settings of a fit: which table, which target, what features are made of it, which estimator with which parameters, how it is judged. They come
// from the command line, NAME=VALUE each, and are checked against one table of keys (fit_config.cc), from which `tessera fit --keys` prints its listing.
// A name without a dot is a parameter of the estimator. train/keyed_config.h says how values are read and what errors look like.
//
// ```cpp
// const auto config = tabular::FitConfig::of("k_neighbors_classifier", "iris.csv", "species", {"n_neighbors=3", "data.test=0.3"});
// assert(config.real("data.test") == 0.3 && config.estimator()->name() == "k_neighbors_classifier");
// assert(learn::parameters(*config.estimator())[0].value == "3");
// ```
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tessera/data/table_file.h"
#include "tessera/learn/estimators.h"
#include "tessera/learn/table_features.h"
#include "tessera/tabular/search_plan.h"
#include "tessera/train/keyed_config.h"

namespace tessera::tabular {

class FitConfig : public train::KeyedConfig {
 public:
  // `target`: "" for clusterings and transformations, which learn from all rows unless data.test says otherwise.
  static FitConfig of(const std::string& estimator, const std::string& table, const std::string& target,
                      const std::vector<std::string>& settings = {});
  // The same with a search of the best settings (search_plan.h); its draws depend on the key seed.
  static FitConfig of_search(const std::string& estimator, const std::string& table,
                             const std::string& target, std::vector<std::string> settings,
                             const SearchOptions& search);
  // From a record; keys that belong to the circumstances may be missing.
  static FitConfig from_record(const std::map<std::string, std::string>& texts);

  std::unique_ptr<learn::Estimator> estimator() const;  // with its parameters, not fitted
  std::optional<SearchPlan> search() const;             // nothing of a plain fit
  learn::TableFeaturesOptions features() const;
  data::CsvOptions csv() const;
  data::TableFileOptions table_file() const;
  std::vector<std::string> ignored() const;  // columns
  // The columns of a table with these names that are read as texts, although they may be numbers; the target is not among those of "*".
  std::vector<std::string> text_columns(const std::vector<std::string>& names) const;
  std::uint64_t seed() const { return static_cast<std::uint64_t>(integer("seed")); }

 private:
  std::vector<std::string> column_names(const std::string& key) const;
};

bool predicts_a_target(const learn::Estimator& estimator);
std::string fit_config_reference();  // every key with its bounds, default and meaning

}  // namespace tessera::tabular
