#include "tessera/learn/ordered_target_encoders.h"

#include <numeric>

#include "tessera/base/at.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/tensor/random.h"

namespace tessera::learn {

namespace {

// encode(rows of a category, target, out) for every category of every column and output; out[row] is written.
template <typename Encode>
EncodedRows each_category(const Categories& categories, const CategoryCodes& codes,
                          const std::vector<std::vector<double>>& targets,
                          std::span<const std::int64_t> order, const Encode& encode) {
  const std::size_t rows = targets[0].size(), outputs = targets.size(), features = codes.size() * outputs;
  const EncodedRows out(static_cast<std::int64_t>(rows), static_cast<std::int64_t>(features));
  parallel_for(static_cast<std::int64_t>(codes.size()), [&](std::int64_t f) {
    const CategoryRows grouped(codes[at(f)], categories.count(f), order);
    std::vector<double> of_output(rows);
    for (std::size_t output = 0; output < outputs; ++output) {
      for (std::size_t c = 0; c + 1 < grouped.first.size(); ++c)
        encode(std::span(grouped.rows).subspan(at(grouped.first[c]), at(grouped.count(c))), output,
               of_output);
      for (std::size_t i = 0; i < rows; ++i)
        out.values[i * features + at(f) * outputs + output] = of_output[i];
    }
  });
  return out;
}

// Of each row, the sum of the others; the two sides are added up towards it.
template <typename Rows>
void sums_of_others(const Rows& rows, std::span<const double> target, std::vector<double>& out) {
  double after = 0;
  for (std::size_t i = rows.size(); i-- > 0;) {
    out[rows[i]] = after;
    after += target[rows[i]];
  }
  double before = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out[rows[i]] += before;
    before += target[rows[i]];
  }
}

// The mean of the targets before each row; 0 before the first.
std::vector<double> means_before(std::span<const double> target, const std::vector<std::int64_t>& order) {
  std::vector<double> means(target.size());
  double sum = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    means[at(order[i])] = i == 0 ? 0 : sum / static_cast<double>(i);
    sum += target[at(order[i])];
  }
  return means;
}

std::vector<std::int64_t> ascending(std::size_t rows) {
  std::vector<std::int64_t> order(rows);
  std::iota(order.begin(), order.end(), std::int64_t{0});
  return order;
}

std::span<double> written(const EncodedRows& rows) {
  return {rows.values, static_cast<std::size_t>(rows.tensor.elements())};
}

}  // namespace

void RowwiseTargetEncoder::learn(const Tensor& x, const Tensor& y, StepObserver*) {
  const auto targets = target_columns(name(), y, target_type());
  categories_ = Categories(x);
  const CategoryCodes codes = categories_.codes(x);
  const std::size_t outputs = targets.size();
  std::vector<TargetMoments> all;
  std::vector<double> values(at(categories_.total()) * outputs), unseen;
  for (const std::vector<double>& target : targets) {
    all.push_back(moments_of(target));
    unseen.push_back(all.back().mean);
  }
  parallel_for(x.size(1), [&](std::int64_t f) {
    GroupedTarget grouped(codes[at(f)], categories_.count(f));
    for (std::size_t output = 0; output < outputs; ++output) {
      grouped.take(targets[output]);
      const std::vector<TargetMoments> groups = grouped.moments({});
      for (std::size_t c = 0; c < groups.size(); ++c)
        values[(at(categories_.first(f)) + c) * outputs + output] =
            groups[c].count > 1 ? estimate(groups[c], all[output]) : all[output].mean;
    }
  });
  const auto width = static_cast<std::int64_t>(outputs);
  values_ = Tensor::from(values, {categories_.total(), width});
  unseen_ = Tensor::from(unseen, {width});
}

// ---- Leave one out ----

void LeaveOneOutEncoder::visit_parameters(ParameterVisitor& visitor) {
  visit_target_type(visitor, parameters_.target_type);
  visitor.real("sigma", parameters_.sigma, Bounds::at_least(0),
               "Deviation of the Gaussian noise of training rows, as a share of the value.");
  visitor.integer("seed", parameters_.seed, Bounds::at_least(0), "What the noise depends on.");
}

double LeaveOneOutEncoder::estimate(const TargetMoments& group, const TargetMoments&) const {
  return group.mean;
}

Tensor LeaveOneOutEncoder::transformed_training(const Tensor& x, const Tensor& y) const {
  const auto targets = target_columns(name(), y, target_type());
  require_outputs(targets.size());
  const std::size_t rows = targets[0].size();
  if (rows < 2) fail("{}: expected at least two rows, so that one can be left out, found {}", name(), rows);
  std::vector<std::vector<double>> others(targets.size(), std::vector<double>(rows));
  const std::vector<std::int64_t> order = ascending(rows);
  for (std::size_t output = 0; output < targets.size(); ++output) {
    sums_of_others(order, targets[output], others[output]);
    for (double& sum : others[output]) sum /= static_cast<double>(rows - 1);
  }
  const EncodedRows out = each_category(
      categories_, categories_.known_codes(name(), x), targets, {},
      [&](std::span<const std::uint32_t> some, std::size_t output, std::vector<double>& values) {
        if (some.size() == 1) {
          values[some[0]] = others[output][some[0]];
          return;
        }
        sums_of_others(some, targets[output], values);
        for (const std::uint32_t row : some) values[row] /= static_cast<double>(some.size() - 1);
      });
  add_noise(written(out), 0, parameters_.sigma, parameters_.seed);
  return out.done();
}

// ---- One row after the other ----

void CatBoostEncoder::visit_parameters(ParameterVisitor& visitor) {
  visit_target_type(visitor, parameters_.target_type);
  visitor.real("a", parameters_.a, Bounds::above(0),
               "So many rows of the mean of all are added to a category.");
  visitor.real("sigma", parameters_.sigma, Bounds::at_least(0),
               "Deviation of the Gaussian noise of training rows, as a share of the value.");
  visitor.flag("shuffle", parameters_.shuffle,
               "Training rows come in an order that the seed draws, not as they stand.");
  visitor.integer("seed", parameters_.seed, Bounds::at_least(0), "What order and noise depend on.");
}

double CatBoostEncoder::estimate(const TargetMoments& group, const TargetMoments& all) const {
  return (group.sum + all.mean * parameters_.a) / (static_cast<double>(group.count) + parameters_.a);
}

Tensor CatBoostEncoder::transformed_training(const Tensor& x, const Tensor& y) const {
  const auto targets = target_columns(name(), y, target_type());
  require_outputs(targets.size());
  std::vector<std::int64_t> order = ascending(targets[0].size());
  if (parameters_.shuffle)
    order = RandomSource(static_cast<std::uint64_t>(parameters_.seed))
                .permutation("catboost_encoder.order", x.size(0))
                .to_vector<std::int64_t>();
  std::vector<std::vector<double>> before;
  for (const std::vector<double>& target : targets) before.push_back(means_before(target, order));
  const EncodedRows out = each_category(
      categories_, categories_.known_codes(name(), x), targets, order,
      [&](std::span<const std::uint32_t> some, std::size_t output, std::vector<double>& values) {
        double sum = 0, count = 0;
        for (const std::uint32_t row : some) {
          values[row] = (sum + before[output][row] * parameters_.a) / (count + parameters_.a);
          sum += targets[output][row];
          ++count;
        }
      });
  add_noise(written(out), 0, parameters_.sigma, parameters_.seed);
  return out.done();
}

}  // namespace tessera::learn
