#include "tessera/interchange/onnx_export.h"

#include "tessera/base/error.h"
#include "tessera/interchange/onnx_exporter.h"
#include "tessera/tensor/ops.h"

namespace tessera::onnx {
namespace {

const TranslatorTable& translators() {
  static const TranslatorTable table = [] {
    TranslatorTable all{};
    add_elementwise_translators(all);
    add_activation_translators(all);
    add_shape_translators(all);
    add_reduction_translators(all);
    add_normalization_translators(all);
    add_product_translators(all);
    add_recurrent_translators(all);
    return all;
  }();
  return table;
}

// Rows of ops.def that no model has; every other one has a translator.
constexpr const char *kRandom = "ONNX draws other random numbers",
                     *kTraining = "it belongs to training, and models are exported without",
                     *kUnobserved = "it stands for another row where nobody observes, and an export does";
struct Reason {
  Op op;
  const char* text;
};
constexpr Reason kReasons[] = {{Op::kRandomBits, kRandom},
                               {Op::kRandomUniform, kRandom},
                               {Op::kRandomNormal, kRandom},
                               {Op::kRandomPermutation, kRandom},
                               {Op::kConv2dWeightGradient, kTraining},
                               {Op::kConv3dWeightGradient, kTraining},
                               {Op::kAveragePool2dGradient, kTraining},
                               {Op::kSoftmaxGradient, kTraining},
                               {Op::kLogSoftmaxGradient, kTraining},
                               {Op::kCrossEntropyGradient, kTraining},
                               {Op::kLayerNormInputGradient, kTraining},
                               {Op::kLayerNormScaleGradient, kTraining},
                               {Op::kLayerNormGradient, kTraining},
                               {Op::kBatchNormSums, kTraining},
                               {Op::kBatchNormInputGradient, kTraining},
                               {Op::kGroupNormGradient, kTraining},
                               {Op::kSgdStep, kTraining},
                               {Op::kAdamStep, kTraining},
                               {Op::kRmspropStep, kTraining},
                               {Op::kAdagradStep, kTraining},
                               {Op::kAdadeltaStep, kTraining},
                               {Op::kGruPlain, kUnobserved},
                               {Op::kLstmPlain, kUnobserved},
                               {Op::kGruGradient, kTraining},
                               {Op::kLstmGradient, kTraining},
                               {Op::kRnnGradient, kTraining},
                               {Op::kFinishGradient, kTraining},
                               {Op::kActivateGradient, kTraining}};

// One more along the axis: the first one again.
Tensor with_one_more(const Tensor& samples, int axis) {
  std::vector<Range> first(static_cast<std::size_t>(axis), Range::all());
  first.emplace_back(0, 1);
  return concatenate({samples, slice(samples, first)}, axis);
}

void check_open_axes(const std::vector<Tensor>& samples, const ExportOptions& options) {
  const auto open = static_cast<int>(options.open_axes.size());
  for (const Tensor& sample : samples)
    if (open > 0 && (sample.rank() < 1 || sample.size(0) < 1))
      fail("export: the sample input has shape {}, expected at least one sample along the first axis",
           sample.shape().to_string());
  for (int axis = 1; axis < open; ++axis)
    if (axis >= samples[0].rank() || samples[0].size(axis) < 1)
      fail("export: the sample input has shape {}, expected at least one element along axis {}, '{}'",
           samples[0].shape().to_string(), axis, options.open_axes[static_cast<std::size_t>(axis)]);
}

// Axis 0 is longer in every input, others in the first one.
void lengthen(std::vector<Tensor>& inputs, int axis) {
  inputs[0] = with_one_more(inputs[0], axis);
  if (axis == 0)
    for (std::size_t i = 1; i < inputs.size(); ++i) inputs[i] = with_one_more(inputs[i], 0);
}

class TensorNames : public StateVisitor {
 public:
  void tensor(std::string_view name, Tensor& value) override { named.push_back({std::string(name), value}); }
  void integer(std::string_view /*name*/, std::int64_t& /*value*/) override {}
  void real(std::string_view /*name*/, double& /*value*/) override {}
  std::vector<runs::NamedTensor> named;
};

}  // namespace

const char* why_not_exported(Op op) {
  for (const Reason& reason : kReasons)
    if (reason.op == op) return reason.text;
  return "";
}

Translator translator_of(Op op) {
  return translators()[static_cast<std::size_t>(op)];
}

ModelFile export_function(const ContextFunction& function, const std::vector<Tensor>& samples,
                          const std::vector<runs::NamedTensor>& named, const ExportOptions& options) {
  if (samples.empty()) fail("export: there are no inputs");
  check_open_axes(samples, options);
  const auto open = static_cast<int>(options.open_axes.size());
  std::vector<Tensor> inputs = samples;
  // Two at least, so that an open length cannot be taken for an axis of length 1 that broadcasts.
  for (int axis = 0; axis < open; ++axis)
    if (inputs[0].size(axis) == 1) lengthen(inputs, axis);
  Everywhere<Recording> recordings;
  for (unsigned longer = 0; longer < 1U << open; ++longer) {
    std::vector<Tensor> these = inputs;
    for (int axis = 0; axis < open; ++axis)
      if ((longer >> axis & 1U) != 0) lengthen(these, axis);
    recordings.push_back(record(function, these));
  }
  if (open > 0) {  // what was learned from those is held against this one
    std::vector<Tensor> farther = inputs;
    for (int axis = 0; axis < open; ++axis)
      for (std::int64_t more = 0; more < kFarther; ++more) lengthen(farther, axis);
    recordings.push_back(record(function, farther));
  }
  return Exporter(recordings, named, options).run();
}

ModelFile export_function(const Function& function, const std::vector<Tensor>& samples,
                          const std::vector<runs::NamedTensor>& named, const ExportOptions& options) {
  return export_function([&](const std::vector<Tensor>& inputs, nn::Context&) { return function(inputs); },
                         samples, named, options);
}

ModelFile export_module(nn::Module& module, const Tensor& sample, const ExportOptions& options) {
  TensorNames names;
  module.visit_state(names);
  return export_function(
      [&](const std::vector<Tensor>& inputs, nn::Context& context) {
        return std::vector<Tensor>{module.forward(inputs[0], context)};
      },
      {sample}, names.named, options);
}

}  // namespace tessera::onnx
