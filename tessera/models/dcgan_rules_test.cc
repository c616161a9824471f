// Each rule with what breaks it, planted one at a time.
#include "tessera/models/dcgan_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/backends/backends.h"
#include "tessera/models/dcgan.h"
#include "tessera/models/gan.h"

namespace tessera::models {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr nn::ConvTranspose2dSettings kUp{.kernel = {4, 4}, .stride = {2, 2}, .padding = {1, 1}};
constexpr nn::Conv2dSettings kDown{.kernel = {4, 4}, .stride = {2, 2}, .padding = {1, 1}};

// A generator of 4 -> 8 -> 16 pixels and a discriminator back; `change` may put a layer in the place of one, or before it.
using Layers = std::vector<std::unique_ptr<nn::Module>>;

template <typename Layer, typename... Arguments>
std::unique_ptr<nn::Module> make(Arguments&&... arguments) {
  return std::make_unique<Layer>(std::forward<Arguments>(arguments)...);
}

Layers good_generator() {
  Layers layers;
  layers.push_back(make<nn::Linear>(5, 8 * 16));
  layers.push_back(make<nn::BatchNorm>(8));
  layers.push_back(make<nn::ReLU>());
  layers.push_back(make<nn::ConvTranspose2d>(8, 4, kUp));
  layers.push_back(make<nn::BatchNorm>(4));
  layers.push_back(make<nn::ReLU>());
  layers.push_back(make<nn::ConvTranspose2d>(4, 1, kUp));
  layers.push_back(make<nn::Tanh>());
  return layers;
}

Layers good_discriminator() {
  Layers layers;
  layers.push_back(make<nn::Conv2d>(1, 4, kDown));
  layers.push_back(make<nn::LeakyReLU>(0.2));
  layers.push_back(make<nn::Conv2d>(4, 8, kDown));
  layers.push_back(make<nn::BatchNorm>(8));
  layers.push_back(make<nn::LeakyReLU>(0.2));
  layers.push_back(make<nn::Flatten>());
  layers.push_back(make<nn::Linear>(8 * 16, 1));
  layers.push_back(make<nn::Sigmoid>());
  return layers;
}

std::vector<DcganRule> rules_of(Layers generator, Layers discriminator) {
  nn::Sequential makes("generator"), judges("discriminator");
  for (auto& layer : generator) makes.add(std::move(layer));
  for (auto& layer : discriminator) judges.add(std::move(layer));
  return dcgan_rules(makes, judges);
}

// The numbers of the rules that are broken.
std::vector<int> broken(const std::vector<DcganRule>& rules) {
  std::vector<int> found;
  for (const DcganRule& rule : rules)
    if (!rule.obeyed()) found.push_back(rule.number);
  return found;
}

std::vector<DcganRule> with_generator(const std::function<void(Layers&)>& change) {
  Layers layers = good_generator();
  change(layers);
  return rules_of(std::move(layers), good_discriminator());
}
std::vector<DcganRule> with_discriminator(const std::function<void(Layers&)>& change) {
  Layers layers = good_discriminator();
  change(layers);
  return rules_of(good_generator(), std::move(layers));
}

class DcganRules : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
};

TEST_F(DcganRules, OurNetworksObeyThem) {
  EXPECT_THAT(broken(rules_of(good_generator(), good_discriminator())), IsEmpty());
  for (const Shape& image : {Shape{1, 28, 28}, Shape{3, 32, 32}}) {
    const DcganGenerator generator({.image = image});
    const DcganDiscriminator discriminator({.image = image});
    const std::vector<DcganRule> rules = dcgan_rules(generator, discriminator);
    EXPECT_THAT(broken(rules), IsEmpty()) << dcgan_rules_text(rules);
    EXPECT_THAT(dcgan_rules_text(rules), HasSubstr("3  no fully connected hidden layers: obeyed\n"));
  }
}

TEST_F(DcganRules, PoolingAndFixedUpsampling) {
  auto rules = with_discriminator([](Layers& layers) {
    layers[2] = make<nn::Conv2d>(4, 8, nn::Conv2dSettings{.padding = {1, 1}});
    layers.insert(layers.begin() + 5, make<nn::MaxPool2d>());
  });
  EXPECT_THAT(broken(rules), ElementsAre(1));
  EXPECT_THAT(rules[0].violations, ElementsAre(HasSubstr("discriminator: layer discriminator.5, MaxPool2d")));
  for (const int kind : {0, 1, 2}) {
    rules = with_discriminator([&](Layers& layers) {
      layers.insert(layers.begin() + 2, kind == 0 ? make<nn::AvgPool2d>()
                                        : kind == 1
                                            ? make<nn::AdaptiveAvgPool2d>(std::array<std::int64_t, 2>{4, 4})
                                            : make<nn::GlobalPool>(nn::Pooling::kMean));
    });
    EXPECT_THAT(broken(rules), ElementsAre(1));
  }
  rules = with_generator([](Layers& layers) {
    layers[3] = make<nn::Conv2d>(8, 4, nn::Conv2dSettings{.padding = {1, 1}});
    layers.insert(layers.begin() + 3, make<nn::Upsample>(2));
  });
  EXPECT_THAT(broken(rules), ElementsAre(1));
  EXPECT_THAT(rules[0].violations, ElementsAre(HasSubstr("expected a transposed convolution with a stride")));
}

TEST_F(DcganRules, StridesInTheWrongDirectionOrNone) {
  auto rules = with_generator([](Layers& layers) { layers[3] = make<nn::Conv2d>(8, 4, kDown); });
  EXPECT_THAT(broken(rules), ElementsAre(1));
  EXPECT_THAT(rules[0].violations, ElementsAre(HasSubstr("makes the grid coarser")));
  rules = with_discriminator([](Layers& layers) {
    for (const std::size_t i : {0U, 2U})
      layers[i] = make<nn::Conv2d>(i == 0 ? 1 : 4, i == 0 ? 4 : 8, nn::Conv2dSettings{.padding = {1, 1}});
  });
  EXPECT_THAT(broken(rules), ElementsAre(1));
  EXPECT_THAT(rules[0].violations, ElementsAre(HasSubstr("it has no layer with a stride")));
}

TEST_F(DcganRules, BatchNormalisation) {
  auto rules = with_generator([](Layers& layers) { layers.erase(layers.begin() + 4); });
  EXPECT_THAT(broken(rules), ElementsAre(2));
  EXPECT_THAT(rules[1].violations, ElementsAre(HasSubstr("layer generator.3, ConvTranspose2d")));
  rules = with_discriminator([](Layers& layers) { layers[3] = make<nn::GroupNorm>(2, 8); });
  EXPECT_THAT(broken(rules), ElementsAre(2));
  EXPECT_THAT(rules[1].violations,
              ElementsAre(testing::AllOf(HasSubstr("is followed by layer discriminator.3, GroupNorm"),
                                         HasSubstr("expected BatchNorm"))));
  rules = with_generator([](Layers& layers) { layers.insert(layers.begin() + 7, make<nn::BatchNorm>(1)); });
  EXPECT_THAT(broken(rules), ElementsAre(2));
  EXPECT_THAT(rules[1].violations, ElementsAre(HasSubstr("normalises the output layer, expected none")));
  rules =
      with_discriminator([](Layers& layers) { layers.insert(layers.begin() + 1, make<nn::BatchNorm>(4)); });
  EXPECT_THAT(broken(rules), ElementsAre(2));
  EXPECT_THAT(rules[1].violations, ElementsAre(HasSubstr("normalises the input layer, expected none")));
  rules = with_discriminator([](Layers& layers) { layers.insert(layers.begin(), make<nn::BatchNorm>(1)); });
  EXPECT_THAT(broken(rules), ElementsAre(2));
  EXPECT_THAT(rules[1].violations, ElementsAre(HasSubstr("normalises the input itself")));
}

TEST_F(DcganRules, FullyConnectedHiddenLayers) {
  auto rules = with_discriminator([](Layers& layers) {
    layers[6] = make<nn::Linear>(8 * 16, 32);
    layers[7] = make<nn::BatchNorm>(32);
    layers.push_back(make<nn::LeakyReLU>(0.2));
    layers.push_back(make<nn::Linear>(32, 1));
  });
  EXPECT_THAT(broken(rules), ElementsAre(3));
  EXPECT_THAT(rules[2].violations,
              ElementsAre(HasSubstr("discriminator: layer discriminator.6, Linear(128 -> 32)")));
  const GanGenerator dense({.sample = {1, 8, 8}});
  const DcganDiscriminator discriminator({.image = {1, 8, 8}});
  rules = dcgan_rules(dense, discriminator);
  EXPECT_THAT(broken(rules), ElementsAre(1, 2, 3));
  EXPECT_THAT(rules[2].violations, ElementsAre(HasSubstr("fully connected hidden layer"),
                                               HasSubstr("fully connected hidden layer"),
                                               HasSubstr("generator: it has no convolution")));
}

TEST_F(DcganRules, ActivationsOfTheGenerator) {
  auto rules = with_generator([](Layers& layers) { layers[5] = make<nn::LeakyReLU>(0.2); });
  EXPECT_THAT(broken(rules), ElementsAre(4));
  EXPECT_THAT(rules[3].violations, ElementsAre(HasSubstr("expected ReLU")));
  rules = with_generator([](Layers& layers) { layers[7] = make<nn::Sigmoid>(); });
  EXPECT_THAT(broken(rules), ElementsAre(4));
  EXPECT_THAT(rules[3].violations,
              ElementsAre(testing::AllOf(HasSubstr("Sigmoid"), HasSubstr("expected tanh"))));
  rules = with_generator([](Layers& layers) { layers.pop_back(); });
  EXPECT_THAT(rules[3].violations, ElementsAre(HasSubstr("followed by no activation, expected tanh")));
}

TEST_F(DcganRules, ActivationsOfTheDiscriminator) {
  auto rules = with_discriminator([](Layers& layers) { layers[1] = make<nn::ReLU>(); });
  EXPECT_THAT(broken(rules), ElementsAre(5));
  EXPECT_THAT(rules[4].violations,
              ElementsAre(testing::AllOf(HasSubstr("discriminator.0"), HasSubstr("expected LeakyReLU"))));
  rules = with_discriminator([](Layers& layers) { layers[4] = make<nn::Maxout>(2); });
  EXPECT_THAT(broken(rules), ElementsAre(5));
  rules = with_discriminator([](Layers& layers) { layers.pop_back(); });  // a score without a sigmoid
  EXPECT_THAT(broken(rules), IsEmpty());
  rules = with_discriminator([](Layers& layers) { layers[7] = make<nn::Tanh>(); });
  EXPECT_THAT(rules[4].violations, ElementsAre(HasSubstr("expected nothing or a sigmoid")));
}

TEST_F(DcganRules, SentencesForPeople) {
  const auto rules = with_generator([](Layers& layers) { layers.pop_back(); });
  EXPECT_EQ(dcgan_rules_text({rules[3], rules[4]}),
            "4  ReLU in the generator, tanh at its output: broken\n"
            "     generator: layer generator.6, ConvTranspose2d(4 -> 1, kernel 4, stride 2, padding 1) "
            "is followed by no "
            "activation, expected tanh\n"
            "5  LeakyReLU in the discriminator: obeyed\n");
}

}  // namespace
}  // namespace tessera::models
