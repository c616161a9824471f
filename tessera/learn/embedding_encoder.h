// Categories as vectors that a small network has learned: entity embeddings (Guo and Berkhahn, "Entity embeddings of categorical variables", 2016).
//
// Each category of each column has `n_components` numbers. A row's vectors, one after the other, go through a hidden layer of `hidden` units with tanh to an output per
// target; the loss is the mean squared error of a target of numbers (standardised), or the logistic loss of classes, with alpha / 2 times the squares of vectors and weights added. It falls by
// max_iter steps of Adam (learning_rate; 0.9, 0.999, 1e-8) on all rows, from a start drawn by the seed: categories that do the same to the target move the same way. The encoding is the vectors,
// NAME#0, NAME#1, ...; an unseen category is zeros.
//
// fit_transform(): for each of `cv` folds a network is trained on the other folds from the same start, and its vectors encode the fold's rows; so the vectors of two folds are alike, and no
// row's depend on its own target. Folds are those of target_encoders.h.
//
// The observer is told of "loss" after each step of the training on all rows. Errors: those of estimator.h; no target; fewer rows than folds
// (fit_transform). Memory: some N (F n_components + hidden) numbers while training. Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor city = Tensor::from<double>({1, 2, 3, 1, 2, 3}, {6, 1}), y = Tensor::from<double>({0, 1, 0, 0, 1, 0}, {6});
// learn::EmbeddingEncoder encoder({.n_components = 2, .folding = {.cv = 3}});
// assert(encoder.fit_transform(city, y).shape() == Shape({6, 2}));
// ```
#pragma once

#include "tessera/learn/category_encoder.h"
#include "tessera/learn/target_encoders.h"

namespace tessera::learn {

class EmbeddingEncoder : public MappedEncoder {
 public:
  struct Parameters {
    TargetType target_type = TargetType::kAuto;
    std::int64_t n_components = 4;
    std::int64_t hidden = 16;
    double alpha = 1e-4;
    double learning_rate = 0.02;
    std::int64_t max_iter = 100;
    CrossFitting folding = {};
  };
  EmbeddingEncoder() = default;
  explicit EmbeddingEncoder(const Parameters& parameters) : parameters_(parameters) {}
  std::string_view name() const override { return "embedding_encoder"; }
  void visit_parameters(ParameterVisitor& visitor) override;

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor transformed_training(const Tensor& x, const Tensor& y) const override;

 private:
  struct Network;
  // [rows, F]: where each value's vector stands in values_.
  Tensor places_of(const Tensor& x) const;
  // The vectors of all categories, learned from these rows.
  Tensor trained(const Tensor& places, const Tensor& targets, bool classes, StepObserver* observer) const;

  Parameters parameters_;
};

}  // namespace tessera::learn
