// Random examples of the rows that move elements and of those that take indices.
#include <algorithm>

#include "tessera/backends/random_examples_test.h"

namespace tessera {
Examples random_embed_and_concatenate() {
  const DType dtype = draw_dtype();
  const Shape full = draw_shape(1, 4, 20000);
  SliceAttributes attributes{{}, full};
  Shape sliced;
  for (int axis = 0; axis < full.rank(); ++axis) {
    const auto start = *rc::gen::inRange<std::int64_t>(-5, full[axis] + 5),
               stop = *rc::gen::inRange<std::int64_t>(-5, full[axis] + 5);
    const auto step = *rc::gen::element<std::int64_t>(1, 2, 3, -1, -2);
    attributes.ranges.push_back(Range(start, stop, step).resolve(full[axis], axis));
    sliced.append(attributes.ranges.back().length);
  }
  const int axis = draw_axis(full);
  std::vector<Tensor> parts;
  for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
    Shape shape = full;
    shape[axis] = *rc::gen::inRange<std::int64_t>(0, 9);
    parts.push_back(draw_tensor(shape, dtype));
  }
  return {{Op::kEmbed, {draw_tensor(sliced, dtype)}, attributes},
          {Op::kConcatenate, parts, AxisAttributes{axis}}};
}

Examples random_gather_and_index_add() {
  const DType dtype = draw_dtype();
  Shape shape = draw_shape(1, 4, 8000);
  const int axis = draw_axis(shape);
  shape[axis] = std::max<std::int64_t>(1, shape[axis]);
  const std::int64_t count = draw_length(300);
  const bool outside = *rc::gen::weightedElement<bool>({{15, false}, {1, true}});  // which both refuse
  const Tensor index = draw_indices(count, shape[axis] + (outside ? 1 : 0));
  Shape source = shape;
  source[axis] = count;
  const Tensor x = draw_tensor(shape, dtype);
  return {{Op::kGather, {x, index}, AxisAttributes{axis}},
          {Op::kIndexAdd, {x, index, draw_tensor(source, dtype)}, AxisAttributes{axis}}};
}

Examples random_along() {
  const DType dtype = draw_dtype();
  Shape shape = draw_shape(1, 4, 8000);
  const int axis = draw_axis(shape);
  shape[axis] = std::max<std::int64_t>(1, shape[axis]);
  Shape places = shape;
  places[axis] = draw_length(300);
  const bool outside = *rc::gen::weightedElement<bool>({{15, false}, {1, true}});
  const Tensor index = draw_indices(places.elements(), shape[axis] + (outside ? 1 : 0)).reshape(places);
  const Tensor x = draw_tensor(shape, dtype);
  Examples examples = {{Op::kTakeAlong, {x, index}, AxisAttributes{axis}},
                       {Op::kScatterAdd, {x, index, draw_tensor(places, dtype)}, AxisAttributes{axis}}};
  // Long lines are sorted by all threads together.
  const Shape long_line{*rc::gen::inRange<std::int64_t>(1, 90'000)};
  const Tensor line = draw_tensor(long_line, dtype);
  for (const Op op : {Op::kSort, Op::kArgSort})
    for (const bool descending : {false, true}) {
      examples.push_back({op, {x}, SortAttributes{axis, descending}});
      examples.push_back({op, {line}, SortAttributes{0, descending}});
    }
  return examples;
}

}  // namespace tessera
