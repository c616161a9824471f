#include "tessera/learn/target_encoders.h"

#include <algorithm>
#include <cmath>

#include "tessera/base/at.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/james_stein.h"
#include "tessera/numerics/functions.h"

namespace tessera::learn {

namespace {

constexpr std::string_view kWeightings[] = {"smooth", "sigmoid"};
constexpr std::string_view kModels[] = {"independent", "pooled", "beta", "binary"};

double m_estimate(const TargetMoments& group, double prior, double m) {
  return (group.sum + m * prior) / (static_cast<double>(group.count) + m);
}

void visit_noise(ParameterVisitor& visitor, SigmaNoise& noise) {
  visitor.flag("randomized", noise.randomized, "Training rows get Gaussian noise.");
  visitor.real("sigma", noise.sigma, Bounds::at_least(0), "Its deviation, as a share of the value.");
}

void require_classes(std::string_view encoder, const Tensor& y) {
  const auto columns = target_columns(encoder, y, TargetType::kAuto);  // refuses when there is no target
  if (columns.size() > 1) return;
  if (!std::ranges::all_of(columns[0], [](double value) { return value == 0 || value == 1; }))
    fail("{}: expected classes as the target, 0 and 1 or more of them, found other numbers", encoder);
}

}  // namespace

// ---- Cross-fitting ----

void CrossFittedEncoder::visit_folding(ParameterVisitor& visitor, CrossFitting& folding) {
  visitor.integer("cv", folding.cv, Bounds::between(2, 1000), "Folds by which training rows are encoded.");
  visitor.integer("inner_cv", folding.inner_cv, Bounds::between(0, 1000),
                  "Folds within each of them; 0 or 1: one level only.");
  visitor.flag("shuffle", folding.shuffle, "Folds of rows drawn by the seed, not of neighbours.");
  visitor.integer("seed", folding.seed, Bounds::at_least(0), "What folds and noise depend on.");
}

void CrossFittedEncoder::learn(const Tensor& x, const Tensor& y, StepObserver*) {
  const auto targets = target_columns(name(), y, target_type());
  categories_ = Categories(x);
  const CategoryCodes codes = categories_.codes(x);
  const std::size_t outputs = targets.size();
  std::vector<double> values(at(categories_.total()) * outputs), unseen;
  std::vector<TargetMoments> all;
  for (const std::vector<double>& target : targets) {
    all.push_back(moments_of(target));
    unseen.push_back(unseen_by(all.back()));
  }
  parallel_for(x.size(1), [&](std::int64_t f) {
    GroupedTarget grouped(codes[at(f)], categories_.count(f));
    std::vector<double> estimates(at(categories_.count(f)));
    for (std::size_t output = 0; output < outputs; ++output) {
      grouped.take(targets[output]);
      estimate(grouped.moments({}), all[output], estimates);
      for (std::size_t c = 0; c < estimates.size(); ++c)
        values[(at(categories_.first(f)) + c) * outputs + output] = estimates[c];
    }
  });
  const auto width = static_cast<std::int64_t>(outputs);
  values_ = Tensor::from(values, {categories_.total(), width});
  unseen_ = Tensor::from(unseen, {width});
}

// The folds of the rows, and what the rows of each part say as a whole.
struct CrossFittedEncoder::Parts {
  std::vector<std::int32_t> folds, inner;
  std::int32_t inner_count = 1;                 // 1: one level
  std::vector<std::vector<TargetMoments>> all;  // of each output, [fold * inner_count + inner]

  RowPart part(std::int32_t fold, std::int32_t inner_fold) const {
    return {fold, inner.empty() ? -1 : inner_fold};
  }

  Parts(std::string_view name, const CrossFitting& folding, const std::vector<std::vector<double>>& targets) {
    const auto rows = static_cast<std::int64_t>(targets[0].size());
    folds = fold_numbers(name, "cv", rows, folding.cv, folding.shuffle, folding.seed, 0);
    if (folding.inner_cv > 1) {
      inner = fold_numbers(name, "inner_cv", rows, folding.inner_cv, true, folding.seed, 1);
      inner_count = static_cast<std::int32_t>(folding.inner_cv);
    }
    all.assign(targets.size(), std::vector<TargetMoments>(at(folding.cv * inner_count)));
    parallel_for(folding.cv * inner_count, [&](std::int64_t p) {
      const RowPart some =
          part(static_cast<std::int32_t>(p / inner_count), static_cast<std::int32_t>(p % inner_count));
      std::vector<double> of_part;
      for (std::size_t output = 0; output < targets.size(); ++output) {
        of_part.clear();
        for (std::size_t i = 0; i < folds.size(); ++i)
          if (some.has(folds[i], inner.empty() ? 0 : inner[i])) of_part.push_back(targets[output][i]);
        all[output][at(p)] = moments_of(of_part);
      }
    });
  }
};

// What the categories of a column become for the rows of a fold.
std::vector<double> CrossFittedEncoder::by_part(const GroupedTarget& grouped, const Parts& parts,
                                                std::size_t output, std::int32_t fold) const {
  std::vector<double> estimates(grouped.rows.first.size() - 1), mean(estimates.size());
  double levels = 0;
  for (std::int32_t j = 0; j < parts.inner_count; ++j) {
    const TargetMoments& all = parts.all[output][at(fold * parts.inner_count + j)];
    if (all.count == 0) continue;  // few rows, and all of them in one inner fold
    estimate(grouped.moments(parts.part(fold, j)), all, estimates);
    if (parts.inner.empty()) return estimates;
    for (std::size_t c = 0; c < mean.size(); ++c) mean[c] += estimates[c];
    ++levels;
  }
  for (double& value : mean) value /= levels;
  return mean;
}

Tensor CrossFittedEncoder::transformed_training(const Tensor& x, const Tensor& y) const {
  const auto targets = target_columns(name(), y, target_type());
  require_outputs(targets.size());
  const CategoryCodes codes = categories_.known_codes(name(), x);
  const Parts parts(name(), folding(), targets);
  const std::size_t rows = parts.folds.size(), outputs = targets.size(), features = codes.size() * outputs;
  const EncodedRows out(x.size(0), static_cast<std::int64_t>(features));
  parallel_for(x.size(1), [&](std::int64_t f) {
    const std::vector<std::int32_t>& of_rows = codes[at(f)];
    GroupedTarget grouped(of_rows, categories_.count(f), parts.folds, parts.inner);
    for (std::size_t output = 0; output < outputs; ++output) {
      grouped.take(targets[output]);
      std::vector<std::vector<double>> of_fold;
      for (std::int64_t fold = 0; fold < folding().cv; ++fold)
        of_fold.push_back(by_part(grouped, parts, output, static_cast<std::int32_t>(fold)));
      for (std::size_t i = 0; i < rows; ++i)
        out.values[i * features + at(f) * outputs + output] = of_fold[at(parts.folds[i])][at(of_rows[i])];
    }
  });
  disturb({out.values, rows * features});
  return out.done();
}

// ---- Likelihood encoding ----

void TargetEncoder::visit_parameters(ParameterVisitor& visitor) {
  visit_target_type(visitor, parameters_.target_type);
  visitor.choice("weighting", parameters_.weighting, kWeightings,
                 "How a category's mean and the mean of all are weighted.");
  visitor.real(
      "smooth", parameters_.smooth, Bounds::at_least(-1),
      "So many rows of the mean of all are added to a category; below 0: as many as variances say (auto).");
  visitor.real("min_samples_leaf", parameters_.min_samples_leaf, Bounds::at_least(0),
               "Of weighting sigmoid: the rows at which both means weigh the same.");
  visitor.real("smoothing", parameters_.smoothing, Bounds::above(0),
               "Of weighting sigmoid: how slowly the weight grows.");
  visitor.real("noise", parameters_.noise, Bounds::at_least(0),
               "Deviation of the Gaussian noise that is added to training rows.");
  visit_folding(visitor, parameters_.folding);
}

void TargetEncoder::estimate(std::span<const TargetMoments> groups, const TargetMoments& all,
                             std::span<double> out) const {
  for (std::size_t c = 0; c < groups.size(); ++c) {
    const TargetMoments& group = groups[c];
    const auto count = static_cast<double>(group.count);
    out[c] = all.mean;
    if (group.count == 0) continue;
    if (parameters_.weighting == Weighting::kSigmoid) {
      const double weight = numerics::sigmoid((count - parameters_.min_samples_leaf) / parameters_.smoothing);
      out[c] = all.mean * (1 - weight) + group.mean * weight;
    } else if (parameters_.smooth >= 0) {
      out[c] = m_estimate(group, all.mean, parameters_.smooth);
    } else {
      const double signal = all.variance() * count, rest = group.variance();
      if (signal + rest > 0)
        out[c] = signal / (signal + rest) * group.mean + (1 - signal / (signal + rest)) * all.mean;
    }
  }
}

void TargetEncoder::disturb(std::span<double> values) const {
  add_noise(values, parameters_.noise, 0, parameters_.folding.seed);
}

// ---- M-estimate ----

void MEstimateEncoder::visit_parameters(ParameterVisitor& visitor) {
  visit_target_type(visitor, parameters_.target_type);
  visitor.real("m", parameters_.m, Bounds::at_least(0),
               "So many rows of the mean of all are added to a category.");
  visit_noise(visitor, parameters_.noise);
  visit_folding(visitor, parameters_.folding);
}

void MEstimateEncoder::estimate(std::span<const TargetMoments> groups, const TargetMoments& all,
                                std::span<double> out) const {
  const bool one_each = categories_there(groups) == all.count;
  for (std::size_t c = 0; c < groups.size(); ++c)
    out[c] = groups[c].count == 0 || one_each ? all.mean : m_estimate(groups[c], all.mean, parameters_.m);
}

void MEstimateEncoder::disturb(std::span<double> values) const {
  if (parameters_.noise.randomized) add_noise(values, 0, parameters_.noise.sigma, parameters_.folding.seed);
}

// ---- James-Stein ----

void JamesSteinEncoder::visit_parameters(ParameterVisitor& visitor) {
  visit_target_type(visitor, parameters_.target_type);
  visitor.choice("model", parameters_.model, kModels, "What the weights come from; binary needs classes.");
  visit_noise(visitor, parameters_.noise);
  visit_folding(visitor, parameters_.folding);
}

void JamesSteinEncoder::learn(const Tensor& x, const Tensor& y, StepObserver* observer) {
  if (parameters_.model == Model::kBinary) require_classes(name(), y);
  CrossFittedEncoder::learn(x, y, observer);
}

void JamesSteinEncoder::estimate(std::span<const TargetMoments> groups, const TargetMoments& all,
                                 std::span<double> out) const {
  switch (parameters_.model) {
    case Model::kIndependent:
      return james_stein_independent(groups, all, out);
    case Model::kPooled:
      return james_stein_pooled(groups, all, out);
    case Model::kBeta:
      return james_stein_beta(groups, all, out);
    case Model::kBinary:
      return james_stein_log_odds(groups, all, out);
  }
}

void JamesSteinEncoder::disturb(std::span<double> values) const {
  if (parameters_.noise.randomized) add_noise(values, 0, parameters_.noise.sigma, parameters_.folding.seed);
}

// ---- Weight of evidence ----

void WOEEncoder::visit_parameters(ParameterVisitor& visitor) {
  visitor.real("regularization", parameters_.regularization, Bounds::above(0),
               "So many rows of either class are added, so that no logarithm is infinite.");
  visit_noise(visitor, parameters_.noise);
  visit_folding(visitor, parameters_.folding);
}

void WOEEncoder::learn(const Tensor& x, const Tensor& y, StepObserver* observer) {
  require_classes(name(), y);
  CrossFittedEncoder::learn(x, y, observer);
}

void WOEEncoder::estimate(std::span<const TargetMoments> groups, const TargetMoments& all,
                          std::span<double> out) const {
  const double r = parameters_.regularization;
  for (std::size_t c = 0; c < groups.size(); ++c) {
    const TargetMoments& group = groups[c];
    const double ones = (group.sum + r) / (all.sum + 2 * r);
    const double others = (static_cast<double>(group.count) - group.sum + r) /
                          (static_cast<double>(all.count) - all.sum + 2 * r);
    out[c] = group.count > 1 ? numerics::log(ones / others) : 0;
  }
}

void WOEEncoder::disturb(std::span<double> values) const {
  if (parameters_.noise.randomized) add_noise(values, 0, parameters_.noise.sigma, parameters_.folding.seed);
}

}  // namespace tessera::learn
