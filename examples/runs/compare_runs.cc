// Three runs of one program beside each other: what came out, the settings in which they differ, and a page about all of them.
// `tessera compare` and `tessera report` do the same for runs of any program.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

struct Model : Stateful {
  Tensor weights = zeros({3});
  void visit_state(StateVisitor& visitor) override { visitor.tensor("weights", weights); }
};

std::string descend(const std::string& store, const char* rate, const char* momentum) {
  const Tensor x = RandomSource(1).normal("inputs", {64, 3});
  const Tensor y = matmul(x, Tensor::from<float>({1, -2, 3}, {3}));
  Model model;
  Tensor velocity = zeros({3});
  auto run = runs::Run::open({.store = store,
                              .base_name = "linear",
                              .configuration = {{"rate", rate, "here"}, {"momentum", momentum, "here"}},
                              .seed = 1,
                              .steps = 60});
  run.keep("model", model);
  for (auto& step : run.steps(60)) {
    Tape tape;
    tape.watch(model.weights);
    const Tensor error = matmul(x, model.weights) - y;
    const Tensor loss = mean(error * error);
    velocity = velocity * std::stod(momentum) + tape.gradient(loss, {model.weights})[0];
    model.weights = model.weights - velocity * std::stod(rate);
    step.record("loss", loss);
  }
  run.finish();
  return run.folder();
}

int main() {
  use_default_backend();
  const std::string store = make_temporary_folder("compare-runs");
  const std::vector<std::string> folders = {descend(store, "0.02", "0"), descend(store, "0.2", "0"),
                                            descend(store, "0.02", "0.75")};

  const report::Comparison comparison = report::compare_runs(folders);
  for (const report::ComparedRun& run : comparison.runs)
    std::printf("%s  %s after %llu steps, %llu parameters, loss %.3g, seal %.12s\n", run.name.c_str(),
                run.status.c_str(), static_cast<unsigned long long>(run.steps),
                static_cast<unsigned long long>(run.parameters.value_or(0)), run.finals.at("loss"),
                run.seal.c_str());
  for (const report::Difference& difference : comparison.differences) {
    std::printf("%s:", difference.key.c_str());
    for (std::size_t i = 0; i < folders.size(); ++i)
      std::printf("  %s", report::value_text(comparison, difference, i).c_str());
    std::printf("\n");
  }

  const report::Report page = report::make_report(folders);
  write_file_atomically(page.file_name, page.html);
  std::size_t pictures = 0;
  for (std::size_t at = 0; (at = page.html.find("<svg ", at)) != std::string::npos; ++at) ++pictures;
  std::printf("wrote %s: %zu pictures, nothing loaded from elsewhere\n", page.file_name.c_str(), pictures);
  remove_folder(store);
}
