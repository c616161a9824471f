#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <optional>

#include "tessera/tensor/fake_backend_test.h"
#include "tessera/tensor/ops.h"

namespace tessera {
namespace {

const std::optional<std::int64_t> kNone;

// list(range(length))[start:stop:step] as CPython 3.11 gives it, the digits one after the other.
struct Case {
  std::int64_t length;
  std::optional<std::int64_t> start, stop;
  std::int64_t step;
  const char* expected;
};
const Case kCases[] = {
    {0, -6, -9, -2, ""},
    {5, INT64_MIN, -5, INT64_MAX, ""},
    {0, 3, -5, -2, ""},
    {1, 3, -6, 2, ""},
    {0, -5, -5, -7, ""},
    {5, -5, 2, 3, "0"},
    {5, 3, INT64_MAX, 3, "3"},
    {5, -1, -2, -2, "4"},
    {1, INT64_MIN, 7, -7, ""},
    {1, 0, 3, INT64_MIN, ""},
    {0, -1, INT64_MAX, 1, ""},
    {5, -2, -6, -2, "31"},
    {0, 1, 0, 1, ""},
    {5, kNone, -2, 2, "02"},
    {5, 2, -6, 2, ""},
    {0, kNone, 1, 2, ""},
    {5, 3, -5, 1, ""},
    {1, 5, -1, -7, ""},
    {1, 1, 7, 3, ""},
    {0, -2, -1, -7, ""},
    {1, -6, 2, 1, "0"},
    {0, 1, 2, 3, ""},
    {0, 0, -5, INT64_MAX, ""},
    {0, 0, INT64_MAX, 1, ""},
    {5, -9, -5, -1, ""},
    {0, kNone, -6, -1, ""},
    {1, INT64_MIN, INT64_MAX, 3, "0"},
    {1, 0, -9, INT64_MAX, ""},
    {5, 1, INT64_MAX, 2, "13"},
    {0, 1, 0, -7, ""},
    {5, 7, -5, 3, ""},
    {1, 1, 2, 1, ""},
    {5, 3, kNone, -1, "3210"},
    {5, -5, 2, -7, ""},
    {5, INT64_MAX, -1, 2, ""},
    {1, 2, kNone, -7, "0"},
    {1, -9, 2, INT64_MIN, ""},
    {1, 1, INT64_MAX, -1, ""},
    {1, 1, kNone, 1, ""},
    {5, 5, -5, -7, "4"},
    {1, -2, 1, -7, ""},
    {0, 0, -5, 1, ""},
    {5, 1, -1, 2, "13"},
    {5, INT64_MAX, -6, INT64_MAX, ""},
    {0, -2, 3, -1, ""},
    {0, INT64_MIN, -5, 3, ""},
    {1, -2, -6, -2, ""},
    {0, -5, -9, INT64_MAX, ""},
    {1, 7, 3, -7, ""},
    {5, -5, -5, INT64_MAX, ""},
    {5, -6, 0, INT64_MIN, ""},
    {0, INT64_MIN, INT64_MAX, -1, ""},
    {1, -5, 1, -7, ""},
    {1, -1, 7, INT64_MIN, ""},
    {5, -5, -2, 3, "0"},
    {5, -5, INT64_MIN, -1, "0"},
    {5, kNone, 7, INT64_MAX, "0"},
    {0, 1, -2, 3, ""},
    {5, -2, 0, INT64_MAX, ""},
    {1, 2, 7, -2, ""},
    {5, 0, -2, INT64_MIN, ""},
    {5, 1, 3, 3, "1"},
    {0, INT64_MAX, -6, 2, ""},
    {1, INT64_MAX, -9, INT64_MIN, "0"},
    {5, INT64_MAX, 0, INT64_MIN, "4"},
    {1, INT64_MIN, 5, -7, ""},
    {0, -1, 3, -2, ""},
    {5, 3, 0, -1, "321"},
    {5, -6, 1, -7, ""},
    {0, -2, INT64_MAX, -2, ""},
    {0, -9, INT64_MIN, -7, ""},
    {5, 7, 0, -1, "4321"},
    {5, kNone, 7, -7, ""},
    {1, INT64_MIN, 0, -1, ""},
    {5, -2, -9, -1, "3210"},
    {0, 1, 1, 3, ""},
    {5, -1, 3, -2, "4"},
    {0, 2, 1, -2, ""},
    {1, -5, -2, INT64_MIN, ""},
    {5, kNone, -9, 1, ""},
    {0, INT64_MAX, -1, -1, ""},
    {0, INT64_MAX, 3, -7, ""},
    {5, -5, 7, 3, "03"},
    {1, 1, -5, -1, "0"},
    {0, kNone, INT64_MAX, -2, ""},
    {1, kNone, -5, 3, ""},
    {5, -9, -1, -2, ""},
    {5, INT64_MAX, 0, -1, "4321"},
    {1, 1, INT64_MIN, -7, "0"},
    {5, 0, -5, 2, ""},
    {5, -6, -5, 1, ""},
    {1, -9, 1, 1, "0"},
    {1, -9, -9, INT64_MAX, ""},
    {5, 5, -5, 2, ""},
    {1, 5, -6, -7, "0"},
    {5, INT64_MAX, 0, 2, ""},
    {0, kNone, 5, INT64_MAX, ""},
    {5, kNone, kNone, INT64_MIN, "4"},
    {5, -6, -1, INT64_MAX, "0"},
    {0, -6, -1, 3, ""},
    {5, -6, INT64_MIN, 2, ""},
    {5, INT64_MIN, kNone, INT64_MAX, "0"},
    {1, 0, kNone, -1, "0"},
    {5, 2, 1, 3, ""},
    {0, 3, 0, -1, ""},
    {5, -2, 1, -7, "3"},
    {1, INT64_MAX, -6, -1, "0"},
    {5, INT64_MIN, -6, -7, ""},
    {5, INT64_MAX, -2, -7, "4"},
    {1, kNone, -5, -7, "0"},
};

TEST(Range, AgreesWithPython) {
  for (const Case& c : kCases) {
    const Range::Resolved range = Range(c.start, c.stop, c.step).resolve(c.length, 0);
    std::string found;
    for (std::int64_t i = 0; i < range.length; ++i) found += std::to_string(range.start + i * range.step);
    EXPECT_EQ(found, c.expected) << "length " << c.length << ", start " << c.start.value_or(99) << ", stop "
                                 << c.stop.value_or(99) << ", step " << c.step;
    EXPECT_FALSE(range.removes_axis);
  }
}

TEST(Range, Errors) {
  EXPECT_EQ(error_of([] { Range(3).resolve(3, 1); }),
            "slice: position 3 is out of range on axis 1 of length 3: expected -3 to 2");
  EXPECT_EQ(error_of([] { Range(-4).resolve(3, 0); }),
            "slice: position -4 is out of range on axis 0 of length 3: expected -3 to 2");
  EXPECT_EQ(error_of([] { Range(0).resolve(0, 2); }), "slice: position 0 on axis 2, which has length 0");
  EXPECT_EQ(error_of([] { Range(kNone, kNone, 0).resolve(3, 0); }),
            "slice: the step on axis 0 is 0, expected a positive or negative step");
}

TEST(Slice, AsInPython) {
  FakeBackend::install();
  const Tensor x = counting({3, 4});
  using Values = std::vector<std::int64_t>;
  EXPECT_EQ(x.slice({Range(1, 3), -1}).to_vector<std::int64_t>(), (Values{7, 11}));
  EXPECT_EQ(x.slice({Range(1, 3), -1}).shape(), (Shape{2}));
  EXPECT_EQ(x.slice({Range::step(-2)}).to_vector<std::int64_t>(), (Values{8, 9, 10, 11, 0, 1, 2, 3}));
  EXPECT_EQ(x.slice({0, 0}).rank(), 0);
  EXPECT_EQ(x.slice({Range::from(5)}).shape(), (Shape{0, 4}));
  EXPECT_EQ(x.slice({Range::to(1), Range::from(-2)}).to_vector<std::int64_t>(), (Values{2, 3}));
  EXPECT_EQ(error_of([&] {
              x.slice({0, 0, 0});
            }),
            "slice: found 3 ranges for shape [3, 4], expected at most 2");
  EXPECT_EQ(error_of([&] {
              x.slice({0, 4});
            }),
            "slice: position 4 is out of range on axis 1 of length 4: expected -4 to 3");
}

// ---- Chains of views against a model that holds the elements in a plain list ----

struct Model {
  Shape shape;
  std::vector<std::int64_t> values;  // row-major

  // The model of shape `to`, whose element at `position` is this one's at source(position).
  template <typename Source>
  Model mapped(const Shape& to, Source source) const {
    Model result{to, {}};
    std::vector<std::int64_t> position(static_cast<std::size_t>(to.rank()), 0);
    for (std::int64_t i = 0; i < to.elements(); ++i) {
      std::int64_t rest = i;
      for (int axis = to.rank() - 1; axis >= 0; --axis) {
        position[static_cast<std::size_t>(axis)] = rest % to[axis];
        rest /= to[axis];
      }
      const std::vector<std::int64_t> from = source(position);
      std::int64_t index = 0;
      for (int axis = 0; axis < shape.rank(); ++axis)
        index = index * shape[axis] + from[static_cast<std::size_t>(axis)];
      result.values.push_back(values[static_cast<std::size_t>(index)]);
    }
    return result;
  }
};

using Position = std::vector<std::int64_t>;

// Evenly from [low, high), also in the first cases of a property, which RapidCheck would keep near `low`.
std::int64_t pick(std::int64_t low, std::int64_t high) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(low, high));
}

void random_slice(Tensor& tensor, Model& model) {
  std::vector<Range> ranges;
  std::vector<std::vector<std::int64_t>> chosen;  // per old axis
  std::vector<int> kept;                          // old axes that stay
  Shape shape;
  for (int axis = 0; axis < model.shape.rank(); ++axis) {
    const std::int64_t length = model.shape[axis];
    const auto index = static_cast<std::size_t>(axis);
    if (length > 0 && pick(0, 4) == 0) {
      const std::int64_t at = pick(-length, length);
      ranges.emplace_back(at);
      chosen.push_back({(at + length) % length});
      continue;
    }
    const std::int64_t start = pick(0, length + 1), step = *rc::gen::element(-2, -1, 1, 2, 3);
    const std::int64_t stop = pick(0, length + 1);
    ranges.emplace_back(start, stop, step);
    chosen.emplace_back();
    // Python clips a start beyond the end to the last position when it walks backwards.
    for (std::int64_t i = step < 0 ? std::min(start, length - 1) : start; step > 0 ? i < stop : i > stop;
         i += step)
      chosen[index].push_back(i);
    kept.push_back(axis);
    shape.append(static_cast<std::int64_t>(chosen[index].size()));
  }
  model = model.mapped(shape, [&](const Position& position) {
    Position from;
    for (const auto& choice : chosen) from.push_back(choice.empty() ? 0 : choice[0]);
    for (std::size_t i = 0; i < kept.size(); ++i) {
      const auto axis = static_cast<std::size_t>(kept[i]);
      from[axis] = chosen[axis][static_cast<std::size_t>(position[i])];
    }
    return from;
  });
  tensor = tensor.slice(ranges);
}

void random_permute(Tensor& tensor, Model& model) {
  std::vector<int> axes;
  for (int axis = 0; axis < model.shape.rank(); ++axis) axes.insert(axes.begin() + pick(0, axis + 1), axis);
  Shape shape;
  for (const int axis : axes) shape.append(model.shape[axis]);
  model = model.mapped(shape, [&](const Position& position) {
    Position from(position.size());
    for (std::size_t i = 0; i < axes.size(); ++i) from[static_cast<std::size_t>(axes[i])] = position[i];
    return from;
  });
  tensor = permute(tensor, axes);
}

void random_broadcast(Tensor& tensor, Model& model) {
  Shape shape;
  const bool more = model.shape.rank() < 5 && model.values.size() < 300;
  if (more) shape.append(pick(1, 4));
  for (const std::int64_t length : model.shape) shape.append(length == 1 && more ? pick(0, 4) : length);
  const Shape old = model.shape;
  model = model.mapped(shape, [&](const Position& position) {
    Position from(position.end() - old.rank(), position.end());
    for (int axis = 0; axis < old.rank(); ++axis)
      if (old[axis] == 1) from[static_cast<std::size_t>(axis)] = 0;
    return from;
  });
  tensor = tensor.broadcast_to(shape);
}

// Row-major order is what a reshape keeps, so the model's values stay as they are.
void random_reshape(Tensor& tensor, Model& model) {
  Shape shape;
  std::int64_t rest = static_cast<std::int64_t>(model.values.size());
  while (rest > 1 && shape.rank() < 4) {
    std::int64_t factor = pick(1, 5);
    if (rest % factor != 0) factor = 1;
    shape.append(factor);
    rest /= factor;
  }
  shape.append(rest);
  Shape asked = shape;
  if (rest > 0 && *rc::gen::arbitrary<bool>()) asked[static_cast<int>(pick(0, shape.rank()))] = -1;
  tensor = tensor.reshape(asked);
  model.shape = shape;
}

RC_GTEST_PROP(Views, ChainsAgreeWithPlainLists, ()) {
  FakeBackend::install();
  const Shape start{pick(1, 5), pick(1, 5), pick(1, 7)};
  Tensor tensor = counting(start);
  Model model{start, tensor.to_vector<std::int64_t>()};
  const std::int64_t length = pick(1, 6);
  for (std::int64_t i = 0; i < length; ++i) {
    switch (pick(0, 4)) {
      case 0:
        random_slice(tensor, model);
        break;
      case 1:
        random_permute(tensor, model);
        break;
      case 2:
        random_broadcast(tensor, model);
        break;
      default:
        random_reshape(tensor, model);
        break;
    }
    RC_ASSERT(tensor.shape() == model.shape);
    RC_ASSERT(tensor.to_vector<std::int64_t>() == model.values);
  }
  RC_ASSERT(copy(tensor).contiguous());
  RC_ASSERT(copy(tensor).to_vector<std::int64_t>() == model.values);
}

TEST(Views, ReshapeCopiesOnlyWhenItMust) {
  FakeBackend& backend = FakeBackend::install();
  const Tensor x = counting({4, 6});
  x.reshape({2, 2, 3, 2});
  x.slice({Range(1, 3)}).reshape({12});
  x.slice({Range::all(), Range::step(2)}).reshape({4, 3, 1});
  x.slice({Range::all(), Range::step(2)}).reshape({12});  // steps of 2 go on over the ends of the rows
  x.broadcast_to({5, 4, 6}).reshape({5, 24});
  EXPECT_TRUE(backend.calls.empty());
  x.transpose().reshape({24});
  x.broadcast_to({5, 4, 6}).reshape({120});
  EXPECT_EQ(backend.calls.size(), 2u);
  EXPECT_EQ(x.reshape({-1, 8}).shape(), (Shape{3, 8}));
  EXPECT_EQ(error_of([&] {
              x.reshape({5, -1});
            }),
            "reshape: [4, 6] to [5, -1]: no length at axis 1 keeps the 24 elements");
  EXPECT_EQ(error_of([&] {
              x.reshape({-1, -1});
            }),
            "reshape: [4, 6] to [-1, -1]: found two lengths of -1, expected at most one");
  EXPECT_EQ(error_of([&] { x.reshape({23}); }), "reshape: [4, 6] has 24 elements, [23] has 23");
}

TEST(Views, ShareStorage) {
  FakeBackend::install();
  const Tensor x = counting({4, 6});
  EXPECT_EQ(x.transpose().view().data, x.view().data);
  EXPECT_EQ(x.slice({2, 3}).view().as<std::int64_t>(), x.view().as<std::int64_t>() + 15);
  EXPECT_EQ(contiguous(x).identity(), x.identity());
  EXPECT_NE(copy(x).identity(), x.identity());
  EXPECT_EQ(x.to(DType::kInt64).identity(), x.identity());
}

}  // namespace
}  // namespace tessera
