#include "tessera/tabular/learned_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string_view>

#include "tessera/base/text.h"
#include "tessera/learn/category_encoder.h"
#include "tessera/learn/feature_selection.h"
#include "tessera/learn/linear_model.h"
#include "tessera/learn/parameters.h"
#include "tessera/learn/pipeline.h"

namespace tessera::tabular {
namespace {

using Names = std::vector<std::string>;

constexpr std::int64_t kMostColumns = 6;  // of coefficients beside each other; of more classes they are added

// Of a linear model, whichever it is.
struct FindCoefficients : StateVisitor {
  Tensor coef;
  std::vector<double> intercepts;
  bool lacks_importances = false;  // that a model fitted today has
  void tensor(std::string_view name, Tensor& value) override {
    if (name == "coef") coef = value;
    if (name == "importances") lacks_importances = !value.defined();
    if (name == "intercept" && value.defined()) intercepts = value.to_vector<double>();
  }
  void integer(std::string_view, std::int64_t&) override {}
  void real(std::string_view name, double& value) override {
    if (name == "intercept") intercepts = {value};
  }
};

bool is_scaler(std::string_view name) {
  return name == "standard_scaler" || name == "min_max_scaler" || name == "max_abs_scaler" ||
         name == "robust_scaler";
}

template <typename Kind, typename Use>
void with_pipeline(const learn::Estimator& estimator, const Use& use) {
  if (const auto* pipeline = dynamic_cast<const learn::PipelineOf<Kind>*>(&estimator)) use(*pipeline);
}

Names names_behind(const learn::Estimator& step, const Names& names) {
  if (const auto* selector = dynamic_cast<const learn::FeatureSelector*>(&step)) {
    Names kept;
    for (const std::int64_t place : selector->support().to_vector<std::int64_t>())
      kept.push_back(names.at(static_cast<std::size_t>(place)));
    return kept;
  }
  if (const auto* encoder = dynamic_cast<const learn::CategoryEncoder*>(&step))
    return encoder->feature_names(names);
  if (is_scaler(step.name()) || step.name() == "simple_imputer") return names;
  const std::vector<learn::Estimator*> steps = steps_of(step);
  if (steps.empty()) return {};
  Names now = names;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const bool last = i + 1 == steps.size();
    now = last ? names_behind(*steps[i], now) : transformed_names(*steps[i], now, steps[i + 1]->features());
    if (last && now.empty()) return {};
  }
  return now;
}

bool whitens(learn::Estimator& step) {
  if (step.name() != "pca") return false;
  return learn::parameters_json(step).at("whiten") == true;
}

// Are what the step gives features of one size, if what it is given is, or not?
bool comparable_behind(learn::Estimator& step, bool comparable) {
  const std::vector<learn::Estimator*> steps = steps_of(step);
  for (learn::Estimator* part : steps) comparable = comparable_behind(*part, comparable);
  if (!steps.empty()) return comparable;
  if (is_scaler(step.name()) || whitens(step)) return true;
  const bool keeps =
      step.name() == "simple_imputer" || dynamic_cast<learn::FeatureSelector*>(&step) != nullptr;
  return comparable && keeps;
}

struct Listing {
  std::string heading = {};
  Names columns = {};              // above the numbers; empty: there is one number each
  std::vector<double> sizes = {};  // what the order goes by
  std::vector<std::vector<double>> rows = {};
  std::vector<double> intercepts = {};
};

std::string number(double value) {
  return fmt::format("{:.5g}", value);
}

std::size_t width_of(const std::string& text) {  // characters, not bytes
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// The name of a category may be a whole text.
std::string shown(const std::string& name, std::size_t most) {
  std::string text = printable(name);
  if (width_of(text) <= most) return text;
  while (width_of(text) >= most) text.pop_back();
  return text + "…";
}

std::string listing_text(const Listing& listing, const Names& names) {
  std::vector<std::size_t> order(names.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater(), [&](std::size_t i) { return listing.sizes[i]; });
  const auto zeros = static_cast<std::size_t>(std::ranges::count(listing.sizes, 0.0));
  order.resize(std::min(names.size() - zeros, kMostWeights));
  std::vector<Names> lines;
  if (!listing.columns.empty()) {
    lines.push_back({""});
    for (const std::string& name : listing.columns) lines.back().push_back(shown(name, 20));
  }
  const auto add = [&](const std::string& name, const std::vector<double>& values) {
    lines.push_back({name});
    for (const double value : values) lines.back().push_back(number(value));
  };
  for (const std::size_t i : order) add(shown(names[i], 48), listing.rows[i]);
  if (!listing.intercepts.empty()) add("(intercept)", listing.intercepts);
  std::vector<std::size_t> widths(lines.empty() ? 0 : lines.front().size());
  for (const Names& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width_of(line[i]));
  std::string text = listing.heading + "\n";
  for (const Names& line : lines) {
    text += "  " + line[0] + std::string(widths[0] - width_of(line[0]), ' ');
    for (std::size_t i = 1; i < line.size(); ++i)
      text += "  " + std::string(widths[i] - width_of(line[i]), ' ') + line[i];
    text += "\n";
  }
  if (order.size() < names.size())
    text += fmt::format("  … {} of {} features{}\n", order.size(), names.size(),
                        zeros > 0 ? fmt::format(", {} are 0", zeros) : "");
  return text;
}

Listing coefficients(const learn::Estimator& model, const FindCoefficients& found, const Names& classes,
                     bool comparable, bool behind_steps) {
  const Tensor sizes = learn::coefficient_importances(found.coef);
  const std::int64_t features = sizes.elements(), several = found.coef.elements() / features;
  const std::vector<double> values = found.coef.to_vector<double>();
  Listing listing{.sizes = sizes.to_vector<double>()};
  listing.heading = fmt::format("coefficients of {}, the largest first", model.name());
  const bool added = several > kMostColumns;
  for (std::size_t i = 0; i < listing.sizes.size(); ++i) {
    std::vector<double>& row = listing.rows.emplace_back();
    for (std::int64_t k = 0; k < several && !added; ++k)
      row.push_back(values[static_cast<std::size_t>(k * features) + i]);
    if (added) row.push_back(listing.sizes[i]);
  }
  if (added)
    listing.heading += fmt::format("; the absolute ones of {} classes added", several);
  else
    listing.intercepts = found.intercepts;
  if (several > 1 && !added) listing.columns = classes;
  if (several == 1 && classes.size() == 2)
    listing.heading += fmt::format("; above 0 speaks for '{}'", printable(classes[1]));
  if (!comparable)
    listing.heading +=
        fmt::format("\n(per unit of each column; with {} their sizes can be compared)",
                    behind_steps ? "standard_scaler as the step before it" : "features.scale=true");
  return listing;
}

}  // namespace

std::vector<learn::Estimator*> steps_of(const learn::Estimator& estimator) {
  std::vector<learn::Estimator*> steps;
  const auto take = [&](const auto& pipeline) {
    for (std::int64_t i = 0; i < pipeline.steps(); ++i) steps.push_back(&pipeline.step(i));
  };
  with_pipeline<learn::Classifier>(estimator, take);
  with_pipeline<learn::Regressor>(estimator, take);
  with_pipeline<learn::Clusterer>(estimator, take);
  with_pipeline<learn::Transformer>(estimator, take);
  return steps;
}

std::vector<std::string> transformed_names(const learn::Estimator& fitted,
                                           const std::vector<std::string>& names, std::int64_t columns) {
  Names found = names_behind(fitted, names);
  if (static_cast<std::int64_t>(found.size()) == columns) return found;
  const std::vector<learn::Estimator*> steps = steps_of(fitted);
  found.clear();
  for (std::int64_t i = 1; i <= columns; ++i)
    found.push_back(fmt::format("{}_{}", steps.empty() ? fitted.name() : steps.back()->name(), i));
  return found;
}

std::string weights_text(learn::Estimator& fitted, const std::vector<std::string>& names,
                         const std::vector<std::string>& classes, bool comparable) {
  const std::vector<learn::Estimator*> steps = steps_of(fitted);
  Names now = names;
  for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
    now = transformed_names(*steps[i], now, steps[i + 1]->features());
    comparable = comparable_behind(*steps[i], comparable);
  }
  learn::Estimator& last = steps.empty() ? fitted : *steps.back();
  const auto features = static_cast<std::int64_t>(now.size());
  FindCoefficients found;
  last.visit_state(found);
  if (found.coef.defined() && found.coef.elements() > 0 && features > 0 && found.coef.size(-1) == features)
    return listing_text(coefficients(last, found, classes, comparable, steps.size() > 1), now);
  const Tensor importances = last.importances();
  if (found.lacks_importances)
    return fmt::format("{} was saved before there were importances\n", last.name());
  if (!importances.defined() || importances.elements() != features) return "";
  Listing listing{.heading = fmt::format("importances of the features to {}, the largest first", last.name()),
                  .sizes = importances.to_vector<double>()};
  for (const double value : listing.sizes) listing.rows.push_back({value});
  return listing_text(listing, now);
}

}  // namespace tessera::tabular
