#include "fuzz/fuzz.h"
#include "tessera/interchange/onnx_model.h"

namespace tessera::fuzz {
namespace {

bool as_it_was(const onnx::TensorEntry& entry) {
  return entry.tensor.defined() && entry.element_type == onnx::element_type_of(entry.tensor.dtype());
}

// Narrow integers and half floats are widened in reading, so they cannot be written again.
bool can_be_written(const onnx::ModelFile& file) {
  for (const onnx::TensorEntry& entry : file.graph.initializers)
    if (!as_it_was(entry)) return false;
  for (const onnx::Node& node : file.graph.nodes)
    for (const onnx::Attribute& attribute : node.attributes)
      if (attribute.type == onnx::Attribute::Type::kTensor && !as_it_was(attribute.tensor)) return false;
  return true;
}

}  // namespace

// Nothing is run: how much memory its operators ask for is a model's own matter.
void fuzz_one(std::string_view bytes) {
  const onnx::ModelFile file = onnx::parse_model(bytes, "x.onnx");
  if (can_be_written(file))
    expect_round_trip(
        bytes, [](std::string_view text) { return onnx::parse_model(text, "x.onnx"); }, onnx::write_model);
  const onnx::Model model(file, "x.onnx");  // refuses more than the reader does
  (void)model.unsupported();
}

}  // namespace tessera::fuzz
