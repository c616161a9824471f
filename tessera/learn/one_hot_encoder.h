// A feature per category, 1 where a row has it: scikit-learn's OneHotEncoder (its dense form). Columns stay in order, categories in ascending order, a missing
// value last.
//
//   drop             none, first (one feature less per column), if_binary (of columns with two categories only)
//   handle_unknown   error (an Error names the value), ignore (all features 0), infrequent_if_exist (counts as infrequent, or as ignore)
//   min_frequency    categories with fewer training rows share one last feature; 0: none does
//   max_categories   so do all but the max_categories - 1 most frequent ones (of equally frequent ones the later stay) in a column that has max_categories or more; 0: no such limit
//
// Errors: those of estimator.h; an unseen category where handle_unknown is error; no feature left, as every column has one category, which is dropped. Memory: 8 bytes per row and feature. Thread-safety: as estimator.h.
//
// ```cpp
// learn::OneHotEncoder encoder({.handle_unknown = learn::OneHotEncoder::HandleUnknown::kIgnore});
// encoder.fit(Tensor::from<double>({7, 3, 7}, {3, 1}));
// assert(encoder.transform(Tensor::from<double>({7, 5}, {2, 1})).to_vector<double>() == (std::vector<double>{0, 1, 0, 0}));
// assert(encoder.feature_names({"city"}) == (std::vector<std::string>{"city_3", "city_7"}));
// ```
#pragma once

#include "tessera/learn/category_encoder.h"

namespace tessera::learn {

class OneHotEncoder : public CategoryEncoder {
 public:
  enum class Drop : std::uint8_t { kNone, kFirst, kIfBinary };
  enum class HandleUnknown : std::uint8_t { kError, kIgnore, kInfrequentIfExist };
  struct Parameters {
    Drop drop = Drop::kNone;
    HandleUnknown handle_unknown = HandleUnknown::kError;
    std::int64_t min_frequency = 0;
    std::int64_t max_categories = 0;
  };
  OneHotEncoder() = default;
  explicit OneHotEncoder(const Parameters& parameters) : parameters_(parameters) {}
  std::string_view name() const override { return "one_hot_encoder"; }
  void visit_parameters(ParameterVisitor& visitor) override;
  const Categories& categories() const { return categories_; }
  std::vector<std::string> feature_names(const std::vector<std::string>& columns) const override;

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor transformed(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  // The feature of each category of a column, -1: none; the one of infrequent ones last. Returns how many features there are.
  std::int64_t place(const std::vector<std::int64_t>& counts, std::vector<std::int64_t>& places,
                     bool& any_infrequent) const;

  Parameters parameters_;
  Categories categories_;
  Tensor places_;  // int64 [categories of all columns]: the feature within the column, -1 none
  Tensor widths_;  // int64 [F, 2]: features of the column, and the one of an unseen category, -1 none
};

}  // namespace tessera::learn
