// Every model as an ONNX model: read back, it gives the bits of the network for any number of samples. What cannot be written has its reason here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
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

}  // namespace
}  // namespace tessera::models
