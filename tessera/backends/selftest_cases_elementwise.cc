// The cases of the selftest: operations that work element by element, and those that make tensors from nothing.
#include "tessera/backends/selftest_make_cases.h"

namespace tessera::selftest {

// ---- Elementwise ----

void add_unary(Cases& cases) {
  for (const DType dtype : dtypes_of(cases.op())) {
    cases.add(case_name(dtype, "special"), {}, [=](auto) { return Cases::Inputs{special_values(dtype)}; });
    for (const Shape& shape : {Shape{}, Shape{1}, Shape{0, 3}, Shape{7}, Shape{3, 5, 7}, Shape{33001}})
      cases.add(case_name(dtype, "contiguous {}", shape.to_string()), {}, [=](auto keys) {
        return Cases::Inputs{make_input(keys[0], shape, dtype, Values::kAwkward)};
      });
    for (const Layout layout : kLayouts)
      cases.add(case_name(dtype, "{} [17, 33]", layout_name(layout)), {}, [=](auto keys) {
        return Cases::Inputs{make_input(keys[0], {17, 33}, dtype, Values::kAwkward, layout)};
      });
  }
}

// Integer division by zero is an error, so divisors are odd.

namespace {

// Integer division by zero is an error, so divisors are odd.
Tensor second_argument(Op op, numerics::PhiloxKey key, const Shape& shape, DType dtype, Layout layout) {
  if (op != Op::kDivide || dtype != DType::kInt64)
    return make_input(key, shape, dtype, Values::kAwkward, layout);
  const std::vector<std::int64_t> values =
      make_input(key, shape, dtype, Values::kAwkward, layout).to_vector<std::int64_t>();
  std::vector<std::int64_t> odd;
  for (const std::int64_t value : values) odd.push_back(value | 1);
  return Tensor::from(odd, shape);
}

void add_binary_of(Cases& cases, DType dtype) {
  const Op op = cases.op();
  if (op != Op::kDivide || dtype != DType::kInt64)  // every special value with every other
    cases.add(case_name(dtype, "special"), {}, [=](auto) {
      const Tensor values = special_values(dtype);
      return Cases::Inputs{values.reshape({values.elements(), 1}), values};
    });
  struct Pair {
    Shape a, b;
  };
  for (const Pair& pair :
       {Pair{{}, {}}, Pair{{7}, {}}, Pair{{}, {0}}, Pair{{3, 5, 7}, {3, 5, 7}}, Pair{{17, 1}, {33}},
        Pair{{2, 1, 5}, {3, 1}}, Pair{{33001}, {33001}}, Pair{{33, 65}, {65}}, Pair{{33, 65}, {33, 1}}})
    cases.add(case_name(dtype, "{} {}", pair.a.to_string(), pair.b.to_string()), {}, [=](auto keys) {
      return Cases::Inputs{make_input(keys[0], pair.a, dtype, Values::kAwkward),
                           second_argument(op, keys[1], pair.b, dtype, Layout::kContiguous)};
    });
  for (const Layout layout : kLayouts)
    cases.add(case_name(dtype, "contiguous, {} [17, 33]", layout_name(layout)), {}, [=](auto keys) {
      return Cases::Inputs{make_input(keys[0], {17, 33}, dtype, Values::kAwkward),
                           second_argument(op, keys[1], {17, 33}, dtype, layout)};
    });
  cases.add(case_name(dtype, "transposed, sliced [17, 33]"), {}, [=](auto keys) {
    return Cases::Inputs{make_input(keys[0], {17, 33}, dtype, Values::kAwkward, Layout::kTransposed),
                         second_argument(op, keys[1], {17, 33}, dtype, Layout::kSliced)};
  });
}

}  // namespace

void add_binary(Cases& cases) {
  for (const DType dtype : dtypes_of(cases.op())) add_binary_of(cases, dtype);
}

void add_compare(Cases& cases) {
  for (const DType dtype : kAll) add_binary_of(cases, dtype);
}

void add_select(Cases& cases) {
  for (const DType dtype : kAll) {
    for (const Layout layout : kLayouts)
      cases.add(case_name(dtype, "{} [17, 33]", layout_name(layout)), {}, [=](auto keys) {
        return Cases::Inputs{make_input(keys[0], {17, 33}, DType::kBool, Values::kOrdinary, layout),
                             make_input(keys[1], {17, 33}, dtype, Values::kAwkward, layout),
                             make_input(keys[2], {17, 33}, dtype, Values::kAwkward)};
      });
    cases.add(case_name(dtype, "[5, 1, 7] [3, 1] []"), {}, [=](auto keys) {
      return Cases::Inputs{make_input(keys[0], {5, 1, 7}, DType::kBool), make_input(keys[1], {3, 1}, dtype),
                           make_input(keys[2], {}, dtype)};
    });
  }
}

void add_cast(Cases& cases) {
  for (const DType from : kAll)
    for (const DType to : kAll) {
      const Attributes attributes = CastAttributes{to};
      cases.add(case_name(from, "to {}, special", dtype_name(to)), attributes,
                [=](auto) { return Cases::Inputs{special_values(from)}; });
      cases.add(case_name(from, "to {}, transposed [17, 33]", dtype_name(to)), attributes, [=](auto keys) {
        return Cases::Inputs{make_input(keys[0], {17, 33}, from, Values::kAwkward, Layout::kTransposed)};
      });
    }
}

// ---- From nothing ----

void add_create(Cases& cases) {
  const auto nothing = [](auto) { return Cases::Inputs{}; };
  for (const DType dtype :
       cases.op() == Op::kFill ? std::span<const DType>(kAll) : std::span<const DType>(kNumbers))
    for (const Shape& shape : {Shape{0}, Shape{7}, Shape{1025}}) {
      const bool exact = !is_floating(dtype);
      const double value = dtype == DType::kBool ? 1 : exact ? 5 : -0.1, step = exact ? 3 : 0.7;
      cases.add(case_name(dtype, "{}", shape.to_string()), FillAttributes{shape, dtype, value, step},
                nothing);
    }
}

void add_random(Cases& cases) {
  const auto nothing = [](auto) { return Cases::Inputs{}; };
  const bool integers = cases.op() == Op::kRandomBits || cases.op() == Op::kRandomPermutation;
  for (const DType dtype : {DType::kInt64, DType::kFloat32, DType::kFloat64}) {
    if (integers != (dtype == DType::kInt64)) continue;
    for (const std::int64_t n : {0, 1, 7, 1025, 10001})
      for (const std::uint64_t offset : {0, 5}) {
        if (offset != 0 && cases.op() == Op::kRandomPermutation) continue;
        cases.add(case_name(dtype, "[{}] from {}", n, offset),
                  RandomAttributes{{n}, dtype, 0x243f6a88, 0x85a308d3, 3, offset}, nothing);
      }
  }
}

// ---- Bias, activation, dropout ----

namespace {

void add_activate(Cases& cases) {
  for (const DType dtype : kFloating)
    for (const Curve curve : {Curve::kLeakyRelu, Curve::kElu, Curve::kSoftplus, Curve::kGelu,
                              Curve::kGeluTanh, Curve::kSilu, Curve::kMish})
      for (const Values values : {Values::kSmall, Values::kAwkward})
        for (const Layout layout : {Layout::kContiguous, Layout::kTransposed})
          cases.add(case_name(dtype, "curve {}, {}{}", static_cast<int>(curve), layout_name(layout),
                              values == Values::kAwkward ? ", awkward" : ""),
                    CurveAttributes{curve, 0.3}, [=, op = cases.op()](auto keys) {
                      Cases::Inputs inputs = {make_input(keys[0], {7, 43}, dtype, values, layout)};
                      if (op == Op::kActivateGradient)
                        inputs.push_back(make_input(keys[1], {7, 43}, dtype, values, layout));
                      return inputs;
                    });
}

}  // namespace

void add_finish(Cases& cases) {
  if (cases.op() == Op::kActivate || cases.op() == Op::kActivateGradient) return add_activate(cases);
  const bool gradient = cases.op() == Op::kFinishGradient;
  constexpr Activation kActivations[] = {Activation::kNone, Activation::kRelu, Activation::kTanh,
                                         Activation::kSigmoid};
  for (const DType dtype : kFloating)
    for (std::size_t activation = 0; activation < std::size(kActivations); ++activation)
      for (const int axis : {-1, 0, 1, 2})  // -1: no bias
        for (const bool drops : {false, true}) {
          const Shape shape{3, 5, 19};
          const FinishAttributes attributes{.activation = kActivations[activation],
                                            .bias = axis >= 0,
                                            .axis = std::max(axis, 0),
                                            .drops = drops,
                                            .drop = 0.3,
                                            .scale = 1 / 0.7};
          const Layout layout = axis == 1 && drops ? Layout::kTransposed : Layout::kContiguous;
          cases.add(case_name(dtype, "activation {}, bias {}{}", activation, axis, drops ? ", drops" : ""),
                    attributes, [=](auto keys) {
                      Cases::Inputs inputs = {make_input(keys[0], shape, dtype, Values::kAwkward, layout)};
                      if (gradient)
                        inputs.push_back(make_input(keys[1], shape, dtype, Values::kAwkward, layout));
                      if (axis >= 0)
                        inputs.push_back(make_input(keys[2], {shape[axis]}, dtype, Values::kAwkward));
                      if (drops)
                        inputs.push_back(make_input(keys[3], shape, DType::kFloat32, Values::kSmall, layout));
                      return inputs;
                    });
        }
}

}  // namespace tessera::selftest
