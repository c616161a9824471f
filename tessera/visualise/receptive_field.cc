#include "tessera/visualise/receptive_field.h"

#include <algorithm>
#include <set>

#include "tessera/base/error.h"
#include "tessera/train/network.h"

namespace tessera::visualise {
namespace {

std::int64_t floor_divided(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

// One layer, seen along one spatial axis (0: rows, 1: columns).
struct Along {
  const nn::Module& layer;
  int axis;
  std::int64_t input, output;  // lengths
};

// Positions of the input that the seen positions of the output depend on: `each(o, add)` adds those of o.
template <typename Each>
std::vector<std::int64_t> positions_before(const Along& at, const Reach& after, Each each) {
  std::vector<bool> touched(static_cast<std::size_t>(at.input), false);
  for (const std::int64_t o : after.seen)
    each(o, [&](std::int64_t i) {
      if (i >= 0 && i < at.input) touched[static_cast<std::size_t>(i)] = true;
    });
  std::vector<std::int64_t> seen;
  for (std::int64_t i = 0; i < at.input; ++i)
    if (touched[static_cast<std::size_t>(i)]) seen.push_back(i);
  return seen;
}

Reach everything(const Along& at, const Reach& after) {
  const std::vector<std::int64_t> seen = positions_before(at, after, [&](std::int64_t, auto add) {
    for (std::int64_t i = 0; i < at.input; ++i) add(i);
  });
  return {0, at.input - 1, seen};
}

Reach before_window(const Along& at, const WindowAttributes& window, const Reach& after) {
  const std::int64_t stride = window.stride[at.axis], padding = window.padding[at.axis],
                     dilation = window.dilation[at.axis], taps = window.kernel[at.axis];
  return {after.first * stride - padding, after.last * stride - padding + dilation * (taps - 1),
          positions_before(at, after, [&](std::int64_t o, auto add) {
            for (std::int64_t tap = 0; tap < taps; ++tap) add(o * stride - padding + tap * dilation);
          })};
}

// Output o of a transposed convolution gets input i by the tap with o = i stride - padding + tap dilation.
Reach before_transposed_window(const Along& at, const WindowAttributes& window, const Reach& after) {
  const std::int64_t stride = window.stride[at.axis], padding = window.padding[at.axis],
                     dilation = window.dilation[at.axis], taps = window.kernel[at.axis];
  return {-floor_divided(-(after.first + padding - dilation * (taps - 1)), stride),
          floor_divided(after.last + padding, stride),
          positions_before(at, after, [&](std::int64_t o, auto add) {
            for (std::int64_t tap = 0; tap < taps; ++tap)
              if (const std::int64_t scaled = o + padding - tap * dilation; scaled % stride == 0)
                add(floor_divided(scaled, stride));
          })};
}

Reach before_upsample(const Along& at, const nn::Upsample& layer, const Reach& after) {
  const std::int64_t factor = layer.factor();
  if (layer.interpolation() == nn::Interpolation::kNearest)
    return {floor_divided(after.first, factor), floor_divided(after.last, factor),
            positions_before(at, after, [&](std::int64_t o, auto add) { add(o / factor); })};
  // As resampling.cc: output o lies at (2 o + 1 - factor) / (2 factor); on an element the next one has the weight 0.
  const auto lower = [&](std::int64_t o) { return floor_divided(2 * o + 1 - factor, 2 * factor); };
  const auto on_element = [&](std::int64_t o) { return (2 * o + 1 - factor) % (2 * factor) == 0; };
  return {lower(after.first), lower(after.last) + (on_element(after.last) ? 0 : 1),
          positions_before(at, after, [&](std::int64_t o, auto add) {
            add(std::max<std::int64_t>(lower(o), 0));
            if (!on_element(o)) add(std::min(lower(o) + 1, at.input - 1));
          })};
}

Reach before_parts(const Along& at, const Reach& after) {
  const auto part = [&](std::int64_t o) {
    return nn::AdaptiveAvgPool::part_of(std::clamp<std::int64_t>(o, 0, at.output - 1), at.output, at.input);
  };
  return {part(after.first).first, part(after.last).second - 1,
          positions_before(at, after, [&](std::int64_t o, auto add) {
            for (std::int64_t i = part(o).first; i < part(o).second; ++i) add(i);
          })};
}

bool sees_one_position(nn::Module& layer, int axis) {
  const auto is = [&]<typename... Kinds>() { return ((dynamic_cast<Kinds*>(&layer) != nullptr) || ...); };
  if (is.operator()<nn::Softmax, nn::LogSoftmax>()) return false;
  if (auto* norm = dynamic_cast<nn::BatchNorm*>(&layer)) return norm->running_mean() != nullptr;
  if (auto* norm = dynamic_cast<nn::LayerNorm*>(&layer)) return norm->weight().value.rank() < 2 - axis;
  return is.operator()<nn::ElementwiseLayer, nn::Dropout, nn::PixelNorm, nn::LocalResponseNorm, nn::Maxout,
                       train::ToType>();
}

Reach before(const Along& at, nn::Module& layer, const Reach& after) {
  if (auto* convolution = dynamic_cast<nn::Convolution*>(&layer))
    return convolution->transposed() ? before_transposed_window(at, convolution->window(), after)
                                     : before_window(at, convolution->window(), after);
  if (auto* pool = dynamic_cast<nn::WindowPool*>(&layer)) return before_window(at, pool->window(), after);
  if (auto* upsample = dynamic_cast<nn::Upsample*>(&layer)) return before_upsample(at, *upsample, after);
  if (dynamic_cast<nn::AdaptiveAvgPool*>(&layer) != nullptr) return before_parts(at, after);
  return sees_one_position(layer, at.axis) ? after : everything(at, after);
}

Reach both(const Reach& a, const Reach& b) {
  Reach all{std::min(a.first, b.first), std::max(a.last, b.last), {}};
  std::set_union(a.seen.begin(), a.seen.end(), b.seen.begin(), b.seen.end(), std::back_inserter(all.seen));
  return all;
}

void require_maps(const Shape& shape, const std::string& what) {
  if (shape.rank() != 4)
    fail("receptive_field: {} has the shape {}, expected [N, channels, rows, columns]", what,
         shape.to_string());
}

ReceptiveField back_through(nn::Module& layer, const Shape& input, const ReceptiveField& after);

// Through the first `count` children, one after the other.
ReceptiveField back_through(const nn::Sequential& layers, std::size_t count, const Shape& input,
                            ReceptiveField field) {
  std::vector<Shape> shapes = {input};
  for (std::size_t i = 0; i < count; ++i) shapes.push_back(layers.children()[i]->output_shape(shapes.back()));
  for (std::size_t i = count; i-- > 0;) field = back_through(*layers.children()[i], shapes[i], field);
  return field;
}

ReceptiveField back_through(nn::Module& layer, const Shape& input, const ReceptiveField& after) {
  if (auto* layers = dynamic_cast<nn::Sequential*>(&layer))
    return back_through(*layers, layers->children().size(), input, after);
  if (auto* block = dynamic_cast<nn::Residual*>(&layer)) {
    const ReceptiveField body = back_through(block->body(), input, after);
    const ReceptiveField shortcut =
        block->shortcut() == nullptr ? after : back_through(*block->shortcut(), input, after);
    return {both(body.rows, shortcut.rows), both(body.columns, shortcut.columns)};
  }
  const Shape output = layer.output_shape(input);
  require_maps(input, "the input of " + layer.describe());
  require_maps(output, "the output of " + layer.describe());
  return {before({layer, 0, input[2], output[2]}, layer, after.rows),
          before({layer, 1, input[3], output[3]}, layer, after.columns)};
}

}  // namespace

ReceptiveField receptive_field(const nn::Sequential& network, std::size_t layers, const Shape& input,
                               std::int64_t row, std::int64_t column) {
  if (layers > network.children().size())
    fail("receptive_field: found {} layers, expected at most {}, those of the network", layers,
         network.children().size());
  require_maps(input, "the input");
  Shape maps = input;
  for (std::size_t i = 0; i < layers; ++i) maps = network.children()[i]->output_shape(maps);
  require_maps(maps, "the output");
  if (row < 0 || row >= maps[2] || column < 0 || column >= maps[3])
    fail("receptive_field: the unit is at row {}, column {}, expected one of the {} x {} of a feature map",
         row, column, maps[2], maps[3]);
  return back_through(network, layers, input, {{row, row, {row}}, {column, column, {column}}});
}

}  // namespace tessera::visualise
