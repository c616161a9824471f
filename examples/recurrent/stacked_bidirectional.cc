// Layers on top of each other and both directions: where the states of each stand, and what a state can know. One number of a sequence is changed, and
// each place is asked whether its state has noticed.
#include <cstdio>
#include <string>

#include "tessera/tessera.h"

using namespace tessera;

constexpr std::int64_t kTimes = 12, kHidden = 4;

// A mark for each time at which the states differ.
std::string noticed(const Tensor& before, const Tensor& after) {
  std::string marks;
  for (std::int64_t t = 0; t < kTimes; ++t)
    marks += same_bits(copy(before.slice({0, t})), copy(after.slice({0, t}))) ? '.' : '#';
  return marks;
}

int main() {
  use_default_backend();
  RandomSource random(2);
  nn::GRU layer(3, kHidden, {.layers = 2, .bidirectional = true});
  layer.initialize(random);
  const Tensor x = random.normal("x", {1, kTimes, 3});
  for (const nn::Parameter* parameter : layer.parameters())
    if (parameter->name.starts_with("weight"))
      std::printf("%-24s %s\n", parameter->name.c_str(), parameter->value.shape().to_string().c_str());
  const nn::RecurrentResult result = layer.run(x);
  std::printf("output %s: forwards, then backwards, of the upper layer\n",
              result.output.shape().to_string().c_str());
  std::printf("last states %s: layer 1 forwards, backwards, layer 2 forwards, backwards\n",
              result.h.shape().to_string().c_str());
  const auto part = [](const Tensor& output, std::int64_t from) {
    return copy(slice(output, {Range::all(), Range::all(), Range(from, from + kHidden)}));
  };
  const Tensor output = result.output, last = result.h;
  std::printf("the run forwards ends at the last time: %s; the one backwards at the first: %s\n",
              same_bits(copy(part(output, 0).slice({0, -1})), copy(last.slice({2, 0}))) ? "yes" : "no",
              same_bits(copy(part(output, kHidden).slice({0, 0})), copy(last.slice({3, 0}))) ? "yes" : "no");

  const std::int64_t changed = 4;
  Tensor touched = x + reshape(cast(equal(arange(kTimes), changed), DType::kFloat32), {1, kTimes, 1});
  std::printf("\nchanged            ....#.......\n");
  for (const std::int64_t layers : {1, 2}) {
    nn::GRU one(3, kHidden, {.layers = layers}), both(3, kHidden, {.layers = layers, .bidirectional = true});
    RandomSource source(3);
    one.initialize(source);
    source.begin_step(1);
    both.initialize(source);
    const Tensor a = both.evaluate(x), b = both.evaluate(touched);
    std::printf("layers %lld, one way  %s\n", static_cast<long long>(layers),
                noticed(one.evaluate(x), one.evaluate(touched)).c_str());
    std::printf("   both: forwards  %s\n   both: backwards %s\n", noticed(part(a, 0), part(b, 0)).c_str(),
                noticed(part(a, kHidden), part(b, kHidden)).c_str());
  }
}
