// Optimisers: from gradients to new parameters, with the semantics of PyTorch's torch.optim.
//
// An optimiser is made for a list of parameters and keeps one buffer of state per parameter and kind, named after it
// ("momentum.0.weight"). Nothing is updated in place: a step makes new tensors and assigns them. No tape records a step.
//
// All parameters of one dtype take a step in one operation (tensor/optimizer_steps.h), and their new values and buffers lie in one piece of
// memory, which lives as long as any of them.
//
// What is done with gradients before a step (clipping) and with weights after it (max-norm): clipping.h. Averages of weights: averaging.h.
// Learning rates: schedules.h.
//
// Factors that depend on settings and step only (learning rate, bias corrections) are fp64 numbers computed with the contract's
// functions and rounded once to the parameters' dtype (to float32 for bfloat16, whose steps are computed in float32 and rounded once).
// Thread-safety: an optimiser belongs to one thread.
//
// ```cpp
// nn::Parameter p{"p", Tensor::from<double>({1}, {1})};
// nn::SGD sgd({&p}, {.momentum = 0.5});
// const std::vector<Tensor> gradients = {Tensor::from<double>({1}, {1})};
// sgd.step(gradients, 0.25);  // 1 - 0.25 * 1
// sgd.step(gradients, 0.25);  // 0.75 - 0.25 * 1.5
// assert(p.value.item<double>() == 0.375);
// ```
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/nn/module.h"
#include "tessera/tensor/op.h"
#include "tessera/tensor/state.h"

namespace tessera::nn {

class Optimizer : public Stateful {
 public:
  // The parameters must outlive the optimiser.
  explicit Optimizer(std::vector<Parameter*> parameters);

  // gradients[i] belongs to parameters[i] and has its shape and dtype.
  void step(const std::vector<Tensor>& gradients, double learning_rate);

  const std::vector<Parameter*>& parameters() const { return parameters_; }
  std::int64_t steps() const { return steps_; }  // finished ones

  // "steps", then every buffer.
  void visit_state(StateVisitor& visitor) override;

 protected:
  // One buffer per parameter, filled with this value. Call it in the constructor.
  void add_buffers(const std::string& kind, double value = 0);
  // Gives every parameter its new value, and updates the buffers. Called once per step, after steps() has been raised.
  virtual void update(const std::vector<Tensor>& gradients, double learning_rate) = 0;
  // As one operation per dtype: a row of optimizer_steps.h with these factors; takes the buffers in the order in which they were added,
  // and replaces every one.
  void update_together(Op op, const OptimizerAttributes& attributes, const std::vector<double>& factors,
                       const std::vector<Tensor>& gradients);

 private:
  struct Buffers {
    std::string kind;
    std::vector<Tensor> tensors;
  };
  void update_dtype(DType dtype, Op op, const OptimizerAttributes& attributes,
                    const std::vector<double>& factors, const std::vector<Tensor>& gradients);
  std::vector<Parameter*> parameters_;
  std::vector<Buffers> buffers_;
  std::int64_t steps_ = 0;
};

struct SgdSettings {
  double momentum = 0;
  bool nesterov = false;    // needs momentum
  double weight_decay = 0;  // times the parameter, added to the gradient
};

// g += weight_decay p; buffer = momentum buffer + g; p -= rate * (nesterov ? g + momentum buffer : buffer).
// Polyak (1964), Nesterov (1983); Sutskever et al., "On the importance of initialization and momentum", ICML 2013.
class SGD : public Optimizer {
 public:
  explicit SGD(std::vector<Parameter*> parameters, const SgdSettings& settings = {});

 private:
  void update(const std::vector<Tensor>& gradients, double learning_rate) override;
  SgdSettings settings_;
};

struct AdamSettings {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;  // times the parameter, added to the gradient
  bool decoupled = false;   // the parameter is multiplied by 1 - rate * weight_decay instead, before the step
  bool amsgrad = false;     // the largest v so far in the place of v
};

// m = b1 m + (1-b1) g; v = b2 v + (1-b2) g^2; p -= rate * (m / (1-b1^t)) / (sqrt(v / (1-b2^t)) + epsilon), in the arrangement
// of the end of section 2 of Kingma & Ba, "Adam", ICLR 2015 (with epsilon scaled so that the two are equal):
// p -= rate sqrt(1-b2^t) / (1-b1^t) * m / (sqrt(v) + epsilon sqrt(1-b2^t)).
// With decoupled weight decay it is AdamW: Loshchilov & Hutter, "Decoupled weight decay regularization", ICLR 2019. With amsgrad: Reddi,
// Kale & Kumar, "On the convergence of Adam and beyond", ICLR 2018.
class Adam : public Optimizer {
 public:
  explicit Adam(std::vector<Parameter*> parameters, const AdamSettings& settings = {});

 private:
  void update(const std::vector<Tensor>& gradients, double learning_rate) override;
  AdamSettings settings_;
};

struct AdamWSettings {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.01;  // as in PyTorch
  bool amsgrad = false;
};

// Adam with decoupled weight decay.
class AdamW : public Adam {
 public:
  explicit AdamW(std::vector<Parameter*> parameters, const AdamWSettings& settings = {});
};

struct RMSpropSettings {
  double alpha = 0.99;
  double epsilon = 1e-8;
  double momentum = 0;
  double weight_decay = 0;  // times the parameter, added to the gradient
  bool centered = false;    // the square of the mean gradient is subtracted: a variance
};

// v = alpha v + (1 - alpha) g^2; u = g / (sqrt(v) + epsilon), centered: g / (sqrt(v - m^2) + epsilon) with m = alpha m + (1 - alpha) g;
// p -= rate u, with momentum: buffer = momentum buffer + u; p -= rate buffer.
// Tieleman & Hinton, Coursera lecture 6.5 (2012); centered: Graves (2013).
class RMSprop : public Optimizer {
 public:
  explicit RMSprop(std::vector<Parameter*> parameters, const RMSpropSettings& settings = {});

 private:
  void update(const std::vector<Tensor>& gradients, double learning_rate) override;
  RMSpropSettings settings_;
};

struct AdagradSettings {
  double rate_decay = 0;  // of the learning rate: divided by 1 + (t - 1) rate_decay
  double epsilon = 1e-10;
  double weight_decay = 0;
  double initial_sum = 0;
};

// s += g^2; p -= rate g / (sqrt(s) + epsilon). Duchi, Hazan & Singer, JMLR 12 (2011).
class Adagrad : public Optimizer {
 public:
  explicit Adagrad(std::vector<Parameter*> parameters, const AdagradSettings& settings = {});

 private:
  void update(const std::vector<Tensor>& gradients, double learning_rate) override;
  AdagradSettings settings_;
};

struct AdadeltaSettings {
  double rho = 0.9;
  double epsilon = 1e-6;
  double weight_decay = 0;
};

// v = rho v + (1 - rho) g^2; d = sqrt(a + epsilon) / sqrt(v + epsilon) g; a = rho a + (1 - rho) d^2; p -= rate d. Zeiler (2012).
class Adadelta : public Optimizer {
 public:
  explicit Adadelta(std::vector<Parameter*> parameters, const AdadeltaSettings& settings = {});

 private:
  void update(const std::vector<Tensor>& gradients, double learning_rate) override;
  AdadeltaSettings settings_;
};

}  // namespace tessera::nn
