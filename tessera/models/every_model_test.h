// Every model, small, with inputs: what all of them must keep is tested row by row (predictions_test.cc, cli/export_models_test.cc).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tessera/models/autoencoder.h"
#include "tessera/models/bag_of_words.h"
#include "tessera/models/dcgan.h"
#include "tessera/models/gan.h"
#include "tessera/models/hierarchical_attention.h"
#include "tessera/models/pointnet.h"
#include "tessera/models/progressive_gan.h"
#include "tessera/models/progressive_layers.h"
#include "tessera/models/sequence_classifier.h"
#include "tessera/models/sequence_tagger.h"
#include "tessera/models/skipgram.h"
#include "tessera/models/voxel_network.h"

namespace tessera::models::every_model {

inline constexpr std::int64_t kSamples = 67;  // no multiple of anything that kernels count in
inline constexpr std::int64_t kVocabulary = 50;

using Make = std::function<std::unique_ptr<nn::Module>()>;

struct Row {
  std::string name;  // of the class
  Make make;
  std::function<Tensor()> inputs;  // kSamples of them, each another one
};

template <typename Model, typename... Arguments>
Make of(Arguments... arguments) {
  return [=] { return std::make_unique<Model>(arguments...); };
}

inline std::function<Tensor()> numbers(std::vector<std::int64_t> sample) {
  return [sample] {
    Shape shape{kSamples};
    for (const std::int64_t length : sample) shape.append(length);
    return RandomSource(11).uniform("inputs", shape) * 2 - 1;
  };
}

// Clouds that have the layout of the parts of a PointNet when those are asked by themselves.
inline std::function<Tensor()> clouds() {
  return numbers({21, 3});
}

// Ids [D, 5, 9] of documents with 1 to 5 sentences of 1 to 9 words, then padding.
inline Tensor documents() {
  std::vector<std::int64_t> ids;
  for (std::int64_t document = 0; document < kSamples; ++document)
    for (std::int64_t sentence = 0; sentence < 5; ++sentence)
      for (std::int64_t word = 0; word < 9; ++word) {
        const bool there = sentence <= document % 5 && word <= (document * 3 + sentence * 7) % 9;
        ids.push_back(there ? 1 + (document * 31 + sentence * 17 + word * 5) % (kVocabulary - 1) : 0);
      }
  return Tensor::from<std::int64_t>(ids, {kSamples, 5, 9});
}

// Ids [D, 9] of sentences of 1 to 9 words.
inline Tensor sentences() {
  return copy(slice(documents(), {Range::all(), 0}));
}

inline Tensor words() {
  std::vector<std::int64_t> ids;
  for (std::int64_t i = 0; i < kSamples * 2; ++i) ids.push_back(i * 7 % kVocabulary);
  return Tensor::from<std::int64_t>(ids, {kSamples, 2});
}

// Sums of more than one chunk of 256 steps, and widths that no vector divides.
inline PointNetSettings point_settings(PointPool pool = PointPool::kMax) {
  return {.classes = 5,
          .first = {10, 12},
          .second = {20, 290},
          .pool = pool,
          .head = {33},
          .transform = {.widths = {7, 270}, .head = {9}}};
}

inline std::vector<Row> rows() {
  const HierarchicalAttentionSettings attention{.vocabulary = kVocabulary,
                                                .labels = 6,
                                                .embedding = 12,
                                                .word_hidden = 7,
                                                .sentence_hidden = 9,
                                                .word_attention = 10,
                                                .sentence_attention = 5,
                                                .drop = 0.3};
  const AutoencoderSettings squeezed{.image = {1, 8, 12}, .code = 5, .hidden = {270}, .channels = {7, 19}};
  const GanSettings dense{.sample = {1, 8, 12}, .latent = 6, .hidden = {9, 270}, .drop = 0.2};
  const DcganSettings convolutional{.image = {3, 8, 12}, .latent = 6, .channels = {7, 19}};
  const std::vector<std::int64_t> widths = {7, 270};
  SequenceSettings reader{.vocabulary = kVocabulary, .embedding = 11, .hidden = 7, .drop = 0.3};
  const SequenceClassifierSettings last{.words = reader, .classes = 5};
  reader.bidirectional = true;
  reader.recurrence = Recurrence::kLSTM;
  const SequenceClassifierSettings attentive{
      .words = reader, .classes = 5, .pooling = TimePooling::kAttention};
  const SequenceTaggerSettings tagger{.words = reader, .tags = 6};
  reader.recurrence = Recurrence::kNone;
  const SequenceClassifierSettings averaging{.words = reader, .classes = 5, .pooling = TimePooling::kMean};
  const ProgressiveSettings growing{.latent = 19, .channels = {21, 13}, .colours = 3, .deviation_group = 1};
  return {
      {"WordEmbedding", of<WordEmbedding>(kVocabulary, 11, DType::kFloat32), sentences},
      {"TimePool", of<TimePool>(TimePool::Settings{.features = 6, .pooling = TimePooling::kMax}),
       numbers({19, 6})},
      {"SequenceClassifier", of<SequenceClassifier>(last), sentences},
      {"SequenceClassifier", of<SequenceClassifier>(attentive), sentences},
      {"SequenceClassifier", of<SequenceClassifier>(averaging), sentences},
      {"SequenceTagger", of<SequenceTagger>(tagger), sentences},
      {"AttentionPool", of<AttentionPool>(6, 11), numbers({19, 6})},
      {"Autoencoder", of<ConvolutionalAutoencoder>(squeezed), numbers({1, 8, 12})},  // an interface
      {"ConvolutionalAutoencoder", of<ConvolutionalAutoencoder>(squeezed), numbers({1, 8, 12})},
      {"DenseAutoencoder", of<DenseAutoencoder>(squeezed), numbers({1, 8, 12})},
      {"DcganGenerator", of<DcganGenerator>(convolutional), numbers({6})},
      {"DcganDiscriminator", of<DcganDiscriminator>(convolutional), numbers({3, 8, 12})},
      {"GanGenerator", of<GanGenerator>(dense), numbers({6})},
      {"GanDiscriminator", of<GanDiscriminator>(dense), numbers({1, 8, 12})},
      {"BagOfWords", of<BagOfWords>(kVocabulary, 6), documents},
      {"HierarchicalAttention", of<HierarchicalAttention>(attention), documents},
      {"SkipGram", of<SkipGram>(kVocabulary, SkipGramSettings{.dimensions = 6}), words},
      {"PointLayer", of<PointLayer>(3, 20), clouds()},
      {"PointEncoder", of<PointEncoder>(3, widths, PointPool::kMean, true), clouds()},
      {"TransformNet", of<TransformNet>(3, TransformNetSettings{.widths = {7, 270}, .head = {9}}), clouds()},
      {"PointFeatures", of<PointFeatures>(point_settings()), clouds()},
      {"PointNet", of<PointNet>(point_settings()), clouds()},
      {"PointNet", of<PointNet>(point_settings(PointPool::kMean)), clouds()},
      {"PointNet", of<PointNet>(point_settings(PointPool::kAttention)), clouds()},
      {"PointNetSegmentation", of<PointNetSegmentation>(point_settings()), clouds()},
      {"NormalizePoints", of<NormalizePoints>(), clouds()},
      {"ChoosePoints", of<ChoosePoints>(10), clouds()},
      {"AugmentPoints", of<AugmentPoints>(data::PointAugmentation{.rotate = true, .jitter = 0.1}), clouds()},
      {"VoxelNetwork",
       of<VoxelNetwork>(VoxelNetworkSettings{.classes = 5, .resolution = 13, .channels = 9, .hidden = 21}),
       clouds()},
      {"EqualizedConv2d", of<EqualizedConv2d>(30, 9, EqualizedConv2dSettings{.padding = 1}),
       numbers({30, 7, 5})},
      {"EqualizedLinear", of<EqualizedLinear>(270, 5), numbers({270})},
      {"ProgressiveGenerator", of<ProgressiveGenerator>(growing), numbers({growing.latent})},
      // A score depends on the group of samples that it sits in, by intent: here a group is one sample.
      {"MinibatchDeviation", of<MinibatchDeviation>(1), numbers({3, 5, 5})},
      {"ProgressiveDiscriminator", of<ProgressiveDiscriminator>(growing), numbers({3, 8, 8})},
  };
}

// Weights that are no zeros, statistics that are not those of the start.
inline std::unique_ptr<nn::Module> trained(const Row& row, const Tensor& inputs, RandomSource& random) {
  std::unique_ptr<nn::Module> model = row.make();
  model->initialize(random);
  for (nn::Parameter* parameter : model->parameters())
    parameter->value =
        parameter->value + random.normal("test/" + parameter->name, parameter->value.shape()) * 0.1;
  nn::Context context;
  context.training = true;
  context.random = &random;
  model->forward(inputs, context);
  return model;
}

}  // namespace tessera::models::every_model
