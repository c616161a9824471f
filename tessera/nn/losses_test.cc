#include "tessera/nn/losses.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>

#include "tessera/autograd/functional.h"
#include "tessera/autograd/tape.h"
#include "tessera/autograd/torch_cases_test.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/nn/adversarial.h"
#include "tessera/nn/torch_facts_test.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {
namespace {

using Loss = std::function<Tensor(const Tensor& x)>;

// Value and gradient against the stored case.
void check_stored(const torch_cases::Json& test, const Loss& loss) {
  const Tensor x = torch_cases::tensor_of(test["inputs"]["x"]);
  EXPECT_LE(torch_cases::distance(loss(x), torch_cases::tensor_of(test["outputs"]["y"])), 1e-14);
  EXPECT_LE(torch_cases::distance(grad(loss, x), torch_cases::tensor_of(test["grad_inputs"]["x"])), 1e-14);
}

TEST(Losses, AgreeWithPyTorch) {
  const auto cases = torch_cases::read();
  if (!cases) GTEST_SKIP() << "TESSERA_DATA is not set";
  use_backend("reference");
  int checked = 0;
  for (const auto& test : *cases) {
    const std::string name = test["name"];
    const auto in = torch_cases::tensors_of(test["inputs"]);
    SCOPED_TRACE(name);
    ++checked;
    if (name == "mse_0")
      check_stored(test, [&](const Tensor& x) { return mse_loss(x, in.at("t")); });
    else if (name == "huber_0")
      check_stored(test, [&](const Tensor& x) { return huber_loss(x, in.at("t"), test["meta"]["delta"]); });
    else if (name == "cross_entropy_0")
      check_stored(test, [&](const Tensor& x) { return cross_entropy_loss(x, in.at("t")); });
    else if (name == "cross_entropy_weighted_ls")
      check_stored(test, [&](const Tensor& x) {
        return cross_entropy_loss(
            x, in.at("t"), {.class_weights = in.at("w"), .label_smoothing = test["meta"]["label_smoothing"]});
      });
    else if (name == "bce_with_logits_0")
      check_stored(test, [&](const Tensor& x) { return binary_cross_entropy_loss(x, in.at("t")); });
    else
      --checked;
  }
  EXPECT_EQ(checked, 5);
}

// Each loss at the inputs of torch_facts.py.
std::map<std::string, std::pair<Tensor, Loss>> losses_of_facts() {
  const Tensor logits = pattern(1, {6, 4}, 4), weights = Tensor::from<double>({0.5, 2, 1, 0.25}, {4});
  const Tensor labels = Tensor::from<std::int64_t>({0, 3, -1, 2, 2, -1}, {6});
  const Tensor sure = Tensor::from<std::int64_t>({0, 3, 1, 2, 2, 1}, {6});
  const Tensor positive = cast(greater(pattern(2, {6, 4}), 0), DType::kFloat64), targets = positive * 0.75;
  const auto entropy = [=](const CrossEntropySettings& settings) {
    return [=](const Tensor& x) { return cross_entropy_loss(x, labels, settings); };
  };
  const BinaryCrossEntropySettings weighted{.weights = weights * 3, .positive_weights = weights};
  const auto binary = [=](const BinaryCrossEntropySettings& settings) {
    return [=](const Tensor& x) { return binary_cross_entropy_loss(x, targets, settings); };
  };
  return {
      {"cross_entropy ignored", {logits, entropy({.ignored_label = -1})}},
      {"cross_entropy all",
       {logits, entropy({.class_weights = weights, .label_smoothing = 0.25, .ignored_label = -1})}},
      {"cross_entropy smooth", {logits, entropy({.label_smoothing = 0.5, .ignored_label = -1})}},
      {"nll", {logits, [=](const Tensor& x) { return nll_loss(x, sure); }}},
      {"multi_class_hinge", {logits, [=](const Tensor& x) { return multi_class_hinge_loss(x, sure, 0.75); }}},
      {"binary_cross_entropy", {logits * 8, binary({})}},
      {"binary_cross_entropy weighted", {logits, binary(weighted)}},
      {"binary_cross_entropy zero", {logits * 0, binary({})}},
      {"hinge", {logits, [=](const Tensor& x) { return hinge_loss(x, positive * 2 - 1); }}},
      {"l1", {logits, [=](const Tensor& x) { return l1_loss(x, targets); }}},
      {"huber", {logits, [=](const Tensor& x) { return huber_loss(x, targets, 0.7); }}},
      {"kl_divergence",
       {logits,
        [](const Tensor& x) {
          return kl_divergence_loss(log_softmax(x, 1), maximum(pattern(3, {6, 4}), 0));
        }}},
  };
}

TEST(Losses, ValuesAndSlopesArePyTorchs) {
  for (const char* backend : {"reference", "cpu"}) {
    use_backend(backend);
    for (const auto& [name, loss] : losses_of_facts())
      expect_fact(name, {loss.second(loss.first), grad(loss.second, loss.first)});
  }
  use_backend("reference");
}

TEST(Losses, DifferentiateTwice) {
  use_backend("reference");
  for (const auto& [name, loss] : losses_of_facts()) {
    const GradcheckResult result =
        gradcheck([&](const std::vector<Tensor>& in) { return loss.second(in[0]); }, {loss.first + 0.01},
                  {.second_order = true});
    EXPECT_TRUE(result.passed) << name << ": " << result.message;
  }
}

TEST(Losses, AdversarialOnesArePyTorchs) {
  use_backend("reference");
  const Tensor real = pattern(4, {6, 1}, 3), fake = pattern(5, {6, 1}, 3);
  const std::pair<const char*, Adversarial> kinds[] = {{"non_saturating", Adversarial::kNonSaturating},
                                                       {"hinge", Adversarial::kHinge},
                                                       {"wasserstein", Adversarial::kWasserstein},
                                                       {"least_squares", Adversarial::kLeastSquares}};
  for (const auto& [name, kind] : kinds) {
    const Adversarial which = kind;
    const auto discriminator = [&](const Tensor& f) { return discriminator_loss(real, f, which); };
    const auto generator = [&](const Tensor& f) { return generator_loss(f, which); };
    expect_fact(std::string("discriminator ") + name, {discriminator(fake), grad(discriminator, fake)});
    expect_fact(std::string("generator ") + name, {generator(fake), grad(generator, fake)});
  }
}

// The derivative of a gradient's length in the critic's weights.
TEST(Losses, GradientPenaltyIsPyTorchs) {
  for (const char* backend : {"reference", "cpu"}) {
    use_backend(backend);
    const Tensor x = pattern(6, {5, 3}), w = pattern(7, {4, 3}), v = pattern(8, {1, 4});
    for (const int target : {1, 0}) {
      Tape tape;
      tape.watch({w, v});
      const auto critic = [&](const Tensor& in) {
        return matmul(tanh(matmul(in, transpose(w))), transpose(v));
      };
      const Tensor penalty = gradient_penalty(critic, x, target);
      const auto slopes = tape.gradient(penalty, {w, v});
      expect_fact("gradient_penalty " + std::to_string(target), {penalty, slopes[0], slopes[1]});
    }
  }
  use_backend("reference");
  // A critic that does not depend on x at all: the length is 0, its root has no slope, and nothing becomes NaN.
  const Tensor x = pattern(6, {5, 3}), w = zeros({3, 1}, DType::kFloat64);
  Tape tape;
  tape.watch(w);
  const Tensor penalty = gradient_penalty([&](const Tensor& in) { return matmul(in, w); }, x);
  EXPECT_EQ(penalty.item<double>(), 1);
  EXPECT_EQ(sum_squares(tape.gradient(penalty, {w})[0]).item<double>(), 0);
}

TEST(Losses, BetweenRealAndFake) {
  use_backend("reference");
  const Tensor real = ones({2, 1, 2}), fake = zeros({2, 1, 2}), u = Tensor::from<float>({0.25F, 1}, {2});
  EXPECT_EQ(between(real, fake, u).to_vector<float>(), (std::vector<float>{0.25F, 0.25F, 1, 1}));
  EXPECT_THROW(between(real, fake, ones({3})), Error);
}

TEST(Losses, ShardsAddUpToTheBatch) {
  use_backend("reference");
  // Multiples of 1/8, so that the sums are exact.
  const Tensor x = Tensor::from<double>({1, -2, 0.5, 3, 0.25, -1, 2, 2}, {4, 2}), t = x * 0.5 + 1;
  const auto part = [](const Tensor& all, std::int64_t begin, std::int64_t end) {
    return slice(all, {Range(begin, end)});
  };
  const double parts = mse_loss(part(x, 0, 1), part(t, 0, 1), 4).item<double>() +
                       mse_loss(part(x, 1, 4), part(t, 1, 4), 4).item<double>();
  EXPECT_EQ(parts, mse_loss(x, t).item<double>());
  EXPECT_EQ(mse_loss(part(x, 2, 2), part(t, 2, 2), 4).item<double>(), 0);  // an empty shard
}

// Sums of multiples of powers of two are exact, so the shards must add up exactly.
TEST(Losses, ShardsOfEveryLossAddUp) {
  use_backend("reference");
  const auto rows = [](const Tensor& all, std::int64_t begin, std::int64_t end) {
    return slice(all, {Range(begin, end)});
  };
  const Tensor x = pattern(1, {8, 2}), t = cast(greater(pattern(2, {8, 2}), 0), DType::kFloat64) * 2 - 1;
  const Tensor labels = Tensor::from<std::int64_t>({0, 1, 1, 0, 7, 1, 0, 7}, {8});
  using Sharded = std::function<Tensor(const Tensor&, const Tensor&, const Tensor&, std::int64_t)>;
  const std::pair<const char*, Sharded> losses[] = {
      {"l1", [](auto& a, auto& b, auto&, auto n) { return l1_loss(a, b, n); }},
      {"huber", [](auto& a, auto& b, auto&, auto n) { return huber_loss(a, b, 0.5, n); }},
      {"hinge", [](auto& a, auto& b, auto&, auto n) { return hinge_loss(a, b, 1, n); }},
      {"svm", [](auto& a, auto&, auto& c, auto n) { return multi_class_hinge_loss(a, minimum(c, 1), 1, n); }},
      {"nll", [](auto& a, auto&, auto& c, auto n) { return nll_loss(a, minimum(c, 1), n); }},
      {"generator", [](auto& a, auto&, auto&, auto n) { return generator_loss(a, Adversarial::kHinge, n); }},
  };
  for (const auto& [name, loss] : losses) {
    const double parts = loss(rows(x, 0, 3), rows(t, 0, 3), rows(labels, 0, 3), 8).item<double>() +
                         loss(rows(x, 3, 8), rows(t, 3, 8), rows(labels, 3, 8), 8).item<double>();
    EXPECT_EQ(parts, loss(x, t, labels, 0).item<double>()) << name;
  }
  // With ignored labels the divisor is the weight of all labels that count.
  const CrossEntropySettings settings{.ignored_label = 7};
  const double weight = cross_entropy_weight(labels, settings);
  EXPECT_EQ(weight, 6);
  const double parts =
      cross_entropy_loss(rows(x, 0, 4), rows(labels, 0, 4), settings, weight).item<double>() +
      cross_entropy_loss(rows(x, 4, 8), rows(labels, 4, 8), settings, weight).item<double>();
  EXPECT_NEAR(parts, cross_entropy_loss(x, labels, settings).item<double>(), 1e-15);
}

TEST(Losses, ExtremeScoresStayFinite) {
  use_backend("reference");
  const Tensor x = Tensor::from<float>({-1e30F, 1e30F, -200, 200}, {4}), one = ones({4});
  EXPECT_EQ(binary_cross_entropy_loss(slice(x, {Range(1, 2)}), ones({1})).item<float>(), 0);
  EXPECT_EQ(binary_cross_entropy_loss(slice(x, {Range(2, 3)}), ones({1})).item<float>(), 200);
  for (const float slope :
       grad([&](const Tensor& in) { return binary_cross_entropy_loss(in, one); }, x).to_vector<float>())
    EXPECT_LE(std::abs(slope), 0.25F);  // and not NaN
}

TEST(Losses, IgnoredLabelsMayHaveAnInfiniteLoss) {
  use_backend("reference");
  const Tensor logits = Tensor::from<double>({-INFINITY, 0, 0, 0}, {2, 2});
  const Tensor labels = Tensor::from<std::int64_t>({-1, 0}, {2});
  const Loss loss = [&](const Tensor& x) { return cross_entropy_loss(x, labels, {.ignored_label = -1}); };
  EXPECT_NEAR(loss(logits).item<double>(), std::log(2.0), 1e-15);
  EXPECT_EQ(grad(loss, logits).to_vector<double>(), (std::vector<double>{0, 0, -0.5, 0.5}));
}

TEST(Losses, TargetsThatAreNoProbabilitiesShowInTheDivergence) {
  use_backend("reference");
  const Tensor logs = log(full({1, 2}, 0.5, DType::kFloat64));
  const auto divergence = [&](double first, double second) {
    return kl_divergence_loss(logs, Tensor::from<double>({first, second}, {1, 2})).item<double>();
  };
  EXPECT_NEAR(divergence(0, 1), std::log(2.0), 1e-15);
  EXPECT_TRUE(std::isnan(divergence(NAN, 1)));
  EXPECT_TRUE(std::isnan(divergence(-0.5, 1.5)));
}

TEST(Losses, Errors) {
  use_backend("reference");
  EXPECT_THROW(mse_loss(zeros({2, 3}), zeros({3, 2})), Error);
  EXPECT_THROW(mse_loss(zeros({2, 3}), zeros({2, 3}), 1), Error);
  EXPECT_THROW(mse_loss(zeros({0, 3}), zeros({0, 3})), Error);
  EXPECT_THROW(cross_entropy_loss(zeros({2, 3}), Tensor::from<std::int64_t>({0, 3}, {2})), Error);
  const Tensor labels = Tensor::from<std::int64_t>({5, 5}, {2});
  EXPECT_THROW(cross_entropy_loss(zeros({2, 3}), labels, {.ignored_label = 5}), Error);  // none counts
  EXPECT_THROW(cross_entropy_loss(zeros({2, 3}), labels * 0, {.label_smoothing = 1}), Error);
  EXPECT_THROW(cross_entropy_loss(zeros({2, 3}), labels * 0, {.class_weights = ones({2})}), Error);
  EXPECT_THROW(nll_loss(zeros({2, 3}), labels), Error);
  EXPECT_THROW(nll_loss(zeros({2, 3}), ones({2})), Error);
  EXPECT_THROW(huber_loss(zeros({2, 3}), zeros({2, 3}), 0), Error);
  EXPECT_THROW(binary_cross_entropy_loss(zeros({2, 3}), zeros({2, 3}), {.weights = ones({2, 2, 3})}), Error);
  EXPECT_THROW(gradient_penalty([](const Tensor& x) { return x; }, zeros({2, 3})), Error);
}

// What the layers of two shards add is what those of the whole batch add.
TEST(Losses, AddedLossesAreMeansOverTheBatch) {
  use_default_backend();
  const auto added = [](const std::vector<double>& values, std::int64_t batch) {
    Context context;
    const auto samples = static_cast<std::int64_t>(values.size());
    context.add_loss(Tensor::from<double>(values, {samples}));
    context.add_loss(full({samples}, 8, DType::kFloat64));
    return with_added_losses(zeros({}, DType::kFloat64), context, batch).item<double>();
  };
  EXPECT_EQ(added({1, 2, 6, 7}, 0), 4 + 8);
  EXPECT_EQ(added({1, 2, 6}, 4) + added({7}, 4), added({1, 2, 6, 7}, 0));
  EXPECT_EQ(with_added_losses(ones({}, DType::kFloat64), Context()).item<double>(), 1);
}

}  // namespace
}  // namespace tessera::nn
