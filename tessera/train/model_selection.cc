#include "tessera/train/model_selection.h"

#include <fmt/format.h>

#include <limits>

namespace tessera::train {

ModelSelection::ModelSelection(nn::Module& network, const SelectionOptions& options)
    : options_(options), weights_(network.parameters()) {
  if (options.average) average_.emplace(network.parameters(), *options.average);
  for (nn::Parameter* buffer : network.buffers()) weights_.push_back(buffer);
  if (options.keep_best || options.early_stopping > 0)
    stopping_.emplace(nn::EarlyStoppingSettings{.patience = options.early_stopping > 0
                                                                ? options.early_stopping
                                                                : std::numeric_limits<std::int64_t>::max()});
  if (options.plateau) plateau_.emplace(options.plateau_rate, *options.plateau);
  if (options.keep_best) keep_weights();
}

void ModelSelection::after_step(bool last_of_epoch) {
  if (!average_) return;
  if (options_.average->kind == nn::WeightAverage::Kind::kExponential || last_of_epoch) average_->observe();
}

void ModelSelection::evaluate(const std::function<double()>& evaluate) {
  const bool averaged = average_ && average_->observations() > 0;
  if (averaged) average_->swap();
  const double loss = evaluate();
  if (stopping_ && stopping_->observe(loss) && options_.keep_best) keep_weights();
  if (averaged) average_->swap();
  if (plateau_) plateau_->observe(loss);
}

std::optional<double> ModelSelection::learning_rate() const {
  if (!plateau_) return std::nullopt;
  return plateau_->rate();
}

void ModelSelection::keep_weights() {
  best_.clear();
  for (const nn::Parameter* weight : weights_) best_.push_back(weight->value);
}

void ModelSelection::use_final_weights() {
  if (options_.keep_best) {
    for (std::size_t i = 0; i < weights_.size(); ++i) weights_[i]->value = best_[i];
  } else if (average_ && average_->observations() > 0) {
    average_->swap();
  }
}

void ModelSelection::visit_state(StateVisitor& visitor) {
  if (average_) visit_part(visitor, "averaging", *average_);
  if (plateau_) visit_part(visitor, "plateau", *plateau_);
  if (stopping_) visit_part(visitor, "stopping", *stopping_);
  for (std::size_t i = 0; i < best_.size(); ++i)
    nn::visit_tensor(visitor, "best." + weights_[i]->name, best_[i]);
}

}  // namespace tessera::train
