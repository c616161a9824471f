#include "bench/cases/models.h"

#include <fmt/core.h>

#include <stdexcept>

#include "tessera/autograd/tape.h"
#include "tessera/runs/safetensors.h"

namespace bench {

using tessera::Tensor;
namespace nn = tessera::nn;

namespace {

std::vector<ModelRow> all_models() {
  std::vector<ModelRow> all;
  for (const auto& family :
       {image_models(), generative_models(), cloud_models(), text_models(), sequence_models()})
    all.insert(all.end(), family.begin(), family.end());
  return all;
}

Case training_case(const ModelRow& row, std::int64_t batch) {
  return lazy(fmt::format("{} training batch {}", row.name, batch), [make = row.make, batch] {
    return [model = std::make_shared<Model>(make({.batch = batch}))] { model->step(); };
  });
}

Case inference_case(const ModelRow& row, std::int64_t batch) {
  return lazy(fmt::format("{} inference batch {}", row.name, batch), [make = row.make, batch] {
    return [model = std::make_shared<Model>(make({.batch = batch}))] { model->predict(); };
  });
}

// Parameters, then buffers, network by network: the order of PyTorch's modules as well.
std::vector<nn::Parameter*> state_of(const Model& model) {
  std::vector<nn::Parameter*> state;
  for (const auto& network : model.networks)
    for (const auto& part : {network->parameters(), network->buffers()})
      state.insert(state.end(), part.begin(), part.end());
  return state;
}

}  // namespace

Tensor update(nn::Optimizer& optimizer, double rate, const Loss& loss, const Draws& draws) {
  std::vector<Tensor> weights;
  for (const nn::Parameter* parameter : optimizer.parameters()) weights.push_back(parameter->value);
  tessera::Tape tape;
  tape.watch(weights);
  nn::Context context;
  context.training = true;
  context.random = draws.get();
  Tensor value = loss(context);
  tape.stop();
  optimizer.step(tape.gradient(value, weights), rate);
  return value;
}

Model trained_model(std::shared_ptr<nn::Module> network, std::vector<Tensor> inputs,
                    std::shared_ptr<nn::Optimizer> optimizer, double rate, Loss loss, const Draws& draws) {
  Model model;
  model.networks = {network};
  model.inputs = std::move(inputs);
  model.step = [optimizer = std::move(optimizer), rate, loss = std::move(loss), draws] {
    draws->begin_step(draws->step() + 1);
    return update(*optimizer, rate, loss, draws);
  };
  model.predict = [network = std::move(network), x = model.inputs.front()] { return network->evaluate(x); };
  return model;
}

std::vector<Case> model_cases() {
  std::vector<Case> cases;
  for (const ModelRow& row : all_models()) {
    for (const std::int64_t batch : {32, 128}) cases.push_back(training_case(row, batch));
    for (const std::int64_t batch : {1, 64}) cases.push_back(inference_case(row, batch));
  }
  return cases;
}

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const ModelRow& row : all_models()) names.push_back(row.name);
  return names;
}

void write_check(const std::string& name, const std::string& path) {
  for (const ModelRow& row : all_models()) {
    if (row.name != name) continue;
    const Model model = row.make({.batch = 32, .dropout = false});
    std::vector<tessera::runs::NamedTensor> tensors;
    const auto keep = [&](const char* kind, std::size_t number, const Tensor& tensor) {
      tensors.push_back({fmt::format("{}.{:03}", kind, number), tensor});
    };
    for (std::size_t i = 0; i < model.inputs.size(); ++i) keep("input", i, model.inputs[i]);
    const std::vector<nn::Parameter*> state = state_of(model);
    for (std::size_t i = 0; i < state.size(); ++i) keep("state", i, state[i]->value);
    keep("prediction", 0, model.predict());
    for (std::size_t i = 0; i < kCheckedSteps; ++i) keep("loss", i, model.step());
    keep("prediction", 1, model.predict());
    tessera::runs::save_safetensors(path, tensors);
    return;
  }
  throw std::runtime_error("there is no model '" + name + "'");
}

}  // namespace bench
