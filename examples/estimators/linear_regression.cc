// Least squares in three ways: Householder QR, the normal equations and gradient descent find the same line. Then NIST's kind of trouble: powers of
// x from 100 to 120 are nearly dependent. Squaring the matrix loses twice the digits, QR does not, and gradient descent is far from done.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "tessera/tessera.h"

using namespace tessera;
using Solver = learn::LinearRegression::Solver;

// Columns x, x^2, ..., x^degree for the numbers from `first` on.
Tensor powers(double first, int degree) {
  std::vector<double> values;
  for (int i = 0; i < 21; ++i) {
    double power = 1;
    for (int k = 0; k < degree; ++k) values.push_back(power *= first + i);
  }
  return Tensor::from(values, {21, degree});
}

void compare(const char* title, const Tensor& x, const Tensor& y) {
  std::printf("%s\n", title);
  const char* names[] = {"auto", "qr", "normal", "gradient_descent"};
  for (const Solver solver : {Solver::kQr, Solver::kNormal, Solver::kGradientDescent}) {
    learn::LinearRegression model({.solver = solver, .max_iter = 20000});
    const char* name = names[static_cast<int>(solver)];
    try {
      model.fit(x, y);
    } catch (const Error& error) {
      std::printf("  %-17s%s\n", name, error.what());
      continue;
    }
    double worst = std::abs(model.intercept() - 1);  // every coefficient is 1
    for (const double value : model.coef().to_vector<double>()) worst = std::max(worst, std::abs(value - 1));
    double bound = 1e-15;
    while (worst >= bound) bound *= 10;
    std::printf("  %-17slargest error of a coefficient below %.0e", name, bound);
    if (model.iterations() > 0) std::printf(" after %lld steps", static_cast<long long>(model.iterations()));
    std::printf("\n");
  }
}

int main() {
  use_default_backend();
  for (const double first : {-10.0, 100.0}) {
    const Tensor x = powers(first, 3);
    compare(first < 0 ? "1 + x + x^2 + x^3 at x = -10 ... 10" : "the same at x = 100 ... 120", x,
            sum(x, {1}) + 1.0);
  }
}
