#include "tessera/nn/attention.h"

#include <limits>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/nn/initialisers.h"
#include "tessera/nn/layer_parts.h"
#include "tessera/nn/layers.h"
#include "tessera/numerics/functions.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {
namespace {

// True where key j comes after query i: [L, S].
Tensor later(std::int64_t queries, std::int64_t keys) {
  return greater(reshape(arange(keys), {1, keys}), reshape(arange(queries), {queries, 1}));
}

// True where a time is behind the length of its sample: [N, times]. The first time is always seen, also of an empty sample.
Tensor behind(const Tensor& lengths, std::int64_t times) {
  const Tensor seen = reshape(maximum(lengths, 1), {lengths.size(0), 1});
  return greater_equal(reshape(arange(times), {1, times}), seen);
}

Tensor hidden(const Tensor& scores, const Tensor& mask) {
  return select(mask, -std::numeric_limits<double>::infinity(), scores);
}

// Of queries, by which they are multiplied before they meet the keys.
double scale_of(std::int64_t features) {
  const FloatEnvironment contract;
  return 1 / numerics::sqrt(static_cast<double>(features));
}

AttentionResult attention_of_scaled(const Tensor& scaled_q, const Tensor& k, const Tensor& v,
                                    const AttentionMasks& masks) {
  Tensor scores = matmul(scaled_q, transpose(k));
  if (masks.causal) scores = hidden(scores, later(scaled_q.size(-2), k.size(-2)));
  if (masks.key_padding.defined()) scores = hidden(scores, masks.key_padding);
  const Tensor weights = softmax(scores, -1);
  return {matmul(weights, v), weights};
}

// Linear whose bias begins at zero.
class OutputProjection : public Linear {
 public:
  using Linear::Linear;

 private:
  void initialize_parameters(RandomSource& random) override {
    parts::initialize_as_pytorch(random, weight(), nullptr);
    if (bias() != nullptr) bias()->value = zeros(bias()->value.shape(), bias()->value.dtype());
  }
};

}  // namespace

AttentionResult scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                             const AttentionMasks& masks) {
  if (q.rank() < 2 || k.rank() < 2 || v.rank() < 2 || q.size(-1) != k.size(-1) || k.size(-2) != v.size(-2))
    fail(
        "scaled_dot_product_attention: the query {}, key {} and value {} do not fit [.., L, E], [.., S, E] "
        "and [.., S, F]",
        q.shape().to_string(), k.shape().to_string(), v.shape().to_string());
  return attention_of_scaled(q * scale_of(q.size(-1)), k, v, masks);
}

MultiheadAttention::MultiheadAttention(std::int64_t features, std::int64_t heads,
                                       const AttentionSettings& settings)
    : features_(parts::positive("MultiheadAttention", "features", features)),
      heads_(parts::positive("MultiheadAttention", "heads", heads)),
      settings_(settings) {
  if (features % heads != 0)
    fail("MultiheadAttention: {} features do not divide among {} heads", features, heads);
  weight_ = &add_parameter("in_proj_weight", {3 * features, features}, settings.dtype);
  if (settings.bias) bias_ = &add_parameter("in_proj_bias", {3 * features}, settings.dtype);
  out_ = &add_child("out_proj",
                    std::make_unique<OutputProjection>(
                        features, features, LinearSettings{.bias = settings.bias, .dtype = settings.dtype}));
}

Tensor MultiheadAttention::forward(const Tensor& x, Context& context) {
  output_shape(x.shape());
  AttentionMasks masks{.causal = settings_.causal};
  if (context.lengths.defined()) masks.key_padding = behind(context.lengths, x.size(1));
  return attend(x, x, x, masks).output;
}

// Parts first ... first + count - 1 of the projections: 0 for queries, 1 for keys, 2 for values.
Tensor MultiheadAttention::project(const Tensor& x, std::int64_t first, std::int64_t count) const {
  const Range rows(first * features_, (first + count) * features_);
  const Tensor weight = slice(weight_->value, {rows});
  return bias_ == nullptr ? matmul(x, transpose(weight)) : linear(x, weight, slice(bias_->value, {rows}));
}

// Part `part` of [N, L, parts * E] times `factor` as [N, heads, L, E / heads]. It is scaled as long as the features of a place lie side by side.
Tensor MultiheadAttention::heads_of(const Tensor& projected, std::int64_t part, double factor) const {
  Tensor own =
      slice(projected, {Range::all(), Range::all(), Range(part * features_, (part + 1) * features_)});
  if (factor != 1) own = own * factor;
  const Tensor cut = reshape(own, {own.size(0), own.size(1), heads_, features_ / heads_});
  return permute(cut, {0, 2, 1, 3});
}

AttentionResult MultiheadAttention::attend(const Tensor& query, const Tensor& key, const Tensor& value,
                                           const AttentionMasks& masks) {
  for (const Tensor& x : {query, key, value}) {
    output_shape(x.shape());
    parts::require_dtype([this] { return where(); }, x, *weight_);
  }
  if (key.shape() != value.shape() || query.size(0) != key.size(0))
    fail("{}: the query is {}, the key {} and the value {}, expected [N, L, E] and twice [N, S, E]", where(),
         query.shape().to_string(), key.shape().to_string(), value.shape().to_string());
  if (masks.key_padding.defined() && masks.key_padding.shape() != Shape{key.size(0), key.size(1)})
    fail("{}: key_padding is {}, expected [{}, {}] as the key {}", where(),
         masks.key_padding.shape().to_string(), key.size(0), key.size(1), key.shape().to_string());
  const double scale = scale_of(features_ / heads_);
  const bool shared = key.identity() == value.identity();
  if (shared && query.identity() == key.identity()) {  // one product for all three
    const Tensor all = project(query, 0, 3);
    return combine(heads_of(all, 0, scale), heads_of(all, 1), heads_of(all, 2), masks);
  }
  const Tensor q = heads_of(project(query, 0, 1), 0, scale);
  if (shared) {
    const Tensor both = project(key, 1, 2);
    return combine(q, heads_of(both, 0), heads_of(both, 1), masks);
  }
  return combine(q, heads_of(project(key, 1, 1), 0), heads_of(project(value, 2, 1), 0), masks);
}

AttentionResult MultiheadAttention::combine(const Tensor& scaled_q, const Tensor& k, const Tensor& v,
                                            const AttentionMasks& masks) {
  AttentionMasks own = masks;
  if (own.key_padding.defined()) own.key_padding = reshape(own.key_padding, {k.size(0), 1, 1, k.size(2)});
  const AttentionResult heads = attention_of_scaled(scaled_q, k, v, own);
  const Tensor joined =
      reshape(permute(heads.output, {0, 2, 1, 3}), {k.size(0), scaled_q.size(2), features_});
  return {out_->evaluate(joined), heads.weights};
}

Shape MultiheadAttention::output_shape(const Shape& input) const {
  if (input.rank() != 3 || input[2] != features_)
    fail("{}: the input has shape {}, expected [N, L, {}]", where(), input.to_string(), features_);
  return input;
}

std::string MultiheadAttention::describe() const {
  return fmt::format("MultiheadAttention({}, {} heads{}{})", features_, heads_,
                     settings_.causal ? ", causal" : "", settings_.bias ? "" : ", no bias");
}

void MultiheadAttention::initialize_parameters(RandomSource& random) {
  weight_->value = xavier_uniform(random, weight_->name, weight_->value.shape(), settings_.dtype);
  if (bias_ != nullptr) bias_->value = zeros(bias_->value.shape(), settings_.dtype);
}

}  // namespace tessera::nn
