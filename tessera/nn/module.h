// Layers: named parameters, children, and a forward pass that is a composition of table operations.
//
// A Module owns its parameters, its buffers (state that is kept with them but not trained, such as running statistics) and its children.
// Each has a name; the path from the root, joined by dots, names it in checkpoints
// ("0.weight"), in error messages, and in the streams of its random numbers. The path of a root is empty unless it is given;
// two networks that draw from one RandomSource need different root paths.
//
// The forward pass gets a Context: whether this is training, the source of random numbers, and where in the step's batch the samples
// lie, so that a sample's random numbers do not depend on how the batch was cut into shards.
//
// Errors: a layer that is given a wrong shape throws Error that names its path, both shapes and the axis.
// Thread-safety: a module belongs to one thread; any number of modules may be used side by side.
//
// ```cpp
// nn::Sequential network;
// network.add<nn::Linear>(2, 3);
// network.add<nn::ReLU>();
// RandomSource random(1);
// network.initialize(random);
// assert(network.parameters().size() == 2 && network.parameters()[0]->name == "0.weight");
// assert(network.evaluate(zeros({4, 2})).shape() == (Shape{4, 3}));
// ```
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tessera/tensor/op.h"
#include "tessera/tensor/random.h"
#include "tessera/tensor/state.h"
#include "tessera/tensor/tensor.h"

namespace tessera::nn {

// A tensor that is trained. `name` is its whole path, for example "0.weight".
struct Parameter {
  std::string name;
  Tensor value;
};

// What a forward pass is told beside its input. Make one per forward pass (per shard).
struct Context {
  bool training = false;
  RandomSource* random = nullptr;  // needed by layers that draw (Dropout) while training
  std::uint64_t first_sample = 0;  // index of the input's first sample within the whole batch of the step

  // The stream of one call's random numbers: module path and the call's ordinal in this pass, "3.0", "3.1", ...
  std::string stream_name(const std::string& path);

  // A loss beside that of the network's output, such as a penalty: [samples], one number for each sample of the input. The trainer adds
  // them to its own loss (with_added_losses, losses.h), over shards as it does the other.
  void add_loss(const Tensor& loss_of_samples);

  // How many times along axis 1 each sample has, int64 [samples]: said by the layer that knows (models/sequence_layers.h); recurrent layers
  // and what comes after them keep to it. Undefined: all of them.
  Tensor lengths = {};

  // If there is a place for it, layers show what people look at, under path and name: recurrent layers their gates ("1.l0.z"), attention its
  // weights ("2.weights").
  std::vector<std::pair<std::string, Tensor>>* shown = nullptr;

  // If there is somebody who writes down a pass as one for sequences of any lengths (interchange/onnx_export.h): who knows the lengths of what follows says
  // them here, made by operations from the input, and everything that depends on lengths is made by operations alone. The sequences of such a pass are full.
  std::function<void(const Tensor& lengths)> announce_lengths = nullptr;

  std::map<std::string, int> calls = {};  // so far, by path
  std::vector<Tensor> losses = {};        // that add_loss was given, in order
};

class Module : public Stateful {
 public:
  explicit Module(std::string path = "") : path_(std::move(path)) {}
  Module(const Module&) = delete;  // parameters have identity: the optimiser points to them
  Module& operator=(const Module&) = delete;

  // The first axis of `x` counts samples.
  virtual Tensor forward(const Tensor& x, Context& context) = 0;
  // The activation that the layer is, where others can take it over (ReLU, Tanh, Sigmoid); kNone: it is none of these. A class with this, or with
  // forward_with, has a final forward: Sequential does not call it where two layers are one operation, and would pass by an override.
  virtual Activation activation() const { return Activation::kNone; }
  // This layer and an activation after it as one operation, the same bits in fewer passes over memory. Undefined, and nothing was done,
  // where the layer has none: then call forward, and the activation's.
  virtual Tensor forward_with(Activation /*next*/, const Tensor& /*x*/, Context& /*context*/) { return {}; }
  // The forward pass outside training; call it under NoTape if a tape is alive.
  Tensor evaluate(const Tensor& x);

  // The shape that forward gives for an input of this shape (first axis: samples); throws Error as forward does.
  virtual Shape output_shape(const Shape& input) const = 0;
  // One line: "Linear(64 -> 10)".
  virtual std::string describe() const = 0;

  const std::string& path() const { return path_; }
  // All parameters, depth first in order of registration. The pointers live as long as the module.
  std::vector<Parameter*> parameters();
  std::int64_t parameter_elements();
  // All buffers, in the same order. A forward pass in training may change them; nothing else does.
  std::vector<Parameter*> buffers();
  const std::vector<std::unique_ptr<Module>>& children() const { return children_; }

  // Draws the initial parameters of the whole tree (initialisers.h says how each layer does); call it once,
  // before any step. Stream names are "init/<path>", at the source's step, which is 0 for a new source.
  void initialize(RandomSource& random);

  // Visits every parameter, then every buffer, under its path. Restored tensors must have the shape and dtype of those they replace.
  void visit_state(StateVisitor& visitor) override;

 protected:
  // The reference stays valid; `name` has no dots.
  Parameter& add_parameter(const std::string& name, const Shape& shape, DType dtype);
  // The same for a buffer, which begins with this value.
  Parameter& add_buffer(const std::string& name, const Tensor& value);
  Module& add_child(const std::string& name, std::unique_ptr<Module> child);
  virtual void initialize_parameters(RandomSource& /*random*/) {}
  // "layer 2, Linear(64 -> 10)": the beginning of error messages.
  std::string where() const;

 private:
  void set_path(const std::string& path);
  static std::string join(const std::string& path, const std::string& name);
  using Named = std::vector<std::pair<std::string, std::unique_ptr<Parameter>>>;  // by own name
  Parameter& add_named(Named& list, const std::string& name, const Tensor& value);

  std::string path_;
  Named parameters_, buffers_;
  std::vector<std::string> child_names_;
  std::vector<std::unique_ptr<Module>> children_;
};

// Visits one tensor; throws Error, and leaves it as it was, when the visitor restores another shape or dtype.
void visit_tensor(StateVisitor& visitor, const std::string& name, Tensor& value);

}  // namespace tessera::nn
