// The second-derivative test: at a point where the gradient vanishes, the signs of the Hessian's eigenvalues tell a
// minimum from a maximum from a saddle; a zero eigenvalue leaves it open.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

void classify(const char* formula, const TensorFunction& f) {
  const Tensor origin = Tensor::from<double>({0, 0}, {2});
  const Tensor slope = grad(f, origin);
  const Tensor h = hessian(f, origin);
  const double a = h.at<double>({0, 0}), b = h.at<double>({0, 1}), d = h.at<double>({1, 1});
  const double determinant = a * d - b * b;
  const char* verdict = determinant < 0            ? "saddle"
                        : determinant > 0 && a > 0 ? "minimum"
                        : determinant > 0          ? "maximum"
                                                   : "the test does not decide";
  std::printf("%-12s gradient (%g, %g)  Hessian [[%g, %g], [%g, %g]]  determinant %g: %s\n", formula,
              slope.at<double>({0}), slope.at<double>({1}), a, b, b, d, determinant, verdict);
}

int main() {
  use_default_backend();
  const auto x = [](const Tensor& p) { return p.slice({0}); };
  const auto y = [](const Tensor& p) { return p.slice({1}); };
  classify("x^2 + y^2", [&](const Tensor& p) { return x(p) * x(p) + y(p) * y(p); });
  classify("-(x^2+y^2)", [&](const Tensor& p) { return -(x(p) * x(p) + y(p) * y(p)); });
  classify("x^2 - y^2", [&](const Tensor& p) { return x(p) * x(p) - y(p) * y(p); });
  classify("x^3 + y^2", [&](const Tensor& p) { return x(p) * x(p) * x(p) + y(p) * y(p); });
}
