// The cases of the selftest: reductions, normalisations, optimiser steps, recurrent layers.
#include "tessera/backends/selftest_make_cases.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/optimizer_steps.h"

namespace tessera::selftest {
namespace {

// ---- Reductions ----

struct Reduction {
  Shape shape;
  std::vector<int> axes;
};

std::vector<Reduction> reductions() {
  return {{{}, {}},
          {{1}, {0}},
          {{7}, {0}},
          {{16}, {0}},
          {{17}, {0}},
          {{1023}, {0}},
          {{1024}, {0}},
          {{1025}, {0}},
          {{33001}, {0}},
          {{17, 257}, {0}},
          {{17, 257}, {1}},
          {{2500, 3}, {0}},
          {{3, 2500}, {1}},
          {{5, 1030, 3}, {1}},
          {{3, 4, 5}, {0, 2}},
          {{7, 40, 41}, {0, 1, 2}},
          {{6, 5, 4}, {}},
          {{9, 30, 40}, {1, 2}},
          {{40, 3, 33}, {0, 2}}};
}

}  // namespace

void add_reduction(Cases& cases) {
  const Op op = cases.op();
  const auto add_case = [&](DType dtype, const Reduction& reduction, Values values, Layout layout,
                            bool keep) {
    std::string axes;
    for (const int axis : reduction.axes) axes += fmt::format(" {}", axis);
    cases.add(case_name(dtype, "{}{} {} over{}{}", layout_name(layout),
                        values == Values::kAwkward ? " awkward" : "", reduction.shape.to_string(),
                        axes.empty() ? " none" : axes, keep ? ", kept" : ""),
              ReduceAttributes{reduction.axes, keep}, [=](auto keys) {
                return Cases::Inputs{make_input(keys[0], reduction.shape, dtype, values, layout)};
              });
  };
  for (const DType dtype : dtypes_of(op)) {
    for (const Reduction& reduction : reductions()) {
      if (op == Op::kArgMax && reduction.axes.size() != 1) continue;
      add_case(dtype, reduction, Values::kOrdinary, Layout::kContiguous, false);
      if (reduction.shape == Shape{3, 4, 5} || reduction.shape == Shape{17, 257})
        add_case(dtype, reduction, Values::kOrdinary, Layout::kContiguous, true);
    }
    for (const Layout layout : kLayouts)
      for (const int axis : {0, 1}) {
        if (layout == Layout::kContiguous) continue;
        add_case(dtype, {{40, 1100}, {axis}}, Values::kOrdinary, layout, false);
      }
    add_case(dtype, {{60, 4}, {1}}, Values::kAwkward, Layout::kContiguous, false);
    add_case(dtype, {{4, 60}, {0}}, Values::kAwkward, Layout::kTransposed, false);
    const bool needs_elements = op == Op::kMax || op == Op::kMin || op == Op::kArgMax;
    if (!needs_elements) add_case(dtype, {{3, 0}, {1}}, Values::kOrdinary, Layout::kContiguous, false);
    add_case(dtype, {{0, 3}, {1}}, Values::kOrdinary, Layout::kContiguous, false);
  }
}

namespace {

// ---- Normalisations ----

void add_softmax(Cases& cases) {
  for (const DType dtype : kFloating) {
    const auto add_case = [&](const Shape& shape, int axis, Values values, Layout layout) {
      cases.add(case_name(dtype, "{}{} {} along {}", layout_name(layout),
                          values == Values::kAwkward ? " awkward" : "", shape.to_string(), axis),
                AxisAttributes{axis},
                [=](auto keys) { return Cases::Inputs{make_input(keys[0], shape, dtype, values, layout)}; });
    };
    for (const Shape& shape : {Shape{1}, Shape{17}, Shape{1500}})
      add_case(shape, 0, Values::kSmall, Layout::kContiguous);
    for (const int axis : {0, 1}) {
      for (const Layout layout : kLayouts) add_case({33, 10}, axis, Values::kSmall, layout);
      add_case({3, 1500}, axis, Values::kOrdinary, Layout::kContiguous);
    }
    add_case({4, 5, 6}, 1, Values::kSmall, Layout::kContiguous);
    add_case({60, 4}, 1, Values::kAwkward, Layout::kContiguous);
    add_case({2, 21, 37}, 1, Values::kSmall, Layout::kContiguous);
    add_case({1100, 17}, 0, Values::kSmall, Layout::kContiguous);
    add_case({6, 40}, 0, Values::kAwkward, Layout::kContiguous);
  }
}

void add_cross_entropy(Cases& cases) {
  for (const DType dtype : kFloating)
    for (const Shape& shape : {Shape{1, 1}, Shape{33, 10}, Shape{5, 1500}, Shape{0, 4}})
      for (const Layout layout : {Layout::kContiguous, Layout::kTransposed})
        cases.add(case_name(dtype, "{} {}", layout_name(layout), shape.to_string()), {}, [=](auto keys) {
          return Cases::Inputs{make_input(keys[0], shape, dtype, Values::kSmall, layout),
                               make_indices(keys[1], shape[0], shape[1])};
        });
}

void add_softmax_gradient(Cases& cases) {
  for (const DType dtype : kFloating) {
    const auto add_case = [&](const Shape& shape, int axis, Values values, Layout layout) {
      cases.add(case_name(dtype, "{}{} {} along {}", layout_name(layout),
                          values == Values::kAwkward ? " awkward" : "", shape.to_string(), axis),
                AxisAttributes{axis}, [=](auto keys) {
                  return Cases::Inputs{make_input(keys[0], shape, dtype, values, layout),
                                       make_input(keys[1], shape, dtype, values, layout)};
                });
    };
    for (const Shape& shape : {Shape{1}, Shape{17}, Shape{2500}})
      add_case(shape, 0, Values::kSmall, Layout::kContiguous);
    for (const int axis : {0, 1})
      for (const Layout layout : kLayouts) add_case({33, 10}, axis, Values::kSmall, layout);
    add_case({60, 4}, 1, Values::kAwkward, Layout::kContiguous);
    add_case({2, 21, 37}, 1, Values::kSmall, Layout::kContiguous);
    add_case({1100, 17}, 0, Values::kSmall, Layout::kContiguous);
    add_case({6, 40}, 0, Values::kAwkward, Layout::kContiguous);
  }
}

void add_cross_entropy_gradient(Cases& cases) {
  for (const DType dtype : kFloating)
    for (const Shape& shape : {Shape{1, 1}, Shape{33, 10}, Shape{5, 2500}, Shape{0, 4}})
      for (const Layout layout : {Layout::kContiguous, Layout::kTransposed})
        cases.add(case_name(dtype, "{} {}", layout_name(layout), shape.to_string()), {}, [=](auto keys) {
          return Cases::Inputs{make_input(keys[0], shape, dtype, Values::kSmall, layout),
                               make_indices(keys[1], shape[0], shape[1]),
                               make_input(keys[2], {shape[0]}, dtype)};
        });
}

// (x, scale, shift), (g, x, scale) or (g, x).
void add_layer_norm(Cases& cases) {
  const Op op = cases.op();
  const auto add_case = [&](DType dtype, const Shape& shape, int axes, Values values, Layout layout) {
    const LayerNormAttributes attributes{axes, 1e-5};
    Shape row;
    for (int axis = shape.rank() - axes; axis < shape.rank(); ++axis) row.append(shape[axis]);
    cases.add(case_name(dtype, "{}{} {} over {}", layout_name(layout),
                        values == Values::kAwkward ? " awkward" : "", shape.to_string(), axes),
              attributes, [=](auto keys) {
                const auto whole = [&](int i) { return make_input(keys[i], shape, dtype, values, layout); };
                const auto part = [&](int i) { return make_input(keys[i], row, dtype); };
                if (op == Op::kLayerNorm) return Cases::Inputs{whole(0), part(1), part(2)};
                if (op == Op::kLayerNormScaleGradient) return Cases::Inputs{whole(0), whole(1)};
                return Cases::Inputs{whole(0), whole(1), part(2)};
              });
  };
  for (const DType dtype : kFloating) {
    for (const Shape& shape :
         {Shape{1}, Shape{17}, Shape{5, 1024}, Shape{3, 2500}, Shape{1100, 5}, Shape{0, 4}})
      add_case(dtype, shape, 1, Values::kOrdinary, Layout::kContiguous);
    for (const Layout layout : kLayouts) add_case(dtype, {33, 10}, 1, Values::kOrdinary, layout);
    add_case(dtype, {4, 5, 6}, 2, Values::kOrdinary, Layout::kContiguous);
    add_case(dtype, {60, 4}, 1, Values::kAwkward, Layout::kContiguous);
  }
}

// (x), (x, statistics, scale, shift), (g, x, statistics) or (g, x, statistics, scale, sums): lists of channels below, at and beyond a block, and rows
// of channels.
void add_batch_norm(Cases& cases) {
  const Op op = cases.op();
  const auto add_case = [&](DType dtype, const Shape& shape, bool own, Values values, Layout layout) {
    const Attributes attributes =
        op == Op::kBatchStatistics ? Attributes(NoAttributes{}) : BatchNormAttributes{1e-5, own};
    cases.add(case_name(dtype, "{}{} {}{}", layout_name(layout), values == Values::kAwkward ? " awkward" : "",
                        shape.to_string(), own ? "" : ", constant statistics"),
              attributes, [=](auto keys) {
                const std::int64_t channels = shape[1];
                const auto whole = [&](int i) { return make_input(keys[i], shape, dtype, values, layout); };
                const auto vector = [&](int i) { return make_input(keys[i], {channels}, dtype); };
                const auto pair = [&](int i) { return absolute(make_input(keys[i], {2, channels}, dtype)); };
                if (op == Op::kBatchStatistics) return Cases::Inputs{whole(0)};
                if (op == Op::kBatchNorm) return Cases::Inputs{whole(0), pair(1), vector(2), vector(3)};
                if (op == Op::kBatchNormSums) return Cases::Inputs{whole(0), whole(1), pair(2)};
                return Cases::Inputs{whole(0), whole(1), pair(2), vector(3), pair(4)};
              });
  };
  for (const DType dtype : kFloating) {
    for (const Shape& shape : {Shape{1, 1}, Shape{7, 3}, Shape{1100, 19}, Shape{2, 3, 1024},
                               Shape{3, 5, 7, 7}, Shape{2, 3, 1500}, Shape{40, 2, 3, 19}, Shape{0, 3}})
      add_case(dtype, shape, true, Values::kOrdinary, Layout::kContiguous);
    for (const Layout layout : kLayouts) add_case(dtype, {33, 10, 5}, true, Values::kOrdinary, layout);
    add_case(dtype, {5, 3, 9}, false, Values::kOrdinary, Layout::kContiguous);
    add_case(dtype, {60, 4}, true, Values::kAwkward, Layout::kContiguous);
  }
}

// (x, scale, shift) or (g, x, scale): groups below, at and beyond a block, of channels of one element, of some and of more than a block.
void add_group_norm(Cases& cases) {
  const Op op = cases.op();
  const auto add_case = [&](DType dtype, const Shape& shape, std::int64_t groups, Values values,
                            Layout layout) {
    cases.add(case_name(dtype, "{}{} {} in {}", layout_name(layout),
                        values == Values::kAwkward ? " awkward" : "", shape.to_string(), groups),
              GroupNormAttributes{groups, 1e-5}, [=](auto keys) {
                const auto whole = [&](int i) { return make_input(keys[i], shape, dtype, values, layout); };
                const auto vector = [&](int i) { return make_input(keys[i], {shape[1]}, dtype); };
                if (op == Op::kGroupNorm) return Cases::Inputs{whole(0), vector(1), vector(2)};
                return Cases::Inputs{whole(0), whole(1), vector(2)};
              });
  };
  for (const DType dtype : kFloating) {
    for (const Shape& shape : {Shape{2, 2}, Shape{7, 34}, Shape{1100, 4}, Shape{2, 4, 512}, Shape{3, 6, 7, 7},
                               Shape{2, 4, 1500}, Shape{4, 6, 3, 19}, Shape{0, 4}, Shape{3, 0, 2}})
      add_case(dtype, shape, 2, Values::kOrdinary, Layout::kContiguous);
    for (const Layout layout : kLayouts) add_case(dtype, {33, 10, 5}, 5, Values::kOrdinary, layout);
    add_case(dtype, {5, 3, 9}, 3, Values::kOrdinary, Layout::kContiguous);
    add_case(dtype, {20, 4, 3}, 2, Values::kAwkward, Layout::kContiguous);
  }
}

}  // namespace

void add_normalization(Cases& cases) {
  switch (cases.op()) {
    case Op::kSoftmax:
    case Op::kLogSoftmax:
      return add_softmax(cases);
    case Op::kCrossEntropy:
      return add_cross_entropy(cases);
    case Op::kCrossEntropyGradient:
      return add_cross_entropy_gradient(cases);
    case Op::kSoftmaxGradient:
    case Op::kLogSoftmaxGradient:
      return add_softmax_gradient(cases);
    case Op::kBatchStatistics:
    case Op::kBatchNorm:
    case Op::kBatchNormSums:
    case Op::kBatchNormInputGradient:
      return add_batch_norm(cases);
    case Op::kGroupNorm:
    case Op::kGroupNormGradient:
      return add_group_norm(cases);
    default:
      return add_layer_norm(cases);
  }
}

// ---- Optimisers ----

namespace {

struct StepVariant {
  const char* name;
  OptimizerAttributes attributes;
};

std::vector<StepVariant> step_variants(Op op) {
  std::vector<StepVariant> variants = {{"plain", {}}, {"decay", {.decay = true}}};
  const auto add = [&](const char* name, const OptimizerAttributes& attributes) {
    variants.push_back({name, attributes});
  };
  if (op == Op::kSgdStep) {
    add("momentum", {.momentum = true});
    add("nesterov, decay", {.momentum = true, .nesterov = true, .decay = true});
  } else if (op == Op::kAdamStep) {
    add("decoupled", {.decoupled = true});
    add("amsgrad", {.amsgrad = true});
    add("amsgrad, decoupled", {.decoupled = true, .amsgrad = true});
  } else if (op == Op::kRmspropStep) {
    add("momentum", {.momentum = true});
    add("centered", {.centered = true});
    add("centered, momentum, decay", {.momentum = true, .decay = true, .centered = true});
  }
  return variants;
}

}  // namespace

// Tensors whose ends lie below, at and beyond a vector and a line of 64 bytes. States of both signs, so that some roots are NaN; with
// factors of both signs, as the rows that came first have them, it would be most.
void add_optimizer(Cases& cases) {
  for (const DType dtype : kFloating)
    for (const StepVariant& variant : step_variants(cases.op()))
      for (const Layout layout : {Layout::kContiguous, Layout::kTransposed}) {
        const OptimizerParts parts = optimizer_parts(cases.op(), variant.attributes);
        const bool any_sign =
            cases.op() == Op::kSgdStep || (cases.op() == Op::kAdamStep && !variant.attributes.amsgrad);
        cases.add(case_name(dtype, "{}, {}", variant.name, layout_name(layout)), variant.attributes,
                  [=](auto keys) {
                    Cases::Inputs inputs;
                    for (std::size_t kind = 0; kind < 2 + parts.states; ++kind)
                      for (const Shape& shape : {Shape{7}, Shape{}, Shape{0, 3}, Shape{4, 4}, Shape{5, 41}})
                        inputs.push_back(make_input(keys[inputs.size()], shape, dtype,
                                                    kind == 1 ? Values::kAwkward : Values::kSmall, layout));
                    const DType numbers = dtype == DType::kFloat64 ? dtype : DType::kFloat32;
                    const Tensor factors =
                        make_input(keys[inputs.size()], {parts.factors}, numbers, Values::kSmall);
                    inputs.push_back(any_sign ? factors : absolute(factors));
                    return inputs;
                  });
      }
}

// ---- Recurrent layers: hidden features below, at and beyond a vector and a chunk of k ----

namespace {

struct RecurrentRow {
  std::int64_t gates, states;  // states: h, and c
  std::int64_t parts;          // of the output; 0: the output is the states
  bool gradient;
};

RecurrentRow recurrent_row(Op op) {
  switch (op) {
    case Op::kLstm:
    case Op::kLstmPlain:
    case Op::kLstmGradient:
      return {4, 2, 7, op == Op::kLstmGradient};
    case Op::kRnn:
    case Op::kRnnGradient:
      return {1, 1, 0, op == Op::kRnnGradient};
    default:
      return {3, 1, 5, op == Op::kGruGradient};
  }
}

std::vector<Shape> recurrent_shapes(const RecurrentRow& row, std::int64_t times, std::int64_t samples,
                                    std::int64_t hidden) {
  const Shape state{samples, hidden}, states{times, samples, hidden};
  const std::int64_t gates = row.gates * hidden;
  std::vector<Shape> shapes = {{times, samples, gates}, state, {gates, hidden}, {gates}, {gates}};
  if (row.states == 2) shapes.insert(shapes.begin() + 1, state);
  if (!row.gradient) return shapes;
  shapes.insert(shapes.begin(), row.states == 2 ? Shape{2, times, samples, hidden} : states);
  shapes.push_back(row.parts == 0 ? states : Shape{row.parts, times, samples, hidden});
  return shapes;
}

}  // namespace

void add_recurrent(Cases& cases) {
  const RecurrentRow row = recurrent_row(cases.op());
  struct Size {
    std::int64_t times, samples, hidden;
  };
  std::vector<std::pair<std::string, Attributes>> kinds = {{"", {}}};
  if (row.parts == 0)
    kinds = {{", tanh", RecurrentAttributes{Activation::kTanh}},
             {", relu", RecurrentAttributes{Activation::kRelu}}};
  for (const auto& [kind, attributes] : kinds)
    for (const DType dtype : kFloating)
      for (const Size& size : {Size{1, 1, 1}, Size{3, 7, 5}, Size{2, 13, 33}, Size{2, 2, 260}})
        for (const Layout layout : {Layout::kContiguous, Layout::kTransposed}) {
          const auto [times, samples, hidden] = size;
          const std::vector<Shape> shapes = recurrent_shapes(row, times, samples, hidden);
          cases.add(
              case_name(dtype, "{} times, {} samples, {} hidden, {}{}", times, samples, hidden,
                        layout_name(layout), kind),
              attributes, [=](auto keys) {
                Cases::Inputs inputs;
                for (const Shape& shape : shapes)
                  inputs.push_back(make_input(keys[inputs.size()], shape, dtype, Values::kSmall, layout));
                return inputs;
              });
        }
}

}  // namespace tessera::selftest
