#include "tessera/learn/hist_gradient_boosting.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/learn/boosting_loss.h"
#include "tessera/learn/decision_tree.h"
#include "tessera/learn/restored.h"
#include "tessera/numerics/random.h"
#include "tessera/numerics/reduce.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

using internal::BoostingLoss;

constexpr std::int64_t kRowsOfAuto = 10'000;

bool holds_back(const BoostingParameters& parameters, std::int64_t rows) {
  return parameters.early_stopping == EarlyStopping::kTrue ||
         (parameters.early_stopping == EarlyStopping::kAuto && rows > kRowsOfAuto);
}

// Which rows are learned from and which are held back, both ascending.
struct DividedRows {
  std::vector<std::int64_t> learned, held_back;
};

DividedRows divided(const std::vector<double>& y, std::int64_t classes, const BoostingParameters& parameters,
                    double fraction) {
  const auto rows = static_cast<std::int64_t>(y.size());
  DividedRows result;
  if (fraction <= 0) {
    result.learned.resize(y.size());
    std::iota(result.learned.begin(), result.learned.end(), std::int64_t{0});
    return result;
  }
  std::vector<std::int64_t> wanted(static_cast<std::size_t>(std::max<std::int64_t>(classes, 1)));
  const auto group = [&](std::int64_t row) {
    return classes > 0 ? static_cast<std::size_t>(y[static_cast<std::size_t>(row)]) : std::size_t{0};
  };
  for (std::int64_t row = 0; row < rows; ++row) ++wanted[group(row)];
  for (std::int64_t& count : wanted) count = static_cast<std::int64_t>(static_cast<double>(count) * fraction);
  const auto key = numerics::stream_key(static_cast<std::uint64_t>(parameters.seed), "validation");
  std::vector<bool> back(y.size());
  for (const std::int64_t row : numerics::permutation(rows, key, 0))
    if (wanted[group(row)]-- > 0) back[static_cast<std::size_t>(row)] = true;
  for (std::int64_t row = 0; row < rows; ++row)
    (back[static_cast<std::size_t>(row)] ? result.held_back : result.learned).push_back(row);
  return result;
}

// The rows of one part, their targets, and what is predicted for them.
struct Part {
  Tensor x;
  BoostingLoss loss;
  std::vector<double> raw;  // output by output

  Part(const Tensor& all, const std::vector<double>& y, const std::vector<std::int64_t>& rows,
       std::int64_t classes)
      : x(rows.size() == y.size()
              ? all
              : contiguous(gather(all, Tensor::from(rows, {static_cast<std::int64_t>(rows.size())})))),
        loss(chosen(y, rows), classes) {}

  void start(const std::vector<double>& baseline) {
    for (const double value : baseline) raw.insert(raw.end(), static_cast<std::size_t>(loss.rows()), value);
  }
  std::span<double> output(std::int64_t k) {
    const auto rows = static_cast<std::size_t>(loss.rows());
    return std::span(raw).subspan(static_cast<std::size_t>(k) * rows, rows);
  }
  // Adds what a tree says of rows that it has not learned from.
  void add(const GrownTree& tree, std::int64_t k) {
    TreeEnsemble one;
    one.assign({tree}, 1);
    const Tensor says = one.sum(x);
    const std::span<const double> values = says.values<double>();
    const std::span<double> to = output(k);
    for (std::size_t i = 0; i < to.size(); ++i) to[i] += values[i];
  }

 private:
  static std::vector<double> chosen(const std::vector<double>& y, const std::vector<std::int64_t>& rows) {
    std::vector<double> values;
    for (const std::int64_t row : rows) values.push_back(y[static_cast<std::size_t>(row)]);
    return values;
  }
};

// None of the last n_iter_no_change losses is better than the one before them.
bool stands_still(const std::vector<double>& losses, const BoostingParameters& parameters) {
  const auto window = static_cast<std::size_t>(parameters.n_iter_no_change);
  if (losses.size() < window + 1) return false;
  const double before = losses[losses.size() - window - 1];
  return std::all_of(losses.end() - static_cast<std::ptrdiff_t>(window), losses.end(),
                     [&](double loss) { return !(loss < before - parameters.tol); });
}

BoostedTreeSettings tree_settings(const BoostingParameters& parameters) {
  BoostedTreeSettings settings;
  settings.learning_rate = parameters.learning_rate;
  settings.max_leaf_nodes = parameters.max_leaf_nodes;
  settings.max_depth = parameters.max_depth;
  settings.min_samples_leaf = parameters.min_samples_leaf;
  settings.l2_regularization = parameters.l2_regularization;
  return settings;
}

void require_all_classes(std::string_view name, const std::vector<double>& y, std::int64_t classes) {
  std::vector<bool> there(static_cast<std::size_t>(classes));
  if (classes == 0) return;
  for (const double c : y) there[static_cast<std::size_t>(c)] = true;
  for (std::size_t c = 0; c < there.size(); ++c)
    if (!there[c]) fail("{}: there is no row of class {} of {}", name, c, classes);
}

// The iterations, while they run.
// Gains are squares of gradients, and may be too large to be added up, or for float64 at all: then only those that are infinite count, by their number.
std::vector<double> within_range(std::vector<double> gains) {
  const double largest = *std::ranges::max_element(gains);
  if (std::isfinite(numerics::sum(std::span<const double>(gains)))) return gains;
  for (double& gain : gains) gain = std::isfinite(largest) ? gain / largest : std::isfinite(gain) ? 0 : 1;
  return gains;
}

class Run {
 public:
  Run(std::string_view name, const Tensor& x, const std::vector<double>& y, std::int64_t classes,
      const BoostingParameters& parameters)
      : parameters_(parameters),
        rows_(divided(y, classes, parameters,
                      holds_back(parameters, x.size(0)) ? parameters.validation_fraction : 0)),
        learned_(x, y, rows_.learned, classes),
        baseline_(learned_.loss.baseline()),
        bins_(learned_.x, parameters.max_bins),
        grower_(bins_, tree_settings(parameters)),
        gradients_(static_cast<std::size_t>(learned_.loss.rows() * learned_.loss.outputs())) {
    learned_.start(baseline_);
    if (!holds_back(parameters, x.size(0))) return;
    if (rows_.held_back.empty())
      fail("{}: early_stopping holds {} of the rows back, which is none of {}", name,
           parameters.validation_fraction, y.size());
    held_back_.emplace(x, y, rows_.held_back, classes);
    held_back_->start(baseline_);
    validation_.push_back(held_back_->loss.mean_loss(held_back_->raw));
  }

  void iterate() {
    const Quantisation quantisation = learned_.loss.quantisation(learned_.raw);
    learned_.loss.gradients(learned_.raw, quantisation, gradients_);
    const auto count = static_cast<std::size_t>(learned_.loss.rows());
    for (std::int64_t k = 0; k < learned_.loss.outputs(); ++k) {
      const auto of_output = std::span(gradients_).subspan(static_cast<std::size_t>(k) * count, count);
      trees_.push_back(grower_.grow(of_output, quantisation, learned_.output(k)));
      if (held_back_) held_back_->add(trees_.back(), k);
    }
    if (held_back_) validation_.push_back(held_back_->loss.mean_loss(held_back_->raw));
  }
  bool stands_still() const { return held_back_ && learn::stands_still(validation_, parameters_); }

  // Tells the observer of an iteration; false: it asks to stop.
  bool told(StepObserver* observer, std::int64_t iteration) const {
    if (observer == nullptr) return true;
    std::vector<StepScalar> scalars = {{"loss", learned_.loss.mean_loss(learned_.raw)}};
    if (held_back_) scalars.push_back({"validation_loss", validation_.back()});
    return observer->on_step({static_cast<std::uint64_t>(iteration), scalars});
  }

  const std::vector<double>& baseline() const { return baseline_; }
  const std::vector<GrownTree>& trees() const { return trees_; }
  std::vector<double> importances() const { return normalised(within_range(grower_.gains())); }

 private:
  const BoostingParameters& parameters_;
  DividedRows rows_;
  Part learned_;
  std::vector<double> baseline_;
  FeatureBins bins_;
  BoostedTreeGrower grower_;
  std::vector<RowGradient> gradients_;
  std::optional<Part> held_back_;
  std::vector<double> validation_;  // losses, the first before any tree
  std::vector<GrownTree> trees_;
};

}  // namespace

void BoostingParameters::visit(ParameterVisitor& visitor) {
  static constexpr std::array<std::string_view, 3> kStopping = {"auto", "true", "false"};
  visitor.real("learning_rate", learning_rate, Bounds::above(0),
               "What every tree's answer is multiplied by.");
  visitor.integer("max_iter", max_iter, Bounds::between(1, 1'000'000),
                  "How many trees, or for more than two classes trees per class.");
  visitor.integer("max_leaf_nodes", max_leaf_nodes, Bounds::at_least(0),
                  "Most leaves of a tree; 0: no limit.");
  visitor.integer("max_depth", max_depth, Bounds::at_least(0), "Most divisions above a leaf; 0: no limit.");
  visitor.integer("min_samples_leaf", min_samples_leaf, Bounds::at_least(1),
                  "Rows that a leaf has at least.");
  visitor.real("l2_regularization", l2_regularization, Bounds::at_least(0),
               "What is added to the sum of second derivatives, against large leaves.");
  visitor.integer("max_bins", max_bins, Bounds::between(2, 255),
                  "Bins of a feature, one more for missing values.");
  visitor.choice("early_stopping", early_stopping, kStopping,
                 "Hold rows back and stop when they stand still; auto: above 10,000 rows.");
  visitor.real("validation_fraction", validation_fraction, {.least = 0, .most = 0.9, .least_excluded = true},
               "Share of the rows that is held back.");
  visitor.integer("n_iter_no_change", n_iter_no_change, Bounds::at_least(1),
                  "Iterations without an improvement after which learning stops.");
  visitor.real("tol", tol, Bounds::at_least(0), "An improvement is more than this.");
  visitor.integer("seed", seed, Bounds::at_least(0), "What the choice of rows held back depends on.");
}

void Boosting::learn(std::string_view name, const Tensor& x, const std::vector<double>& y,
                     std::int64_t classes, const BoostingParameters& parameters, StepObserver* observer) {
  const FloatEnvironment contract;
  require_all_classes(name, y, classes);
  Run run(name, x, y, classes, parameters);
  for (std::int64_t iteration = 1; iteration <= parameters.max_iter; ++iteration) {
    run.iterate();
    if (!run.told(observer, iteration) || run.stands_still()) break;
  }
  trees_.assign(run.trees(), 1);
  baseline_ = Tensor::from(run.baseline(), {static_cast<std::int64_t>(run.baseline().size())});
  importances_ = Tensor::from(run.importances(), {x.size(1)});
}

Tensor Boosting::raw(const Tensor& x) const {
  return trees_.sum(x, outputs()) + baseline_;
}

void Boosting::visit_state(StateVisitor& visitor) {
  visitor.tensor("baseline", baseline_);
  visitor.tensor("importances", importances_);
  trees_.visit_state(visitor);
}

// ---- Classification ----

void HistGradientBoostingClassifier::learn(const Tensor& x, const Tensor& y, StepObserver* observer) {
  const std::vector<double> of_rows = cast(y, DType::kFloat64).to_vector<double>();
  boosting_.learn(name(), x, of_rows, classes(), parameters_, observer);
}

Tensor HistGradientBoostingClassifier::probabilities(const Tensor& x) const {
  const Tensor raw = boosting_.raw(x);
  if (raw.size(1) > 1) return softmax(raw, 1);
  return concatenate({sigmoid(-raw), sigmoid(raw)}, 1);
}

Tensor HistGradientBoostingClassifier::decisions(const Tensor& x) const {
  const Tensor raw = boosting_.raw(x);
  return raw.size(1) > 1 ? raw : reshape(raw, {-1});
}

// ---- Regression ----

void HistGradientBoostingRegressor::learn(const Tensor& x, const Tensor& y, StepObserver* observer) {
  boosting_.learn(name(), x, y.to_vector<double>(), 0, parameters_, observer);
}

Tensor HistGradientBoostingRegressor::answer(const Tensor& x) const {
  return reshape(boosting_.raw(x), {-1});
}

// ---- What was read from a file ----

void Boosting::check_restored(std::string_view owner, std::int64_t features, std::int64_t classes) const {
  require_restored(owner, "baseline", baseline_, DType::kFloat64, {classes > 2 ? classes : 1});
  if (importances_.defined()) {
    require_restored(owner, "importances", importances_, DType::kFloat64, {features});
    require_finite(owner, "importances", importances_);
    if (std::ranges::any_of(importances_.values<double>(), [](double share) { return share < 0; }))
      refuse_restored(owner, "'importances' has a number below 0");
  }
  trees_.check_restored(owner, features, 1);
  if (trees_.trees() % outputs() != 0) refuse_restored(owner, "an iteration lacks a tree");
}

void HistGradientBoostingClassifier::check_learned() const {
  boosting_.check_restored(name(), features(), classes());
}

void HistGradientBoostingRegressor::check_learned() const {
  boosting_.check_restored(name(), features(), 0);
}

}  // namespace tessera::learn
