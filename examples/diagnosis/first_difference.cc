// Two runs of one program differ, and nobody knows why: in one of them a bit flipped in the memory of a broken machine. Their records say between
// which steps it happened; a trace that the broken machine leaves says at which tensor, element and bit.
#include <cstdio>

#include "tessera/runs/diff.h"
#include "tessera/tensor/fault.h"
#include "tessera/tessera.h"

using namespace tessera;

constexpr const char* kFault = "step=17 tensor=model.weights element=1 bit=9";

const std::string store = make_temporary_folder("first-difference");

struct Model : Stateful {
  Tensor weights = zeros({3});
  void visit_state(StateVisitor& visitor) override { visitor.tensor("weights", weights); }
};

void descend(runs::Run& run) {
  const Tensor x = RandomSource(1).normal("inputs", {64, 3});
  const Tensor y = matmul(x, Tensor::from<float>({1, -2, 3}, {3}));
  Model model;
  run.keep("model", model);
  for (auto& step : run.steps(40)) {
    const Tensor error = matmul(x, model.weights) - y;
    model.weights = model.weights - matmul(transpose(x), error) * (0.1 / 64);
    step.record("loss", mean(error * error));
  }
  run.finish();
}

runs::RunOptions options(const char* name) {
  return {.store = store, .name = name, .steps = 40, .digest_every = 10};
}

// What a machine computes when it executes a part of a run again.
runs::ReplayOutcome reexecute(const std::string& folder, const runs::ReplayOptions& part,
                              const std::optional<runs::TraceRequest>& trace) {
  runs::RunOptions again = options("");
  again.trace = trace;
  auto run = runs::Run::replay(folder, again, part);
  descend(run);
  return run.replay_outcome();
}

int main() {
  use_default_backend();
  auto sound = runs::Run::open(options("sound"));
  descend(sound);
  plant_fault(parse_fault(kFault), {.quiet = true});
  auto broken = runs::Run::open(options("broken"));
  descend(broken);
  remove_fault();

  const auto records = runs::diff(store + "/sound", store + "/broken", reexecute);
  std::printf("the records part at step %d: %s\n", int(records.chains->difference->step),
              records.chains->difference->what.c_str());
  std::printf("'sound' is reproduced here: %s\n", records.a.reproduced() ? "yes" : "no");
  std::printf("'broken' is not: fault between steps %d and %d\n", int(records.b.fault->after),
              int(records.b.fault->by));

  plant_fault(parse_fault(kFault), {.quiet = true});  // on the broken machine
  reexecute(store + "/broken", {.to_step = 20}, runs::TraceRequest{store + "/broken.trace", 11, 20, true});
  remove_fault();

  const auto traces = runs::diff(store + "/sound", store + "/broken.trace", reexecute).traces;
  const auto& found = *traces->difference;
  std::printf("the traces part at step %d: %s, element %d, bit %d\n", int(found.step), found.a->name.c_str(),
              int(found.element->element), found.element->bit.value_or(-1));
  std::printf("  %s instead of %s\n", found.element->b.c_str(), found.element->a.c_str());
  std::printf("step %d had computed it rightly (%s): the memory changed afterwards\n",
              int(found.origin->step), found.origin->made_by.name.c_str());
  remove_folder(store);
}
