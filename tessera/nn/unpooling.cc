#include "tessera/nn/unpooling.h"

#include "tessera/base/error.h"
#include "tessera/nn/layer_parts.h"

namespace tessera::nn {

Tensor SwitchedMaxPool2d::forward(const Tensor& x, Context& /*context*/) {
  Pooled pooled = max_pool_with_switches(x, settings_);
  switches_ = pooled.switches;
  pooled_shape_ = x.shape();
  return pooled.values;
}

MaxUnpool2d::MaxUnpool2d(const SwitchedMaxPool2d& pool, std::int64_t rows, std::int64_t columns)
    : pool_(pool),
      rows_(parts::positive("MaxUnpool2d", "rows", rows)),
      columns_(parts::positive("MaxUnpool2d", "columns", columns)) {}

Tensor MaxUnpool2d::forward(const Tensor& x, Context& /*context*/) {
  const Shape output = output_shape(x.shape());
  if (!pool_.switches().defined() || pool_.pooled_shape() != output)
    fail("{}: the input is {}, expected that the pooling was given {} before it, found {}", where(),
         x.shape().to_string(), output.to_string(),
         pool_.switches().defined() ? pool_.pooled_shape().to_string() : "no forward pass");
  return max_unpool2d(x, pool_.switches(), output);
}

Shape MaxUnpool2d::output_shape(const Shape& input) const {
  const Shape output = input.rank() == 4 ? Shape{input[0], input[1], rows_, columns_} : Shape{};
  if (input.rank() != 4 || pool_.output_shape(output) != input)
    fail("{}: the input has shape {}, expected [N, C, H, W] as the pooling gives it of {} x {} pixels",
         where(), input.to_string(), rows_, columns_);
  return output;
}

std::string MaxUnpool2d::describe() const {
  return fmt::format("MaxUnpool2d(to {} x {})", rows_, columns_);
}

}  // namespace tessera::nn
