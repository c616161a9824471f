#include <fmt/core.h>

#include "bench/cases/tools.h"
#include "tessera/autograd/tape.h"

namespace bench {
using tessera::Conv2dOptions;
using tessera::Tape;
using tessera::Tensor;

namespace {

struct Convolution {
  std::int64_t batch, channels, size, outputs, kernel, padding;
  std::string title() const {
    return fmt::format("{}x{}x{}x{} filters {}x{}x{}", batch, channels, size, size, outputs, kernel, kernel);
  }
  Tensor input() const { return normal({batch, channels, size, size}); }
  Tensor weight() const { return normal({outputs, channels, kernel, kernel}, 0.1); }
  Conv2dOptions options() const {
    Conv2dOptions options;
    options.padding[0] = options.padding[1] = padding;
    return options;
  }
};

Case convolution_case(const Convolution& c) {
  return lazy("conv2d " + c.title(), [=] {
    return [x = c.input(), w = c.weight(), options = c.options()] { tessera::conv2d(x, w, options); };
  });
}

// Forward, then the gradients with respect to input and weights.
Case convolution_gradients_case(const Convolution& c) {
  return lazy("conv2d with gradients " + c.title(), [=] {
    return [x = c.input(), w = c.weight(), options = c.options()] {
      Tape tape;
      tape.watch({x, w});
      tape.gradient(tessera::sum(tessera::conv2d(x, w, options)), {x, w});
    };
  });
}

}  // namespace

std::vector<Case> convolution_cases() {
  std::vector<Case> cases;
  for (const Convolution& c : {Convolution{32, 64, 28, 64, 3, 1}, Convolution{32, 3, 32, 32, 5, 2}}) {
    cases.push_back(convolution_case(c));
    cases.push_back(convolution_gradients_case(c));
  }
  cases.push_back(unary_case("max_pool2d 32x64x28x28", {32, 64, 28, 28},
                             [](const Tensor& x) { tessera::max_pool2d(x); }));
  return cases;
}

}  // namespace bench
