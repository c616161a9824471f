// The gradients of group normalisation. Second derivatives are compositions of small operations on a tape of their own, as in gradients_batch_norm.cc.
#include <array>
#include <vector>

#include "tessera/autograd/gradients.h"
#include "tessera/autograd/tape.h"

namespace tessera::internal::gradients {
namespace {

// The row group_norm_gradient from small operations: x as [N, groups, channels of one, positions].
Tensor composed_gradient(const GroupNormAttributes& norm, const Tensor& g, const Tensor& x,
                         const Tensor& scale) {
  const std::int64_t samples = x.size(0), channels = x.size(1), count = channels / norm.groups;
  const Shape grouped{samples, norm.groups, count,
                      samples * channels == 0 ? 0 : x.elements() / (samples * channels)};
  const std::vector<std::int64_t> group = {2, 3};
  const Tensor lists = reshape(x, grouped), slopes = reshape(g, grouped);
  const Tensor inverse = 1 / sqrt(variance(lists, group, true) + norm.epsilon);
  const Tensor normalized = (lists - mean(lists, group, true)) * inverse;
  const Tensor u = slopes * reshape(scale, {1, norm.groups, count, 1});
  const Tensor of_x = inverse * ((u - mean(u, group, true)) - normalized * mean(u * normalized, group, true));
  const auto flat = [](const Tensor& part) { return reshape(part, {part.elements()}); };
  return concatenate({flat(of_x), flat(sum(slopes * normalized, {0, 3})), flat(sum(slopes, {0, 3}))}, 0);
}

}  // namespace

Contributions GroupNorm(const GradientCall& call) {
  const Tensor &x = call.inputs[0], &scale = call.inputs[1];
  const Tensor flat = apply(Op::kGroupNormGradient, std::array{call.gradient, x, scale}, call.attributes);
  const std::int64_t all = x.elements(), channels = scale.elements();
  return {reshape(slice(flat, {Range(0, all)}), x.shape()), slice(flat, {Range(all, all + channels)}),
          slice(flat, {Range::from(all + channels)})};
}

Contributions GroupNormGradient(const GradientCall& call) {
  const std::vector<Tensor> inputs = by_place(call.inputs);
  Tape tape;
  tape.watch(inputs);
  const Tensor flat =
      composed_gradient(std::get<GroupNormAttributes>(call.attributes), inputs[0], inputs[1], inputs[2]);
  return tape.gradient(flat, inputs, call.gradient);
}

}  // namespace tessera::internal::gradients
