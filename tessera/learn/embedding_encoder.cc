#include "tessera/learn/embedding_encoder.h"

#include <cmath>

#include "tessera/base/error.h"
#include "tessera/learn/estimator.h"
#include "tessera/numerics/functions.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::learn {

namespace {

// [N, outputs], and whether they are classes.
struct Targets {
  Tensor values;
  bool classes = false;

  Targets(std::string_view name, const Tensor& y, TargetType type) {
    const auto columns = target_columns(name, y, type);
    const auto rows = static_cast<std::int64_t>(columns[0].size());
    std::vector<Tensor> parts;
    for (const std::vector<double>& column : columns) parts.push_back(Tensor::from(column, {rows, 1}));
    values = concatenate(parts, 1);
    bool whole = true;
    for (const double value : columns[0]) whole = whole && (value == 0 || value == 1);
    classes = type != TargetType::kContinuous && whole;
  }
};

// Mean 0 and deviation 1, of these rows.
Tensor standardised(const Tensor& y) {
  const Tensor deviation = sqrt(variance(y, {0}));
  return (y - mean(y, {0})) / select(greater(deviation, 0.0), deviation, 1.0);
}

class Adam {
 public:
  explicit Adam(double rate) : rate_(rate) {}
  void step(std::vector<Tensor*> parameters, const std::vector<Tensor>& gradients) {
    ++steps_;
    first_.resize(parameters.size());
    second_.resize(parameters.size());
    const double t = static_cast<double>(steps_);
    const double first_share = 1 - numerics::pow(0.9, t), second_share = 1 - numerics::pow(0.999, t);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const Tensor& gradient = gradients[i];
      first_[i] = first_[i].defined() ? first_[i] * 0.9 + gradient * 0.1 : gradient * 0.1;
      const Tensor squares = gradient * gradient * 0.001;
      second_[i] = second_[i].defined() ? second_[i] * 0.999 + squares : squares;
      *parameters[i] =
          *parameters[i] - (first_[i] / first_share) / (sqrt(second_[i] / second_share) + 1e-8) * rate_;
    }
  }

 private:
  double rate_;
  std::int64_t steps_ = 0;
  std::vector<Tensor> first_, second_;
};

Tensor gathered_rows(const Tensor& x, const std::vector<std::int64_t>& rows) {
  return gather(x, Tensor::from(rows, {static_cast<std::int64_t>(rows.size())}));
}

}  // namespace

struct EmbeddingEncoder::Network {
  Tensor vectors, inner, inner_bias, outer, outer_bias;

  Network(std::int64_t categories, std::int64_t columns, std::int64_t outputs, const Parameters& parameters) {
    RandomSource random(static_cast<std::uint64_t>(parameters.folding.seed));
    const std::int64_t width = columns * parameters.n_components;
    const auto drawn = [&](std::string_view name, std::int64_t in, std::int64_t out, double deviation) {
      return random.normal(name, {in, out}, DType::kFloat64) * deviation;
    };
    vectors = drawn("embedding_encoder.vectors", categories, parameters.n_components, 0.1);
    inner =
        drawn("embedding_encoder.inner", width, parameters.hidden, 1 / std::sqrt(static_cast<double>(width)));
    outer = drawn("embedding_encoder.outer", parameters.hidden, outputs,
                  1 / std::sqrt(static_cast<double>(parameters.hidden)));
    inner_bias = zeros({parameters.hidden}, DType::kFloat64);
    outer_bias = zeros({outputs}, DType::kFloat64);
  }

  // One step on all rows; the loss before it.
  double step(const Tensor& places, const Tensor& targets, bool classes, double alpha, Adam& adam) {
    const std::int64_t rows = targets.size(0);
    const Tensor flat = reshape(places, {-1});
    const Tensor x = reshape(gather(vectors, flat), {rows, -1});
    const Tensor hidden = tanh(matmul(x, inner) + inner_bias), scores = matmul(hidden, outer) + outer_bias;
    const Tensor found = classes ? sigmoid(scores) : scores;
    const double loss =
        classes ? mean(maximum(scores, 0.0) - scores * targets + log1p(exp(-absolute(scores)))).item<double>()
                : mean((scores - targets) * (scores - targets)).item<double>() / 2;
    const Tensor error = (found - targets) / static_cast<double>(targets.elements());
    const Tensor to_hidden = matmul(error, transpose(outer)) * (1.0 - hidden * hidden);
    const Tensor to_x = reshape(matmul(to_hidden, transpose(inner)), {flat.size(0), -1});
    adam.step({&vectors, &inner, &inner_bias, &outer, &outer_bias},
              {index_add(vectors * alpha, flat, to_x), matmul(transpose(x), to_hidden) + inner * alpha,
               sum(to_hidden, {0}), matmul(transpose(hidden), error) + outer * alpha, sum(error, {0})});
    return loss;
  }
};

void EmbeddingEncoder::visit_parameters(ParameterVisitor& visitor) {
  visit_target_type(visitor, parameters_.target_type);
  visitor.integer("n_components", parameters_.n_components, Bounds::between(1, 1024),
                  "Numbers per category.");
  visitor.integer("hidden", parameters_.hidden, Bounds::between(1, 4096),
                  "Units between vectors and target.");
  visitor.real("alpha", parameters_.alpha, Bounds::at_least(0),
               "Penalty on the squares of vectors and weights.");
  visitor.real("learning_rate", parameters_.learning_rate, Bounds::above(0), "Of Adam.");
  visitor.integer("max_iter", parameters_.max_iter, Bounds::at_least(1), "Steps, each on all rows.");
  visitor.integer("cv", parameters_.folding.cv, Bounds::between(2, 1000),
                  "Folds by which training rows are encoded.");
  visitor.flag("shuffle", parameters_.folding.shuffle, "Folds of rows drawn by the seed, not of neighbours.");
  visitor.integer("seed", parameters_.folding.seed, Bounds::at_least(0),
                  "What folds and the start depend on.");
}

Tensor EmbeddingEncoder::places_of(const Tensor& x) const {
  const CategoryCodes codes = categories_.known_codes(name(), x);
  std::vector<std::int64_t> places(static_cast<std::size_t>(x.elements()));
  for (std::size_t f = 0; f < codes.size(); ++f)
    for (std::size_t i = 0; i < codes[f].size(); ++i)
      places[i * codes.size() + f] = categories_.first(static_cast<std::int64_t>(f)) + codes[f][i];
  return Tensor::from(places, x.shape());
}

Tensor EmbeddingEncoder::trained(const Tensor& places, const Tensor& targets, bool classes,
                                 StepObserver* observer) const {
  Network network(categories_.total(), places.size(1), targets.size(1), parameters_);
  Adam adam(parameters_.learning_rate);
  const Tensor y = classes ? targets : standardised(targets);
  for (std::int64_t i = 1; i <= parameters_.max_iter; ++i) {
    const StepScalar loss{"loss", network.step(places, y, classes, parameters_.alpha, adam)};
    if (observer != nullptr && !observer->on_step({static_cast<std::uint64_t>(i), {&loss, 1}})) break;
  }
  return network.vectors;
}

void EmbeddingEncoder::learn(const Tensor& x, const Tensor& y, StepObserver* observer) {
  const Targets targets(name(), y, parameters_.target_type);
  categories_ = Categories(x);
  values_ = trained(places_of(x), targets.values, targets.classes, observer);
  unseen_ = zeros({parameters_.n_components}, DType::kFloat64);
}

Tensor EmbeddingEncoder::transformed_training(const Tensor& x, const Tensor& y) const {
  const Targets targets(name(), y, parameters_.target_type);
  const CrossFitting& folding = parameters_.folding;
  const Tensor places = places_of(x);
  const auto folds = fold_numbers(name(), "cv", x.size(0), folding.cv, folding.shuffle, folding.seed, 0);
  Tensor out = zeros({x.size(0), x.size(1) * parameters_.n_components}, DType::kFloat64);
  for (std::int32_t fold = 0; fold < folding.cv; ++fold) {
    std::vector<std::int64_t> others, own;
    for (std::size_t i = 0; i < folds.size(); ++i)
      (folds[i] == fold ? own : others).push_back(static_cast<std::int64_t>(i));
    const Tensor vectors = trained(gathered_rows(places, others), gathered_rows(targets.values, others),
                                   targets.classes, nullptr);
    const Tensor encoded = gather(vectors, reshape(gathered_rows(places, own), {-1}));
    out = index_add(out, Tensor::from(own, {static_cast<std::int64_t>(own.size())}),
                    reshape(encoded, {static_cast<std::int64_t>(own.size()), -1}));
  }
  return out;
}

}  // namespace tessera::learn
