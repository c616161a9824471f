// What in an image made a unit of a convolutional network active: its activation, led back through the layers to the pixels.
//
// Zeiler & Fergus, "Visualizing and understanding convolutional networks", ECCV 2014: every activation of the layer but one is set to zero, and
// what is left goes back layer by layer. Max pooling is undone with its switches (each value goes back to where the maximum was found, zeros
// elsewhere), rectifiers rectify the signal, and convolutions apply their filters transposed, without the bias. The methods differ at the
// rectifiers alone (Springenberg, Dosovitskiy, Brox & Riedmiller, "Striving for simplicity", ICLR workshop 2015):
//
//   kDeconvolution   the signal passes where it is positive itself; LeakyReLU passes `slope` times what is negative, as it does forwards
//   kGradient        where the activation was positive: the derivative with respect to the pixels (Simonyan, Vedaldi & Zisserman, 2014)
//   kGuided          where both are: guided backpropagation
//
// Every other layer leads the signal back by the transpose of its Jacobian at this image. For a convolution that is the transposed convolution
// with the same weights, for a max pooling the unpooling with its switches, for batch normalisation (outside training) a multiplication by
// weight / sqrt(running variance + epsilon): its scale without its shift; for a mean or maximum over channels (Maxout) its share or switch.
// A residual block leads the signal back through both branches, and adds.
//
// GELU, tanh and other activations are no rectifiers, and layers with layers inside hide theirs: the first and the last method refuse them with a
// sentence, the gradient takes any layer. Errors: images of another shape than [N, C, H, W], more layers than there are, a layer that does not
// give [N, maps, H, W], signals and units that do not fit. Thread-safety: as the network's; nothing of the network changes.
//
// ```cpp
// nn::Sequential network;
// network.add<nn::Conv2d>(1, 1, nn::Conv2dSettings{.kernel = {1, 2}, .bias = false}).weight().value = Tensor::from<float>({1, 2}, {1, 1, 1, 2});
// network.add<nn::ReLU>();
// network.add<nn::MaxPool2d>(nn::Pool2dSettings{.kernel = {1, 2}});
// const Tensor image = Tensor::from<float>({1, 0, 3}, {1, 1, 1, 3});  // convolved: 1, 6; pooled: 6
// const visualise::ImagePass pass(network, 3, image);
// const Tensor signal = visualise::unit_signal(pass.activations(), {{{.map = 0, .row = 0, .column = 0}}});
// const Tensor pixels = pass.project(signal, visualise::Method::kDeconvolution);
// assert(pixels.to_vector<float>() == (std::vector<float>{0, 6, 12}));
// ```
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/nn/layers.h"

namespace tessera::visualise {

enum class Method : std::uint8_t { kDeconvolution, kGuided, kGradient };
std::string_view method_name(Method method);  // "deconvolution", "guided", "gradient"

// The first of the network's layers, in the order of the forward pass, that a projection cannot pass; nullptr: there is none.
const nn::Module* first_obstacle(nn::Sequential& network, std::size_t layers, Method method);
// "GELU is no rectifier, expected ReLU or LeakyReLU for a deconvolution (the method gradient takes any layer)"
std::string obstacle_text(const nn::Module& layer, Method method);

// One element of [maps, H, W].
struct Unit {
  std::int64_t map = 0, row = 0, column = 0;
};

// Zeros but for the activation of one unit of each image: the signal that a projection begins with. `activations` [N, maps, H, W].
Tensor unit_signal(const Tensor& activations, std::span<const Unit> units);

// What the first layers of a network made of some images, outside training, and the way back.
class ImagePass {
 public:
  // `layers`: how many of the network's children, 1 to all of them; `images` [N, C, H, W]. The network must outlive this.
  ImagePass(nn::Sequential& network, std::size_t layers, const Tensor& images);

  const Tensor& activations() const {
    return steps_.back().output;
  }  // of the last of the layers, [N, maps, H, W]
  // `signal` of that shape -> [N, C, H, W]; row i depends on image i and signal i alone.
  Tensor project(const Tensor& signal, Method method) const;

 private:
  struct Step {
    nn::Module* layer;
    Tensor input, output;
    std::vector<Step> body = {}, shortcut = {};  // of a residual block
  };
  static void run(nn::Module& layer, const Tensor& x, std::vector<Step>& steps);
  static Tensor back(const std::vector<Step>& steps, Tensor signal, Method method);
  static Tensor back(const Step& step, const Tensor& signal, Method method);

  std::vector<Step> steps_;
};

}  // namespace tessera::visualise
