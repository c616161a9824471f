// The five architecture rules of DCGAN, checked on any generator and discriminator. Radford, Metz and Chintala (ICLR 2016), section 3:
//
//   1  Replace any pooling layers with strided convolutions (discriminator) and fractional-strided convolutions (generator).
//   2  Use batch normalisation in both the generator and the discriminator: everywhere but behind the generator's output layer and the
//      discriminator's input layer.
//   3  Remove fully connected hidden layers for deeper architectures.
//   4  Use ReLU activation in the generator for all layers except for the output, which uses tanh.
//   5  Use LeakyReLU activation in the discriminator for all layers.
//
// How they are read, where the sentence leaves it open: resampling without weights (Upsample) is to rule 1 what pooling is. The generator's first
// layer may be fully connected, "just a matrix multiplication" that is reshaped, and so may the discriminator's last one, which gives the
// score; these are no hidden layers. Behind the discriminator's last layer nothing or a sigmoid is allowed; batch normalisation there is
// neither demanded nor forbidden. A network without any convolution breaks rules 1 and 3.
//
// Networks are read as the list of their layers, depth first; layers of other kinds (dropout, flattening, reshaping) are passed over. So a network must
// have its layers as children in the order in which they are computed, as Sequential and the networks of this room do.
//
// Thread-safety: pure functions.
//
// ```cpp
// const models::DcganSettings settings{.image = {1, 8, 8}, .latent = 3, .channels = {4, 6}};
// models::DcganGenerator generator(settings);
// models::DcganDiscriminator discriminator(settings);
// for (const models::DcganRule& rule : models::dcgan_rules(generator, discriminator)) assert(rule.obeyed());
// models::GanGenerator dense({.sample = {1, 8, 8}, .latent = 3, .hidden = {16}});
// const std::vector<models::DcganRule> rules = models::dcgan_rules(dense, discriminator);
// assert(!rules[2].obeyed() && rules[3].obeyed());
// ```
#pragma once

#include <string>
#include <vector>

#include "tessera/nn/module.h"

namespace tessera::models {

struct DcganRule {
  int number = 0;  // 1 to 5
  std::string text;
  std::vector<std::string> violations;  // a sentence each: network, layer, what was found, what was expected
  bool obeyed() const { return violations.empty(); }
};

std::vector<DcganRule> dcgan_rules(const nn::Module& generator, const nn::Module& discriminator);
// Two lines or more per rule, for people.
std::string dcgan_rules_text(const std::vector<DcganRule>& rules);

}  // namespace tessera::models
