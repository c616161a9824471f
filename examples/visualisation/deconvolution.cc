// Deconvolutional visualisation (Zeiler & Fergus, "Visualizing and understanding convolutional networks", ECCV 2014).
// A network learns to tell crosses from bars that lie anywhere in a noisy image. The strongest activations of its maps are found among new images, and
// led back to the pixels. What was planted is known here, so one can count: a projection should lie on the strokes.
#include <fmt/core.h>

#include "tessera/tessera.h"

using namespace tessera;

struct Scene {
  Tensor images, strokes, labels;  // strokes: 1 where something was planted
};
// Lying bars of 5 pixels (label 0), with an upright one they are crosses (label 1); image i has label i mod 2.
Scene make_scene(std::int64_t count, RandomSource& random) {
  const auto is = [](const Tensor& condition) { return cast(condition, DType::kFloat32); };
  const Tensor place = cast(random.uniform("place", {2, count, 1, 1}) * 12, DType::kInt64) + 2;
  const Tensor labels = arange(count) - arange(count) / 2 * 2, lines = arange(16);
  const Tensor down = absolute(reshape(lines, {16, 1}) - place.slice({Range(0)})),
               right = absolute(reshape(lines, {1, 16}) - place.slice({Range(1)}));
  const Tensor lying = is(equal(down, 0)) * is(less(right, 3)),
               upright =
                   is(less(down, 3)) * is(equal(right, 0)) * is(equal(reshape(labels, {count, 1, 1}), 1));
  const Tensor strokes = reshape(maximum(lying, upright), {count, 1, 16, 16});
  return {strokes + random.normal("noise", strokes.shape()) * 0.2, strokes, labels};
}

void train_on(nn::Sequential& network, RandomSource& random) {
  network.initialize(random);
  nn::Adam optimizer(network.parameters());
  for (std::uint64_t step = 1; step <= 200; ++step) {
    random.begin_step(step);
    const Scene scene = make_scene(64, random);
    Tape tape;
    std::vector<Tensor> weights;
    for (const nn::Parameter* parameter : network.parameters()) weights.push_back(parameter->value);
    tape.watch(weights);
    nn::Context context{.training = true};
    const Tensor loss = nn::cross_entropy_loss(network.forward(scene.images, context), scene.labels);
    tape.stop();
    optimizer.step(tape.gradient(loss, weights), 0.01);
  }
}

int main() {
  use_default_backend();
  RandomSource random(1);
  nn::Sequential network;
  for (const auto& [in, out] : {std::pair(1, 6), std::pair(6, 8)}) {
    network.add<nn::Conv2d>(in, out, nn::Conv2dSettings{.padding = {1, 1}});
    network.add<nn::ReLU>();
    network.add<nn::MaxPool2d>();
  }
  network.add<nn::GlobalPool>(nn::Pooling::kMax);
  network.add<nn::Linear>(8, 2);
  train_on(network, random);
  random.begin_step(1000);
  const Scene fresh = make_scene(400, random);
  const Tensor right = equal(argmax(network.evaluate(fresh.images), 1), fresh.labels);
  fmt::print("right: {} of 400 new images\n", sum(cast(right, DType::kInt64)).item<std::int64_t>());
  const auto view = visualise::view_feature_maps(network, fresh.images, {.layers = {5}})[0];
  fmt::print("a unit sees {} x {} pixels; the nine strongest images of each map:\n", view.rows, view.columns);
  for (const visualise::MapView& map : view.maps) {
    if (map.strongest.empty()) continue;
    double crosses = 0, on_strokes = 0, covered = 0;
    for (std::size_t i = 0; i < map.strongest.size(); ++i) {
      const std::int64_t image = map.strongest[i].sample, y = map.pieces[i].first_row,
                         x = map.pieces[i].first_column;
      const Tensor planted = fresh.strokes.slice(
          {Range(image), Range::all(), Range(y, y + view.rows), Range(x, x + view.columns)});
      const Tensor projection = map.projections.slice({Range(static_cast<std::int64_t>(i))});
      crosses += image % 2 == 1;
      covered += mean(planted).item_as_double() / 9;
      on_strokes += sum(absolute(projection) * planted).item_as_double();
    }
    const double share = on_strokes / sum(absolute(map.projections)).item_as_double();
    fmt::print("map {}: {} crosses; {:.0f} % of the projections lies on strokes, {:.0f} % of the pixels\n",
               map.map + 1, crosses, 100 * share, 100 * covered);
  }
}
