#include "tessera/tensor/op.h"

#include <gtest/gtest.h>

#include "tessera/tensor/fake_backend_test.h"
#include "tessera/tensor/ops.h"

namespace tessera {
namespace {

class OpTest : public testing::Test {
 protected:
  FakeBackend& backend_ = FakeBackend::install();
  const Tensor floats_ = zeros({2, 3});
  const Tensor integers_ = zeros({2, 3}, DType::kInt64);
};

struct Recorder : OpObserver {
  void on_op(const OpEvent& event) override {
    names.emplace_back(op_info(event.op).name);
    inputs.push_back(event.inputs.empty() ? nullptr : event.inputs[0].identity());
    output = event.output;
    line = event.where.line();
  }
  std::vector<std::string> names;
  std::vector<const void*> inputs;
  Tensor output;
  unsigned line = 0;
};

TEST_F(OpTest, TheTableIsReadable) {
  EXPECT_EQ(op_info(Op::kMatrixMultiply).name, "matmul");
  EXPECT_EQ(op_info(Op::kConcatenate).arity, -1);
  EXPECT_EQ(op_info(Op::kSign).differentiable, false);
  EXPECT_EQ(op_info(Op::kCrossEntropy).op_class, OpClass::kNormalize);
}

TEST_F(OpTest, NumbersTakeTheTensorsType) {
  EXPECT_EQ((floats_ + 1).dtype(), DType::kFloat32);
  EXPECT_EQ(backend_.calls.back().firsts[1], 1.0);
  EXPECT_EQ((2 * integers_).dtype(), DType::kInt64);
  EXPECT_EQ(backend_.calls.back().firsts[0], 2.0);
  EXPECT_EQ(less(floats_, 0.5).dtype(), DType::kBool);
  EXPECT_EQ(error_of([&] { integers_ + 0.5; }),
            "add: the number 0.5 is not a value of int64; use to() to convert the tensor");
  EXPECT_EQ(error_of([&] { equal(zeros({2}, DType::kUInt8), 256); }),
            "equal: the number 256 is not a value of uint8 (0 to 255)");
  EXPECT_EQ(error_of([&] { add(1, 2); }),
            "add: both arguments are numbers, expected at least one tensor; Tensor::scalar makes one");
  EXPECT_EQ(error_of([&] { relu(1); }),
            "relu: the argument is a number, expected a tensor; Tensor::scalar makes one");
  EXPECT_EQ(error_of([&] { floats_ + integers_; }),
            "add: the arguments are float32 [2, 3] and int64 [2, 3], expected one type; convert one of them "
            "with to()");
  EXPECT_EQ(error_of([&] { exp(integers_); }), "exp: x is int64, expected float32, float64 or bfloat16");
  EXPECT_EQ(error_of([&] { exp(Tensor()); }), "exp: the argument is an undefined tensor");
  EXPECT_EQ(error_of([&] { floats_ + Tensor(); }), "add: argument 2 is an undefined tensor");
  EXPECT_EQ(error_of([&] { full({2}, 1.5, DType::kInt64); }),
            "full: the number 1.5 is not a value of int64; use to() to convert the tensor");
}

TEST_F(OpTest, ErrorsOfIndicesAndOrders) {
  EXPECT_EQ(error_of([] {
              take_along(zeros({2, 3}), zeros({3, 4}, DType::kInt64), 1);
            }),
            "take_along: index has shape [3, 4], expected that of x [2, 3] but for axis 1");
  EXPECT_EQ(error_of([] {
              scatter_add(zeros({2, 3}), zeros({2, 4}, DType::kInt64), zeros({2, 3}), 1);
            }),
            "scatter_add: source has shape [2, 3], expected that of the index [2, 4]");
  EXPECT_EQ(error_of([] {
              take_along(zeros({2, 3}), zeros({2, 3}), 1);
            }),
            "take_along: index is float32, expected int64");
  EXPECT_EQ(error_of([] {
              argsort(zeros({2, 3}), 2);
            }),
            "argsort: axis 2 is out of range for shape [2, 3]: expected -2 to 1");
}

TEST_F(OpTest, LinearSaysWhatDoesNotFit) {
  const Tensor weight = zeros({4, 3}), bias = zeros({4});
  EXPECT_EQ(
      error_of([&] {
        linear(zeros({2, 5}), weight, bias);
      }),
      "linear: x [2, 5] and weight [4, 3]: axis 1 of x is 5, axis 1 of the weight is 3, expected the same");
  EXPECT_EQ(error_of([&] { linear(zeros({}), weight, bias); }),
            "linear: x is a scalar, expected at least 1 axis");
  EXPECT_EQ(error_of([&] { linear(zeros({3}), bias, bias); }),
            "linear: the weight has shape [4], expected 2 axes [n, k]");
  EXPECT_EQ(error_of([&] { linear(zeros({3}), weight, zeros({1})); }),
            "linear: the bias has shape [1], expected [4], axis 0 of the weight [4, 3]");
  EXPECT_EQ(error_of([&] { linear(zeros({3}, DType::kInt64), weight, bias); }),
            "linear: x is int64, expected float32, float64 or bfloat16");
  EXPECT_EQ(
      error_of([&] { linear(zeros({3}), weight, zeros({4}, DType::kFloat64)); }),
      "linear: the arguments are float32 [3] and float64 [4], expected one type; convert one of them with "
      "to()");
  EXPECT_EQ(linear(zeros({2, 5, 3}), weight, bias).shape(), (Shape{2, 5, 4}));
}

TEST_F(OpTest, ShapeErrorsNameBothShapesAndTheAxis) {
  EXPECT_EQ(error_of([] {
              matmul(zeros({2, 3}), zeros({4, 5}));
            }),
            "matmul: [2, 3] x [4, 5]: the inner lengths differ (axis 1 of the left is 3, axis 0 of the right "
            "is 4)");
  EXPECT_EQ(
      error_of([] {
        matmul(zeros({3}), zeros({4, 5}));
      }),
      "matmul: [3] x [4, 5]: the inner lengths differ (axis 0 of the left is 3, axis 0 of the right is 4)");
  EXPECT_EQ(error_of([] {
              matmul(zeros({2, 2, 3}), zeros({3, 3, 5}));
            }),
            "matmul: [2, 2, 3] x [3, 3, 5]: the leading axes [2] and [3] do not broadcast (axis 0 of the "
            "left is 2, axis 0 of "
            "the right is 3; expected equal lengths or a 1)");
  EXPECT_EQ(error_of([] {
              zeros({2, 3}) + zeros({2, 4});
            }),
            "add: [2, 3] and [2, 4] do not broadcast (axis 1 of the left is 3, axis 1 of the right is 4; "
            "expected equal lengths "
            "or a 1)");
  EXPECT_EQ(error_of([] {
              concatenate({zeros({2, 3}), zeros({3, 4})}, 0);
            }),
            "concatenate: [2, 3] and [3, 4] along axis 0 differ in axis 1 (3 and 4)");
  EXPECT_EQ(error_of([] {
              conv2d(zeros({1, 3, 8, 8}), zeros({4, 2, 3, 3}));
            }),
            "conv2d: x [1, 3, 8, 8] and weight [4, 2, 3, 3] with 1 groups: axis 1 of x is 3, axis 1 of "
            "weight is 2, expected x's "
            "divided by groups");
  EXPECT_EQ(error_of([] {
              conv2d(zeros({1, 2, 2, 8}), zeros({4, 2, 3, 3}));
            }),
            "conv2d: a window of 3 (dilation 1) does not fit axis 2 of [1, 2, 2, 8], even with padding 0");
  EXPECT_EQ(error_of([] {
              conv1d(zeros({1, 3, 8, 8}), zeros({4, 3, 3}));
            }),
            "conv1d: [1, 3, 8, 8] and [4, 3, 3]: expected x [N,C,L] and weight [O,C/groups,S]");
  EXPECT_EQ(
      error_of([] {
        conv1d(zeros({1, 3, 8}), zeros({4, 2, 3}));
      }),
      "conv1d: x [1, 3, 8] and weight [4, 2, 3] with 1 groups: axis 1 of x is 3, axis 1 of weight is 2, "
      "expected x's divided by groups");
  EXPECT_EQ(error_of([] {
              conv1d(zeros({1, 3, 4}), zeros({4, 3, 3}), {.dilation = 2});
            }),
            "conv1d: a window of 3 (dilation 2) does not fit axis 2 of [1, 3, 4], even with padding 0");
  EXPECT_EQ(error_of([] {
              conv1d(zeros({1, 3, 8}), zeros({4, 3, 3}), {.stride = 0});
            }),
            "conv1d: the stride is 0, expected 1 to 2^31");
  EXPECT_EQ(error_of([] {
              conv1d(zeros({1, 4, 8}), zeros({3, 2, 3}), {.groups = 2});
            }),
            "conv1d: axis 0 of weight [3, 2, 3] does not divide into 2 groups");
  EXPECT_EQ(error_of([] {
              conv1d(zeros({1, 3, 8}), zeros({4, 3, 3}, DType::kFloat64));
            }),
            "conv1d: x is float32 and weight is float64, expected one type");
  EXPECT_EQ(error_of([] {
              conv3d(zeros({1, 3, 8, 8}), zeros({4, 3, 3, 3}));
            }),
            "conv3d: [1, 3, 8, 8] and [4, 3, 3, 3]: expected x [N,C,D,H,W] and weight [O,C/groups,Q,R,S]");
  EXPECT_EQ(error_of([] {
              conv3d(zeros({1, 1, 4, 4, 4}), zeros({1, 1, 1, 1, 1}), {.stride = {1, 0, 1}});
            }),
            "conv3d: the stride in rows is 0, expected 1 to 2^31");
  EXPECT_EQ(
      error_of([] {
        cross_entropy(zeros({4, 3}), zeros({5}, DType::kInt64));
      }),
      "cross_entropy: logits [4, 3] and labels [5]: axis 0 of the logits is 4, axis 0 of the labels is 5");
  EXPECT_EQ(error_of([] {
              sum(zeros({2, 3}), {2});
            }),
            "sum: axis 2 is out of range for shape [2, 3]: expected -2 to 1");
  EXPECT_EQ(error_of([] {
              sum(zeros({2, 3}), {1, -1});
            }),
            "sum: an axis of [2, 3] is named twice in [1, -1]");
  EXPECT_EQ(error_of([] { max(zeros({2, 0})); }), "max: axis 1 of [2, 0] has no elements to choose from");
  EXPECT_EQ(error_of([] {
              permute(zeros({2, 3}), {0, 0});
            }),
            "permute: the axes are [0, 0], expected each axis of [2, 3] once");
  EXPECT_EQ(error_of([] {
              zeros({2, 3}).broadcast_to({3, 3});
            }),
            "broadcast_to: [2, 3] does not broadcast to [3, 3] (axis 0 of the left is 2, axis 0 of the right "
            "is 3)");
  EXPECT_EQ(error_of([] {
              max_pool2d(zeros({1, 1, 4, 4}), {.padding = {2, 0}});
            }),
            "max_pool2d: the padding in rows is 2, expected at most half the window (1)");
}

TEST_F(OpTest, PaddedImagesCanBeCounted) {
  const std::int64_t huge = std::int64_t{1} << 31;
  const auto convolve = [](const Tensor& x, std::int64_t rows, std::int64_t columns, std::int64_t stride) {
    return error_of([&] {
      const Conv2dOptions options{.stride = {stride, stride}, .padding = {rows, columns}};
      EXPECT_LE(conv2d(x, zeros({1, 1, 1, 1}), options).elements(), 25);
    });
  };
  EXPECT_EQ(convolve(zeros({1, 1, 2, 3}), huge, huge, huge),
            "conv2d: [1, 1, 2, 3] with a padding of 2147483648 rows and 2147483648 columns: expected at most "
            "2^31 elements in a padded image");
  EXPECT_NE(convolve(zeros({1, 1, 1, 1}), 1 << 20, 1 << 20, 1 << 20), "no error");
  EXPECT_NE(convolve(zeros({1}).broadcast_to({1, 1, INT64_MAX, 1}), 1, 1, huge), "no error");
  EXPECT_EQ(convolve(zeros({1, 1, 1, 1}), 20000, 20000, 20000), "no error");
}

TEST_F(OpTest, NumbersAreTakenExactly) {
  const Tensor x = zeros({1}, DType::kInt64);
  const std::int64_t odd = (std::int64_t{1} << 53) + 1;
  const auto taken = [](const Operand& number) {
    return number.as_tensor(DType::kInt64).item<std::int64_t>();
  };
  EXPECT_EQ(taken(odd), odd);
  EXPECT_EQ(taken(INT64_MAX), INT64_MAX);
  EXPECT_EQ(taken(INT64_MIN), INT64_MIN);
  EXPECT_EQ(taken(true), 1);
  EXPECT_EQ(taken(std::uint8_t{200}), 200);
  EXPECT_EQ(taken(4294967295U), 4294967295);
  EXPECT_EQ(error_of([&] { add(x, UINT64_MAX); }),
            "add: the number 18446744073709551615 is not a value of int64 (-9223372036854775808 to "
            "9223372036854775807)");
  EXPECT_EQ(Operand(UINT64_MAX).as_tensor(DType::kFloat32).item<float>(), 0x1p64f);
  // Rounded once: by way of float64 this would be a tie, and go down.
  const std::int64_t above_a_tie = (std::int64_t{1} << 54) + (std::int64_t{1} << 30) + 1;
  EXPECT_EQ(Operand(above_a_tie).as_tensor(DType::kFloat32).item<float>(), 0x1p54f + 0x1p31f);
}

TEST_F(OpTest, OutputShapes) {
  EXPECT_EQ(matmul(zeros({5, 1, 2, 3}), zeros({4, 3, 6})).shape(), (Shape{5, 4, 2, 6}));
  EXPECT_EQ(matmul(zeros({3}), zeros({3})).shape(), Shape());
  EXPECT_EQ(matmul(zeros({3}), zeros({7, 3, 2})).shape(), (Shape{7, 2}));
  EXPECT_EQ(matmul(zeros({7, 2, 3}), zeros({3})).shape(), (Shape{7, 2}));
  EXPECT_EQ(sum(floats_).shape(), Shape());
  EXPECT_EQ(sum(floats_, {-1}, true).shape(), (Shape{2, 1}));
  EXPECT_EQ(sum(zeros({2}, DType::kBool)).dtype(), DType::kInt64);
  EXPECT_EQ(argmax(floats_, 0).shape(), (Shape{3}));
  EXPECT_EQ(argmax(floats_, 0).dtype(), DType::kInt64);
  EXPECT_EQ(gather(floats_, zeros({5}, DType::kInt64), 1).shape(), (Shape{2, 5}));
  EXPECT_EQ(concatenate({floats_, floats_}, -1).shape(), (Shape{2, 6}));
  EXPECT_EQ(select(greater(floats_, 0), floats_, 0).dtype(), DType::kFloat32);
  EXPECT_EQ(conv2d(zeros({2, 4, 9, 8}), zeros({6, 2, 3, 2}),
                   {.stride = {2, 1}, .padding = {1, 0}, .dilation = {2, 3}, .groups = 2})
                .shape(),
            (Shape{2, 6, 4, 5}));
  EXPECT_EQ(
      conv1d(zeros({2, 4, 9}), zeros({6, 2, 3}), {.stride = 2, .padding = 1, .dilation = 2, .groups = 2})
          .shape(),
      (Shape{2, 6, 4}));
  EXPECT_EQ(conv3d(zeros({2, 4, 6, 9, 8}), zeros({6, 2, 2, 3, 2}),
                   {.stride = {3, 2, 1}, .padding = {1, 1, 0}, .dilation = {1, 2, 3}, .groups = 2})
                .shape(),
            (Shape{2, 6, 3, 4, 5}));
  EXPECT_EQ(embed(zeros({2}), {{Range(1, 5, 2).resolve(6, 0)}, Shape{6}}).shape(), (Shape{6}));
}

// Worked out by hand from PyTorch's documented rule for ceil_mode: a window must start in the image or in the padding before it.
TEST_F(OpTest, PoolingRoundedUpDropsWindowsThatStartBehindTheImage) {
  const auto rows = [](std::int64_t input, std::int64_t kernel, std::int64_t stride, std::int64_t padding) {
    WindowAttributes window;
    window.kernel[0] = kernel;
    window.stride[0] = stride;
    window.padding[0] = padding;
    window.round_up = true;
    return window_output_size(input, window, 0);
  };
  EXPECT_EQ(rows(6, 3, 2, 0), 3);
  EXPECT_EQ(rows(5, 2, 2, 0), 3);
  EXPECT_EQ(rows(4, 1, 3, 0), 2);
  EXPECT_EQ(rows(5, 2, 3, 1), 2);
  EXPECT_EQ(rows(3, 2, 4, 1), 1);
}

TEST_F(OpTest, KernelsGetWhatTheInterfacePromises) {
  const Tensor row = zeros({3});
  floats_ + row;
  EXPECT_EQ(backend_.calls.back().inputs[1].shape, (Shape{2, 3}));
  EXPECT_EQ(backend_.calls.back().inputs[1].strides, (Strides{0, 1}));
  matmul(zeros({5, 1, 2, 3}), zeros({4, 3, 6}));
  EXPECT_EQ(backend_.calls.back().inputs[0].shape, (Shape{5, 4, 2, 3}));
  EXPECT_EQ(backend_.calls.back().inputs[0].strides, (Strides{6, 0, 3, 1}));
  EXPECT_EQ(backend_.calls.back().inputs[1].shape, (Shape{5, 4, 3, 6}));
  sum(floats_, {-1, 0});
  EXPECT_EQ(std::get<ReduceAttributes>(backend_.calls.back().attributes).axes, (std::vector<int>{0, 1}));
  gather(floats_, counting({4}).slice({Range::step(2)}));
  EXPECT_EQ(backend_.calls.back().op, Op::kGather);
  EXPECT_TRUE(backend_.calls.back().inputs[1].contiguous());
  conv2d(zeros({1, 1, 5, 5}), zeros({1, 1, 3, 2}));
  EXPECT_EQ(std::get<WindowAttributes>(backend_.calls.back().attributes).kernel[0], 3);
}

TEST_F(OpTest, EmptyResultsAreCheckedButNotComputed) {
  backend_.calls.clear();
  const Tensor empty = Tensor::from<float>({}, {0, 3});
  EXPECT_EQ((empty + 1).shape(), (Shape{0, 3}));
  EXPECT_EQ(matmul(empty, Tensor::from<float>({1, 2, 3}, {3, 1})).shape(), (Shape{0, 1}));
  EXPECT_TRUE(backend_.calls.empty());
  EXPECT_EQ(sum(empty).shape(), Shape());
  EXPECT_EQ(backend_.calls.size(), 1u);
  EXPECT_NE(error_of([&] { empty + Tensor::from<float>({1, 2}, {2}); }), "no error");
}

TEST_F(OpTest, ObserversAreToldInOrder) {
  Recorder first, second;
  Tensor y;
  {
    ObserveOps outer(&first);
    {
      ObserveOps inner(&second);
      y = floats_ * 2;
      EXPECT_EQ(first.line, static_cast<unsigned>(__LINE__ - 1));
      EXPECT_EQ(first.output.identity(), y.identity());
    }
    y.transpose();
  }
  sum(y);
  EXPECT_EQ(first.names, (std::vector<std::string>{"multiply", "permute"}));
  EXPECT_EQ(first.inputs, (std::vector<const void*>{floats_.identity(), y.identity()}));
  EXPECT_EQ(second.names, (std::vector<std::string>{"multiply"}));
}

TEST_F(OpTest, AReshapeThatCopiesIsTwoEvents) {
  Recorder recorder;
  const ObserveOps observe(&recorder);
  const Tensor turned = floats_.transpose();
  const Tensor flat = reshape(turned, {6});
  EXPECT_EQ(recorder.names, (std::vector<std::string>{"permute", "copy", "reshape"}));
  EXPECT_EQ(recorder.inputs[1], turned.identity());
  EXPECT_EQ(recorder.output.identity(), flat.identity());
}

}  // namespace
}  // namespace tessera
