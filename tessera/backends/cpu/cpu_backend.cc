#include "tessera/backends/cpu/cpu_backend.h"

#include <array>

#include "tessera/backends/backends.h"
#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/simd_level.h"
#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace {

struct Row {
  Op op;
  Kernel kernel;
};

// What is faster here than in the reference backend.
constexpr Row kRows[] = {
    {Op::kNegate, run_unary},
    {Op::kAbsolute, run_unary},
    {Op::kSign, run_unary},
    {Op::kSqrt, run_unary},
    {Op::kExp, run_unary},
    {Op::kLog, run_unary},
    {Op::kExpm1, run_unary},
    {Op::kLog1p, run_unary},
    {Op::kTanh, run_unary},
    {Op::kSigmoid, run_unary},
    {Op::kErf, run_unary},
    {Op::kSin, run_unary},
    {Op::kCos, run_unary},
    {Op::kRelu, run_unary},
    {Op::kAdd, run_binary},
    {Op::kSubtract, run_binary},
    {Op::kMultiply, run_binary},
    {Op::kDivide, run_binary},
    {Op::kPow, run_binary},
    {Op::kMaximum, run_binary},
    {Op::kMinimum, run_binary},
    {Op::kEqual, run_compare},
    {Op::kNotEqual, run_compare},
    {Op::kLess, run_compare},
    {Op::kLessEqual, run_compare},
    {Op::kGreater, run_compare},
    {Op::kGreaterEqual, run_compare},
    {Op::kSelect, run_select},
    {Op::kCast, run_cast},
    {Op::kFill, run_fill},
    {Op::kArange, run_arange},
    {Op::kRandomBits, run_random},
    {Op::kRandomPermutation, run_random_permutation},
    {Op::kRandomUniform, run_random},
    {Op::kRandomNormal, run_random},
    {Op::kCopy, run_copy},
    {Op::kEmbed, run_embed},
    {Op::kConcatenate, run_concatenate},
    {Op::kGather, run_gather},
    {Op::kIndexAdd, run_index_add},
    {Op::kTakeAlong, run_take_along},
    {Op::kScatterAdd, run_scatter_add},
    {Op::kSort, run_sort},
    {Op::kArgSort, run_sort},
    {Op::kMatrixMultiply, run_matmul},
    {Op::kLinear, run_linear},
    {Op::kConv2d, run_convolution},
    {Op::kConv2dInputGradient, run_convolution_input_gradient},
    {Op::kConv2dWeightGradient, run_convolution_weight_gradient},
    {Op::kConv3d, run_convolution},
    {Op::kConv3dInputGradient, run_convolution_input_gradient},
    {Op::kConv3dWeightGradient, run_convolution_weight_gradient},
    {Op::kMaxPool2d, run_max_pool2d},
    {Op::kMaxPool2dIndices, run_max_pool2d_indices},
    {Op::kAveragePool2d, run_average_pool2d},
    {Op::kAveragePool2dGradient, run_average_pool2d_gradient},
    {Op::kSum, run_reduction},
    {Op::kSumSquares, run_reduction},
    {Op::kMean, run_reduction},
    {Op::kVariance, run_reduction},
    {Op::kMax, run_reduction},
    {Op::kMin, run_reduction},
    {Op::kArgMax, run_reduction},
    {Op::kSoftmax, run_softmax},
    {Op::kLogSoftmax, run_softmax},
    {Op::kCrossEntropy, run_cross_entropy},
    {Op::kSoftmaxGradient, run_softmax_gradient},
    {Op::kLogSoftmaxGradient, run_softmax_gradient},
    {Op::kCrossEntropyGradient, run_cross_entropy},
    {Op::kLayerNorm, run_layer_norm},
    {Op::kLayerNormInputGradient, run_layer_norm},
    {Op::kLayerNormGradient, run_layer_norm_gradient},
    {Op::kLayerNormScaleGradient, run_layer_norm_scale_gradient},
    {Op::kBatchStatistics, run_batch_norm},
    {Op::kBatchNorm, run_batch_norm},
    {Op::kBatchNormSums, run_batch_norm},
    {Op::kBatchNormInputGradient, run_batch_norm},
    {Op::kGroupNorm, run_group_norm},
    {Op::kGroupNormGradient, run_group_norm},
    {Op::kSgdStep, run_optimizer_step},
    {Op::kAdamStep, run_optimizer_step},
    {Op::kRmspropStep, run_optimizer_step},
    {Op::kAdagradStep, run_optimizer_step},
    {Op::kAdadeltaStep, run_optimizer_step},
    {Op::kGru, run_gru},
    {Op::kGruPlain, run_gru},
    {Op::kGruGradient, run_gru_gradient},
    {Op::kLstm, run_lstm},
    {Op::kLstmPlain, run_lstm},
    {Op::kLstmGradient, run_lstm_gradient},
    {Op::kRnn, run_rnn},
    {Op::kRnnGradient, run_rnn_gradient},
    {Op::kFinish, run_finish},
    {Op::kFinishGradient, run_finish},
    {Op::kActivate, run_activate},
    {Op::kActivateGradient, run_activate},
};

constexpr std::array<Kernel, kOpCount> kKernels = [] {
  std::array<Kernel, kOpCount> kernels{};
  for (const Row& row : kRows) kernels[static_cast<std::size_t>(row.op)] = row.kernel;
  return kernels;
}();

}  // namespace

std::string CpuBackend::description() const {
  const std::string_view level = simd_level_name(simd_level());
  return fmt::format("{}, {} thread{}", level.empty() ? "reference kernels" : level, thread_count(),
                     thread_count() == 1 ? "" : "s");
}

void CpuBackend::run(const KernelCall& call) {
  const Kernel kernel = kKernels[static_cast<std::size_t>(call.op)];
  if (kernel != nullptr && simd_level() != SimdLevel::kNone) {
    const FloatEnvironment contract;
    if (kernel(call)) return;
  }
  reference_backend().run(call);
}

void* CpuBackend::allocate(std::size_t bytes) {
  return reference_backend().allocate(bytes);
}

void CpuBackend::release(void* memory, std::size_t bytes) {
  reference_backend().release(memory, bytes);
}

Backend& cpu_backend() {
  static CpuBackend backend;
  return backend;
}

}  // namespace tessera::backends
