// What learns to make images, whatever its kind: a training needs its steps, a reader its samples.
//
// A kind is a row in the table of generative_model.cc and a class here. Images go in and come out with black at 0 and white at 1; a kind whose network
// has another range converts. Everything random is drawn from the RandomSource of the step or, for samples, from a seed, by name.
//
// Thread-safety: as a module.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tessera/generative/generation_config.h"
#include "tessera/runs/run.h"
#include "tessera/tensor/random.h"

namespace tessera::generative {

// What another program may be given of a model: a function of N samples. It uses the model that it came from.
struct ModelFunction {
  std::string name, input, output;  // "generator", of "noise", gives "images"
  Shape sample;                     // of one input, without the axis N
  std::function<Tensor(const Tensor&)> run;
};

class GenerativeModel {
 public:
  virtual ~GenerativeModel() = default;

  // Weights by the source at its step 0, no step taken. Called once.
  virtual void initialize(RandomSource& random) = 0;
  // Names what is saved and restored.
  virtual std::vector<std::pair<std::string, Stateful*>> state() = 0;
  // One step of training with a batch [N, channels, height, width]; what is recorded of it. The names are literals.
  virtual std::vector<StepScalar> step(const Tensor& images, RandomSource& random) = 0;
  // A training of fewer steps is refused: the model would not be what it is to become.
  virtual std::uint64_t least_steps() const { return 1; }
  // What is recorded of the held-out images; names begin with "held_out_".
  virtual std::vector<StepScalar> evaluate(const Tensor& images) = 0;

  // Does pictures() need images? Then it is given held-out ones.
  virtual bool paints_from_images() const { return false; }
  // [count, channels, height, width] in [0, 1]: sample i depends on the seed and i only, not on `count`. From images: original and reconstruction in turn.
  virtual Tensor pictures(std::int64_t count, std::uint64_t seed, const Tensor& images) = 0;
  // What the network knows of images, for another classifier: [N, features]. Throws Error for a kind that has none.
  virtual Tensor features(const Tensor& images);
  // The first makes images. Images are in [0, 1], as they are everywhere here.
  virtual std::vector<ModelFunction> functions() = 0;
  virtual std::string describe() const = 0;  // a line for people
};

// `image` is [channels, height, width].
std::unique_ptr<GenerativeModel> make_generative_model(const GenerationConfig& config, const Shape& image);

}  // namespace tessera::generative
