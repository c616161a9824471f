// Tensor::to_string: what a person reads. Stub for the first link; see below.
#include "tessera/tensor/tensor.h"

namespace tessera {
std::string Tensor::to_string() const { return "tensor" + shape().to_string(); }
}  // namespace tessera
