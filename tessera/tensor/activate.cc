#include "tessera/tensor/activate.h"

#include "tessera/tensor/ops_arguments.h"

namespace tessera {

Tensor activate(const Operand& x, Curve curve, double parameter) {
  return internal::apply_unary(Op::kActivate, x, CurveAttributes{curve, parameter});
}

}  // namespace tessera
