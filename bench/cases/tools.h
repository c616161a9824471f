// What the files of cases share: inputs, and cases that make them when they are first run.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "bench/cases.h"
#include "tessera/tensor/ops.h"

namespace bench {

// Standard normal draws times `scale`, others at each call.
tessera::Tensor normal(const tessera::Shape& shape, double scale = 1);
// int64 [count], all below `classes`.
tessera::Tensor labels(std::int64_t count, std::int64_t classes);

// `make` returns the work to be measured, with its inputs; it is called before the first run, so that listing the cases costs nothing.
template <typename Make>
Case lazy(std::string name, Make make) {
  using Work = decltype(make());
  auto work = std::make_shared<std::unique_ptr<Work>>();
  return {std::move(name), [work, make] {
            if (!*work) *work = std::make_unique<Work>(make());
            (**work)();
          }};
}

template <typename Function>
Case unary_case(const std::string& name, const tessera::Shape& shape, Function function) {
  return lazy(name, [=] { return [x = normal(shape), function] { function(x); }; });
}

}  // namespace bench
