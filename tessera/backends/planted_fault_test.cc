// Planted faults that need what the backends compute: additions in swapped order, and tasks that are left out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <functional>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/tensor/fault.h"
#include "tessera/tensor/op.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera {
namespace {

using testing::HasSubstr;
using Operation = std::function<Tensor(const std::vector<Tensor>&)>;

class PlantedFault : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    use_backend(GetParam());
    number_ = 0;
  }
  void TearDown() override {
    use_default_backend();
    set_thread_count(threads_);
  }

  Tensor normal(const Shape& shape) { return random_.normal(fmt::format("{}", drawn_++), shape); }

  // The operation's output, as the machine with this fault computes it.
  static Tensor faulty(const Operation& operation, const std::vector<Tensor>& inputs,
                       const std::string& fault) {
    struct Planted {
      ~Planted() { remove_fault(); }
    } planted;
    plant_fault(parse_fault(fmt::format("step=1 operation={} {}", number_, fault)), {.quiet = true});
    internal::fault_step_begins(1);
    Tensor output = operation(inputs);
    report_ = fault_report();
    return output;
  }

  // Swapping terms `term` and its next one for one element gives what the backend computes for inputs in which they have changed places.
  void expect_swap(const Operation& operation, const std::vector<Tensor>& inputs,
                   const std::vector<Tensor>& exchanged, std::int64_t term) {
    const std::vector<float> clean = operation(inputs).to_vector<float>();
    const std::vector<float> swapped = operation(exchanged).to_vector<float>();
    for (std::size_t element = 0; element < clean.size(); ++element) {
      std::vector<float> expected = clean;
      expected[element] = swapped[element];
      const Tensor output = faulty(operation, inputs, fmt::format("element={} swap={}", element, term));
      EXPECT_EQ(output.to_vector<float>(), expected) << element;
      EXPECT_TRUE(report_.executed);
      EXPECT_EQ(report_.changed(), clean[element] != swapped[element]);
      changed_ += report_.changed() ? 1 : 0;
    }
  }

  // Two positions along an axis change places.
  static Tensor exchange(const Tensor& x, int axis, std::int64_t a, std::int64_t b) {
    std::vector<std::int64_t> order;
    for (std::int64_t i = 0; i < x.size(axis); ++i) order.push_back(i == a ? b : i == b ? a : i);
    return gather(x, Tensor::from<std::int64_t>(order, {x.size(axis)}), axis);
  }

  RandomSource random_{7};
  int drawn_ = 0;
  int changed_ = 0;  // elements, by swaps
  int threads_ = thread_count();
  inline static FaultReport report_;
  inline static int number_ = 0;  // of the operation
};

TEST_P(PlantedFault, SwapsTermsOfAMatrixProduct) {
  const Operation product = [](const std::vector<Tensor>& x) { return matmul(x[0], x[1]); };
  const Tensor a = normal({3, 300}), b = normal({300, 4});
  for (const std::int64_t term : {1, 100, 254, 256, 298})
    expect_swap(product, {a, b}, {exchange(a, 1, term, term + 1), exchange(b, 0, term, term + 1)}, term);
  EXPECT_THROW(faulty(product, {a, b}, "element=0 swap=255"), Error);  // the next chunk begins there
  EXPECT_THROW(faulty(product, {a, b}, "element=0 swap=299"), Error);
  EXPECT_THROW(faulty(product, {a, b}, "element=12 swap=1"), Error);
  EXPECT_GT(changed_, 0);
}

TEST_P(PlantedFault, SwapsTermsOfBatchedAndTransposedProducts) {
  const Operation product = [](const std::vector<Tensor>& x) {
    return matmul(x[0].permute({0, 2, 1}), x[1]);
  };
  const Tensor a = normal({2, 20, 3}), b = normal({20, 4});
  number_ = 1;  // after the permute
  expect_swap(product, {a, b}, {exchange(a, 1, 7, 8), exchange(b, 0, 7, 8)}, 7);
  EXPECT_GT(changed_, 0);
}

TEST_P(PlantedFault, SwapsTermsOfALayer) {
  // A bias that is large beside the sums would hide the exchange.
  const Tensor x = normal({2, 3, 300}), weight = normal({4, 300}) * 0.05, bias = normal({4}) * 0.001;
  for (const Activation activation :
       {Activation::kNone, Activation::kRelu, Activation::kTanh, Activation::kSigmoid}) {
    const Operation layer = [&](const std::vector<Tensor>& in) {
      return linear(in[0], in[1], bias, activation);
    };
    for (const std::int64_t term : {1, 60, 100, 160, 200, 254, 256})
      expect_swap(layer, {x, weight}, {exchange(x, 2, term, term + 1), exchange(weight, 1, term, term + 1)},
                  term);
  }
  EXPECT_GT(changed_, 0);
}

TEST_P(PlantedFault, SwapsTermsOfReductions) {
  const Tensor x = normal({3, 2100});
  const auto along_rows = [&](const Operation& operation) {
    for (const std::int64_t term : {16, 500, 1024 + 3, 2048 + 20})
      expect_swap(operation, {x}, {exchange(x, 1, term, term + 16)}, term);
    EXPECT_THROW(faulty(operation, {x}, "element=0 swap=1010"),
                 Error);  // the block ends before the next of the lane
  };
  along_rows([](const std::vector<Tensor>& in) { return sum(in[0], {1}); });
  along_rows([](const std::vector<Tensor>& in) { return mean(in[0], {1}, true); });
  // The rounding of a longer sum often hides the difference that the exchange makes in its lane.
  const Tensor few = normal({6, 60});
  for (std::int64_t term = 0; term < 40; term += 3)
    expect_swap([](const std::vector<Tensor>& in) { return sum(in[0], {1}); }, {few},
                {exchange(few, 1, term, term + 16)}, term);
  const Tensor y = normal({40, 3, 2});
  expect_swap([](const std::vector<Tensor>& in) { return sum(in[0], {0}); }, {y}, {exchange(y, 0, 17, 33)},
              17);
  // Two axes: the list goes over axis 2 first, so 16 places on is 8 rows on.
  expect_swap(
      [](const std::vector<Tensor>& in) {
        return sum(in[0], {0, 2}, true);
      },
      {y}, {exchange(y, 0, 10, 18)}, 21);
  EXPECT_GT(changed_, 0);
}

TEST_P(PlantedFault, SwapsTermsOfAConvolution) {
  // With filters of one pixel a term is a channel.
  const Tensor x = normal({2, 20, 3, 3}), w = normal({4, 20, 1, 1});
  expect_swap([](const std::vector<Tensor>& in) { return conv2d(in[0], in[1]); }, {x, w},
              {exchange(x, 1, 9, 10), exchange(w, 1, 9, 10)}, 9);
  EXPECT_GT(changed_, 0);
}

// That the terms are the right ones is checked by the fault itself, which first computes the element as it is.
TEST_P(PlantedFault, FindsTheTermsOfEveryGeometry) {
  for (const auto& [stride, padding, dilation, groups] : std::vector<std::array<std::int64_t, 4>>{
           {1, 1, 1, 1}, {2, 1, 1, 1}, {2, 0, 2, 1}, {1, 2, 1, 2}, {3, 2, 2, 2}}) {
    const Tensor x = normal({2, 4, 7, 6}), w = normal({6, 4 / groups, 3, 2});
    const WindowAttributes window{
        {3, 2}, {stride, stride}, {padding, padding}, {dilation, dilation}, groups, true, false, {}};
    const auto applied = [window](Op op, const Shape& leads_back_to) -> Operation {
      WindowAttributes attributes = window;
      attributes.input_shape = leads_back_to;
      return [op, attributes](const std::vector<Tensor>& in) { return apply(op, in, attributes); };
    };
    const Operation forward = applied(Op::kConv2d, {});
    const Tensor dy = normal(forward({x, w}).shape());
    const std::vector<std::pair<Operation, std::vector<Tensor>>> all = {
        {forward, {x, w}},
        {applied(Op::kConv2dInputGradient, x.shape()), {dy, w}},
        {applied(Op::kConv2dWeightGradient, w.shape()), {dy, x}}};
    for (const auto& [operation, inputs] : all) {
      const std::int64_t elements = operation(inputs).elements();
      int executed = 0;
      for (std::int64_t element = 0; element < elements; element += 5) {
        try {
          faulty(operation, inputs, fmt::format("element={} swap=1", element));
          executed += report_.executed ? 1 : 0;
        } catch (const Error& error) {  // an element of few terms
          EXPECT_THAT(error.what(), HasSubstr("no term follows it in its chain"));
        }
      }
      EXPECT_GT(executed, 0);
    }
  }
}

TEST_P(PlantedFault, FindsTheTermsOfVolumes) {
  const Tensor x = normal({2, 4, 3, 5, 4}), w = normal({6, 2, 2, 3, 2});
  WindowAttributes window;
  window.axes = 3;
  for (int axis = 0; axis < 3; ++axis) {
    window.stride[axis] = 1 + axis % 2;
    window.padding[axis] = 1 + axis / 2;
    window.kernel[axis] = w.size(2 + axis);
  }
  window.groups = 2;
  const auto applied = [window](Op op, const Shape& leads_back_to) -> Operation {
    WindowAttributes attributes = window;
    attributes.input_shape = leads_back_to;
    return [op, attributes](const std::vector<Tensor>& in) { return apply(op, in, attributes); };
  };
  const Operation forward = applied(Op::kConv3d, {});
  const Tensor dy = normal(forward({x, w}).shape());
  faulty(forward, {x, w}, "element=7 swap=1");
  EXPECT_TRUE(report_.executed);
  faulty(applied(Op::kConv3dInputGradient, x.shape()), {dy, w}, "element=9 swap=1");
  EXPECT_TRUE(report_.executed);
  faulty(applied(Op::kConv3dWeightGradient, w.shape()), {dy, x}, "element=11 swap=1");
  EXPECT_TRUE(report_.executed);
}

TEST_P(PlantedFault, LeavesOutATask) {
  const Operation product = [](const std::vector<Tensor>& x) { return matmul(x[0], x[1]); };
  const Tensor a = normal({600, 200}), b = normal({200, 300});
  set_thread_count(3);
  const std::vector<float> clean = product({a, b}).to_vector<float>();
  const std::vector<float> first = faulty(product, {a, b}, "drop-task=1").to_vector<float>();
  EXPECT_TRUE(report_.executed);
  EXPECT_THAT(report_.place, HasSubstr("operation 0 (matmul [600, 300]"));
  EXPECT_NE(first, clean);
  const auto pattern = std::bit_cast<float>(0x3f3f3f3f);
  for (std::size_t i = 0; i < clean.size(); ++i)
    ASSERT_TRUE(first[i] == clean[i] || first[i] == pattern) << i;
  EXPECT_EQ(faulty(product, {a, b}, "drop-task=1").to_vector<float>(), first);
  EXPECT_EQ(product({a, b}).to_vector<float>(), clean);
  faulty(product, {a, b}, "drop-task=100000");
  EXPECT_FALSE(report_.executed);
}

INSTANTIATE_TEST_SUITE_P(Backends, PlantedFault, testing::Values("reference", "cpu"),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace tessera
