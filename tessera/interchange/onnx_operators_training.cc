// Losses, and the steps of optimisers (ONNX's preview domain), whose formulas differ from nn's in where epsilon and decay stand.
#include "tessera/base/error.h"
#include "tessera/interchange/onnx_operators.h"

namespace tessera::onnx {
namespace {

constexpr const char* kTrainingDomain = "ai.onnx.preview.training";

// ---- Losses ----

// log_probabilities [N, C, ...] and classes [N, ...] -> the negative log-likelihood, weighted by class, without the ignored ones.
Tensor likelihood_loss(const NodeCall& call, const Tensor& log_probabilities, std::size_t target_input,
                       std::size_t weight_input) {
  const Tensor& target = call[target_input];
  const DType dtype = log_probabilities.dtype();
  const bool ignores = call.find("ignore_index") != nullptr;
  const Tensor ignored = ignores ? equal(target, call.integer("ignore_index", 0)) : full({}, 0, DType::kBool);
  const Tensor nothing = zeros({}, dtype);
  const Tensor label = select(ignored, zeros({}, DType::kInt64), target);
  Shape column = target.shape();
  if (target.rank() + 1 != log_probabilities.rank() || target.rank() < 1)
    fail("classes of shape {} for {}", target.shape().to_string(), log_probabilities.shape().to_string());
  Shape apart{column[0], 1};
  for (int axis = 1; axis < column.rank(); ++axis) apart.append(column[axis]);
  const Tensor chosen = reshape(take_along(log_probabilities, reshape(label, apart), 1), column);
  Tensor weight = ones(column, dtype);
  if (call.has(weight_input))
    weight = reshape(gather(call[weight_input], reshape(label, {label.elements()})), column);
  weight = select(ignored, nothing, weight);
  Tensor losses = select(ignored, nothing, -chosen * weight);
  const std::string reduction = call.text("reduction", "mean");
  if (reduction == "none") return losses;
  if (reduction == "sum") return sum(losses);
  if (reduction != "mean") fail("the reduction is '{}'", reduction);
  return call.has(weight_input) || ignores ? sum(losses) / sum(weight) : mean(losses);
}

Outputs softmax_cross_entropy(const NodeCall& call) {
  const std::string reduction = call.text("reduction", "mean");
  const bool plain = call[0].rank() == 2 && !call.has(2) && call.find("ignore_index") == nullptr;
  if (plain && !call.wants_output(1)) {
    const Tensor losses = cross_entropy(call[0], call[1]);
    if (reduction == "none") return {losses};
    return {reduction == "sum" ? sum(losses) : mean(losses)};
  }
  const Tensor log_probabilities = log_softmax(call[0], 1);
  return {likelihood_loss(call, log_probabilities, 1, 2), log_probabilities};
}

// ---- Optimisers ----

// The inputs R (rate), T (step), then a list of each kind of tensor; outputs are the new ones of each kind but the gradients.
struct Step {
  Tensor rate;
  std::int64_t count = 0;  // updates before this one
  std::size_t tensors = 0;
  const NodeCall& call;
  const Tensor& of(std::size_t kind, std::size_t i) const { return call[2 + kind * tensors + i]; }
};

Step step_of(const NodeCall& call, std::size_t kinds) {
  if (call.inputs() < 2 + kinds || (call.inputs() - 2) % kinds != 0)
    fail("{} inputs, expected two and {} for each tensor", call.inputs(), kinds);
  return {reshape(call[0], {}), reshape(call[1], {}).item<std::int64_t>(), (call.inputs() - 2) / kinds, call};
}

Tensor regularized_gradient(const Step& step, std::size_t i) {
  return step.of(1, i) + step.of(0, i) * step.call.real("norm_coefficient", 0);
}

// By repeated multiplication, in double.
double power(double base, std::int64_t exponent) {
  double result = 1;
  for (; exponent > 0; exponent /= 2) {
    if (exponent % 2 == 1) result *= base;
    base *= base;
  }
  return result;
}

Outputs adam(const NodeCall& call) {
  const Step step = step_of(call, 4);
  const double alpha = call.real("alpha", 0.9), beta = call.real("beta", 0.999),
               epsilon = call.real("epsilon", 1e-6);
  Tensor rate = step.rate;
  if (step.count > 0) {
    const Tensor correction =
        sqrt(Tensor::scalar(1 - power(beta, step.count))) / (1 - power(alpha, step.count));
    rate = rate * cast(correction, rate.dtype());
  }
  Outputs values, means, squares;
  for (std::size_t i = 0; i < step.tensors; ++i) {
    const Tensor gradient = regularized_gradient(step, i);
    means.push_back(step.of(2, i) * alpha + gradient * (1 - alpha));
    squares.push_back(step.of(3, i) * beta + gradient * gradient * (1 - beta));
    const Tensor next = step.of(0, i) - rate * means.back() / (sqrt(squares.back()) + epsilon);
    values.push_back(next * (1 - call.real("norm_coefficient_post", 0)));
  }
  values.insert(values.end(), means.begin(), means.end());
  values.insert(values.end(), squares.begin(), squares.end());
  return values;
}

Outputs adagrad(const NodeCall& call) {
  const Step step = step_of(call, 3);
  const Tensor rate = step.rate / (1 + static_cast<double>(step.count) * call.real("decay_factor", 0));
  Outputs values, squares;
  for (std::size_t i = 0; i < step.tensors; ++i) {
    const Tensor gradient = regularized_gradient(step, i);
    squares.push_back(step.of(2, i) + gradient * gradient);
    values.push_back(step.of(0, i) - rate * gradient / (sqrt(squares.back()) + call.real("epsilon", 1e-6)));
  }
  values.insert(values.end(), squares.begin(), squares.end());
  return values;
}

Outputs momentum(const NodeCall& call) {
  const Step step = step_of(call, 3);
  const double alpha = call.real("alpha", 0), beta = step.count > 0 ? call.real("beta", 1) : 1;
  const std::string mode = call.text("mode", "standard");
  if (mode != "standard" && mode != "nesterov") fail("the mode is '{}'", mode);
  Outputs values, velocities;
  for (std::size_t i = 0; i < step.tensors; ++i) {
    const Tensor gradient = regularized_gradient(step, i);
    velocities.push_back(step.of(2, i) * alpha + gradient * beta);
    const Tensor direction = mode == "nesterov" ? gradient + velocities.back() * alpha : velocities.back();
    values.push_back(step.of(0, i) - step.rate * direction);
  }
  values.insert(values.end(), velocities.begin(), velocities.end());
  return values;
}

}  // namespace

void add_training_operators(OperatorTable& table) {
  table[{"", "SoftmaxCrossEntropyLoss"}] = softmax_cross_entropy;
  add_operator(table, "NegativeLogLikelihoodLoss",
               [](const NodeCall& call) { return likelihood_loss(call, call[0], 1, 2); });
  table[{kTrainingDomain, "Adam"}] = adam;
  table[{kTrainingDomain, "Adagrad"}] = adagrad;
  table[{kTrainingDomain, "Momentum"}] = momentum;
}

}  // namespace tessera::onnx
