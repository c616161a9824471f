#include "tessera/learn/category_encoder.h"

#include <fmt/format.h>

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/restored.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

// ---- A table of numbers ----

std::vector<std::string> MappedEncoder::feature_names(const std::vector<std::string>& columns) const {
  std::vector<std::string> names;
  for (const std::string& column : columns)
    for (std::int64_t output = 0; output < outputs(); ++output)
      names.push_back(outputs() == 1 ? column : fmt::format("{}#{}", column, output));
  return names;
}

Tensor MappedEncoder::transformed(const Tensor& x) const {
  const std::int64_t rows = x.size(0), columns = x.size(1), width = outputs();
  const double* const in = x.values<double>().data();
  const double *const values = values_.values<double>().data(), *const unseen =
                                                                    unseen_.values<double>().data();
  std::vector<CategoryLookup> lookups;
  for (std::int64_t f = 0; f < columns; ++f) lookups.emplace_back(categories_.keys(f), rows);
  const EncodedRows out(rows, columns * width);
  parallel_for((rows + kRowsOfEncodingTask - 1) / kRowsOfEncodingTask, [&](std::int64_t task) {
    const std::int64_t end = std::min(rows, (task + 1) * kRowsOfEncodingTask);
    for (std::int64_t f = 0; f < columns; ++f) {
      const double* const of_column = values + categories_.first(f) * width;
      for (std::int64_t i = task * kRowsOfEncodingTask; i < end; ++i) {
        const std::int64_t code = lookups[static_cast<std::size_t>(f)].code(in[i * columns + f]);
        if (code < 0) refuse_unseen(f, in[i * columns + f]);
        if (width == 1) {
          out.values[i * columns + f] = code < 0 ? *unseen : of_column[code];
          continue;
        }
        std::copy_n(code < 0 ? unseen : of_column + code * width, width,
                    out.values + (i * columns + f) * width);
      }
    }
  });
  return out.done();
}

void MappedEncoder::require_outputs(std::size_t found) const {
  if (static_cast<std::int64_t>(found) != outputs())
    fail("{}: the target gives {} numbers per category, expected {}, as it has learned", name(), found,
         outputs());
}

void MappedEncoder::visit_learned(StateVisitor& visitor) {
  categories_.visit(visitor);
  visitor.tensor("values", values_);
  visitor.tensor("unseen", unseen_);
}

void MappedEncoder::check_learned() const {
  categories_.check(name(), features());
  require_restored(name(), "values", values_, DType::kFloat64, {categories_.total(), -1});
  require_restored(name(), "unseen", unseen_, DType::kFloat64, {outputs()});
  require_finite(name(), "values", values_);
  require_finite(name(), "unseen", unseen_);
}

// ---- Positions ----

namespace {
constexpr std::string_view kHandleUnknown[] = {"error", "use_encoded_value"};
}

void OrdinalEncoder::visit_parameters(ParameterVisitor& visitor) {
  visitor.choice("handle_unknown", parameters_.handle_unknown, kHandleUnknown, "What an unseen category is.");
  visitor.real("unknown_value", parameters_.unknown_value, {}, "What an unseen category becomes.");
  visitor.real("encoded_missing_value", parameters_.encoded_missing_value, {},
               "What a missing value becomes where training had one.");
}

void OrdinalEncoder::learn(const Tensor& x, const Tensor&, StepObserver*) {
  categories_ = Categories(x);
  std::vector<double> values;
  for (std::int64_t f = 0; f < x.size(1); ++f)
    for (const double key : categories_.keys(f))
      values.push_back(
          key != key ? parameters_.encoded_missing_value
                     : static_cast<double>(static_cast<std::int64_t>(values.size()) - categories_.first(f)));
  values_ = Tensor::from(values, {categories_.total(), 1});
  unseen_ = Tensor::from<double>({parameters_.unknown_value}, {1});
}

void OrdinalEncoder::refuse_unseen(std::int64_t column, double value) const {
  if (parameters_.handle_unknown == HandleUnknown::kError)
    fail("{}: column {} has the category {}, which was not there to learn (handle_unknown is \"error\")",
         name(), column, value);
}

// ---- Counts ----

void CountEncoder::visit_parameters(ParameterVisitor& visitor) {
  visitor.flag("normalize", parameters_.normalize, "The share of the rows, not their number.");
}

void CountEncoder::learn(const Tensor& x, const Tensor&, StepObserver*) {
  categories_ = Categories(x);
  const CategoryCodes codes = categories_.codes(x);
  std::vector<std::int64_t> counts(static_cast<std::size_t>(categories_.total()));
  parallel_for(x.size(1), [&](std::int64_t f) {
    std::int64_t* const of_column = counts.data() + categories_.first(f);
    for (const std::int32_t code : codes[static_cast<std::size_t>(f)]) ++of_column[code];
  });
  const double whole = parameters_.normalize ? static_cast<double>(x.size(0)) : 1;
  std::vector<double> values;
  for (const std::int64_t count : counts) values.push_back(static_cast<double>(count) / whole);
  values_ = Tensor::from(values, {categories_.total(), 1});
  unseen_ = zeros({1}, DType::kFloat64);
}

}  // namespace tessera::learn
