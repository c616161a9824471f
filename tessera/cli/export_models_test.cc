// Every model as an ONNX model: read back, it gives the bits of the network for any number of samples. What cannot be written has its reason here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/generative/generative_model.h"
#include "tessera/interchange/onnx_export.h"
#include "tessera/interchange/onnx_model.h"
#include "tessera/models/every_model_test.h"

namespace tessera::models {
namespace {

using namespace every_model;
using testing::HasSubstr;
using testing::ThrowsMessage;

// Words: how the pass goes is read from the lengths of this batch. VoxelNetwork: points are counted into cells by the program, not by operations;
// its layers are written by themselves.
const std::set<std::string> kNotWritten = {"BagOfWords",         "HierarchicalAttention",
                                           "SequenceClassifier", "SequenceTagger",
                                           "TimePool",           "VoxelNetwork"};

using Overrides = std::vector<std::string>;
// A score of a growing network depends on the group that it sits in, so a group is one sample.
const Overrides kSmall = {"model.stage_channels=[8,8,8]", "model.deviation_group=1"};

class ExportOfModels : public testing::TestWithParam<std::size_t> {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
};

std::string bytes_of(nn::Module& model, const Tensor& inputs) {
  return onnx::write_model(onnx::export_module(model, slice(inputs, {Range(0, 3)})));
}

TEST_P(ExportOfModels, HasTheBitsOfTheNetwork) {
  const Row row = rows()[GetParam()];
  const Tensor inputs = row.inputs();
  RandomSource random(3);
  const auto model = trained(row, inputs, random);
  if (kNotWritten.contains(row.name)) {
    EXPECT_THAT([&] { bytes_of(*model, inputs); },
                ThrowsMessage<Error>(HasSubstr("depends on the number of samples")));
    return;
  }
  const onnx::Model read(onnx::parse_model(bytes_of(*model, inputs), row.name + ".onnx"), row.name + ".onnx");
  for (const std::int64_t samples : {1, 3, 8}) {
    const Tensor some = slice(inputs, {Range(0, samples)});
    EXPECT_TRUE(same_bits(copy(read.run(some)), copy(model->evaluate(some)))) << samples << " samples";
  }
}

INSTANTIATE_TEST_SUITE_P(Models, ExportOfModels, testing::Range<std::size_t>(0, rows().size()),
                         [](const auto& index) {
                           return rows()[index.param].name + "_" + std::to_string(index.param);
                         });

// What `tessera export` writes of runs that make images.
TEST(ExportOfImages, EveryFunctionOfEveryKindHasItsBits) {
  use_default_backend();
  for (const std::string kind : {"autoencoder", "gan", "dcgan", "progressive"}) {
    const Shape image{1, 16, 16};
    const auto model = generative::make_generative_model(
        generative::GenerationConfig::parse(
            "[data]\nimages = \"x.npy\"\n[model]\nkind = \"" + kind + "\"\n[training]\nepochs = 1\n",
            "x.toml", kind == "progressive" ? kSmall : Overrides{}),
        image);
    RandomSource random(5);
    model->initialize(random);
    for (const generative::ModelFunction& function : model->functions()) {
      SCOPED_TRACE(kind + " " + function.name);
      Shape shape{5};
      for (const std::int64_t length : function.sample) shape.append(length);
      const Tensor inputs = random.uniform("inputs/" + kind + function.name, shape);
      const onnx::ModelFile file = onnx::export_function(
          [&](const std::vector<Tensor>& in) { return std::vector<Tensor>{function.run(in[0])}; },
          {slice(inputs, {Range(0, 2)})}, {}, {});
      const onnx::Model read(onnx::parse_model(onnx::write_model(file), "x.onnx"), "x.onnx");
      EXPECT_TRUE(same_bits(copy(read.run(inputs)), copy(function.run(inputs))));
    }
  }
}

}  // namespace
}  // namespace tessera::models
