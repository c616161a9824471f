// How the selftest's cases are made: one operation's list, and the families of selftest_cases_*.cc, which fill it. Internal to
// selftest_cases*.cc.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tessera/backends/selftest_cases.h"
#include "tessera/numerics/philox.h"
#include "tessera/tensor/op.h"
#include "tessera/tensor/tensor.h"

namespace tessera::selftest {

inline constexpr DType kFloating[] = {DType::kFloat32, DType::kFloat64, DType::kBFloat16};
inline constexpr DType kNumbers[] = {DType::kFloat32, DType::kFloat64, DType::kBFloat16, DType::kInt64};
inline constexpr DType kAll[] = {DType::kFloat32, DType::kFloat64, DType::kBFloat16,
                                 DType::kInt64,   DType::kUInt8,   DType::kBool};

// What the row is tested with, where it is not the class that says so.
std::span<const DType> dtypes_of(Op op);

// The cases of one operation. The inputs of a case are drawn from its own stream: input i has the key (i,
// name).
class Cases {
 public:
  explicit Cases(Op op) : op_(op) {}

  using Inputs = std::vector<Tensor>;
  struct Keys {
    std::string stream;
    numerics::PhiloxKey operator[](std::uint64_t input) const { return numerics::stream_key(input, stream); }
  };

  // `make` gives the inputs, from keys that belong to this case.
  template <typename Make>
  void add(std::string name, Attributes attributes, Make make) {
    const Keys keys{fmt::format("selftest/{}/{}", op_info(op_).name, name)};
    cases_.push_back({std::string(op_info(op_).name), std::move(name), [op = op_, keys, attributes, make] {
                        const Inputs inputs = make(keys);
                        return apply(op, inputs, attributes);
                      }});
  }
  Op op() const { return op_; }
  std::vector<Case> take() { return std::move(cases_); }

 private:
  Op op_;
  std::vector<Case> cases_;
};

template <typename... Parts>
std::string case_name(DType dtype, fmt::format_string<Parts...> format, Parts&&... parts) {
  return fmt::format("{}/{}", dtype_name(dtype), fmt::format(format, std::forward<Parts>(parts)...));
}

// ---- The families: each adds the cases of `cases.op()`, which is of the class that it is named after ----

// Element by element, and from nothing.
void add_unary(Cases& cases);
void add_binary(Cases& cases);
void add_compare(Cases& cases);
void add_select(Cases& cases);
void add_cast(Cases& cases);
void add_create(Cases& cases);
void add_random(Cases& cases);
void add_finish(Cases& cases);
// Views, moves, indices.
void add_view(Cases& cases);
void add_move(Cases& cases);
void add_indexing(Cases& cases);
// Products and windows.
void add_product(Cases& cases);
void add_window(Cases& cases);
// Along rows: reductions, normalisations, optimiser steps, recurrent layers.
void add_reduction(Cases& cases);
void add_normalization(Cases& cases);
void add_optimizer(Cases& cases);
void add_recurrent(Cases& cases);

}  // namespace tessera::selftest
