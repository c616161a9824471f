#include "tessera/train/training_loss.h"

#include <map>
#include <string_view>

#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera::train {
namespace {

using LossKind = LossOptions::Kind;

LossKind kind_of(const Config& config) {
  static const std::map<std::string_view, LossKind> kinds = {
      {"cross_entropy", LossKind::kCrossEntropy},
      {"multi_class_hinge", LossKind::kMultiClassHinge},
      {"bce", LossKind::kBinaryCrossEntropy},
      {"hinge", LossKind::kHinge},
      {"mse", LossKind::kMeanSquare},
      {"l1", LossKind::kMeanAbsolute},
      {"huber", LossKind::kHuber}};
  return config.has("training.loss") ? kinds.at(config.text("training.loss")) : LossKind::kCrossEntropy;
}

Tensor column(const Tensor& labels, DType dtype) {
  return reshape(labels.to(dtype), {labels.size(0), 1});
}

}  // namespace

LossOptions loss_options(const Config& config) {
  LossOptions options;
  options.kind = kind_of(config);
  if (config.has("training.label_smoothing"))
    options.label_smoothing = config.real("training.label_smoothing");
  if (config.has("training.huber_delta")) options.huber_delta = config.real("training.huber_delta");
  return options;
}

bool predicts_numbers(const Config& config) {
  return kind_of(config) >= LossKind::kMeanSquare;
}

bool has_one_score(const LossOptions& options) {
  return options.kind == LossKind::kBinaryCrossEntropy || options.kind == LossKind::kHinge;
}

bool has_one_score(const Config& config) {
  return has_one_score(loss_options(config));
}

std::int64_t outputs_of(const Config& config, std::int64_t classes) {
  if (predicts_numbers(config)) return 1;
  if (!has_one_score(config)) return classes;
  if (classes != 2)
    fail_with(ExitCode::kUsage,
              "{}: training.loss is \"{}\", expected data of two classes, found {} (\"cross_entropy\" and "
              "\"multi_class_hinge\" are for any number)",
              config.origin("training.loss"), config.text("training.loss"), classes);
  return 1;
}

Tensor training_loss(const LossOptions& options, const Tensor& scores, const Tensor& labels,
                     std::int64_t judged) {
  const DType dtype = scores.dtype();
  switch (options.kind) {
    case LossKind::kMultiClassHinge:
      return nn::multi_class_hinge_loss(scores, labels, 1, judged);
    case LossKind::kBinaryCrossEntropy:
      return nn::binary_cross_entropy_loss(scores, column(labels, dtype), {}, judged);
    case LossKind::kHinge:  // classes 0 and 1 to -1 and 1
      return nn::hinge_loss(scores, column(labels, dtype) * 2 - 1, 1, judged);
    case LossKind::kMeanSquare:
      return nn::mse_loss(scores, column(labels, dtype), judged);
    case LossKind::kMeanAbsolute:
      return nn::l1_loss(scores, column(labels, dtype), judged);
    case LossKind::kHuber:
      return nn::huber_loss(scores, column(labels, dtype), options.huber_delta, judged);
    case LossKind::kCrossEntropy:
      break;
  }
  if (options.label_smoothing == 0) return nn::cross_entropy_loss(scores, labels, judged);
  return nn::cross_entropy_loss(scores, labels, {.label_smoothing = options.label_smoothing},
                                static_cast<double>(judged));
}

Tensor class_scores(const LossOptions& options, const Tensor& scores) {
  if (!has_one_score(options)) return scores;
  return concatenate({zeros(scores.shape(), scores.dtype()), scores}, 1);
}

}  // namespace tessera::train
