// Categories as buckets, so that the number of features does not grow with the number of categories.
//
// HashingEncoder (Weinberger et al., "Feature hashing for large scale multitask learning", ICML 2009; category_encoders' HashingEncoder): each value of a row adds
// 1 to one of `n_components` features, which all columns share. It learns nothing, so an unseen category is as any other; a missing value adds
// nothing. The bucket of value v in column f is u mod n_components, where u is the 64-bit number of words 0 and 1 of the Philox block with the key
// stream_key(0, "hashing_encoder") and the counter (low word of v's bits, high word, f, 0), +0 for -0: no seed, and the same on every machine. (category_encoders takes
// a value's MD5 and no column, so that a 1 in one column is a 1 in another.)
//
// TwoHashEncoder: the K categories of a column are laid out on a grid of b x b places, b the least whole number with b * b >= K, in an order drawn by counter. A category becomes its
// row and its column in the grid, one-hot each: 2 b features instead of K, and no two categories have the same pair. 400 categories take 40 features.
// An unseen category is all zeros, since every pair may be somebody's. The order depends on the seed and on each category's bits, not on the others.
//
// Errors: those of estimator.h. Thread-safety: as estimator.h.
//
// ```cpp
// learn::HashingEncoder hashing({.n_components = 4});
// const Tensor rows = Tensor::from<double>({1, 2, 1, 2}, {2, 2});
// hashing.fit(rows);
// assert(same_bits(hashing.transform(rows).slice({0}), hashing.transform(rows).slice({1})));
// learn::TwoHashEncoder pairs;
// pairs.fit(Tensor::from<double>({4, 8, 15, 16}, {4, 1}));
// assert(pairs.transform(Tensor::from<double>({8}, {1, 1})).shape() == Shape({1, 4}));
// ```
#pragma once

#include "tessera/learn/category_encoder.h"

namespace tessera::learn {

class HashingEncoder : public CategoryEncoder {
 public:
  struct Parameters {
    std::int64_t n_components = 8;
  };
  HashingEncoder() = default;
  explicit HashingEncoder(const Parameters& parameters) : parameters_(parameters) {}
  std::string_view name() const override { return "hashing_encoder"; }
  void visit_parameters(ParameterVisitor& visitor) override;
  std::vector<std::string> feature_names(const std::vector<std::string>& columns) const override;  // "hash_0"

 protected:
  void learn(const Tensor&, const Tensor&, StepObserver*) override {}
  Tensor transformed(const Tensor& x) const override;
  void visit_learned(StateVisitor&) override {}
  void check_learned() const override {}

 private:
  Parameters parameters_;
};

class TwoHashEncoder : public CategoryEncoder {
 public:
  struct Parameters {
    std::int64_t seed = 0;
  };
  TwoHashEncoder() = default;
  explicit TwoHashEncoder(const Parameters& parameters) : parameters_(parameters) {}
  std::string_view name() const override { return "two_hash_encoder"; }
  void visit_parameters(ParameterVisitor& visitor) override;
  const Categories& categories() const { return categories_; }
  std::int64_t buckets(std::int64_t column) const;  // b
  std::vector<std::string> feature_names(const std::vector<std::string>& columns) const override;

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor transformed(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  Parameters parameters_;
  Categories categories_;
  Tensor places_;  // int64 [categories of all columns]: row * b + column in the grid
};

}  // namespace tessera::learn
