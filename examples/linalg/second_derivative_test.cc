// The second-derivative test: where the gradient vanishes, the signs of the Hessian's eigenvalues tell a minimum from a maximum and a saddle.
// Where an eigenvalue is zero (x^3, x^4) second derivatives do not decide.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

void show(const char* name, const TensorFunction& function, const std::vector<double>& at) {
  const CriticalPoint point =
      critical_point(function, Tensor::from<double>(at, {static_cast<std::int64_t>(at.size())}));
  std::printf("%-14s %-13s eigenvalues", name, std::string(critical_kind_name(point.kind)).c_str());
  for (const double x : point.eigenvalues.to_vector<double>()) std::printf(" %g", x);
  std::printf("  (%s)\n",
              std::string(linalg::definiteness_name(linalg::definiteness(point.hessian))).c_str());
}

int main() {
  use_default_backend();
  const auto part = [](const Tensor& x, std::int64_t i) { return slice(x, {Range(i)}); };
  show("x^2 + y^2", [](const Tensor& x) { return sum(x * x); }, {0, 0});
  show("-(x^2 + y^2)", [](const Tensor& x) { return -sum(x * x); }, {0, 0});
  show("x^2 - y^2", [&](const Tensor& x) { return part(x, 0) * part(x, 0) - part(x, 1) * part(x, 1); },
       {0, 0});
  show("x^3", [](const Tensor& x) { return sum(x * x * x); }, {0});
  show("x^4", [](const Tensor& x) { return sum(x * x * x * x); }, {0});
  show("x^2 at x = 1", [](const Tensor& x) { return sum(x * x); }, {1});
}
