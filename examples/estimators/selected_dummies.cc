// Dummies that the lasso selects: 600 rows, a city of 40 and a colour of 8 as 48 one-hot features, of which four cities and one colour matter. What it keeps
// is what was planted, drawn towards zero by the penalty. Selecting looks at the target, so it belongs into a pipeline, which learns it from training rows only.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

// A category each.
Tensor whole(const Tensor& x) {
  return cast(cast(x, DType::kInt64), DType::kFloat64);
}

int main() {
  use_default_backend();
  RandomSource random(5);
  const Tensor city = whole(random.uniform("city", {600, 1}, DType::kFloat64) * 40);
  const Tensor colour = whole(random.uniform("colour", {600, 1}, DType::kFloat64) * 8);
  const Tensor x = concatenate({city, colour}, 1);
  const auto is = [](const Tensor& column, double value) {
    return reshape(cast(equal(column, value), DType::kFloat64), {-1});
  };
  const Tensor y = is(city, 3) * 5 - is(city, 14) * 4 + is(city, 15) * 6 + is(city, 39) * 5 -
                   is(colour, 2) * 3 + random.normal("noise", {600}, DType::kFloat64) * 0.3;

  learn::OneHotEncoder encoder;
  const Tensor dummies = encoder.fit_transform(x);
  learn::Lasso lasso({.alpha = 0.03});
  lasso.fit(dummies, y);
  const std::vector<std::string> names = encoder.feature_names({"city", "colour"});
  std::printf("%d dummies, of which the lasso keeps %d:\n", static_cast<int>(names.size()),
              static_cast<int>(lasso.selected()));
  for (std::size_t i = 0; i < names.size(); ++i)
    if (const double weight = lasso.coef().at<double>({static_cast<std::int64_t>(i)}); weight != 0)
      std::printf("  %-9s %6.2f\n", names[i].c_str(), weight);

  learn::PipelineRegressor model("one_hot_encoder, lasso");
  learn::set_parameter(model, "one_hot_encoder__handle_unknown", "ignore");
  learn::set_parameter(model, "lasso__alpha", "0.03");
  const Range first = Range::to(400), second = Range::from(400);
  model.fit(copy(x.slice({first})), copy(y.slice({first})));
  std::printf("as a pipeline: R2 %.3f on 200 rows that were kept back\n",
              model.score(copy(x.slice({second})), copy(y.slice({second}))));
}
