#include "tessera/models/hierarchical_attention.h"

#include <gmock/gmock.h>

#include <cmath>

#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/data/encoded_documents.h"
#include "tessera/models/bag_of_words.h"
#include "tessera/nn/losses.h"
#include "tessera/nn/optimizers.h"

namespace tessera::models {
namespace {

using testing::HasSubstr;

using Ids = std::vector<std::vector<std::int64_t>>;  // sentences

data::EncodedDocument document(const Ids& sentences) {
  data::EncodedDocument encoded;
  for (const auto& words : sentences) encoded.sentences.push_back({words, {}, 0});
  return encoded;
}

const HierarchicalAttentionSettings kSmall{.vocabulary = 30,
                                           .labels = 3,
                                           .embedding = 6,
                                           .word_hidden = 5,
                                           .sentence_hidden = 4,
                                           .word_attention = 7,
                                           .sentence_attention = 6};

class HierarchicalAttentionTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
  HierarchicalAttentionTest() {
    RandomSource random(5);
    model_.initialize(random);
  }
  DocumentAttention run(const std::vector<data::EncodedDocument>& documents) {
    nn::Context context;
    return model_.run(data::padded_words(documents), context);
  }
  HierarchicalAttention model_{kSmall};
};

const Ids kShort = {{4, 7, 2}, {9}};
const Ids kLong = {{5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 9, 8},
                   {3, 4},
                   {6, 7, 8, 9, 10, 11, 12, 13, 14},
                   {2}};

TEST_F(HierarchicalAttentionTest, ADocumentDoesNotDependOnItsBatchByABit) {
  const DocumentAttention alone = run({document(kShort)});
  const DocumentAttention among = run({document(kLong), document(kShort), document({{1}})});
  EXPECT_TRUE(same_bits(alone.logits, slice(among.logits, {Range(1, 2)})));
  EXPECT_TRUE(same_bits(alone.sentences, slice(among.sentences, {Range(1, 2), Range::to(2)})));
  EXPECT_TRUE(same_bits(alone.words, slice(among.words, {Range(1, 2), Range::to(2), Range::to(3)})));
  EXPECT_EQ(among.words.shape(), (Shape{3, 4, 20}));
}

TEST_F(HierarchicalAttentionTest, AttentionAddsUpToOneAndIsZeroOnPadding) {
  const DocumentAttention result = run({document(kLong), document(kShort)});
  const auto words = sum(result.words, {2}).to_vector<float>();
  for (int i = 0; i < 8; ++i) EXPECT_NEAR(words[static_cast<std::size_t>(i)], i < 6 ? 1 : 0, 1e-6) << i;
  for (const float total : sum(result.sentences, {1}).to_vector<float>()) EXPECT_NEAR(total, 1, 1e-6);
  EXPECT_EQ(result.words.at<float>({1, 1, 0}), 1);
  EXPECT_EQ(result.sentences.at<float>({1, 2}), 0);
}

TEST_F(HierarchicalAttentionTest, ContributionsAddUpToTheLogits) {
  const DocumentAttention result = run({document(kLong), document(kShort)});
  const Tensor bias = model_.parameters().back()->value;
  const Tensor sums = sum(model_.contributions(result), {1}) + bias;
  for (int d = 0; d < 2; ++d)
    for (int label = 0; label < 3; ++label)
      EXPECT_NEAR(sums.at<float>({d, label}), result.logits.at<float>({d, label}), 1e-6);
}

// The same network written in PyTorch 2.15 (fp64: Embedding, GRU, Linear, tanh, softmax), its parameters filled by the same formula.
TEST(HierarchicalAttention, IsThatOfPyTorch) {
  use_default_backend();
  HierarchicalAttention model({.vocabulary = 12,
                               .labels = 3,
                               .embedding = 4,
                               .word_hidden = 3,
                               .sentence_hidden = 2,
                               .word_attention = 5,
                               .sentence_attention = 4});
  const auto parameters = model.parameters();
  ASSERT_EQ(parameters.size(), 25U);
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    std::vector<float> values;
    for (std::int64_t i = 0; i < parameters[k]->value.elements(); ++i)
      values.push_back(static_cast<float>(
          0.6 * std::sin(0.7 * static_cast<double>(i) + 0.3 * static_cast<double>(k) + 0.2)));
    parameters[k]->value = Tensor::from<float>(values, parameters[k]->value.shape());
  }
  nn::Context context;
  const DocumentAttention result = model.run(
      data::padded_words({document({{4, 7, 2}, {9}}), document({{5, 5, 3, 8, 11, 10, 2, 6, 4, 3}})}),
      context);
  const double logits[] = {0.7481991, 0.3601175, 0.5599768, 0.6490054, 0.4499396, 0.4899058};
  for (int i = 0; i < 6; ++i) EXPECT_NEAR(result.logits.at<float>({i / 3, i % 3}), logits[i], 1e-6);
  const double short_words[] = {0.3400537, 0.3275029, 0.3324434};
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(result.words.at<float>({0, 0, i}), short_words[i], 1e-6);
  const double long_words[] = {0.1037636, 0.1013742, 0.0977422, 0.095678,  0.0990039,
                               0.094792,  0.0990246, 0.1004681, 0.1027326, 0.1054209};
  for (int i = 0; i < 10; ++i) EXPECT_NEAR(result.words.at<float>({1, 0, i}), long_words[i], 1e-6);
  EXPECT_NEAR(result.sentences.at<float>({0, 0}), 0.5048344, 1e-6);
  EXPECT_EQ(result.sentences.at<float>({1, 0}), 1);
}

// The order of sentences and of words matters, as it does not to a bag of words.
TEST_F(HierarchicalAttentionTest, TheOrderMatters) {
  const DocumentAttention one = run({document({{4, 7}, {9}})}), other = run({document({{9}, {4, 7}})});
  EXPECT_FALSE(same_bits(one.logits, other.logits));
  EXPECT_FALSE(same_bits(one.logits, run({document({{7, 4}, {9}})}).logits));
}

TEST_F(HierarchicalAttentionTest, WrongInputsAreNamed) {
  nn::Context context;
  const auto message = [&](const std::vector<std::int64_t>& ids, const Shape& shape) {
    try {
      model_.run(Tensor::from<std::int64_t>(ids, shape), context);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(message({1, 0, 2, 0, 0, 0}, {1, 2, 3}),
              HasSubstr("document 0, sentence 0: a word behind padding"));
  EXPECT_THAT(message({0, 0, 1, 0}, {1, 2, 2}), HasSubstr("document 0: expected at least one sentence"));
  EXPECT_THAT(message({1, 0, 0, 0, 1, 0}, {1, 3, 2}),
              HasSubstr("document 0: expected at least one sentence"));
  EXPECT_THAT(message({1, 0}, {1, 2}), HasSubstr("expected [documents, sentences, words]"));
  EXPECT_THAT(message({30}, {1, 1, 1}), HasSubstr("embedding"));
  EXPECT_THAT(message({-1}, {1, 1, 1}), HasSubstr("embedding"));
}

// Label 0: word 4 occurs before word 5 in a sentence. A bag of words cannot see it; the network has to.
TEST_F(HierarchicalAttentionTest, LearnsWhatABagOfWordsCannot) {
  std::vector<data::EncodedDocument> documents;
  std::vector<float> values;
  for (int i = 0; i < 20; ++i) {
    const bool first = i % 2 == 0;
    const std::int64_t filler = 6 + i % 5;
    documents.push_back(document(
        {{filler, 7},
         first ? std::vector<std::int64_t>{4, filler, 5} : std::vector<std::int64_t>{5, filler, 4}}));
    values.insert(values.end(), {first ? 1.0F : 0.0F, filler == 6 ? 1.0F : 0.0F, 1.0F});
  }
  const Tensor words = data::padded_words(documents), targets = Tensor::from<float>(values, {20, 3});
  const auto fitted_loss = [&](nn::Module& model, double rate) {
    nn::Adam adam(model.parameters());
    double loss_value = 0;
    for (int step = 0; step < 150; ++step) {
      std::vector<Tensor> weights;
      for (const nn::Parameter* parameter : adam.parameters()) weights.push_back(parameter->value);
      Tape tape;
      tape.watch(weights);
      nn::Context context;
      const Tensor loss =
          nn::binary_cross_entropy_loss(slice(model.forward(words, context), {Range::all(), Range(0)}),
                                        slice(targets, {Range::all(), Range(0)}));
      tape.stop();
      adam.step(tape.gradient(loss, weights), rate);
      loss_value = loss.item_as_double();
    }
    return loss_value;
  };
  EXPECT_LT(fitted_loss(model_, 0.02), 0.05);
  BagOfWords bag(30, 3);
  EXPECT_GT(fitted_loss(bag, 0.05), 0.69);  // ln 2: a coin
}

TEST(BagOfWords, FeaturesAndContributions) {
  use_default_backend();
  BagOfWords bag(6, 2);
  const Tensor words = data::padded_words({document({{2, 3, 2}, {1, 3}}), document({{1}})});
  const Tensor features = bag.features(words);
  const double length = std::sqrt(2 * std::log(3.0) * std::log(3.0));  // both words occur twice
  EXPECT_NEAR(features.at<float>({0, 2}), std::log(3.0) / length, 1e-6);
  EXPECT_NEAR(features.at<float>({0, 3}), std::log(3.0) / length, 1e-6);
  EXPECT_EQ(features.at<float>({0, 1}), 0);
  EXPECT_EQ(sum(features).item<float>(),
            features.at<float>({0, 2}) + features.at<float>({0, 3}));  // the unknown word: zeros
  EXPECT_EQ(sum(absolute(bag.evaluate(words))).item<float>(), 0);      // it begins at zero

  RandomSource random(1);
  for (nn::Parameter* parameter : bag.parameters())
    parameter->value = random.normal(parameter->name, parameter->value.shape());
  const Tensor sums = sum(bag.contributions(words), {1}) + bag.parameters()[1]->value,
               logits = bag.evaluate(words);
  for (int d = 0; d < 2; ++d)
    for (int label = 0; label < 2; ++label)
      EXPECT_NEAR(sums.at<float>({d, label}), logits.at<float>({d, label}), 1e-5);
  EXPECT_THROW(bag.features(Tensor::from<std::int64_t>({6}, {1, 1, 1})), Error);
  EXPECT_THROW(bag.features(zeros({1, 1, 1})), Error);
}

}  // namespace
}  // namespace tessera::models
