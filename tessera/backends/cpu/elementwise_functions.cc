#include "tessera/backends/cpu/elementwise_kernels.h"

namespace tessera::backends {

template <typename T>
UnaryLoop<T> function_loop(Op) { return nullptr; }
template <typename T>
BinaryLoop<T> pow_loop() { return nullptr; }
template UnaryLoop<float> function_loop<float>(Op);
template UnaryLoop<double> function_loop<double>(Op);
template BinaryLoop<float> pow_loop<float>();
template BinaryLoop<double> pow_loop<double>();

}  // namespace tessera::backends
