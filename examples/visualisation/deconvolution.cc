// Deconvolutional visualisation: what a unit looks for, and what in an image made it active.
//
// Zeiler & Fergus, "Visualizing and understanding convolutional networks", ECCV 2014. A network learns to tell crosses from bars that lie anywhere in
// a noisy image. Its strongest activations are found among new images, and led back to the pixels. What was planted is known here, so one can
// count: the projection should lie on the strokes, and nearly none of it on the noise beside them.
#include <fmt/core.h>

#include "tessera/tessera.h"

using namespace tessera;

struct Scene {
  Tensor images, strokes, labels;  // strokes: 1 where something was planted
};

// Crosses (label 1) and bars (label 0) of 5 pixels on noise.
Scene make_scene(std::int64_t count, RandomSource& random) {
  std::vector<float> planted(static_cast<std::size_t>(count * 256), 0);
  std::vector<std::int64_t> labels;
  const auto place = random.uniform("place", {count, 2}).to_vector<float>();
  for (std::int64_t i = 0; i < count; ++i) {
    labels.push_back(i % 2);
    const auto row = 2 + static_cast<int>(12 * place[2 * i]),
               column = 2 + static_cast<int>(12 * place[2 * i + 1]);
    for (int step = -2; step <= 2; ++step) {
      planted[i * 256 + row * 16 + column + step] = 1;
      if (i % 2 == 1) planted[i * 256 + (row + step) * 16 + column] = 1;
    }
  }
  const Tensor strokes = Tensor::from<float>(planted, {count, 1, 16, 16});
  return {strokes + random.normal("noise", {count, 1, 16, 16}) * 0.2, strokes, Tensor::from(labels, {count})};
}

int main() {
  use_default_backend();
  RandomSource random(1);
  nn::Sequential network;
  network.add<nn::Conv2d>(1, 6, nn::Conv2dSettings{.padding = {1, 1}});
  network.add<nn::ReLU>();
  network.add<nn::MaxPool2d>();
  network.add<nn::Conv2d>(6, 8, nn::Conv2dSettings{.padding = {1, 1}});
  network.add<nn::ReLU>();
  network.add<nn::GlobalPool>(nn::Pooling::kMax);
  network.add<nn::Linear>(8, 2);
  network.initialize(random);
  nn::Adam optimizer(network.parameters(), {});
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
  random.begin_step(1000);
  const Scene fresh = make_scene(400, random);
  const Tensor answers = argmax(network.evaluate(fresh.images), 1);
  fmt::print("right: {:.3f} of 400 new images\n\n",
             mean(cast(equal(answers, fresh.labels), DType::kFloat32)).item<float>());

  const auto layers = visualise::choose_layers(network, {1, 1, 16, 16});
  const auto views = visualise::view_feature_maps(network, fresh.images, {.layers = {layers.back()}});
  fmt::print("after layer {}: a unit sees {} x {} pixels\n", layers.back(), views[0].rows, views[0].columns);
  for (const visualise::MapView& map : views[0].maps) {
    if (map.strongest.empty()) continue;
    int crosses = 0;
    double on = 0, all = 0;
    for (std::size_t i = 0; i < map.strongest.size(); ++i) {
      const std::int64_t sample = map.strongest[i].sample, row = map.pieces[i].first_row,
                         column = map.pieces[i].first_column;
      crosses += sample % 2 == 1;
      const Tensor pixels = absolute(slice(map.projections, {Range(i, i + 1)})),
                   planted = slice(fresh.strokes,
                                   {Range(sample, sample + 1), Range::all(), Range(row, row + views[0].rows),
                                    Range(column, column + views[0].columns)});
      on += sum(pixels * planted).item_as_double(), all += sum(pixels).item_as_double();
    }
    fmt::print(
        "map {}: {} of its {} strongest are crosses; {:.0f} % of the projections lies on the strokes\n",
        map.map + 1, crosses, map.strongest.size(), 100 * on / all);
  }
}
