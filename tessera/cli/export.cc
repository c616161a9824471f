// tessera export: a run in the formats of others.
#include <fmt/core.h>

#include "tessera/base/files.h"
#include "tessera/base/text.h"
#include "tessera/base/user_place.h"
#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/execution.h"
#include "tessera/cli/exported_run.h"
#include "tessera/cli/training_report.h"
#include "tessera/interchange/tensorboard.h"

namespace tessera::cli {

namespace {

constexpr std::string_view kExportDetails =
    "onnx         the network with its final weights, for any number of samples: input 'features', output\n"
    "             'scores' (one per class, before the softmax). The names of the classes, data.scale (which\n"
    "             features are divided by) and the seal are in the metadata\n"
    "safetensors  the final weights under their names; the same metadata\n"
    "word2vec     of a run of 'tessera embed', the words with their vectors as text, for gensim and others\n"
    "tensorboard  the scalars of every recorded step as an event file in the folder PATH; also of a run "
    "that\n"
    "             is not finished\n"
    "Of a run on texts, onnx takes 'words': ids of the run's vocabulary (int64: 2 is its first word, 1 an "
    "unknown one) "
    "of "
    "any\n"
    "number of texts and words, filled up with 0. Of a run of 'tessera code' likewise [notes, sentences, "
    "words], and\n"
    "its outputs are 'logits' and the attention of sentences and words.\n"
    "Of a run of 'tessera embed', onnx gives the 'vectors' of 'words', and safetensors has both tables, by "
    "id.\n"
    "Of a run of 'tessera generate', onnx is one of its networks, images from 0 to 1, and safetensors has "
    "them all.\n"
    "The same run gives the same bytes, and the network is only written from an intact record.\n\n"
    "Examples:\n"
    "  tessera export digits-0001 --format onnx --output digits.onnx\n"
    "  tessera export digits-0001 --format safetensors --output digits.safetensors\n"
    "  tessera export digits-0001 --format tensorboard --output events/digits-0001";

}  // namespace

ExitCode run_export(const Words& words) {
  Arguments arguments("export", "Write a run's network as ONNX or safetensors, or its curves for TensorBoard",
                      kExportDetails);
  std::string run, format, network, store = "runs", output;
  Execution execution;
  arguments.positional("RUN", run, "Folder of a run, or its name in the store");
  arguments.option("--format FORMAT", format, "onnx, safetensors, word2vec or tensorboard");
  arguments.option("--output PATH", output, "The file, or for tensorboard the folder");
  arguments.option("--network NAME", network,
                   "Of a run that makes images: generator (or autoencoder), discriminator, encoder, decoder");
  arguments.option("--store DIR", store, "The folder of all runs (default: runs)");
  execution.declare(arguments);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  if (format != "onnx" && format != "safetensors" && format != "word2vec" && format != "tensorboard")
    fail_with(ExitCode::kUsage, "--format: expected onnx, safetensors, word2vec or tensorboard, found '{}'",
              format);
  if (output.empty())
    fail_with(ExitCode::kUsage, "--output is missing: expected the place of what is written");
  const std::string folder = runs_folder(store, run);
  execution.apply();
  if (format == "tensorboard") {
    fmt::print("{}\n", printable(interchange::write_tensorboard(folder, output)));
    return ExitCode::kSuccess;
  }
  check_user_place(output);
  write_user_file(output, exported_bytes(folder, format, network));
  if (!output.starts_with("/dev/"))
    fmt::print("{}\n", printable(output));  // the file itself may go to /dev/stdout
  return ExitCode::kSuccess;
}

}  // namespace tessera::cli
