// A small convolutional network as an ONNX model: its operators, its inputs, and the same bits when the model is run again.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  nn::Sequential network;
  network.add<nn::Conv2d>(1, 4, nn::Conv2dSettings{.padding = {1, 1}});
  network.add<nn::ReLU>();
  network.add<nn::MaxPool2d>();
  network.add<nn::Flatten>();
  network.add<nn::Linear>(4 * 4 * 4, 10);
  RandomSource random(1);
  network.initialize(random);

  // The sample says the shape; the model takes any number of samples.
  const std::string bytes = onnx::write_model(onnx::export_module(network, zeros({1, 1, 8, 8})));
  const onnx::Model model(onnx::parse_model(bytes, "network.onnx"), "network.onnx");

  std::printf("%zu bytes\n", bytes.size());
  for (const onnx::Node& node : model.file().graph.nodes) {
    std::printf("  %-8s(", node.op_type.c_str());
    for (std::size_t i = 0; i < node.inputs.size(); ++i)
      std::printf("%s%s", i > 0 ? ", " : "", node.inputs[i].c_str());
    std::printf(") -> %s\n", node.outputs[0].c_str());
  }
  const Tensor images = random.uniform("images", {100, 1, 8, 8});
  std::printf("the same bits for 100 images: %s\n",
              same_bits(model.run(images), network.evaluate(images)) ? "yes" : "no");
}
