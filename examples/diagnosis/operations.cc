// What did one step of a training do? A trace as a listing, like a disassembly: every operation with its inputs, the shape and the first
// digits of the digest of its result, and its place in the program. Two machines with equal listings computed equal bits.
#include <algorithm>
#include <cstdio>

#include "tessera/runs/trace_listing.h"
#include "tessera/runs/trace_recorder.h"
#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  nn::Sequential network;
  network.add<nn::Linear>(2, 3);
  network.add<nn::ReLU>();
  network.add<nn::Linear>(3, 2);
  RandomSource random(1);
  network.initialize(random);
  nn::SGD optimizer(network.parameters(), {});
  const Tensor x = random.normal("inputs", {4, 2});
  const Tensor labels = Tensor::from<std::int64_t>({0, 1, 1, 0}, {4});

  const std::string folder = make_temporary_folder("operations");
  runs::TraceRecorder recorder(folder + "/step.trace",
                               {.claim = std::string(64, '0'), .name = "two layers", .contract = "0"});
  std::vector<runs::NamedTensor> state;
  std::vector<Tensor> weights;
  for (const nn::Parameter* parameter : network.parameters()) {
    state.push_back({parameter->name, parameter->value});
    weights.push_back(parameter->value);
  }
  recorder.begin_step(1, state);
  Tape tape;
  tape.watch(weights);
  nn::Context context;
  const Tensor loss = nn::cross_entropy_loss(network.forward(x, context), labels);
  tape.stop();
  optimizer.step(tape.gradient(loss, weights), 0.1);
  recorder.end_step({{"loss", loss.item_as_double()}});

  runs::TraceStep step = *runs::TraceReader(folder + "/step.trace").next();
  for (auto& event : step.events)
    event.where.resize(std::min(event.where.size(), event.where.find(':')));  // without the line
  std::printf("%s", runs::trace_listing(step).c_str());
  remove_folder(folder);
}
