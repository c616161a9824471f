// Parts of tensors at places that other tensors say, and orders along an axis.
#include <algorithm>
#include <cstring>

#include "tessera/base/error.h"
#include "tessera/interchange/onnx_operators.h"

namespace tessera::onnx {
namespace {

Shape joined(std::span<const std::int64_t> a, std::span<const std::int64_t> b,
             std::span<const std::int64_t> c = {}) {
  Shape shape;
  for (const auto part : {a, b, c})
    for (const std::int64_t length : part) shape.append(length);
  return shape;
}

std::span<const std::int64_t> lengths(const Shape& shape, int from, int to) {
  return {shape.begin() + from, static_cast<std::size_t>(to - from)};
}

Tensor gather_node(const NodeCall& call) {
  const Shape &shape = call[0].shape(), &places = call[1].shape();
  const int axis = normalize_axis(call.integer("axis", 0), shape);
  const Tensor index = reshape(index_from_front(call[1], shape[axis]), {places.elements()});
  return reshape(gather(call[0], index, axis),
                 joined(lengths(shape, 0, axis), lengths(places, 0, places.rank()),
                        lengths(shape, axis + 1, shape.rank())));
}

// The index may be shorter than x along the other axes.
Tensor gather_elements(const NodeCall& call) {
  const Tensor& index = call[1];
  const int axis = normalize_axis(call.integer("axis", 0), call[0].shape());
  if (index.rank() != call[0].rank())
    fail("GatherElements: an index of shape {} for {}", index.shape().to_string(),
         call[0].shape().to_string());
  std::vector<Range> ranges;
  ranges.reserve(static_cast<std::size_t>(index.rank()));
  for (int i = 0; i < index.rank(); ++i) ranges.push_back(i == axis ? Range::all() : Range(0, index.size(i)));
  return take_along(slice(call[0], ranges), index_from_front(index, call[0].size(axis)), axis);
}

// ---- Flat positions: where in the flattened tensor an index points to ----

// index [..., k] into the k axes of `shape` from `first` on: [...] positions in those axes flattened.
Tensor flat_position(const Tensor& index, const Shape& shape, int first) {
  const auto axes = static_cast<int>(index.size(-1));
  if (first + axes > shape.rank())
    fail("an index of shape {} for {}", index.shape().to_string(), shape.to_string());
  Tensor position = zeros(Shape(lengths(index.shape(), 0, index.rank() - 1)), DType::kInt64);
  for (int i = 0; i < axes; ++i) {
    std::vector<Range> one(static_cast<std::size_t>(index.rank()), Range::all());
    one.back() = Range(i);
    const std::int64_t length = shape[first + i];
    const Tensor along = index_from_front(slice(index, one), length);
    if (along.elements() > 0 &&
        (min(along).item<std::int64_t>() < 0 || max(along).item<std::int64_t>() >= length))
      fail("an index is outside of axis {} of {}", first + i, shape.to_string());
    position = position * length + along;
  }
  return position;
}

Tensor gather_nd(const NodeCall& call) {
  const Tensor &x = call[0], &index = call[1];
  const Shape& shape = x.shape();
  const auto batch = static_cast<int>(call.integer("batch_dims", 0));
  if (batch < 0 || index.rank() < 1 || batch >= index.rank() || batch > shape.rank())
    fail("GatherND: {} batch axes of {} and {}", batch, shape.to_string(), index.shape().to_string());
  const auto axes = static_cast<int>(index.size(-1));
  Tensor position = flat_position(index, shape, batch);  // within one batch
  const std::int64_t batches = Shape(lengths(shape, 0, batch)).elements();
  const std::int64_t inner = Shape(lengths(shape, batch, batch + axes)).elements();
  const Shape rest(lengths(shape, batch + axes, shape.rank()));
  if (Shape(lengths(index.shape(), 0, batch)) != Shape(lengths(shape, 0, batch)))
    fail("GatherND: the batch axes of {} and {} differ", shape.to_string(), index.shape().to_string());
  const Shape result = joined(lengths(position.shape(), 0, position.rank()), lengths(rest, 0, rest.rank()));
  const std::int64_t per_batch = batches == 0 ? 0 : position.elements() / batches;
  position = reshape(position, {batches, per_batch}) + reshape(arange(batches) * inner, {batches, 1});
  const Tensor rows = reshape(x, {batches * inner, rest.elements()});
  return reshape(gather(rows, reshape(position, {batches * per_batch}), 0), result);
}

// ---- Scatter ----

enum class Reduction : std::uint8_t { kNone, kAdd, kMultiply, kMaximum, kMinimum };

Reduction reduction_of(const NodeCall& call) {
  const std::string name = call.text("reduction", "none");
  if (name == "none") return Reduction::kNone;
  if (name == "add") return Reduction::kAdd;
  if (name == "mul") return Reduction::kMultiply;
  if (name == "max") return Reduction::kMaximum;
  if (name == "min") return Reduction::kMinimum;
  fail("the reduction is '{}'", name);
}

template <typename T>
T reduced(T before, T update, Reduction reduction) {
  switch (reduction) {
    case Reduction::kMultiply:
      return static_cast<T>(before * update);
    case Reduction::kMaximum:
      return std::max(before, update);
    case Reduction::kMinimum:
      return std::min(before, update);
    default:
      return update;
  }
}

// One update after the other, in the index's order, so that of two for one place the later one counts.
template <typename T>
Tensor written(const Tensor& x, const std::vector<std::int64_t>& positions, const Tensor& updates,
               Reduction reduction) {
  std::vector<T> values = x.to_vector<T>();
  const std::vector<T> news = updates.to_vector<T>();
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const auto place = static_cast<std::size_t>(positions[i]);
    values[place] = reduced<T>(values[place], news[i], reduction);
  }
  return Tensor::from(values, x.shape());
}

// x and updates flat, positions within x.
Tensor scattered(const NodeCall& call, const Tensor& x, const Tensor& positions, const Tensor& updates) {
  const Reduction reduction = reduction_of(call);
  if (x.dtype() != updates.dtype() || positions.elements() != updates.elements())
    fail("the updates are {} {}, which does not fit", dtype_name(updates.dtype()),
         updates.shape().to_string());
  if (reduction == Reduction::kAdd) return index_add(x, positions, updates, 0);
  const std::vector<std::int64_t> places = positions.to_vector<std::int64_t>();
  switch (x.dtype()) {
    case DType::kFloat32:
      return written<float>(x, places, updates, reduction);
    case DType::kFloat64:
      return written<double>(x, places, updates, reduction);
    case DType::kInt64:
      return written<std::int64_t>(x, places, updates, reduction);
    default:
      call.unsupported("scattering of {}", dtype_name(x.dtype()));
  }
}

Tensor scatter_elements(const NodeCall& call) {
  const Tensor &x = call[0], &index = call[1];
  const Shape& shape = x.shape();
  const int axis = normalize_axis(call.integer("axis", 0), shape);
  if (index.rank() != shape.rank() || index.shape() != call[2].shape())
    fail("an index of shape {} and updates {} for {}", index.shape().to_string(), call[2].shape().to_string(),
         shape.to_string());
  const Tensor along = index_from_front(index, shape[axis]);
  Tensor position = zeros(index.shape(), DType::kInt64);
  for (int i = 0; i < shape.rank(); ++i) {
    Shape own = Shape::filled(shape.rank(), 1);
    own[i] = index.size(i);
    if (i != axis && index.size(i) > shape[i])
      fail("an index of shape {} for {}", index.shape().to_string(), shape.to_string());
    position = position * shape[i] + (i == axis ? along : reshape(arange(index.size(i)), own));
  }
  if (along.elements() > 0 &&
      (min(along).item<std::int64_t>() < 0 || max(along).item<std::int64_t>() >= shape[axis]))
    fail("an index is outside of axis {} of {}", axis, shape.to_string());
  const std::int64_t count = index.elements();
  return reshape(
      scattered(call, reshape(x, {x.elements()}), reshape(position, {count}), reshape(call[2], {count})),
      shape);
}

Tensor scatter_nd(const NodeCall& call) {
  const Tensor &x = call[0], &index = call[1];
  if (index.rank() < 1) fail("ScatterND: the index is a scalar");
  const Shape& shape = x.shape();
  const Tensor row = flat_position(index, shape, 0);
  const auto axes = static_cast<int>(index.size(-1));
  const std::int64_t length = Shape(lengths(shape, axes, shape.rank())).elements(), rows = row.elements();
  const Tensor position = reshape(row * length, {rows, 1}) + arange(length);
  return reshape(scattered(call, reshape(x, {x.elements()}), reshape(position, {rows * length}),
                           reshape(call[2], {call[2].elements()})),
                 shape);
}

// ---- Others ----

Tensor one_hot(const NodeCall& call) {
  const double wanted = reshape(call[1], {}).item_as_double();
  if (!(wanted >= 0 && wanted < 1e9)) fail("OneHot: the depth is {}", wanted);
  const auto depth = static_cast<std::int64_t>(wanted);
  const Tensor index = index_from_front(cast(call[0], DType::kInt64), depth);
  std::int64_t axis = call.integer("axis", -1);
  if (axis < 0) axis += index.rank() + 1;
  if (axis < 0 || axis > index.rank())
    fail("OneHot: axis {} of an index {}", axis, index.shape().to_string());
  const auto place = static_cast<int>(axis);
  const std::int64_t one[] = {1};
  const Shape apart =
      joined(lengths(index.shape(), 0, place), one, lengths(index.shape(), place, index.rank()));
  Shape along = Shape::filled(apart.rank(), 1);
  along[place] = depth;
  const Tensor hit = equal(reshape(index, apart), reshape(arange(depth), along));
  return select(hit, slice(call[2], {1}), slice(call[2], {0}));
}

// Of equal values the one with the lower index is first.
Outputs top_k(const NodeCall& call) {
  const Tensor& x = call[0];
  const int axis = normalize_axis(call.integer("axis", -1), x.shape());
  const std::int64_t k = call.has(1) ? reshape(call[1], {}).item<std::int64_t>() : call.integer("k", 0);
  if (k < 0 || k > x.size(axis)) fail("TopK: the first {} of {}", k, x.size(axis));
  std::vector<Range> ranges(static_cast<std::size_t>(x.rank()), Range::all());
  ranges[static_cast<std::size_t>(axis)] = Range(0, k);
  const Tensor order = slice(argsort(x, axis, call.integer("largest", 1) != 0), ranges);
  return {take_along(x, order, axis), order};
}

// One addition per element, along the axis.
Tensor cumulative_sum(const NodeCall& call) {
  const Tensor& x = call[0];
  const int axis = normalize_axis(reshape(call[1], {}).item<std::int64_t>(), x.shape());
  const bool exclusive = call.integer("exclusive", 0) != 0, reverse = call.integer("reverse", 0) != 0;
  const auto at = [&](std::int64_t i) {
    std::vector<Range> ranges(static_cast<std::size_t>(x.rank()), Range::all());
    ranges[static_cast<std::size_t>(axis)] = Range(i, i + 1);
    return slice(x, ranges);
  };
  const std::int64_t length = x.size(axis);
  if (length == 0) return x;
  std::vector<Tensor> sums(static_cast<std::size_t>(length));
  Tensor sum = zeros(at(0).shape(), x.dtype());
  for (std::int64_t step = 0; step < length; ++step) {
    const std::int64_t i = reverse ? length - 1 - step : step;
    const Tensor next = step == 0 ? at(i) : sum + at(i);
    sums[static_cast<std::size_t>(i)] = exclusive ? sum : next;
    sum = next;
  }
  return concatenate(sums, axis);
}

std::vector<std::int64_t> true_positions(const Tensor& condition) {
  std::vector<std::int64_t> positions;
  const std::vector<std::uint8_t> flags = cast(condition, DType::kUInt8).to_vector<std::uint8_t>();
  for (std::size_t i = 0; i < flags.size(); ++i)
    if (flags[i] != 0) positions.push_back(static_cast<std::int64_t>(i));
  return positions;
}

Tensor compress(const NodeCall& call) {
  if (call[1].dtype() != DType::kBool || call[1].rank() != 1)
    fail("Compress: the condition is to be a list of bool");
  const bool flat = call.find("axis") == nullptr;
  const Tensor x = flat ? reshape(call[0], {call[0].elements()}) : call[0];
  return gather(x, as_shape(true_positions(call[1])), flat ? 0 : call.integer("axis", 0));
}

// [rank, how many]: the position of each element that is not zero.
Tensor non_zero(const NodeCall& call) {
  const Shape& shape = call[0].shape();
  Tensor rest = as_shape(true_positions(cast(call[0], DType::kBool)));
  std::vector<Tensor> axes;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    const Tensor outer = rest / std::max<std::int64_t>(shape[axis], 1);
    axes.insert(axes.begin(), reshape(rest - outer * shape[axis], {1, rest.elements()}));
    rest = outer;
  }
  if (axes.empty()) return zeros({0, rest.elements()}, DType::kInt64);
  return concatenate(axes, 0);
}

Tensor reverse_sequence(const NodeCall& call) {
  const Tensor& x = call[0];
  const int batch = normalize_axis(call.integer("batch_axis", 1), x.shape());
  const int time = normalize_axis(call.integer("time_axis", 0), x.shape());
  Shape along_batch = Shape::filled(x.rank(), 1), along_time = along_batch;
  along_batch[batch] = x.size(batch);
  along_time[time] = x.size(time);
  const Tensor last = reshape(call[1], along_batch), at = reshape(arange(x.size(time)), along_time);
  const Tensor from = select(less(at, last), last - at - 1, at);
  return take_along(x, copy(broadcast_to(from, x.shape())), time);
}

}  // namespace

void add_index_operators(OperatorTable& table) {
  add_operator(table, "Gather", gather_node);
  add_operator(table, "GatherElements", gather_elements);
  add_operator(table, "GatherND", gather_nd);
  add_operator(table, "Scatter", scatter_elements);  // the name until version 11
  add_operator(table, "ScatterElements", scatter_elements);
  add_operator(table, "ScatterND", scatter_nd);
  add_operator(table, "OneHot", one_hot);
  table[{"", "TopK"}] = top_k;
  add_operator(table, "CumSum", cumulative_sum);
  add_operator(table, "Compress", compress);
  add_operator(table, "NonZero", non_zero);
  add_operator(table, "ReverseSequence", reverse_sequence);
}

}  // namespace tessera::onnx
