#include "tessera/learn/covariance.h"

#include "tessera/learn/centred_products.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

Tensor covariance_of(const Tensor& x, const Tensor& mean, double divisor) {
  return internal::centred_products(x, mean, {}, {}).squares / divisor;
}

}  // namespace tessera::learn
