// Shape rules: one function per row of ops.def, which checks the inputs and says what the operation will produce. A row without its
// rule fails the link. Private to this room; `infer` (op.h) is the door.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "tessera/base/error.h"
#include "tessera/tensor/op.h"

namespace tessera::shape_rules {

struct RuleCall {
  Op op;
  std::span<const Tensor> inputs;
  const Attributes& attributes;

  std::string_view name() const { return op_info(op).name; }
  const Tensor& input(std::size_t index) const { return inputs[index]; }
  const Shape& shape(std::size_t index) const { return inputs[index].shape(); }

  template <typename A>
  const A& get() const {
    const A* found = std::get_if<A>(&attributes);
    TESSERA_CHECK(found != nullptr, "{}: the attributes are of the wrong kind ({})", name(),
                  attributes.index());
    return *found;
  }
};

#define TESSERA_OP(Id, name, ...) TensorSpec name##_rule(const RuleCall& call);
#include "tessera/tensor/ops.def"
#undef TESSERA_OP

// Throws Error unless the input's dtype is one of `allowed`; `argument` names it in the message ("x").
void require_dtype(const RuleCall& call, std::size_t input, std::string_view argument,
                   std::initializer_list<DType> allowed);
void require_floating(const RuleCall& call, std::size_t input, std::string_view argument);
// Throws Error naming both dtypes unless they are the same.
void require_same_dtype(const RuleCall& call, std::size_t a, std::size_t b);
void require_rank(const RuleCall& call, std::size_t input, std::string_view argument, int rank,
                  std::string_view axes);
// The axis of AxisAttributes, checked against the input's shape (attributes count from the front).
int checked_axis(const RuleCall& call, const Shape& shape);
int checked_axis(const RuleCall& call, const Shape& shape, int axis);
// Throws Error when a length is negative.
void require_lengths(const RuleCall& call, const Shape& shape);
// broadcast_shapes with the operation's name in the message.
Shape broadcast_of(const RuleCall& call, const Shape& a, const Shape& b);

}  // namespace tessera::shape_rules
