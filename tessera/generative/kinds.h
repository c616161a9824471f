// The kinds of generative models, one function each, in a file of its own. Internal to this room.
#pragma once

#include <functional>
#include <memory>

#include "tessera/generative/generative_model.h"
#include "tessera/models/adversarial_training.h"

namespace tessera::generative {

std::unique_ptr<GenerativeModel> make_autoencoder(const GenerationConfig& config, const Shape& image);
std::unique_ptr<GenerativeModel> make_adversarial(const GenerationConfig& config,
                                                  const Shape& image);  // gan, dcgan
std::unique_ptr<GenerativeModel> make_progressive(const GenerationConfig& config, const Shape& image);

// The keys training.adversarial_loss, training.gradient_penalty, training.penalty_at and training.discriminator_steps.
models::AdversarialSettings adversarial_settings(const GenerationConfig& config);

// Networks that end in tanh have black at -1 and white at 1.
Tensor to_signed(const Tensor& images);
Tensor from_signed(const Tensor& images);

// Applies `function` to parts of a few images each and puts the results one behind the other; no tape records it.
Tensor in_parts(const Tensor& images, const std::function<Tensor(const Tensor&)>& function);

}  // namespace tessera::generative
