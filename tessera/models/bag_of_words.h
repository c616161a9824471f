// Logistic regression on bags of words, one per label: the baseline beside which a network for documents has to be seen.
//
// Input as of HierarchicalAttention: int64 [D, S, W] of word ids, 0 for padding. A document's features are log(1 + how often the word occurs)
// for every word of the vocabulary, divided by their Euclidean length, so that long documents are not louder; words that are not in the
// vocabulary do not count. The logits are linear in them. A document's logits do not depend on the others.
//
// Errors: another dtype or shape, an id outside of the vocabulary. Thread-safety: as a module.
//
// ```cpp
// models::BagOfWords model(/*vocabulary=*/20, /*labels=*/3);
// RandomSource random(1);
// model.initialize(random);
// const Tensor documents = Tensor::from<std::int64_t>({4, 7, 9, 0, 5, 0, 0, 0}, {2, 2, 2});
// assert(model.evaluate(documents).shape() == (Shape{2, 3}));
// assert(model.features(documents).at<float>({1, 5}) == 1);
// ```
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/nn/module.h"

namespace tessera::models {

class BagOfWords : public nn::Module {
 public:
  BagOfWords(std::int64_t vocabulary, std::int64_t labels);
  Tensor forward(const Tensor& documents, nn::Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;
  Tensor features(const Tensor& documents) const;  // float32 [D, vocabulary]
  // What each sentence adds to each logit, [D, S, labels]: the sum over S, plus the bias, is the logit (up to rounding). A word's part is
  // shared out equally over its places.
  Tensor contributions(const Tensor& documents) const;

 private:
  void check_ids(const Tensor& documents) const;
  std::int64_t vocabulary_, labels_;
  nn::Parameter *weight_, *bias_;  // [labels, vocabulary], [labels]; they begin at zero
};

}  // namespace tessera::models
