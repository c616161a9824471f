// DCGAN's five architecture rules: networks that obey them, and what is said about networks of the years before.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  const models::DcganSettings settings{.image = {3, 32, 32}, .channels = {64, 128, 256}};
  const models::DcganGenerator generator(settings);
  const models::DcganDiscriminator discriminator(settings);
  std::puts("the networks of models/dcgan.h");
  std::fputs(models::dcgan_rules_text(models::dcgan_rules(generator, discriminator)).c_str(), stdout);

  // A generator that enlarges by repeating pixels and ends in a sigmoid; a classifier's network as the discriminator.
  nn::Sequential enlarges("generator"), classifies("discriminator");
  enlarges.add<nn::Linear>(100, 64 * 8 * 8);
  enlarges.add<nn::ReLU>();
  enlarges.add<nn::Upsample>(2);
  enlarges.add<nn::Conv2d>(64, 32, nn::Conv2dSettings{.padding = {1, 1}});
  enlarges.add<nn::BatchNorm>(32);
  enlarges.add<nn::LeakyReLU>(0.2);
  enlarges.add<nn::Upsample>(2);
  enlarges.add<nn::Conv2d>(32, 3, nn::Conv2dSettings{.padding = {1, 1}});
  enlarges.add<nn::Sigmoid>();
  classifies.add<nn::Conv2d>(3, 32, nn::Conv2dSettings{.padding = {1, 1}});
  classifies.add<nn::BatchNorm>(32);
  classifies.add<nn::ReLU>();
  classifies.add<nn::MaxPool2d>();
  classifies.add<nn::Flatten>();
  classifies.add<nn::Linear>(32 * 16 * 16, 128);
  classifies.add<nn::LeakyReLU>(0.2);
  classifies.add<nn::Linear>(128, 1);
  std::puts("\nanother pair");
  std::fputs(models::dcgan_rules_text(models::dcgan_rules(enlarges, classifies)).c_str(), stdout);
}
