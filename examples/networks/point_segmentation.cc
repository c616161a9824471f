// A label for each point: PointNet's segmentation tells the cap of a mushroom from its stem, whatever its width, its height and its place, by each point's own features and the
// vector of the whole cloud that is pasted to them. Judged by accuracy and by intersection over union.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

constexpr std::int64_t kClouds = 16, kPoints = 96;

struct Batch {
  Tensor points, parts;  // [clouds, points, 3], int64 [clouds * points]: 0 cap, 1 stem
};

Batch draw(RandomSource& random, std::uint64_t step) {
  random.begin_step(step);
  const Shape one{kClouds, kPoints};
  const Tensor u = random.uniform("u", one), turn = random.uniform("turn", one) * 6.2831853F,
               stem = less(random.uniform("part", one), 0.4F),
               width = random.uniform("width", {kClouds, 1}) + 0.5F,
               height = random.uniform("height", {kClouds, 1}) * 1.5F + 0.5F,
               lifted = random.normal("lifted", {kClouds, 1}) * 0.5F;
  // A half ball of this width, points of equal density in height; below it a cylinder.
  const Tensor radius = select(stem, full({1, 1}, 0.15F), sqrt(1 - u * u) * width);
  const Tensor z = select(stem, u * height * -1, u * width) + lifted;
  const auto column = [&](const Tensor& t) { return reshape(t, {kClouds, kPoints, 1}); };
  return {concatenate({column(radius * cos(turn)), column(radius * sin(turn)), column(z)}, 2),
          reshape(cast(stem, DType::kInt64), {kClouds * kPoints})};
}

int main() {
  use_default_backend();
  models::PointNetSegmentation network({.classes = 2,
                                        .input_transform = false,
                                        .feature_transform = false,
                                        .first = {32},
                                        .second = {64},
                                        .head = {32}});
  RandomSource random(1);
  network.initialize(random);
  nn::Adam optimizer(network.parameters());
  const nn::Schedule schedule = nn::cosine_schedule(0.01, 150);
  for (std::uint64_t step = 1; step <= 150; ++step) {
    const Batch batch = draw(random, step);
    std::vector<Tensor> values;
    for (nn::Parameter* parameter : network.parameters()) values.push_back(parameter->value);
    nn::Context context{.training = true, .random = &random};
    Tape tape;
    tape.watch(values);
    const Tensor scores = reshape(network.forward(batch.points, context), {kClouds * kPoints, 2});
    const Tensor loss = nn::with_added_losses(nn::cross_entropy_loss(scores, batch.parts), context);
    tape.stop();
    optimizer.step(tape.gradient(loss, values), schedule.rate(step - 1));
    if (step % 50 == 0)
      std::printf("step %3llu  loss %.4f\n", static_cast<unsigned long long>(step), loss.item_as_double());
  }

  const Batch fresh = draw(random, 1000);
  const auto predicted =
      metrics::predicted_classes(reshape(network.evaluate(fresh.points), {kClouds * kPoints, 2}));
  metrics::ConfusionMatrix confusion(2);
  confusion.add(fresh.parts.to_vector<std::int64_t>(), predicted);
  std::printf("new mushrooms: %.2f %% of the points; IoU of caps %.3f, of stems %.3f, mean %.3f\n",
              100 * confusion.accuracy(), confusion.iou(0), confusion.iou(1), confusion.mean_iou());

  plot::ScatterChart chart;
  chart.title = "What each point is taken for, from the side";
  chart.x = {.label = "x", .unit = "1", .from = -1.5, .to = 1.5};
  chart.y = {.label = "height", .unit = "1"};
  chart.series = {{.name = "cap"}, {.name = "stem"}};
  for (std::int64_t i = 0; i < kPoints; ++i) {  // of the first one
    plot::Series& part = chart.series[static_cast<std::size_t>(predicted[static_cast<std::size_t>(i)])];
    part.x.push_back(fresh.points.at<float>({0, i, 0}));
    part.y.push_back(fresh.points.at<float>({0, i, 2}));
  }
  write_user_file("point_segmentation.svg", plot::draw(chart).svg);
}
