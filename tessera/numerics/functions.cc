#include "tessera/numerics/functions.h"

#include "tessera/numerics/formula_constants.h"
#include "tessera/numerics/scalar_ops.h"

namespace tessera::numerics {

namespace scalar {
#include "tessera/numerics/functions-inl.h"
}  // namespace scalar

#define TESSERA_DEFINE_FUNCTION(name)          \
  TESSERA_FMA_CLONES float name(float x) {     \
    return scalar::name<ScalarOps<float>>(x);  \
  }                                            \
  TESSERA_FMA_CLONES double name(double x) {   \
    return scalar::name<ScalarOps<double>>(x); \
  }
TESSERA_DEFINE_FUNCTION(exp)
TESSERA_DEFINE_FUNCTION(log)
TESSERA_DEFINE_FUNCTION(expm1)
TESSERA_DEFINE_FUNCTION(log1p)
TESSERA_DEFINE_FUNCTION(tanh)
TESSERA_DEFINE_FUNCTION(sigmoid)
TESSERA_DEFINE_FUNCTION(erf)
TESSERA_DEFINE_FUNCTION(sin)
TESSERA_DEFINE_FUNCTION(cos)
#undef TESSERA_DEFINE_FUNCTION

TESSERA_FMA_CLONES float pow(float x, float y) {
  return scalar::pow<ScalarOps<float>>(x, y);
}
TESSERA_FMA_CLONES double pow(double x, double y) {
  return scalar::pow<ScalarOps<double>>(x, y);
}

float sqrt(float x) {
  return square_root(x);
}
double sqrt(double x) {
  return square_root(x);
}

}  // namespace tessera::numerics
