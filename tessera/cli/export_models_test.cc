// Every model as an ONNX model: read back, it gives the bits of the network for any number of samples, and of words.
#include <gtest/gtest.h>

#include <set>

#include "tessera/backends/backends.h"
#include "tessera/generative/generative_model.h"
#include "tessera/interchange/onnx_exchange_test.h"
#include "tessera/interchange/onnx_export.h"
#include "tessera/interchange/onnx_model.h"
#include "tessera/models/every_model_test.h"

namespace tessera::models {
namespace {

using namespace every_model;
// ONNX has no log1p: a bag of words takes log(1 + x).
const std::set<std::string> kRounded = {"BagOfWords"};

using Overrides = std::vector<std::string>;
// A score of a growing network depends on the group that it sits in, so a group is one sample.
const Overrides kSmall = {"model.stage_channels=[8,8,8]", "model.deviation_group=1"};

class ExportOfModels : public testing::TestWithParam<std::size_t> {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
};

bool reads_words(const Tensor& inputs) {
  return inputs.dtype() == DType::kInt64;
}

// Words may be of any number, as may be sentences: the sample is a full one, and every axis open.
std::string bytes_of(nn::Module& model, const Tensor& inputs) {
  if (!reads_words(inputs))
    return onnx::write_model(onnx::export_module(model, slice(inputs, {Range(0, 3)})));
  Shape sample = inputs.shape();
  onnx::ExportOptions options;
  for (int axis = 0; axis < sample.rank(); ++axis) sample[axis] = 2 + axis;
  for (int axis = 1; axis < sample.rank(); ++axis) options.open_axes.push_back(fmt::format("axis_{}", axis));
  return onnx::write_model(onnx::export_module(model, ones(sample, DType::kInt64), options));
}

// Of the first samples, and of words that are so few that all samples still begin with one.
std::vector<Tensor> parts_of(const Tensor& inputs) {
  std::vector<Tensor> parts;
  for (const std::int64_t samples : {1, 3, 8}) parts.push_back(slice(inputs, {Range(0, samples)}));
  if (reads_words(inputs)) {
    std::vector<Range> fewer(static_cast<std::size_t>(inputs.rank()), Range(0, 4));
    fewer[0] = Range(0, kSamples);
    fewer.back() = Range(0, 1);
    parts.push_back(copy(slice(inputs, fewer)));
    parts.push_back(inputs);
  }
  return parts;
}

void expect_output(const Tensor& found, const Tensor& expected, bool rounded) {
  ASSERT_EQ(found.shape(), expected.shape());
  if (rounded)
    EXPECT_LT(max(absolute(found - expected)).item<float>(), 1e-6F * max(absolute(expected)).item<float>());
  else
    EXPECT_TRUE(same_bits(copy(found), copy(expected))) << expected.shape().to_string();
}

TEST_P(ExportOfModels, HasTheBitsOfTheNetwork) {
  const Row row = rows()[GetParam()];
  const Tensor inputs = row.inputs();
  RandomSource random(3);
  const auto model = trained(row, inputs, random);
  const std::string bytes = bytes_of(*model, inputs);
  const onnx::Model read(onnx::parse_model(bytes, row.name + ".onnx"), row.name + ".onnx");
  EXPECT_EQ(read.unsupported(), std::vector<std::string>{});
  for (const Tensor& some : parts_of(inputs))
    expect_output(read.run(some), model->evaluate(some), kRounded.contains(row.name));
  onnx::leave_exchange(fmt::format("{}_{}", row.name, GetParam()), bytes, inputs, model->evaluate(inputs));
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
