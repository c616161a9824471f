// Writes the seeds of the binary formats and of the record's files with Tessera's own writers: fuzz_seeds FOLDER, into FOLDER/TARGET/.
// The seeds of the text formats are files that were written by hand.
#include <fmt/format.h>

#include <cstdio>
#include <limits>
#include <string>

#include "tessera/backends/backends.h"
#include "tessera/base/files.h"
#include "tessera/data/npy.h"
#include "tessera/data/npz.h"
#include "tessera/data/schema.h"
#include "tessera/interchange/onnx_graph.h"
#include "tessera/runs/record.h"
#include "tessera/runs/run.h"
#include "tessera/runs/safetensors.h"
#include "tessera/runs/timing.h"
#include "tessera/runs/trace_file.h"
#include "tessera/runs/verifications.h"

namespace tessera {
namespace {

std::string corpus;

void seed(const std::string& target, const std::string& name, std::string_view bytes) {
  make_folders(corpus + "/" + target);
  write_file_atomically(corpus + "/" + target + "/" + name, bytes);
}

void arrays() {
  const Tensor matrix = Tensor::from<float>({1, -2, 3.5F, 4, 5, 6}, {2, 3});
  const Tensor flags = Tensor::from<bool>({true, false}, {2});
  seed("npy", "float32", data::npy_bytes(matrix));
  seed("npy", "bool", data::npy_bytes(flags));
  seed("npy", "empty", data::npy_bytes(Tensor::from<double>({}, {0, 3})));
  seed("npz", "two", data::npz_bytes({{"a", matrix}, {"b", flags}}));
  data::Table table = data::parse_csv("a,b\n1,x\n2,\n", "seed");
  data::make_category(table, "b");
  seed("schema", "categories", data::Schema::of(table).to_json());
  seed("conform", "two-tables", std::string_view("\3a;b\n1;x\n?;y\n\0b;a\ny;2\nz;\n", 25));
  seed("safetensors", "two", runs::write_safetensors({{"weight", matrix}, {"flags", flags}}, {{"a", "b"}}));
  seed("safetensors", "none", runs::write_safetensors({}));
  seed("idx", "bytes",
       std::string_view("\0\0\x08\x01\0\0\0\x03"
                        "abc",
                        11));
  seed("idx", "floats", std::string_view("\0\0\x0d\x02\0\0\0\x01\0\0\0\x01\x3f\x80\0\0", 16));
  seed("idx", "far-too-long",
       std::string_view("\0\0\x0e\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16));
  const std::string pixels(3072, 'p');
  seed("cifar", "ten", "\x09" + pixels);
  seed("cifar", "hundred", "\x13\x63" + pixels);
  seed("cifar", "label-out-of-range", "\x0a" + pixels);
  seed("cifar", "short", std::string_view("\0p", 2));
}

void records() {
  runs::Claim claim{.kind = "train", .configuration = {{"lr", "0.1"}}, .seed = 7, .inputs = {}, .steps = 3};
  claim.inputs["train.csv"] = std::string(64, 'a');
  seed("claim", "train", runs::claim_text(claim));
  runs::ChainLine line;
  line.scalars["loss"] = 0.1;
  line.scalars["worst"] = std::numeric_limits<double>::quiet_NaN();
  seed("chain_line", "scalars", runs::chain_line_text(line));
  line.state["w"] = line.checkpoint = std::string(64, 'b');
  line.step = 3;
  line.closing = true;
  seed("chain_line", "closing", runs::chain_line_text(line));
  runs::Circumstances where;
  where.name = "digits-0001";
  where.command = {"tessera", "train", "a b.toml"};
  where.configuration = {{"name", "digits", "digits.toml:1"}};
  where.inputs = {{"train.csv", "data/train.csv"}};
  where.program_digest = std::string(64, 'c');
  where.sessions = {{"2026-01-31T12:00:00Z", "", 0, 2, "", {{"threads", "2"}}}};
  seed("circumstances", "one-session", runs::circumstances_text(where));
  seed("pause", "step", runs::pause_text({.step = 2, .checkpoint = std::string(64, 'd')}));
  runs::Seal sealed;
  sealed.lines = 4;
  sealed.checkpoint = std::string(64, 'e');
  sealed.checkpoints = {sealed.checkpoint};
  seed("seal", "unsigned", runs::seal_text(sealed));
  seed("replay_outcome", "empty", runs::replay_outcome_text({}));
  seed("timing_line", "step", runs::timing_line_text({1, 50, 103391}));
  seed("verification", "identical",
       runs::verification_text({.when = "2026-01-31T12:00:00Z",
                                .message = "identical: 3 steps, 1 tensor",
                                .steps = 3,
                                .part = "whole",
                                .program = "tessera 0.1.0",
                                .program_digest = std::string(64, 'f'),
                                .environment = {{"threads", "2"}}}));
}

void models() {
  const Tensor weight = Tensor::from<float>({1, -2}, {2, 1});
  onnx::ModelFile model;
  model.opsets[""] = 18;
  model.metadata["a"] = "b";
  model.graph.inputs = {
      {.name = "x", .element_type = onnx::ElementType::kFloat, .dimensions = {{{}, "samples"}, {2, ""}}}};
  model.graph.outputs = {{.name = "y", .element_type = onnx::ElementType::kFloat, .has_shape = false}};
  model.graph.initializers = {{"w", onnx::ElementType::kFloat, weight}};
  model.graph.nodes = {
      {.op_type = "Gemm", .inputs = {"x", "w"}, .outputs = {"z"}},
      {.op_type = "Softmax",
       .name = "last",
       .inputs = {"z"},
       .outputs = {"y"},
       .attributes = {{.name = "axis", .type = onnx::Attribute::Type::kInt, .integer = -1},
                      {.name = "s", .type = onnx::Attribute::Type::kFloats, .reals = {0.5F, 2}}}}};
  seed("onnx", "gemm-softmax", onnx::write_model(model));
}

// Cases of learn::estimator_cases() by their numbers, unchanged and with some changes; the file of one that is small.
void estimators() {
  for (int number = 0; number < 136; number += 8) {
    const std::string first(1, static_cast<char>(number));
    seed("saved_estimator", fmt::format("case-{}", number), first);
    seed("saved_estimator", fmt::format("case-{}-changed", number),
         first + std::string("\7\2\5\1\3\1\x1f\3\0\0\0\1\5\7\1\4\3\2\2\1", 20));
  }
  for (int encoding = 0; encoding < 12; ++encoding)
    seed("saved_estimator", fmt::format("features-{}", encoding),
         std::string{'t', static_cast<char>(encoding), '\1', '\1', '\1', '\3', '\2', '\1', '\7'});
  const Tensor row = Tensor::from<double>({1, 2}, {2});
  seed("saved_estimator", "file",
       "f" + runs::write_safetensors({{"estimator.features", Tensor::scalar<std::int64_t>(2)},
                                      {"estimator.classes", Tensor::scalar<std::int64_t>(0)},
                                      {"estimator.center", row},
                                      {"estimator.scale", row}},
                                     {{"format", "tessera estimator 1"},
                                      {"estimator", "standard_scaler"},
                                      {"parameters", R"({"with_mean":true,"with_std":true})"}}));
}

void traces() {
  const Tensor values = Tensor::from<float>({1, 2}, {2});
  seed("trace_header", "two-steps",
       runs::trace_header_text(
           {.claim = std::string(64, 'a'), .name = "digits-0001", .contract = "1", .to = 2}));
  runs::TraceEvent event;
  event.name = "add";
  event.scope = "forward/layer 1";
  event.inputs = {0, 1};
  event.shape = {2};
  event.root = runs::leaves_of(values).root;
  seed("trace_event", "operation", "2" + runs::trace_event_text(2, event));
}

}  // namespace
}  // namespace tessera

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: fuzz_seeds FOLDER\n", stderr);
    return 2;
  }
  tessera::use_default_backend();
  tessera::corpus = arguments[1];
  tessera::arrays();
  tessera::records();
  tessera::models();
  tessera::estimators();
  tessera::traces();
  return 0;
}
