// Every row of ops.def exported and run again, or a reason why it is not.
#include <gtest/gtest.h>

#include <set>

#include "tessera/backends/backends.h"
#include "tessera/interchange/onnx_exporter.h"
#include "tessera/interchange/onnx_model.h"
#include "tessera/tensor/activate.h"
#include "tessera/tensor/batch_norm.h"
#include "tessera/tensor/finish.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"
#include "tessera/tensor/recurrent.h"

namespace tessera::onnx {
namespace {

class OnnxExportRows : public testing::Test {
 protected:
  void SetUp() override { use_default_backend(); }
  static Tensor draw(const std::string& name, const Shape& shape) {
    return RandomSource(7).normal(name, shape);
  }
};

// Every operation that has a translation, in one function each; the same bits, unless the translation says otherwise.
struct Row {
  const char* name;
  std::function<Tensor(const Tensor& x, const Tensor& w)> function;  // x [N, 4, 6], w [200]
  bool same = true;
};

// Constants of any shape.
Tensor part(const Tensor& w, const Shape& shape) {
  return reshape(slice(w, {Range(0, shape.elements())}), shape);
}

// The adjoint of a convolution in its input, of stride 2.
Tensor transposed(const Tensor& x, const Tensor& weight) {
  WindowAttributes window;
  window.axes = x.rank() - 2;
  window.input_shape = {x.size(0), weight.size(1)};
  for (int i = 0; i < window.axes; ++i) {
    window.kernel[i] = weight.size(2 + i);
    window.stride[i] = 2;
    window.input_shape.append((x.size(2 + i) - 1) * 2 + weight.size(2 + i));
  }
  const std::vector<Tensor> operands = {x, weight};
  return apply(window.axes == 2 ? Op::kConv2dInputGradient : Op::kConv3dInputGradient, operands, window);
}

const std::vector<Row>& rows() {
  static const std::vector<Row> table = {
      {"unary",
       [](const Tensor& x, const Tensor&) {
         return -absolute(x) + sign(x) * sqrt(exp(x)) + log(absolute(x) + 1) +
                tanh(sin(x)) * sigmoid(cos(x)) + erf(relu(x));
       }},
      {"expm1", [](const Tensor& x, const Tensor&) { return expm1(x); }, false},
      {"log1p", [](const Tensor& x, const Tensor&) { return log1p(absolute(x)); }, false},
      {"binary",
       [](const Tensor& x, const Tensor&) {
         return pow(absolute(x) + 1, x) / (x * x + 2) - maximum(x, 0.5) + minimum(x, x * 2);
       }},
      {"compare",
       [](const Tensor& x, const Tensor&) {
         return select(less(x, 0), x, x + 1) + cast(greater_equal(x, 0.5), DType::kFloat32) +
                cast(not_equal(x, x + 1), DType::kFloat32) + select(less_equal(x, 0.1), x, -x) +
                select(equal(x, 0), x, x * 3) + select(greater(x, 1), x, x * 2);
       }},
      {"shape",
       [](const Tensor& x, const Tensor&) {
         return reshape(permute(x, {2, 0, 1}), {3, 2, x.size(0), 4}) +
                broadcast_to(reshape(mean(x), {1, 1, 1, 1}), {3, 2, x.size(0), 4});
       }},
      {"slice",
       [](const Tensor& x, const Tensor&) {
         return concatenate({slice(x, {Range::all(), Range(1, 3), Range(5, std::nullopt, -2)}),
                             slice(x, {Range::all(), Range(0, 4, 3), Range(0, 3)})},
                            1);
       }},
      {"position",
       [](const Tensor& x, const Tensor&) {
         return slice(x, {Range::all(), Range(-1), Range(2)}) +
                slice(x, {Range::step(-1), Range(0), Range(0)});
       }},
      {"made",
       [](const Tensor& x, const Tensor&) {
         return x + zeros({x.size(0), 1, 1}) + full({4, 6}, 2.5) +
                cast(reshape(arange(x.size(0)), {x.size(0), 1, 1}), DType::kFloat32) + ones({});
       }},
      {"gather",
       [](const Tensor& x, const Tensor&) {
         return gather(x, Tensor::from<std::int64_t>({3, 0, 0}, {3}), 1);
       }},
      {"index add",
       [](const Tensor& x, const Tensor&) {
         return index_add(x, Tensor::from<std::int64_t>({3, 0, 3}, {3}),
                          slice(x, {Range::all(), Range(0, 3)}), 1);
       }},
      {"along",
       [](const Tensor& x, const Tensor&) {
         return take_along(x, argsort(x, 2, true), 2) + sort(x, 1) + scatter_add(x, argsort(x, 2), x, 2);
       }},
      {"product",
       [](const Tensor& x, const Tensor& w) {
         return matmul(x, part(w, {6, 5})) +
                matmul(part(w, {4}), x.permute({0, 1, 2}).reshape({x.size(0), 4, 6}))
                    .reshape({x.size(0), 1, 6})
                    .slice({Range::all(), Range::all(), Range(0, 5)});
       }},
      {"reduce",
       [](const Tensor& x, const Tensor&) {
         return sum(x, {2}) +
                mean(x, {1}, true).slice({Range::all(), Range::all(), Range(0, 4)}).reshape({x.size(0), 4}) +
                max(x, {-1}) - min(x, {2}) + sum_squares(x, {2});
       }},
      {"variance",
       [](const Tensor& x, const Tensor&) {
         return variance(x, {1}, true) +
                variance(x, {2}).slice({Range::all(), Range(0)}).reshape({x.size(0), 1, 1});
       },
       false},
      {"argmax",
       [](const Tensor& x, const Tensor&) {
         return argmax(x, 2) + sum(cast(greater(x, 0), DType::kInt64), {2}) + sum(greater(x, 0), {2});
       }},
      {"softmax", [](const Tensor& x, const Tensor&) { return softmax(x, 1) + log_softmax(x, 2); }},
      {"loss",
       [](const Tensor& x, const Tensor&) {
         return cross_entropy(reshape(x, {x.size(0) * 4, 6}), reshape(argmax(x, 2), {x.size(0) * 4}));
       }},
      {"pool",
       [](const Tensor& x, const Tensor&) {
         return cast(max_pool2d_indices(reshape(x, {x.size(0), 1, 4, 6})), DType::kFloat32) +
                max_pool2d(reshape(x, {x.size(0), 1, 4, 6}));
       }},
      {"conv1d",
       [](const Tensor& x, const Tensor& w) {
         return conv1d(x, part(w, {8, 2, 3}), {.stride = 2, .padding = 2, .groups = 2});
       }},
      {"conv3d",
       [](const Tensor& x, const Tensor& w) {
         return conv3d(reshape(x, {x.size(0), 2, 2, 3, 2}), part(w, {3, 2, 1, 2, 2}), {.padding = {0, 1, 0}});
       }},
      {"transposed",
       [](const Tensor& x, const Tensor& w) {
         return transposed(reshape(x, {x.size(0), 2, 4, 3}), part(w, {2, 3, 2, 2})) +
                slice(transposed(reshape(x, {x.size(0), 2, 2, 3, 2}), part(w, {2, 3, 2, 2, 2})),
                      {Range::all(), Range::all(), Range(0), Range(0, 1), Range(0, 1)});
       }},
      {"average pool",
       [](const Tensor& x, const Tensor&) {
         return average_pool2d(reshape(x, {x.size(0), 1, 4, 6}), {.kernel = {2, 3}, .stride = {1, 2}});
       }},
      {"linear",
       [](const Tensor& x, const Tensor& w) {
         const Tensor weight = part(w, {5, 6}), bias = part(w, {5}), row = slice(x, {Range::all(), 1});
         return linear(x, weight, bias, Activation::kRelu) + linear(x, weight, bias, Activation::kTanh) +
                reshape(linear(row, weight, bias, Activation::kSigmoid), {x.size(0), 1, 5});
       }},
      {"finish",
       [](const Tensor& x, const Tensor& w) {
         return finish(x, {.bias = part(w, {4}), .axis = 1, .activation = Activation::kTanh}) +
                finish(x, {.bias = part(w, {6}), .axis = 2}) + finish(x, {.activation = Activation::kRelu});
       }},
      {"bent lines",
       [](const Tensor& x, const Tensor&) {
         return activate(x, Curve::kLeakyRelu, 0.01) + activate(x, Curve::kElu, 0.7) +
                activate(x, Curve::kSoftplus);
       }},
      {"bent lines of float64",
       [](const Tensor& x, const Tensor&) {
         const Tensor y = cast(x, DType::kFloat64);
         return activate(y, Curve::kLeakyRelu, 0.01) + activate(y, Curve::kElu, 0.7);
       }},
      {"curves",
       [](const Tensor& x, const Tensor&) {
         return activate(x, Curve::kGelu) + activate(x, Curve::kGeluTanh) + activate(x, Curve::kSilu) +
                activate(x, Curve::kMish);
       }},
      {"curves of bfloat16",
       [](const Tensor& x, const Tensor&) {
         const Tensor y = cast(x, DType::kBFloat16);
         return cast(activate(y, Curve::kGelu), DType::kFloat32) +
                cast(activate(y, Curve::kElu, 0.7), DType::kFloat32);
       }},
      {"copy and embed",
       [](const Tensor& x, const Tensor&) {
         const Shape whole{x.size(0), 7, 9};
         return copy(x)
                    .reshape({x.size(0), 24})
                    .slice({Range::all(), Range(0, 1)})
                    .reshape({x.size(0), 1, 1}) +
                embed(x, {{{0, x.size(0), 1, false}, {2, 4, 1, false}, {3, 6, 1, false}}, whole});
       }},
      {"layer norm",
       [](const Tensor& x, const Tensor& w) { return layer_norm(x, part(w, {6}), part(w, {6}), 0.01); }},
      {"statistics",
       [](const Tensor& x, const Tensor&) {
         return batch_statistics(x) + zeros({x.size(0), 1, 1});
       },
       false},
      {"batch norm",
       [](const Tensor& x, const Tensor& w) {
         const Tensor scale = part(w, {4}), flat = reshape(x, {x.size(0) * 6, 4});
         const Tensor sample = reshape(x, {1, x.size(0) * 4, 6}), many = ones({x.size(0) * 4});
         return batch_norm(x, batch_statistics(x), scale, scale, {.epsilon = 0.01}) +
                batch_norm(x, absolute(part(w, {2, 4})), scale, scale, {.own = false}) +
                reshape(batch_norm(sample, batch_statistics(sample), many, many), x.shape()) +
                reshape(batch_norm(flat, batch_statistics(flat), scale, scale), x.shape());
       }},
      {"group norm",
       [](const Tensor& x, const Tensor& w) { return group_norm(x, 2, part(w, {4}), part(w, {4}), 0.01); }},
      {"recurrent",
       [](const Tensor& x, const Tensor& w) {
         const Tensor start = zeros({4, 2}) + 0.5;
         const auto weights = [&](std::int64_t gates) {
           return RecurrentWeights{part(w, {2 * gates, 6}), part(w, {2 * gates, 2}), part(w, {2 * gates}),
                                   part(w, {2 * gates})};
         };
         const LstmStates states = lstm(x, start, start, weights(4));
         return gru(x, start, weights(3)) + states.h + slice(states.c, {-1}) + rnn(x, start, weights(1)) +
                rnn(x, start, weights(1), Activation::kRelu);
       }},
  };
  return table;
}

TEST_F(OnnxExportRows, EveryRowIsTranslated) {
  const Tensor weights = draw("weights", {200});
  for (const Row& row : rows()) {
    SCOPED_TRACE(row.name);
    const Function function = [&](const std::vector<Tensor>& inputs) {
      return std::vector<Tensor>{row.function(inputs[0], weights)};
    };
    const ModelFile file = export_function(function, {draw("sample", {2, 4, 6})}, {}, {});
    const Model model(parse_model(write_model(file), "row.onnx"), "row.onnx");
    for (const std::int64_t samples : {1, 2, 5}) {
      const Tensor x = draw(fmt::format("x{}", samples), {samples, 4, 6});
      const Tensor found = model.run(x), expected = function({x})[0];
      ASSERT_EQ(found.shape(), expected.shape());
      if (row.same)
        EXPECT_TRUE(same_bits(found, expected)) << samples << " samples";
      else
        EXPECT_LT(max(absolute(found - expected)).item<float>(), 1e-5F);
    }
  }
}

// A new row needs a translator and an example above, or a reason.
TEST_F(OnnxExportRows, EveryRowHasATranslatorOrAReason) {
  const Tensor weights = draw("weights", {200});
  std::set<Op> shown;
  for (const Row& row : rows()) {
    const Recording recording =
        record([&](const std::vector<Tensor>& inputs,
                   nn::Context&) { return std::vector<Tensor>{row.function(inputs[0], weights)}; },
               {draw("sample", {2, 4, 6})});
    for (const RecordedOp& op : recording.ops) shown.insert(op.op);
  }
  for (int i = 0; i < kOpCount; ++i) {
    const Op op = static_cast<Op>(i);
    const bool reason = *why_not_exported(op) != '\0';
    EXPECT_NE(translator_of(op) != nullptr, reason) << op_info(op).name << " needs a translator or a reason";
    EXPECT_EQ(translator_of(op) != nullptr, shown.contains(op))
        << op_info(op).name << " is not shown in rows()";
  }
}

}  // namespace
}  // namespace tessera::onnx
