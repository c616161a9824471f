// Encoders of categories: numbers for what only has names. The base of all of them; docs/encoders.md compares them.
//
// An encoder sees float64 [N, F] whose values are names: any number may stand for a category, NaN is a missing one (categories.h). transform() is for rows that
// were not learned from. fit_transform() encodes the rows that were: where an encoder looks at the target, none of a row's own features depends
// on the row's own target, to the last bit, so what learns from them learns nothing that later rows do not have.
//
// A missing value is a category of its own where training had one, and counts as unseen otherwise. What an unseen one becomes is said at each encoder.
//
// Errors: those of estimator.h. Thread-safety: as estimator.h.
//
// ```cpp
// learn::CountEncoder encoder;
// encoder.fit(Tensor::from<double>({7, 7, 3, 7}, {4, 1}));
// assert(encoder.transform(Tensor::from<double>({7, 8}, {2, 1})).to_vector<double>() == (std::vector<double>{3, 0}));
// assert(encoder.feature_names({"city"}) == (std::vector<std::string>{"city"}));
// ```
#pragma once

#include <string>
#include <vector>

#include "tessera/learn/categories.h"
#include "tessera/learn/estimator.h"

namespace tessera::learn {

class CategoryEncoder : public Transformer {
 public:
  bool accepts_missing() const final { return true; }
  // Of what transform() gives, from the names of the F columns.
  virtual std::vector<std::string> feature_names(const std::vector<std::string>& columns) const = 0;
};

// An encoder that looks every category up in a table that it has learned: `outputs` numbers for each.
class MappedEncoder : public CategoryEncoder {
 public:
  const Categories& categories() const { return categories_; }
  std::int64_t outputs() const { return values_.defined() ? values_.size(1) : 0; }
  Tensor values() const { return values_; }  // [categories of all columns, outputs]
  Tensor unseen() const { return unseen_; }  // [outputs]: what a category that was not there becomes
  // The column's name, or NAME#0, NAME#1, ... where there are several outputs.
  std::vector<std::string> feature_names(const std::vector<std::string>& columns) const override;

 protected:
  Tensor transformed(const Tensor& x) const override;  // [N, F * outputs]
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;
  // Columns that must not have categories that were not there.
  virtual void refuse_unseen(std::int64_t, double) const {}
  void require_outputs(std::size_t found) const;  // of a target that training rows come with

  Categories categories_;
  Tensor values_, unseen_;
};

// position of the category: scikit-learn's OrdinalEncoder.
//
//   handle_unknown         error (an Error names the value), use_encoded_value (unknown_value)
//   unknown_value          what an unseen category becomes
//   encoded_missing_value  what a missing value becomes where training had one. (scikit-learn's default keeps NaN, which few methods can do with.)
class OrdinalEncoder : public MappedEncoder {
 public:
  enum class HandleUnknown : std::uint8_t { kError, kUseEncodedValue };
  struct Parameters {
    HandleUnknown handle_unknown = HandleUnknown::kError;
    double unknown_value = -1;
    double encoded_missing_value = -2;
  };
  OrdinalEncoder() = default;
  explicit OrdinalEncoder(const Parameters& parameters) : parameters_(parameters) {}
  std::string_view name() const override { return "ordinal_encoder"; }
  void visit_parameters(ParameterVisitor& visitor) override;

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  void refuse_unseen(std::int64_t column, double value) const override;

 private:
  Parameters parameters_;
};

// How many training rows have the category, or with `normalize` which share of them: category_encoders' CountEncoder. Unseen: 0.
class CountEncoder : public MappedEncoder {
 public:
  struct Parameters {
    bool normalize = false;
  };
  CountEncoder() = default;
  explicit CountEncoder(const Parameters& parameters) : parameters_(parameters) {}
  std::string_view name() const override { return "count_encoder"; }
  void visit_parameters(ParameterVisitor& visitor) override;

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;

 private:
  Parameters parameters_;
};

}  // namespace tessera::learn
