#include "tessera/learn/one_hot_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "tessera/base/at.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/restored.h"

namespace tessera::learn {

namespace {

constexpr std::string_view kDrops[] = {"none", "first", "if_binary"};
constexpr std::string_view kOneHotUnknown[] = {"error", "ignore", "infrequent_if_exist"};

}  // namespace

void OneHotEncoder::visit_parameters(ParameterVisitor& visitor) {
  visitor.choice("drop", parameters_.drop, kDrops, "Which category of a column has no feature.");
  visitor.choice("handle_unknown", parameters_.handle_unknown, kOneHotUnknown, "What an unseen category is.");
  visitor.integer("min_frequency", parameters_.min_frequency, Bounds::at_least(0),
                  "Categories with fewer rows share a feature; 0: none does.");
  visitor.integer("max_categories", parameters_.max_categories, Bounds::at_least(0),
                  "Features per column at most, the less frequent categories share the last; 0: any number.");
}

std::int64_t OneHotEncoder::place(const std::vector<std::int64_t>& counts, std::vector<std::int64_t>& places,
                                  bool& any_infrequent) const {
  const std::size_t categories = counts.size();
  std::vector<bool> infrequent(categories);
  for (std::size_t c = 0; c < categories; ++c) infrequent[c] = counts[c] < parameters_.min_frequency;
  const std::int64_t rare = std::count(infrequent.begin(), infrequent.end(), true);
  // scikit-learn counts a feature of rare categories also where there is none yet.
  const std::int64_t features = static_cast<std::int64_t>(categories) - rare + 1;
  if (parameters_.max_categories > 0 && features > parameters_.max_categories) {
    std::vector<std::size_t> order(categories);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t c) { return counts[c]; });
    for (std::size_t i = 0; i < categories - at(parameters_.max_categories - 1); ++i)
      infrequent[order[i]] = true;
  }
  any_infrequent = std::count(infrequent.begin(), infrequent.end(), true) > 0;
  std::int64_t next = 0;
  places.assign(categories, -1);
  for (std::size_t c = 0; c < categories; ++c)
    if (!infrequent[c]) places[c] = next++;
  for (std::size_t c = 0; c < categories; ++c)
    if (infrequent[c]) places[c] = next;
  next += any_infrequent ? 1 : 0;
  if (parameters_.drop == Drop::kNone || (parameters_.drop == Drop::kIfBinary && next != 2)) return next;
  for (std::int64_t& place : places) --place;  // the first has none
  return next - 1;
}

void OneHotEncoder::learn(const Tensor& x, const Tensor&, StepObserver*) {
  categories_ = Categories(x);
  const CategoryCodes codes = categories_.codes(x);
  std::vector<std::int64_t> places, widths;
  for (std::int64_t f = 0; f < x.size(1); ++f) {
    std::vector<std::int64_t> counts(at(categories_.count(f))), of_column;
    for (const std::int32_t code : codes[at(f)]) ++counts[at(code)];
    bool any_infrequent = false;
    const std::int64_t width = place(counts, of_column, any_infrequent);
    const bool counts_as_rare =
        any_infrequent && parameters_.handle_unknown == HandleUnknown::kInfrequentIfExist;
    places.insert(places.end(), of_column.begin(), of_column.end());
    widths.push_back(width);
    widths.push_back(counts_as_rare ? width - 1 : -1);
  }
  places_ = Tensor::from(places, {categories_.total()});
  widths_ = Tensor::from(widths, {x.size(1), 2});
  std::int64_t all = 0;
  for (std::size_t f = 0; f < widths.size(); f += 2) all += widths[f];
  if (all == 0) fail("{}: no feature is left: every column has one category, which is dropped", name());
}

Tensor OneHotEncoder::transformed(const Tensor& x) const {
  const std::int64_t rows = x.size(0), columns = x.size(1);
  const auto widths = widths_.values<std::int64_t>(), places = places_.values<std::int64_t>();
  const double* const in = x.values<double>().data();
  std::vector<CategoryLookup> lookups;
  std::vector<std::int64_t> begins = {0};
  for (std::int64_t f = 0; f < columns; ++f) {
    lookups.emplace_back(categories_.keys(f), rows);
    begins.push_back(begins.back() + widths[at(2 * f)]);
  }
  const std::int64_t features = begins.back();
  const EncodedRows out(rows, features);
  parallel_for((rows + kRowsOfEncodingTask - 1) / kRowsOfEncodingTask, [&](std::int64_t task) {
    const std::int64_t end = std::min(rows, (task + 1) * kRowsOfEncodingTask);
    std::fill(out.values + task * kRowsOfEncodingTask * features, out.values + end * features, 0.0);
    for (std::int64_t i = task * kRowsOfEncodingTask; i < end; ++i)
      for (std::int64_t f = 0; f < columns; ++f) {
        const std::int64_t code = lookups[at(f)].code(in[i * columns + f]);
        if (code < 0 && parameters_.handle_unknown == HandleUnknown::kError)
          fail(
              "{}: column {} has the category {}, which was not there to learn (handle_unknown is \"error\")",
              name(), f, in[i * columns + f]);
        const std::int64_t place = code < 0 ? widths[at(2 * f + 1)] : places[at(categories_.first(f) + code)];
        if (place >= 0) out.values[i * features + begins[at(f)] + place] = 1;
      }
  });
  return out.done();
}

std::vector<std::string> OneHotEncoder::feature_names(const std::vector<std::string>& columns) const {
  std::vector<std::string> names;
  const auto widths = widths_.values<std::int64_t>(), places = places_.values<std::int64_t>();
  for (std::size_t f = 0; f < columns.size(); ++f) {
    const std::size_t begin = names.size();
    names.resize(begin + at(widths[2 * f]));
    const auto feature = static_cast<std::int64_t>(f);
    for (std::int64_t c = 0; c < categories_.count(feature); ++c) {
      const std::int64_t place = places[at(categories_.first(feature) + c)];
      if (place < 0) continue;
      std::string& name = names[begin + at(place)];
      const double key = categories_.keys(feature)[at(c)];
      name = name.empty() ? fmt::format("{}_{}", columns[f], key) : fmt::format("{}_infrequent", columns[f]);
    }
  }
  return names;
}

void OneHotEncoder::visit_learned(StateVisitor& visitor) {
  categories_.visit(visitor);
  visitor.tensor("places", places_);
  visitor.tensor("widths", widths_);
}

void OneHotEncoder::check_learned() const {
  categories_.check(name(), features());
  require_restored(name(), "places", places_, DType::kInt64, {categories_.total()});
  require_restored(name(), "widths", widths_, DType::kInt64, {features(), 2});
  const auto widths = widths_.values<std::int64_t>(), places = places_.values<std::int64_t>();
  std::int64_t all = 0;
  for (std::int64_t f = 0; f < features(); ++f) {
    const std::int64_t width = widths[at(2 * f)], unseen = widths[at(2 * f + 1)];
    if (width < 0 || width > categories_.count(f) || unseen < -1 || unseen >= width)
      refuse_restored(name(), "'widths' does not fit the categories");
    all += width;
    for (std::int64_t c = 0; c < categories_.count(f); ++c)
      if (const std::int64_t place = places[at(categories_.first(f) + c)]; place < -1 || place >= width)
        refuse_restored(name(), "'places' has a feature that is not there");
  }
  if (all == 0) refuse_restored(name(), "it has no features");
}

}  // namespace tessera::learn
