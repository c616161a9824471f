// The equations of a GRU at their corners. Where z is 1 the state stays as it was, to the bit, for the update is z h + (1 - z) n; the shorter form n + z (h - n),
// equal on paper, rounds h away. Where r is 1 and z is 0 nothing is left but a tanh RNN.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

constexpr std::int64_t kInputs = 5, kHidden = 64, kTimes = 50;

// The rows of a GRU's parameters are those of r, z and n, kHidden each: gates are held open or shut by a bias that nothing outweighs.
void hold(nn::GRU& gru, float r, float z) {
  Tensor& bias = gru.parameters()[2]->value;
  bias = concatenate({full({kHidden}, r), full({kHidden}, z), slice(bias, {Range::from(2 * kHidden)})}, 0);
}

std::int64_t differing(const Tensor& a, const Tensor& b) {
  return sum(cast(not_equal(a, b), DType::kInt64)).item<std::int64_t>();
}

int main() {
  use_default_backend();
  RandomSource random(1);
  const Tensor x = random.normal("x", {8, kTimes, kInputs}), h0 = random.normal("h0", {1, 8, kHidden}) * 0.5;
  nn::GRU gru(kInputs, kHidden);
  gru.initialize(random);

  hold(gru, 0, 100);
  const nn::RecurrentResult kept = gru.run(x, {.h0 = h0, .gates = true});
  std::printf("z = 1: after %lld times %lld of %lld numbers of the state have changed\n",
              static_cast<long long>(kTimes), static_cast<long long>(differing(kept.h, h0)),
              static_cast<long long>(h0.elements()));
  Tensor h = h0.slice({0});
  for (std::int64_t t = 0; t < kTimes; ++t) {
    const Tensor n = kept.gates[0].at("n").slice({Range::all(), t}),
                 z = kept.gates[0].at("z").slice({Range::all(), t});
    h = n + z * (h - n);
    if (t == 0 || t + 1 == kTimes)
      std::printf("n + z (h - n): after %lld times %lld have, by %.1e at most\n",
                  static_cast<long long>(t + 1), static_cast<long long>(differing(h, h0.slice({0}))),
                  max(absolute(h - h0.slice({0}))).item_as_double());
  }

  hold(gru, 100, -200);
  nn::RNN rnn(kInputs, kHidden);
  for (std::size_t i = 0; i < 4; ++i)  // the rows of n
    rnn.parameters()[i]->value = copy(slice(gru.parameters()[i]->value, {Range::from(2 * kHidden)}));
  std::printf(
      "r = 1, z = 0: the states of a tanh RNN with the weights of n, %s\n",
      same_bits(gru.run(x, {.h0 = h0}).output, rnn.run(x, h0).output) ? "to the bit" : "but for rounding");
}
