#include "tessera/tabular/step_only.h"

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "tessera/base/error.h"
#include "tessera/learn/category_encoder.h"
#include "tessera/learn/feature_selection.h"
#include "tessera/learn/table_features.h"

namespace tessera::tabular {
namespace {

bool is_encoder(const learn::Estimator& estimator) {
  return dynamic_cast<const learn::CategoryEncoder*>(&estimator) != nullptr;
}

// "target" of target_encoder: its name as a value of features.categories.
std::string encoding_of(const learn::Estimator& encoder) {
  const std::string_view name = encoder.name();
  return std::string(name.substr(0, name.find("_encoder")));
}

}  // namespace

bool is_step_only(const learn::Estimator& estimator) {
  if (is_encoder(estimator)) return learn::looks_at_target(learn::encoding_named(encoding_of(estimator)));
  const bool selects = dynamic_cast<const learn::FeatureSelector*>(&estimator) != nullptr;
  return selects && estimator.name() != "variance_threshold";
}

void refuse_step_only(const learn::Estimator& estimator) {
  if (!is_step_only(estimator)) return;
  const std::string instead =
      is_encoder(estimator) ? fmt::format(", or features.categories={}", encoding_of(estimator)) : "";
  fail_with(ExitCode::kUsage,
            "{0} learns from a target: use it as a step of a pipeline (pipeline_classifier or "
            "pipeline_regressor, steps={0}, ...){1}",
            estimator.name(), instead);
}

}  // namespace tessera::tabular
