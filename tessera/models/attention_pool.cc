#include "tessera/models/attention_pool.h"

#include "tessera/base/error.h"
#include "tessera/nn/initialisers.h"
#include "tessera/numerics/functions.h"

namespace tessera::models {
namespace {

constexpr double kOutside = -1e30;  // e to the power of this less any score is +0

}  // namespace

AttentionPool::AttentionPool(std::int64_t features, std::int64_t attention_size, DType dtype)
    : features_(features), size_(attention_size) {
  projection_ = static_cast<nn::Linear*>(
      &add_child("projection",
                 std::make_unique<nn::Linear>(features, attention_size, nn::LinearSettings{.dtype = dtype})));
  context_ = &add_parameter("context", {attention_size}, dtype);
}

void AttentionPool::initialize_parameters(RandomSource& random) {
  const double bound = 1 / numerics::sqrt(static_cast<double>(size_));
  context_->value = nn::uniform_init(random, context_->name, {size_}, bound, context_->value.dtype());
}

Pooled AttentionPool::pool(const Tensor& x, const Tensor& lengths, nn::Context& context) {
  output_shape(x.shape());
  const std::int64_t samples = x.size(0), times = x.size(1);
  if (lengths.dtype() != DType::kInt64 || lengths.shape() != Shape{samples})
    fail("{}: lengths are {} {}, expected int64 [{}]", where(), dtype_name(lengths.dtype()),
         lengths.shape().to_string(), samples);
  for (const std::int64_t length : lengths.to_vector<std::int64_t>())
    if (length < 1 || length > times) fail("{}: a length is {}, expected 1 to {}", where(), length, times);
  const Tensor answers = matmul(tanh(projection_->forward(x, context)), context_->value);
  const Tensor inside = less(reshape(arange(times), {1, times}), reshape(lengths, {samples, 1}));
  const Tensor weights = softmax(select(inside, answers, kOutside), 1);
  const Tensor pooled = matmul(reshape(weights, {samples, 1, times}), x);
  return {reshape(pooled, {samples, features_}), weights};
}

Tensor AttentionPool::forward(const Tensor& x, nn::Context& context) {
  output_shape(x.shape());
  const Tensor all = full({x.size(0)}, static_cast<double>(x.size(1)), DType::kInt64);
  const Pooled pooled = pool(x, context.lengths.defined() ? context.lengths : all, context);
  if (context.shown != nullptr) context.shown->emplace_back(path() + ".weights", pooled.weights);
  return pooled.value;
}

Shape AttentionPool::output_shape(const Shape& input) const {
  if (input.rank() != 3 || input[2] != features_ || input[1] < 1)
    fail("{}: the input has shape {}, expected [N, T, {}] with at least one time", where(), input.to_string(),
         features_);
  return {input[0], features_};
}

std::string AttentionPool::describe() const {
  return fmt::format("AttentionPool({} by {})", features_, size_);
}

}  // namespace tessera::models
