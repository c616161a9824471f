#include "tessera/nn/optimizers.h"

#include <gtest/gtest.h>

#include <map>

#include "tessera/autograd/tape.h"
#include "tessera/autograd/torch_cases_test.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/nn/layers.h"
#include "tessera/nn/losses.h"
#include "tessera/nn/torch_facts_test.h"
#include "tessera/numerics/functions.h"
#include "tessera/tensor/random.h"

namespace tessera::nn {
namespace {

class OptimizersTest : public ::testing::Test {
 protected:
  void SetUp() override { use_backend("reference"); }
};

std::unique_ptr<Optimizer> torch_optimizer(const std::string& name, const torch_cases::Json& settings,
                                           Parameter* p) {
  if (name.starts_with("optim_sgd"))
    return std::make_unique<SGD>(std::vector{p}, SgdSettings{.momentum = settings["momentum"],
                                                             .nesterov = settings["nesterov"],
                                                             .weight_decay = settings["weight_decay"]});
  if (name == "optim_rmsprop")
    return std::make_unique<RMSprop>(std::vector{p}, RMSpropSettings{.alpha = settings["alpha"],
                                                                     .epsilon = settings["eps"],
                                                                     .momentum = settings["momentum"],
                                                                     .weight_decay = settings["weight_decay"],
                                                                     .centered = settings["centered"]});
  if (name == "optim_adagrad")
    return std::make_unique<Adagrad>(
        std::vector{p}, AdagradSettings{.rate_decay = settings["lr_decay"], .epsilon = settings["eps"]});
  if (name == "optim_adadelta")
    return std::make_unique<Adadelta>(std::vector{p},
                                      AdadeltaSettings{.rho = settings["rho"], .epsilon = settings["eps"]});
  if (name.starts_with("optim_a"))
    return std::make_unique<Adam>(std::vector{p}, AdamSettings{.beta1 = settings["betas"][0],
                                                               .beta2 = settings["betas"][1],
                                                               .epsilon = settings["eps"],
                                                               .weight_decay = settings["weight_decay"],
                                                               .decoupled = name == "optim_adamw",
                                                               .amsgrad = settings["amsgrad"]});
  return nullptr;
}

// Twenty steps on 0.5 p'Ap - b'p.
TEST_F(OptimizersTest, FollowPyTorchsTraces) {
  const auto cases = torch_cases::read();
  if (!cases) GTEST_SKIP() << "TESSERA_DATA is not set";
  int checked = 0;
  for (const auto& test : *cases) {
    const std::string name = test["name"];
    if (!name.starts_with("optim_")) continue;
    auto in = torch_cases::tensors_of(test["inputs"]);
    Parameter p{"p", in["p0"]};
    const auto& settings = test["meta"]["settings"];
    const std::unique_ptr<Optimizer> optimizer = torch_optimizer(name, settings, &p);
    ASSERT_TRUE(optimizer) << name;
    SCOPED_TRACE(name);
    const Tensor trace = torch_cases::tensor_of(test["outputs"]["p_after_each_step"]);
    for (std::int64_t step = 0; step < trace.size(0); ++step) {
      Tape tape;
      tape.watch(p.value);
      const Tensor loss = matmul(p.value, matmul(in["A"], p.value)) * 0.5 - matmul(in["b"], p.value);
      optimizer->step(tape.gradient(loss, {p.value}), settings["lr"]);
      EXPECT_LE(torch_cases::distance(p.value, slice(trace, {step})), 1e-12) << "step " << step;
    }
    ++checked;
  }
  EXPECT_EQ(checked, 10);
}

// The settings that the stored traces leave out.
TEST_F(OptimizersTest, EverySettingIsPyTorchs) {
  const Tensor a = pattern(9, {5, 5}), b = pattern(10, {5});
  const auto follow = [&](const std::string& name, double rate, const auto& make) {
    Parameter p{"p", pattern(11, {5})};
    const auto optimizer = make(std::vector{&p});
    std::vector<Tensor> trace;
    for (int step = 0; step < 8; ++step) {
      optimizer->step({sin(matmul(a, p.value) * 2 - b)}, rate);
      trace.push_back(p.value);
    }
    expect_fact("optimizer " + name, trace);
  };
  using Parameters = std::vector<Parameter*>;
  follow("rmsprop", 0.01,
         [](Parameters p) { return std::make_unique<RMSprop>(p, RMSpropSettings{.alpha = 0.9}); });
  follow("rmsprop all", 0.01, [](Parameters p) {
    return std::make_unique<RMSprop>(
        p, RMSpropSettings{.alpha = 0.9, .momentum = 0.5, .weight_decay = 0.1, .centered = true});
  });
  follow("adagrad", 0.1, [](Parameters p) {
    return std::make_unique<Adagrad>(
        p, AdagradSettings{.rate_decay = 0.2, .weight_decay = 0.1, .initial_sum = 0.5});
  });
  follow("adadelta", 0.5, [](Parameters p) {
    return std::make_unique<Adadelta>(p, AdadeltaSettings{.rho = 0.8, .weight_decay = 0.1});
  });
  follow("amsgrad", 0.1, [](Parameters p) {
    return std::make_unique<Adam>(p, AdamSettings{.weight_decay = 0.1, .amsgrad = true});
  });
  follow("adamw amsgrad", 0.1,
         [](Parameters p) { return std::make_unique<AdamW>(p, AdamWSettings{.amsgrad = true}); });
  follow("adamw", 0.1, [](Parameters p) { return std::make_unique<AdamW>(p); });
}

struct Saved : StateVisitor {
  bool restoring = false;
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::int64_t> integers;
  void tensor(std::string_view name, Tensor& value) override { exchange(tensors, std::string(name), value); }
  void integer(std::string_view name, std::int64_t& value) override {
    exchange(integers, std::string(name), value);
  }
  void real(std::string_view, double&) override {}

 private:
  template <typename T>
  void exchange(std::map<std::string, T>& kept, const std::string& name, T& value) {
    if (restoring)
      value = kept.at(name);
    else
      EXPECT_TRUE(kept.emplace(name, value).second) << name << " twice";
  }
};

// Saving after some steps and going on elsewhere gives the bits of the uninterrupted computation.
template <typename Kind, typename Settings>
void check_resume(const Settings& settings, const std::vector<std::string>& names) {
  const auto gradient = [](const Tensor& value) { return std::vector<Tensor>{sin(value * 3)}; };
  Parameter p{"w", Tensor::from<float>({0.5f, -1, 2}, {3})};
  Kind optimizer({&p}, settings);
  for (int i = 0; i < 4; ++i) optimizer.step(gradient(p.value), 0.1);
  Saved saved;
  optimizer.visit_state(saved);
  std::vector<std::string> found;
  for (const auto& [name, value] : saved.tensors) found.push_back(name);
  EXPECT_EQ(found, names);
  EXPECT_EQ(saved.integers, (std::map<std::string, std::int64_t>{{"steps", 4}}));

  Parameter resumed{"w", p.value};
  Kind other({&resumed}, settings);
  saved.restoring = true;
  other.visit_state(saved);
  for (int i = 0; i < 3; ++i) {
    optimizer.step(gradient(p.value), 0.1);
    other.step(gradient(resumed.value), 0.1);
  }
  EXPECT_TRUE(same_bits(p.value, resumed.value));
  EXPECT_EQ(other.steps(), 7);
}

TEST_F(OptimizersTest, StateResumes) {
  check_resume<SGD>(SgdSettings{}, {});
  check_resume<SGD>(SgdSettings{.momentum = 0.9, .nesterov = true}, {"momentum.w"});
  check_resume<Adam>(AdamSettings{.weight_decay = 0.1}, {"mean.w", "square.w"});
  check_resume<Adam>(AdamSettings{.amsgrad = true}, {"largest.w", "mean.w", "square.w"});
  check_resume<RMSprop>(RMSpropSettings{}, {"square.w"});
  check_resume<RMSprop>(RMSpropSettings{.momentum = 0.9, .centered = true},
                        {"mean.w", "momentum.w", "square.w"});
  check_resume<Adagrad>(AdagradSettings{.rate_decay = 0.5}, {"sum.w"});
  check_resume<Adadelta>(AdadeltaSettings{}, {"change.w", "square.w"});
}

// ---- Steps over many tensors are these compositions, tensor by tensor ----

struct Composed {
  Tensor value, first, second, third;
};

void step_composed(const SgdSettings& s, Composed& p, const Tensor& gradient, double rate, int /*step*/) {
  Tensor direction = s.weight_decay == 0 ? gradient : gradient + p.value * s.weight_decay;
  if (s.momentum != 0) {
    p.first = p.first * s.momentum + direction;
    direction = s.nesterov ? direction + p.first * s.momentum : p.first;
  }
  p.value = p.value - direction * rate;
}

void step_composed(const AdamSettings& s, Composed& p, const Tensor& gradient, double rate, int step) {
  const double mean_correction = 1 - numerics::pow(s.beta1, static_cast<double>(step));
  const double root_correction = numerics::sqrt(1 - numerics::pow(s.beta2, static_cast<double>(step)));
  if (s.decoupled) p.value = p.value * (1 - rate * s.weight_decay);
  const Tensor g = s.weight_decay == 0 || s.decoupled ? gradient : gradient + p.value * s.weight_decay;
  p.first = p.first * s.beta1 + g * (1 - s.beta1);
  p.second = p.second * s.beta2 + (g * g) * (1 - s.beta2);
  if (s.amsgrad) p.third = maximum(p.third, p.second);
  p.value = p.value - (p.first * (rate * root_correction / mean_correction)) /
                          (sqrt(s.amsgrad ? p.third : p.second) + s.epsilon * root_correction);
}

void step_composed(const RMSpropSettings& s, Composed& p, const Tensor& gradient, double rate, int /*step*/) {
  const Tensor g = s.weight_decay == 0 ? gradient : gradient + p.value * s.weight_decay;
  p.first = p.first * s.alpha + (g * g) * (1 - s.alpha);
  Tensor spread = p.first;
  if (s.centered) {
    p.second = p.second * s.alpha + g * (1 - s.alpha);
    spread = maximum(spread - p.second * p.second, 0);
  }
  Tensor direction = g / (sqrt(spread) + s.epsilon);
  if (s.momentum != 0) direction = p.third = p.third * s.momentum + direction;
  p.value = p.value - direction * rate;
}

void step_composed(const AdagradSettings& s, Composed& p, const Tensor& gradient, double rate, int step) {
  const Tensor g = s.weight_decay == 0 ? gradient : gradient + p.value * s.weight_decay;
  if (step == 1) p.first = full(p.value.shape(), s.initial_sum, p.value.dtype());
  p.first = p.first + g * g;
  p.value = p.value - g / (sqrt(p.first) + s.epsilon) * (rate / (1 + (step - 1) * s.rate_decay));
}

void step_composed(const AdadeltaSettings& s, Composed& p, const Tensor& gradient, double rate,
                   int /*step*/) {
  const Tensor g = s.weight_decay == 0 ? gradient : gradient + p.value * s.weight_decay;
  p.first = p.first * s.rho + (g * g) * (1 - s.rho);
  const Tensor change = sqrt(p.second + s.epsilon) / sqrt(p.first + s.epsilon) * g;
  p.second = p.second * s.rho + (change * change) * (1 - s.rho);
  p.value = p.value - change * rate;
}

// In float32 for bfloat16, each result rounded once.
template <typename Settings>
void step_widened(const Settings& settings, Composed& p, const Tensor& gradient, double rate, int step) {
  const DType dtype = p.value.dtype();
  const auto wide = [](const Tensor& x) { return x.dtype() == DType::kBFloat16 ? x.to(DType::kFloat32) : x; };
  Composed widened{wide(p.value), wide(p.first), wide(p.second), wide(p.third)};
  step_composed(settings, widened, wide(gradient), rate, step);
  p = {widened.value.to(dtype), widened.first.to(dtype), widened.second.to(dtype), widened.third.to(dtype)};
}

// Of every dtype, some empty, some longer than a task of the pool.
template <typename Kind, typename Settings>
void check_composition(const Settings& settings) {
  std::vector<Parameter> parameters;
  std::vector<Composed> composed;
  RandomSource random(5);
  for (const Shape& shape : {Shape{3, 5}, Shape{}, Shape{0, 2}, Shape{40001}, Shape{16}, Shape{129, 128}})
    for (const DType dtype : {DType::kFloat32, DType::kFloat64, DType::kBFloat16}) {
      const std::string name = fmt::format("p{}", parameters.size());
      const DType drawn = dtype == DType::kFloat64 ? dtype : DType::kFloat32;
      const Tensor zero = zeros(shape, dtype);
      parameters.push_back({name, random.normal(name, shape, drawn).to(dtype)});
      composed.push_back({parameters.back().value, zero, zero, zero});
    }
  std::vector<Parameter*> pointers;
  for (Parameter& parameter : parameters) pointers.push_back(&parameter);
  Kind optimizer(pointers, settings);
  for (int step = 1; step <= 3; ++step) {
    std::vector<Tensor> gradients;
    for (const Parameter& parameter : parameters) gradients.push_back(sin(parameter.value * 3));
    optimizer.step(gradients, 0.1);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      step_widened(settings, composed[i], gradients[i], 0.1, step);
      EXPECT_TRUE(same_bits(parameters[i].value, composed[i].value))
          << parameters[i].name << ", step " << step;
      EXPECT_TRUE(parameters[i].value.contiguous());
    }
  }
}

TEST_F(OptimizersTest, EqualTheirCompositionsBitForBit) {
  for (const char* backend : {"reference", "cpu"}) {
    use_backend(backend);
    check_composition<SGD>(SgdSettings{});
    check_composition<SGD>(SgdSettings{.weight_decay = 0.01});
    check_composition<SGD>(SgdSettings{.momentum = 0.9});
    check_composition<SGD>(SgdSettings{.momentum = 0.9, .nesterov = true, .weight_decay = 0.01});
    check_composition<Adam>(AdamSettings{});
    check_composition<Adam>(AdamSettings{.weight_decay = 0.1});
    check_composition<Adam>(AdamSettings{.weight_decay = 0.1, .decoupled = true});
    check_composition<Adam>(AdamSettings{.beta2 = 0.5, .weight_decay = 0.1, .amsgrad = true});
    check_composition<Adam>(
        AdamSettings{.beta2 = 0.5, .weight_decay = 0.1, .decoupled = true, .amsgrad = true});
    for (const bool centered : {false, true}) {
      check_composition<RMSprop>(RMSpropSettings{.centered = centered});
      check_composition<RMSprop>(RMSpropSettings{.momentum = 0.9, .weight_decay = 0.1, .centered = centered});
    }
    check_composition<Adagrad>(AdagradSettings{});
    check_composition<Adagrad>(AdagradSettings{.rate_decay = 0.2, .weight_decay = 0.1, .initial_sum = 0.5});
    check_composition<Adadelta>(AdadeltaSettings{});
    check_composition<Adadelta>(AdadeltaSettings{.weight_decay = 0.1});
  }
}

TEST_F(OptimizersTest, StepsAreNotRecorded) {
  Parameter p{"w", ones({2})};
  SGD optimizer({&p}, {.momentum = 0.5});
  Tape tape;
  tape.watch(p.value);
  const std::vector<Tensor> gradients = tape.gradient(sum(p.value * p.value), {p.value});
  const std::size_t recorded = tape.size();
  optimizer.step(gradients, 0.1);
  EXPECT_EQ(tape.size(), recorded);
}

TEST_F(OptimizersTest, Errors) {
  Parameter p{"w", ones({2})}, same{"w", ones({2})};
  EXPECT_THROW(SGD({&p, &same}), Error);
  EXPECT_THROW(SGD({&p}, {.nesterov = true}), Error);
  EXPECT_THROW(SGD({&p}, {.momentum = 1}), Error);
  EXPECT_THROW(Adam({&p}, {.beta2 = 1}), Error);
  EXPECT_THROW(RMSprop({&p}, {.alpha = 1}), Error);
  EXPECT_THROW(Adagrad({&p}, {.initial_sum = -1}), Error);
  EXPECT_THROW(Adadelta({&p}, {.rho = -0.1}), Error);
  SGD optimizer({&p});
  EXPECT_THROW(optimizer.step({}, 0.1), Error);
  try {
    optimizer.step({ones({3})}, 0.1);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "optimiser: the gradient of 'w' is float32 [3], expected float32 [2]");
  }
  EXPECT_EQ(optimizer.steps(), 0);
}

TEST_F(OptimizersTest, AdamWDecaysAlsoWhenAnotherSettingIsGiven) {
  Parameter p{"p", Tensor::from<double>({1}, {1})};
  AdamW({&p}, {.beta1 = 0.8}).step({Tensor::from<double>({0}, {1})}, 0.5);
  EXPECT_DOUBLE_EQ(p.value.item<double>(), 1 - 0.5 * 0.01);
}

TEST_F(OptimizersTest, OnlyFloatingParametersTakeSteps) {
  Parameter counts{"counts", Tensor::from<std::int64_t>({1, 2}, {2})};
  EXPECT_THROW(SGD({&counts}), Error);
}

TEST_F(OptimizersTest, BFloat16StepsAreComputedInFloat32AndRoundedOnce) {
  const Tensor value = Tensor::from<float>({0.1F, -1.7F, 3.3F}, {3}),
               gradient = Tensor::from<float>({0.7F, 0.2F, -5.1F}, {3});
  Parameter narrow{"p", value.to(DType::kBFloat16)}, wide{"p", narrow.value.to(DType::kFloat32)};
  const Tensor narrow_gradient = gradient.to(DType::kBFloat16);
  SGD sgd_narrow({&narrow}), sgd_wide({&wide});
  sgd_narrow.step({narrow_gradient}, 0.3);
  sgd_wide.step({narrow_gradient.to(DType::kFloat32)}, 0.3);
  EXPECT_TRUE(same_bits(narrow.value, wide.value.to(DType::kBFloat16)));
  narrow.value = value.to(DType::kBFloat16);
  wide.value = narrow.value.to(DType::kFloat32);
  RMSprop rms_narrow({&narrow}, {.momentum = 0.9}), rms_wide({&wide}, {.momentum = 0.9});
  rms_narrow.step({narrow_gradient}, 0.3);
  rms_wide.step({narrow_gradient.to(DType::kFloat32)}, 0.3);
  EXPECT_TRUE(same_bits(narrow.value, wide.value.to(DType::kBFloat16)));
}

}  // namespace
}  // namespace tessera::nn
