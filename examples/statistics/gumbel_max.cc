// Random choices as the largest of noisy scores: with Gumbel noise the argmax follows softmax. Gumbel-softmax makes of it something with a gradient, so that a network can
// learn through a random choice: here a distribution over three levers learns to pull the one that pays most.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(5);
  const stats::Gumbel gumbel(0, 1);
  const std::vector<double> noise =
      stats::gumbel_noise(random, "noise", {20000}, DType::kFloat64).to_vector<double>();
  const stats::TestResult fit = stats::kolmogorov_smirnov_test(noise, gumbel);
  std::printf("noise against Gumbel(0, 1): distance %.4f, p %.3f\n", fit.statistic, fit.p_value);

  constexpr std::int64_t kDraws = 1000000;
  const std::vector<double> p = {0.6, 0.3, 0.1};
  const Tensor choices =
      stats::gumbel_max(broadcast_to(log(Tensor::from<double>(p, {3})), {kDraws, 3}), random, "choices");
  std::vector<std::int64_t> counts(3);
  for (const std::int64_t choice : choices.to_vector<std::int64_t>())
    ++counts[static_cast<std::size_t>(choice)];
  const stats::TestResult test =
      stats::chi_square_test(counts, std::vector<double>{p[0] * kDraws, p[1] * kDraws, p[2] * kDraws});
  std::printf("a million choices: %.4f %.4f %.4f, chi-square %.2f, p %.3f\n\n", counts[0] / 1e6,
              counts[1] / 1e6, counts[2] / 1e6, test.statistic, test.p_value);

  const Tensor scores = Tensor::from<double>({1, 0.5, 0}, {3});
  for (const double temperature : {10.0, 1.0, 0.1}) {
    RandomSource same(2);
    const Tensor soft = stats::gumbel_softmax(scores, temperature, same, "draw");
    std::printf("temperature %4.1f: %.3f %.3f %.3f\n", temperature, soft.at<double>({0}),
                soft.at<double>({1}), soft.at<double>({2}));
  }

  const Tensor pays = Tensor::from<double>({0.2, 1, 0.5}, {3});
  Tensor logits = zeros({3}, DType::kFloat64);
  for (std::uint64_t step = 0; step < 200; ++step) {
    random.begin_step(step + 1);
    Tape tape;
    tape.watch(logits);
    const Tensor choice =
        stats::gumbel_softmax(broadcast_to(logits, {16, 3}), 0.7, random, "levers",
                              stats::Choice::kStraightThrough);  // one-hot, with the soft gradient
    const Tensor earned = mean(sum(choice * pays, {1}));
    tape.stop();
    logits = logits + tape.gradient(earned, {logits})[0] * 0.5;
  }
  const std::vector<double> learned = softmax(logits).to_vector<double>();
  std::printf("\nlevers that pay 0.2, 1 and 0.5 are pulled with probabilities %.2f, %.2f and %.2f\n",
              learned[0], learned[1], learned[2]);
}
