// The cases of the selftest: views, moves, indices.
#include "tessera/backends/selftest_make_cases.h"

namespace tessera::selftest {
namespace {

// ---- Views, moves, indices ----

SliceAttributes slice_attributes(const Shape& full, const std::vector<Range>& ranges) {
  SliceAttributes attributes{{}, full};
  for (int axis = 0; axis < full.rank(); ++axis)
    attributes.ranges.push_back(ranges[static_cast<std::size_t>(axis)].resolve(full[axis], axis));
  return attributes;
}

}  // namespace

void add_view(Cases& cases) {
  for (const DType dtype : kAll)
    for (const Layout layout : {Layout::kContiguous, Layout::kTransposed}) {
      const Shape shape = cases.op() == Op::kBroadcastTo ? Shape{3, 1, 5} : Shape{3, 4, 5};
      Attributes attributes;
      if (cases.op() == Op::kReshape) attributes = ShapeAttributes{{4, 15}};
      if (cases.op() == Op::kBroadcastTo) attributes = ShapeAttributes{{2, 3, 4, 5}};
      if (cases.op() == Op::kPermute) attributes = PermuteAttributes{{2, 0, 1}};
      if (cases.op() == Op::kSlice)
        attributes = slice_attributes(shape, {Range(1), Range::step(-1), Range(1, 4, 2)});
      // Reshape's row promises a view; strided inputs are copied before it.
      const Layout used = cases.op() == Op::kReshape ? Layout::kContiguous : layout;
      cases.add(case_name(dtype, "{} {}", layout_name(layout), shape.to_string()), attributes,
                [=](auto keys) {
                  return Cases::Inputs{make_input(keys[0], shape, dtype, Values::kAwkward, used)};
                });
    }
}

namespace {

void add_copy(Cases& cases) {
  for (const DType dtype : kAll)
    for (const Layout layout : kLayouts)
      cases.add(case_name(dtype, "{} [3, 17, 33]", layout_name(layout)), {}, [=](auto keys) {
        return Cases::Inputs{make_input(keys[0], {3, 17, 33}, dtype, Values::kAwkward, layout)};
      });
}

void add_embed(Cases& cases) {
  struct Example {
    const char* name;
    Shape full;
    std::vector<Range> ranges;
    Shape sliced;
  };
  const std::vector<Example> examples = {
      {"one row", {5, 7}, {Range(-2), Range::all()}, {7}},
      {"every third, backwards", {5, 17}, {Range(1, 4), Range::step(-3)}, {3, 6}},
      {"nothing", {5, 7}, {Range(2, 2), Range::all()}, {0, 7}},
  };
  for (const DType dtype : kNumbers)
    for (const Example& example : examples)
      cases.add(case_name(dtype, "{} of {}", example.name, example.full.to_string()),
                slice_attributes(example.full, example.ranges), [=](auto keys) {
                  return Cases::Inputs{
                      make_input(keys[0], example.sliced, dtype, Values::kAwkward, Layout::kReversed)};
                });
}

void add_concatenate(Cases& cases) {
  for (const DType dtype : kAll)
    for (const int axis : {0, 1, 2})
      cases.add(case_name(dtype, "three along axis {}", axis), AxisAttributes{axis}, [=](auto keys) {
        Cases::Inputs inputs;
        for (const std::int64_t length : {3, 0, 17}) {
          Shape shape{2, 3, 5};
          shape[axis] = length;
          const Layout layout = length == 17 ? Layout::kTransposed : Layout::kContiguous;
          inputs.push_back(
              make_input(keys[static_cast<std::uint64_t>(length)], shape, dtype, Values::kAwkward, layout));
        }
        return inputs;
      });
}

}  // namespace

void add_move(Cases& cases) {
  const Op op = cases.op();
  (op == Op::kCopy ? add_copy : op == Op::kEmbed ? add_embed : add_concatenate)(cases);
}

namespace {

void add_index(Cases& cases) {
  const bool adds = cases.op() == Op::kIndexAdd;
  for (const DType dtype : adds ? std::span<const DType>(kNumbers) : std::span<const DType>(kAll))
    for (const int axis : {0, 1, 2})
      for (const std::int64_t count : {0, 5, 700})  // 700 of them meet the same few entries, in order
        cases.add(case_name(dtype, "{} along axis {}", count, axis), AxisAttributes{axis}, [=](auto keys) {
          const Shape shape{4, 9, 5};
          Shape source = shape;
          source[axis] = count;
          Cases::Inputs inputs = {make_input(keys[0], shape, dtype, Values::kOrdinary, Layout::kTransposed),
                                  make_indices(keys[1], count, shape[axis])};
          if (adds) inputs.push_back(make_input(keys[2], source, dtype, Values::kOrdinary, Layout::kSliced));
          return inputs;
        });
}

// An index, or an order, for every line along the axis.
void add_along(Cases& cases) {
  const bool adds = cases.op() == Op::kScatterAdd;
  for (const DType dtype : adds ? std::span<const DType>(kNumbers) : std::span<const DType>(kAll))
    for (const int axis : {0, 1, 2})
      for (const std::int64_t count : {0, 5, 700})
        cases.add(case_name(dtype, "{} along axis {}", count, axis), AxisAttributes{axis}, [=](auto keys) {
          const Shape shape{4, 9, 5};
          Shape places = shape;
          places[axis] = count;
          Cases::Inputs inputs = {make_input(keys[0], shape, dtype, Values::kOrdinary, Layout::kTransposed),
                                  make_indices(keys[1], places.elements(), shape[axis]).reshape(places)};
          if (adds) inputs.push_back(make_input(keys[2], places, dtype, Values::kOrdinary, Layout::kSliced));
          return inputs;
        });
}

// Below and beyond where a line is sorted another way, and where its keys differ in few digits only.
void add_sort(Cases& cases) {
  const auto add_case = [&](DType dtype, const Shape& shape, int axis, bool descending, Values values,
                            Layout layout) {
    cases.add(case_name(dtype, "{}{} {} along {}{}", layout_name(layout),
                        values == Values::kAwkward ? " awkward" : "", shape.to_string(), axis,
                        descending ? ", descending" : ""),
              SortAttributes{axis, descending},
              [=](auto keys) { return Cases::Inputs{make_input(keys[0], shape, dtype, values, layout)}; });
  };
  for (const DType dtype : kAll)
    for (const bool descending : {false, true}) {
      for (const std::int64_t length : {0, 1, 2, 17, 300, 5000, 70001})
        add_case(dtype, {length}, 0, descending, Values::kAwkward, Layout::kContiguous);
      for (const int axis : {0, 1, 2})
        add_case(dtype, {4, 33, 5}, axis, descending, Values::kSmall, Layout::kTransposed);
    }
}

}  // namespace

void add_indexing(Cases& cases) {
  const Op op = cases.op();
  (op == Op::kGather || op == Op::kIndexAdd        ? add_index
   : op == Op::kTakeAlong || op == Op::kScatterAdd ? add_along
                                                   : add_sort)(cases);
}

}  // namespace tessera::selftest
