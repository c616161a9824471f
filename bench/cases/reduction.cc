#include <vector>

#include "bench/cases/tools.h"

namespace bench {

using tessera::LayerNormAttributes;
using tessera::NoAttributes;
using tessera::Op;
using tessera::Shape;
using tessera::Tensor;

namespace {

using Axes = std::vector<std::int64_t>;

// 10^7 numbers, which no cache holds.
template <typename Function>
void add_along_axes(std::vector<Case>& cases, const std::string& name, Function function) {
  const Shape shape = {2500, 4000};
  const auto add = [&](const char* which, const Axes& axes) {
    cases.push_back(
        unary_case(name + " " + which + " 2500x4000", shape, [=](const Tensor& x) { function(x, axes); }));
  };
  add("all", {0, 1});
  add("inner", {1});
  add("outer", {0});
}

// A row of the table on given inputs; of the shapes, the first is made only once.
Case operation_case(const std::string& name, Op op, const std::vector<Shape>& shapes,
                    const tessera::Attributes& attributes) {
  return lazy(name, [=] {
    std::vector<Tensor> inputs;
    for (const Shape& shape : shapes) inputs.push_back(normal(shape));
    return [=] { tessera::apply(op, inputs, attributes); };
  });
}

void add_reductions(std::vector<Case>& cases) {
  cases.push_back(unary_case("sum 10000", {10000}, [](const Tensor& x) { tessera::sum(x); }));
  cases.push_back(unary_case("sum 1048576", {1048576}, [](const Tensor& x) { tessera::sum(x); }));
  add_along_axes(cases, "sum", [](const Tensor& x, const Axes& axes) { tessera::sum(x, axes); });
  add_along_axes(cases, "variance", [](const Tensor& x, const Axes& axes) { tessera::variance(x, axes); });
  add_along_axes(cases, "max", [](const Tensor& x, const Axes& axes) { tessera::max(x, axes); });
  for (const std::int64_t axis : {1, 0})
    cases.push_back(unary_case(axis == 1 ? "argmax inner 2500x4000" : "argmax outer 2500x4000", {2500, 4000},
                               [=](const Tensor& x) { tessera::argmax(x, axis); }));
}

void add_cross_entropy(std::vector<Case>& cases, const Shape& shape) {
  cases.push_back(lazy("cross_entropy 4096x1024", [=] {
    return [x = normal(shape), y = labels(shape[0], shape[1])] { tessera::cross_entropy(x, y); };
  }));
  cases.push_back(lazy("cross_entropy gradient 4096x1024", [=] {
    const std::vector<Tensor> inputs = {normal(shape), labels(shape[0], shape[1]), normal({shape[0]})};
    return [=] { tessera::apply(Op::kCrossEntropyGradient, inputs, NoAttributes{}); };
  }));
}

void add_layer_norm(std::vector<Case>& cases, const Shape& shape) {
  const Shape row = {shape[1]};
  cases.push_back(
      operation_case("layer_norm 4096x1024", Op::kLayerNorm, {shape, row, row}, LayerNormAttributes{}));
  cases.push_back(lazy("layer_norm gradients 4096x1024", [=] {
    const std::vector<Tensor> inputs = {normal(shape), normal(shape), normal(row)};
    return [=] { tessera::apply(Op::kLayerNormGradient, inputs, LayerNormAttributes{}); };
  }));
}

}  // namespace

std::vector<Case> reduction_cases() {
  std::vector<Case> cases;
  add_reductions(cases);
  const Shape shape = {4096, 1024};
  cases.push_back(unary_case("softmax 4096x1024", shape, [](const Tensor& x) { tessera::softmax(x); }));
  cases.push_back(
      unary_case("log_softmax 4096x1024", shape, [](const Tensor& x) { tessera::log_softmax(x); }));
  cases.push_back(operation_case("softmax gradient 4096x1024", Op::kSoftmaxGradient, {shape, shape},
                                 tessera::AxisAttributes{1}));
  cases.push_back(operation_case("log_softmax gradient 4096x1024", Op::kLogSoftmaxGradient, {shape, shape},
                                 tessera::AxisAttributes{1}));
  const Shape images = {64, 256, 256};
  cases.push_back(
      unary_case("softmax middle 64x256x256", images, [](const Tensor& x) { tessera::softmax(x, 1); }));
  cases.push_back(unary_case("log_softmax middle 64x256x256", images,
                             [](const Tensor& x) { tessera::log_softmax(x, 1); }));
  cases.push_back(operation_case("softmax gradient middle 64x256x256", Op::kSoftmaxGradient, {images, images},
                                 tessera::AxisAttributes{1}));
  cases.push_back(operation_case("log_softmax gradient middle 64x256x256", Op::kLogSoftmaxGradient,
                                 {images, images}, tessera::AxisAttributes{1}));
  add_cross_entropy(cases, shape);
  add_layer_norm(cases, shape);
  return cases;
}

}  // namespace bench
