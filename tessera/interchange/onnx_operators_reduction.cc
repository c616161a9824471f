// Reductions over axes. Axes are an attribute in old operator sets, an input in new ones; none means all.
#include <limits>
#include <numeric>

#include "tessera/base/error.h"
#include "tessera/interchange/onnx_operators.h"

namespace tessera::onnx {
namespace {

using Reduce = Tensor (*)(const Tensor& x, const std::vector<std::int64_t>& axes, bool keep_axes);

std::vector<std::int64_t> axes_of(const NodeCall& call, bool& none) {
  std::vector<std::int64_t> axes = call.integers("axes", 1).value_or(std::vector<std::int64_t>{});
  none = axes.empty() && call.integer("noop_with_empty_axes", 0) != 0;
  if (axes.empty() && !none) {
    axes.resize(static_cast<std::size_t>(call[0].rank()));
    std::iota(axes.begin(), axes.end(), 0);
  }
  return axes;
}

std::function<Tensor(const NodeCall&)> reduction(Reduce function) {
  return [function](const NodeCall& call) {
    bool none = false;
    const std::vector<std::int64_t> axes = axes_of(call, none);
    return none ? call[0] : function(call[0], axes, call.integer("keepdims", 1) != 0);
  };
}

Tensor reduce_sum(const Tensor& x, const std::vector<std::int64_t>& axes, bool keep) {
  return sum(x, axes, keep);
}
Tensor reduce_mean(const Tensor& x, const std::vector<std::int64_t>& axes, bool keep) {
  return mean(x, axes, keep);
}
Tensor reduce_squares(const Tensor& x, const std::vector<std::int64_t>& axes, bool keep) {
  return sum_squares(x, axes, keep);
}
Tensor reduce_l1(const Tensor& x, const std::vector<std::int64_t>& axes, bool keep) {
  return sum(absolute(x), axes, keep);
}
Tensor reduce_l2(const Tensor& x, const std::vector<std::int64_t>& axes, bool keep) {
  return sqrt(sum_squares(x, axes, keep));
}
Tensor reduce_log_sum(const Tensor& x, const std::vector<std::int64_t>& axes, bool keep) {
  return log(sum(x, axes, keep));
}

// An extreme of nothing is the infinity that every number beats.
Tensor extreme(const Tensor& x, const std::vector<std::int64_t>& axes, bool keep, double of_nothing,
               Tensor (*function)(const Operand&, const std::vector<std::int64_t>&, bool)) {
  if (x.dtype() == DType::kBool)
    return cast(extreme(cast(x, DType::kInt64), axes, keep, of_nothing, function), DType::kBool);
  if (x.elements() > 0) return function(x, axes, keep);
  if (!is_floating(x.dtype())) fail("the extreme of no integers");
  return full(sum(x, axes, keep).shape(), of_nothing, x.dtype());
}
Tensor reduce_max(const Tensor& x, const std::vector<std::int64_t>& axes, bool keep) {
  return extreme(x, axes, keep, -std::numeric_limits<double>::infinity(), max);
}
Tensor reduce_min(const Tensor& x, const std::vector<std::int64_t>& axes, bool keep) {
  return extreme(x, axes, keep, std::numeric_limits<double>::infinity(), min);
}

// The largest is taken out, so that nothing overflows.
Tensor reduce_log_sum_exp(const Tensor& x, const std::vector<std::int64_t>& axes, bool keep) {
  const Tensor highest = reduce_max(x, axes, true);
  const double infinity = std::numeric_limits<double>::infinity();
  const Tensor finite = select(less(absolute(highest), infinity), highest, zeros({}, x.dtype()));
  const Tensor result = log(sum(exp(x - finite), axes, true)) + finite;
  return keep ? result : reshape(result, sum(x, axes, false).shape());
}

// One multiplication per element, in row-major order of the reduced axes.
Tensor reduce_product(const Tensor& x, const std::vector<std::int64_t>& axes, bool keep) {
  std::vector<int> order;
  std::vector<bool> reduced(static_cast<std::size_t>(x.rank()), false);
  for (const std::int64_t axis : axes)
    reduced[static_cast<std::size_t>(normalize_axis(axis, x.shape()))] = true;
  Shape kept, result;
  std::int64_t count = 1;
  for (const bool wanted : {false, true})
    for (int axis = 0; axis < x.rank(); ++axis)
      if (reduced[static_cast<std::size_t>(axis)] == wanted) order.push_back(axis);
  for (int axis = 0; axis < x.rank(); ++axis) {
    const bool gone = reduced[static_cast<std::size_t>(axis)];
    if (gone) count *= x.size(axis);
    if (!gone) kept.append(x.size(axis));
    if (!gone || keep) result.append(gone ? 1 : x.size(axis));
  }
  const Tensor lines = reshape(permute(x, order), {kept.elements(), count});
  Tensor product = ones({kept.elements()}, x.dtype());
  for (std::int64_t i = 0; i < count; ++i) product = product * slice(lines, {Range::all(), Range(i)});
  return reshape(product, result);
}

// The first of equal values, or the last one.
Tensor arg_extreme(const NodeCall& call, const Tensor& x) {
  const int axis = normalize_axis(call.integer("axis", 0), x.shape());
  const bool keep = call.integer("keepdims", 1) != 0;
  if (call.integer("select_last_index", 0) == 0) return argmax(x, axis, keep);
  std::vector<Range> backwards(static_cast<std::size_t>(x.rank()), Range::all());
  backwards[static_cast<std::size_t>(axis)] = Range::step(-1);
  return x.size(axis) - 1 - argmax(slice(x, backwards), axis, keep);
}

}  // namespace

void add_reduction_operators(OperatorTable& table) {
  const std::pair<const char*, Reduce> rows[] = {{"ReduceSum", reduce_sum},
                                                 {"ReduceMean", reduce_mean},
                                                 {"ReduceMax", reduce_max},
                                                 {"ReduceMin", reduce_min},
                                                 {"ReduceL1", reduce_l1},
                                                 {"ReduceL2", reduce_l2},
                                                 {"ReduceSumSquare", reduce_squares},
                                                 {"ReduceLogSum", reduce_log_sum},
                                                 {"ReduceLogSumExp", reduce_log_sum_exp},
                                                 {"ReduceProd", reduce_product}};
  for (const auto& [name, function] : rows) add_operator(table, name, reduction(function));
  add_operator(table, "ArgMax", [](const NodeCall& call) { return arg_extreme(call, call[0]); });
  add_operator(table, "ArgMin", [](const NodeCall& call) { return arg_extreme(call, -call[0]); });
}

}  // namespace tessera::onnx
