// tessera export: a run in the formats of others.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "tessera/base/files.h"
#include "tessera/base/json.h"
#include "tessera/base/text.h"
#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/execution.h"
#include "tessera/cli/training_report.h"
#include "tessera/generative/generation_run.h"
#include "tessera/interchange/onnx_export.h"
#include "tessera/interchange/tensorboard.h"
#include "tessera/interchange/weights.h"
#include "tessera/tensor/ops.h"

namespace tessera::cli {

namespace {

constexpr std::string_view kDetails =
    "onnx         the network with its final weights, for any number of samples: input 'features', output\n"
    "             'scores' (one per class, before the softmax). The names of the classes, data.scale (which\n"
    "             features are divided by) and the seal are in the metadata\n"
    "safetensors  the final weights under their names; the same metadata\n"
    "tensorboard  the scalars of every recorded step as an event file in the folder PATH; also of a run "
    "that\n"
    "             is not finished\n"
    "Of a run of 'tessera generate', onnx is one of its networks, images from 0 to 1, and safetensors has "
    "them all.\n"
    "The same run gives the same bytes, and the network is only written from an intact record.\n\n"
    "Examples:\n"
    "  tessera export digits-0001 --format onnx --output digits.onnx\n"
    "  tessera export digits-0001 --format safetensors --output digits.safetensors\n"
    "  tessera export digits-0001 --format tensorboard --output events/digits-0001";

std::map<std::string, std::string> metadata_of(const train::TrainedModel& model, const std::string& folder) {
  std::map<std::string, std::string> metadata = {
      {"tessera.classes", canonical_json(nlohmann::json(model.classes()))},
      {"tessera.seal", to_hex(runs::seal_value(*runs::read_seal(folder)))}};
  if (model.vocabulary() != nullptr)
    metadata["tessera.vocabulary"] = model.vocabulary()->digest();
  else
    metadata["tessera.scale"] = fmt::format("{}", model.config().real("data.scale"));
  return metadata;
}

std::string onnx_bytes(const train::TrainedModel& model, const std::string& folder) {
  // What is recorded for it is one pass, and how that goes depends on the lengths of its sequences.
  if (model.vocabulary() != nullptr)
    fail_with(ExitCode::kUsage,
              "{}: the run reads words of sequences of any lengths, which are not written as ONNX, expected "
              "--format safetensors",
              printable(folder));
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
  std::map<std::string, std::string> metadata = {
      {"tessera.seal", to_hex(runs::seal_value(*runs::read_seal(folder)))}};
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

std::string exported_bytes(const std::string& folder, const std::string& format, const std::string& network) {
  if (generative::is_generation_run(folder)) return generative_bytes(folder, format, network);
  if (!network.empty())
    fail_with(ExitCode::kUsage,
              "--network: {} is a run of one network; the option is for runs of 'tessera generate'",
              printable(folder));
  const train::TrainedModel model(folder);
  return format == "onnx" ? onnx_bytes(model, folder) : safetensors_bytes(model, folder);
}

}  // namespace

ExitCode run_export(const Words& words) {
  Arguments arguments("export", "Write a run's network as ONNX or safetensors, or its curves for TensorBoard",
                      kDetails);
  std::string run, format, network, store = "runs", output;
  Execution execution;
  arguments.positional("RUN", run, "Folder of a run, or its name in the store");
  arguments.option("--format FORMAT", format, "onnx, safetensors or tensorboard");
  arguments.option("--output PATH", output, "The file, or for tensorboard the folder");
  arguments.option("--network NAME", network,
                   "Of a run that makes images: generator (or autoencoder), discriminator, encoder, decoder");
  arguments.option("--store DIR", store, "The folder of all runs (default: runs)");
  execution.declare(arguments);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  if (format != "onnx" && format != "safetensors" && format != "tensorboard")
    fail_with(ExitCode::kUsage, "--format: expected onnx, safetensors or tensorboard, found '{}'", format);
  if (output.empty())
    fail_with(ExitCode::kUsage, "--output is missing: expected the place of what is written");
  const std::string folder = runs_folder(store, run);
  execution.apply();
  if (format == "tensorboard") {
    fmt::print("{}\n", printable(interchange::write_tensorboard(folder, output)));
    return ExitCode::kSuccess;
  }
  write_user_file(output, exported_bytes(folder, format, network));
  if (!output.starts_with("/dev/"))
    fmt::print("{}\n", printable(output));  // the file itself may go to /dev/stdout
  return ExitCode::kSuccess;
}

}  // namespace tessera::cli
