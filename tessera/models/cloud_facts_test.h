// What PyTorch makes of networks of point clouds (cloud_facts.py wrote the table), and the comparison.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "tessera/autograd/tape.h"
#include "tessera/nn/losses.h"
#include "tessera/nn/module.h"
#include "tessera/tensor/facts_test.h"

namespace tessera::models {

// Element i is value(i), rounded to float32.
template <typename Value>
Tensor filled(const Shape& shape, Value value) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < shape.elements(); ++i)
    values.push_back(static_cast<float>(value(static_cast<double>(i))));
  return Tensor::from<float>(values, shape);
}

// The points of the table's PointNets: five clouds of seven points.
inline Tensor fact_clouds() {
  return filled({5, 7, 3}, [](double i) { return std::sin(0.3 * i * i + i); });
}

inline const facts::Table& cloud_facts() {
  static const facts::Table kFacts = {
#include "tessera/models/cloud_facts_test.inc"
  };
  return kFacts;
}

// A step of training without an update, then a prediction: loss, scores, each gradient by its norm and one product, scores by the new running statistics.
inline void expect_cloud_facts(const std::string& name, nn::Module& network, const Tensor& x,
                               const std::vector<std::int64_t>& labels) {
  const std::vector<nn::Parameter*> parameters = network.parameters();
  const std::vector<double>&norms = cloud_facts().at(name + "_norms"),
        &products = cloud_facts().at(name + "_products");
  ASSERT_EQ(parameters.size(), norms.size()) << name;
  std::vector<Tensor> values;
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    parameters[k]->value = filled(parameters[k]->value.shape(), [&](double i) {
      return 0.4 * std::sin(1 + static_cast<double>(k) + 0.7 * i);
    });
    values.push_back(parameters[k]->value);
  }
  Tape tape;
  tape.watch(values);
  nn::Context context;
  context.training = true;
  const Tensor scores = network.forward(x, context);
  const auto rows = static_cast<std::int64_t>(labels.size());
  Tensor loss = nn::cross_entropy_loss(reshape(scores, {rows, scores.elements() / rows}),
                                       Tensor::from<std::int64_t>(labels, {rows}));
  loss = nn::with_added_losses(loss, context);
  tape.stop();
  facts::expect_fact(cloud_facts(), name + "_forward", {loss.to(DType::kFloat64), scores.to(DType::kFloat64)},
                     1e-5);
  const std::vector<Tensor> gradients = tape.gradient(loss, values);
  for (std::size_t k = 0; k < gradients.size(); ++k) {
    const std::vector<float> gradient = gradients[k].to_vector<float>();
    double squares = 0, product = 0;
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      squares += double{gradient[i]} * gradient[i];
      product += gradient[i] * std::cos(static_cast<double>(i + 1));
    }
    const double tolerance = 2e-4 * norms[k] + 1e-7;
    EXPECT_NEAR(std::sqrt(squares), norms[k], tolerance) << name << " " << parameters[k]->name;
    EXPECT_NEAR(product, products[k], tolerance) << name << " " << parameters[k]->name;
  }
  facts::expect_fact(cloud_facts(), name + "_evaluated", {network.evaluate(x).to(DType::kFloat64)}, 1e-5);
}

}  // namespace tessera::models
