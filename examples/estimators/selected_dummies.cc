// Dummies that the lasso selects: 600 rows, a city of 40 and a colour of 8 as 48 one-hot features, of which four cities and one colour matter. A pipeline encodes, selects and
// fits; what it keeps is what was planted. The step that selects looks at the target, so a pipeline within each fold is the only honest way to judge it.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(5);
  const Tensor city = floor(random.uniform("city", {600, 1}, DType::kFloat64) * 40);
  const Tensor colour = floor(random.uniform("colour", {600, 1}, DType::kFloat64) * 8);
  const Tensor x = concatenate({city, colour}, 1);
  const auto is = [](const Tensor& column, double value) {
    return reshape(cast(equal(column, value), DType::kFloat64), {-1});
  };
  const Tensor y = is(city, 3) * 5 - is(city, 14) * 4 + is(city, 15) * 6 + is(city, 39) * 5 -
                   is(colour, 2) * 3 + random.normal("noise", {600}, DType::kFloat64) * 0.3;

  learn::OneHotEncoder encoder;
  const Tensor dummies = encoder.fit_transform(x);
  learn::SelectFromModel selection;
  learn::set_parameter(selection, "estimator", "lasso");
  learn::set_parameter(selection, "estimator__alpha", "0.03");
  selection.fit(dummies, y);
  const std::vector<std::string> names = encoder.feature_names({"city", "colour"});
  std::printf("%d dummies, selected:", static_cast<int>(names.size()));
  for (const std::int64_t feature : selection.support().to_vector<std::int64_t>())
    std::printf(" %s", names[static_cast<std::size_t>(feature)].c_str());

  learn::PipelineRegressor model("one_hot_encoder, select_from_model, linear_regression");
  learn::set_parameter(model, "one_hot_encoder__handle_unknown", "ignore");
  learn::set_parameter(model, "select_from_model__estimator", "lasso");
  learn::set_parameter(model, "select_from_model__estimator__alpha", "0.03");
  const Range first = Range::to(400), second = Range::from(400);
  model.fit(copy(x.slice({first})), copy(y.slice({first})));
  std::printf("\npipeline: R2 %.3f on 200 rows that were kept back\n",
              model.score(copy(x.slice({second})), copy(y.slice({second}))));
}
