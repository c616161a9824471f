// The activations of rows that have one (tensor/finish.h), of one element.
#pragma once

#include "tessera/numerics/functions.h"
#include "tessera/tensor/op.h"

namespace tessera::backends::reference {

template <typename T>
T activated(Activation activation, T x) {
  switch (activation) {
    case Activation::kRelu:
      return x <= T(0) ? T(0) : x;  // NaN stays NaN, -0 gives +0
    case Activation::kTanh:
      return numerics::tanh(x);
    case Activation::kSigmoid:
      return numerics::sigmoid(x);
    case Activation::kNone:
      break;
  }
  return x;
}

}  // namespace tessera::backends::reference
