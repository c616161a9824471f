// What of a sequence is in its summary? Push-ups: the mean of thirty days says who trains more, and it is the same for any order of the days. Money
// in a bank: what came early has earned more interest, so the order decides, and only a recurrence h = (h + b)(1 + r) can follow
// it. The recurrence is found from examples.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

// The balance after the last deposit's year, 5 % a year.
double balance(const std::vector<double>& deposits) {
  double h = 0;
  for (const double b : deposits) h = (h + b) * 1.05;
  return h;
}

int main() {
  use_default_backend();
  RandomSource random(1);

  // Whole numbers of push-ups: their sums are exact, so not a bit moves when the days change places.
  const auto days = [&](const char* name, double least) {
    return cast(cast(random.uniform(name, {30}, DType::kFloat64) * 20 + least, DType::kInt64),
                DType::kFloat64);
  };
  const Tensor anna = days("anna", 20), ben = days("ben", 10);
  const Tensor shuffled = gather(anna, random.permutation("days", 30));
  std::printf("push-ups a day: Anna %.2f, Ben %.2f; Anna's days shuffled: %s\n", mean(anna).item<double>(),
              mean(ben).item<double>(),
              same_bits(mean(anna), mean(shuffled)) ? "the same bits" : "another mean");

  std::printf("five deposits of 100 at 5 %%: %.2f\n", balance({100, 100, 100, 100, 100}));
  std::printf("500 at once: %.2f if first, %.2f if last; the mean deposit is 100 either way\n",
              balance({500, 0, 0, 0, 0}), balance({0, 0, 0, 0, 500}));

  // h = relu(w b + u h) with w = u = 1 + r is that recurrence; learned from random deposits (in hundreds).
  nn::RNN bank(1, 1, {.bias = false, .dtype = DType::kFloat64, .nonlinearity = Activation::kRelu});
  nn::Parameter &w = *bank.parameters()[0], &u = *bank.parameters()[1];
  w.value = full({1, 1}, 0.5, DType::kFloat64);
  u.value = full({1, 1}, 0.5, DType::kFloat64);
  nn::Adam optimizer(bank.parameters());
  const nn::Schedule schedule = nn::cosine_schedule(0.05, 2000);
  for (std::uint64_t step = 1; step <= 2000; ++step) {
    random.begin_step(step);
    const Tensor deposits = random.uniform("deposits", {32, 6, 1}, DType::kFloat64);
    std::vector<double> targets;
    const auto values = deposits.to_vector<double>();
    for (std::size_t i = 0; i < values.size(); i += 6)
      targets.push_back(balance({values.begin() + static_cast<std::ptrdiff_t>(i),
                                 values.begin() + static_cast<std::ptrdiff_t>(i) + 6}));
    Tape tape;
    tape.watch({w.value, u.value});
    const Tensor last = bank.run(deposits).h;
    const Tensor loss = nn::mse_loss(reshape(last, {32}), Tensor::from(targets, {32}));
    tape.stop();
    optimizer.step(tape.gradient(loss, {w.value, u.value}), schedule.rate(step - 1));
    if (step == 1 || step % 500 == 0)
      std::printf("step %4d   w %.6f   u %.6f   mean square %.2e\n", static_cast<int>(step),
                  w.value.item<double>(), u.value.item<double>(), loss.item<double>());
  }
  const Tensor hundred = ones({1, 5, 1}, DType::kFloat64);
  std::printf("what was learned says: %.2f\n", 100 * bank.run(hundred).h.item<double>());
}
