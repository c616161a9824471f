// What `tessera export` writes of the networks of finished runs.
#include "tessera/cli/exported_run.h"

#include <map>
#include <nlohmann/json.hpp>

#include "tessera/base/error.h"
#include "tessera/base/json.h"
#include "tessera/base/text.h"
#include "tessera/clinical/coding_run.h"
#include "tessera/clinical/note_coder.h"
#include "tessera/embedding/embedding_run.h"
#include "tessera/generative/generation_run.h"
#include "tessera/interchange/onnx_export.h"
#include "tessera/interchange/weights.h"
#include "tessera/tensor/ops.h"
#include "tessera/train/training_loss.h"
#include "tessera/train/training_run.h"

namespace tessera::cli {
namespace {

std::string seal_of(const std::string& folder) {
  return to_hex(runs::seal_value(*runs::read_seal(folder)));
}

std::map<std::string, std::string> metadata_of(const train::TrainedModel& model, const std::string& folder) {
  std::map<std::string, std::string> metadata = {
      {"tessera.classes", canonical_json(nlohmann::json(model.classes()))},
      {"tessera.seal", seal_of(folder)}};
  // What the one number means that such a network gives.
  if (train::predicts_numbers(model.config()) || train::has_one_score(model.config()))
    metadata["tessera.loss"] = model.config().text("training.loss");
  if (model.vocabulary() != nullptr)
    metadata["tessera.vocabulary"] = model.vocabulary()->digest();
  else
    metadata["tessera.scale"] = fmt::format("{}", model.config().real("data.scale"));
  return metadata;
}

std::string onnx_bytes(const train::TrainedModel& model, const std::string& folder) {
  if (model.vocabulary() != nullptr)
    return onnx::write_model(onnx::export_module(model.network(), ones({2, 3}, DType::kInt64),
                                                 {.name = "network",
                                                  .inputs = {"words"},
                                                  .outputs = {"scores"},
                                                  .open_axes = {"samples", "words"},
                                                  .metadata = metadata_of(model, folder)}));
  Shape sample{1};
  for (const std::int64_t length : model.sample_shape()) sample.append(length);
  return onnx::write_model(onnx::export_module(model.network(), zeros(sample),
                                               {.name = "network",
                                                .inputs = {"features"},
                                                .outputs = {"scores"},
                                                .metadata = metadata_of(model, folder)}));
}

std::string safetensors_bytes(const train::TrainedModel& model, const std::string& folder) {
  return runs::write_safetensors(interchange::weights_of(model.network()), metadata_of(model, folder));
}

// ---- Runs that make images ----

generative::ModelFunction function_of(generative::GenerativeModel& model, const std::string& name) {
  const std::vector<generative::ModelFunction> functions = model.functions();
  if (name.empty()) return functions.front();
  std::string known;
  for (const generative::ModelFunction& function : functions) {
    if (function.name == name) return function;
    known += fmt::format("{}'{}'", known.empty() ? "" : ", ", function.name);
  }
  fail_with(ExitCode::kUsage, "--network: the run has {}, found '{}'", known, printable(name));
}

std::string generative_bytes(const std::string& folder, const std::string& format,
                             const std::string& network) {
  const auto model = generative::trained_model(folder);
  const generative::ModelFunction function = function_of(*model, network);
  const std::map<std::string, std::string> metadata = {{"tessera.seal", seal_of(folder)}};
  const std::vector<runs::NamedTensor> weights = interchange::weights_of(*model->state().front().second);
  if (format == "safetensors") return runs::write_safetensors(weights, metadata);
  Shape sample{2};
  for (const std::int64_t length : function.sample) sample.append(length);
  const onnx::Function call = [&](const std::vector<Tensor>& inputs) {
    return std::vector<Tensor>{function.run(inputs[0])};
  };
  return onnx::write_model(onnx::export_function(call, {zeros(sample)}, weights,
                                                 {.name = function.name,
                                                  .inputs = {function.input},
                                                  .outputs = {function.output},
                                                  .metadata = metadata}));
}

// ---- Runs that give notes their codes ----

std::string coding_bytes(const std::string& folder, const std::string& format) {
  clinical::NoteCoder coder(folder);
  clinical::NoteModel& model = coder.model();
  const std::map<std::string, std::string> metadata = {
      {"tessera.labels", canonical_json(nlohmann::json(coder.labels().names()))},
      {"tessera.thresholds", nlohmann::json(coder.thresholds()).dump()},
      {"tessera.vocabulary", coder.config().text("found.vocabulary")},
      {"tessera.seal", seal_of(folder)}};
  const std::vector<runs::NamedTensor> weights = interchange::weights_of(model.module());
  if (format == "safetensors") return runs::write_safetensors(weights, metadata);
  const onnx::ContextFunction call = [&](const std::vector<Tensor>& inputs, nn::Context& context) {
    return model.outputs(inputs[0], context);
  };
  return onnx::write_model(onnx::export_function(call, {ones({2, 3, 4}, DType::kInt64)}, weights,
                                                 {.name = "network",
                                                  .inputs = {"words"},
                                                  .outputs = model.output_names(),
                                                  .open_axes = {"notes", "sentences", "words"},
                                                  .metadata = metadata}));
}

// ---- Runs that learn vectors of words ----

std::string embedding_bytes(const std::string& folder, const std::string& format) {
  embedding::TrainedEmbedding trained(folder);
  if (format == "word2vec") return trained.words().to_text();
  const std::map<std::string, std::string> metadata = {
      {"tessera.vocabulary", trained.config().text("found.vocabulary")}, {"tessera.seal", seal_of(folder)}};
  if (format == "safetensors")
    return runs::write_safetensors(interchange::weights_of(trained.model()), metadata);
  return onnx::write_model(onnx::export_module(trained.model(), ones({2, 3}, DType::kInt64),
                                               {.name = "vectors",
                                                .inputs = {"words"},
                                                .outputs = {"vectors"},
                                                .open_axes = {"texts", "words"},
                                                .metadata = metadata}));
}

}  // namespace

std::string exported_bytes(const std::string& folder, const std::string& format, const std::string& network) {
  if (generative::is_generation_run(folder) && format != "word2vec")
    return generative_bytes(folder, format, network);
  if (!network.empty())
    fail_with(ExitCode::kUsage,
              "--network: {} is a run of one network; the option is for runs of 'tessera generate'",
              printable(folder));
  if (embedding::is_embedding_run(folder)) return embedding_bytes(folder, format);
  if (format == "word2vec")
    fail_with(ExitCode::kUsage, "--format: word2vec is for runs of 'tessera embed', and {} is none",
              printable(folder));
  if (clinical::is_coding_run(folder)) return coding_bytes(folder, format);
  const train::TrainedModel model(folder);
  return format == "onnx" ? onnx_bytes(model, folder) : safetensors_bytes(model, folder);
}

}  // namespace tessera::cli
