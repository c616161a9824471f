// The part of training_run.h that predicts from words. Internal to this room.
#pragma once

#include "tessera/train/training_run.h"

namespace tessera::train {

Predictions predict_words(const TrainedModel& model, const std::string& file);

}  // namespace tessera::train
