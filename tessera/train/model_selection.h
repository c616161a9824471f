// Which weights are evaluated and used in the end, and when the training ends: an average of the weights, the best ones so far, early
// stopping, and a learning rate that waits for the held-out loss. All of it is state that is kept with the run.
//
// Without any of them it has no state, and a record is what it was without this class. Thread-safety: one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "tessera/nn/averaging.h"
#include "tessera/nn/module.h"
#include "tessera/nn/plateau.h"

namespace tessera::train {

struct SelectionOptions {
  std::optional<nn::WeightAverage::Settings> average = {};
  bool keep_best = false;           // by held-out loss
  std::int64_t early_stopping = 0;  // evaluations without improvement of the held-out loss; 0: never
  std::optional<nn::PlateauSettings> plateau = {};  // the learning rate begins at plateau_rate
  double plateau_rate = 0;
  bool any() const { return average || keep_best || early_stopping > 0 || plateau; }
};

class ModelSelection : public Stateful {
 public:
  // The network must be initialised and outlive this.
  ModelSelection(nn::Module& network, const SelectionOptions& options);

  void after_step(bool last_of_epoch);  // after the optimiser's step
  // Calls `evaluate` with the weights that are to be evaluated in place, and takes note of the held-out loss that it returns.
  void evaluate(const std::function<double()>& evaluate);
  bool should_stop() const { return stopping_ && options_.early_stopping > 0 && stopping_->should_stop(); }
  std::optional<double> learning_rate() const;  // of a plateau

  // Puts the weights into the network that are to be used; nothing can be trained or saved afterwards.
  void use_final_weights();
  void visit_state(StateVisitor& visitor) override;

 private:
  void keep_weights();

  SelectionOptions options_;
  std::vector<nn::Parameter*> weights_;  // parameters and buffers
  std::optional<nn::WeightAverage> average_;
  std::optional<nn::EarlyStopping> stopping_;
  std::optional<nn::PlateauSchedule> plateau_;
  std::vector<Tensor> best_;
};

}  // namespace tessera::train
