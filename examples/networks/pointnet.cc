// PointNet, recorded: names solids from points on their surfaces, or what is in POINTS.npy LABELS.csv (docs/point_clouds.md).
#include <cstdio>

#include "tessera/tessera.h"
#include "tessera/train/evaluation.h"
using namespace tessera;

constexpr const char* kNames[] = {"tetrahedron", "cube", "octahedron"};
constexpr const char* kSolids[] = {
    "OFF 4 4\n1 1 1\n1 -1 -1\n-1 1 -1\n-1 -1 1\n3 0 1 2\n3 0 3 1\n3 0 2 3\n3 1 3 2\n",
    "OFF 8 6\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n0 0 1\n1 0 1\n1 1 1\n0 1 1\n"
    "4 0 1 2 3\n4 4 5 6 7\n4 0 1 5 4\n4 1 2 6 5\n4 2 3 7 6\n4 3 0 4 7\n",
    "OFF 6 8\n1 0 0\n-1 0 0\n0 1 0\n0 -1 0\n0 0 1\n0 0 -1\n3 0 2 4\n3 2 1 4\n3 1 3 4\n3 3 0 4\n"
    "3 0 2 5\n3 2 1 5\n3 1 3 5\n3 3 0 5\n"};

data::Dataset solids(std::int64_t count) {
  RandomSource random(2);
  data::Dataset set;
  set.classes = {std::begin(kNames), std::end(kNames)};
  std::vector<Tensor> clouds;
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < count; ++i) {
    const data::Mesh mesh = data::parse_off(kSolids[i % 3], kNames[i % 3]);
    clouds.push_back(reshape(data::sample_surface(mesh, 96, random, std::to_string(i)), {1, 96, 3}));
    labels.push_back(i % 3);
  }
  set.features = concatenate(clouds, 0);
  set.labels = Tensor::from<std::int64_t>(labels, {count});
  return set;
}

int main(int count, char** arguments) {
  use_default_backend();
  const bool given = count == 3;
  const data::Dataset set =
      given ? data::read_dataset({.features = arguments[1], .labels = arguments[2], .label_column = "class"})
            : solids(150);
  const data::Split split = data::hold_out_stratified(set.labels.to_vector<std::int64_t>(), 0.2, 1);

  nn::Sequential network;
  network.add<models::NormalizePoints>();
  network.add<models::ChoosePoints>(given ? 256 : 64);
  network.add<models::AugmentPoints>(data::PointAugmentation{.rotate = !given, .scale = 0.1, .jitter = 0.01});
  models::PointNetSettings settings{.classes = static_cast<std::int64_t>(set.classes.size())};
  if (!given)
    settings = {.classes = 3, .first = {16}, .second = {32, 64}, .head = {32}, .transform = {{16, 32}, {16}}};
  network.add<models::PointNet>(settings);
  RandomSource random(1);
  network.initialize(random);
  nn::Adam optimizer(network.parameters());
  const std::uint64_t steps = given ? 742 : 80;
  const nn::Schedule schedule = nn::cosine_schedule(given ? 0.002 : 0.01, steps, 0, steps / 20);
  const auto samples = static_cast<std::int64_t>(split.train.size());
  data::BatchPlan plan({.samples = samples, .batch = 32, .seed = 1, .drop_last = true});
  std::vector<runs::InputFile> inputs;
  for (const data::InputFile& input : set.inputs) inputs.push_back({input.role, input.path, input.digest});
  auto run = runs::Run::open({.base_name = "pointnet", .seed = 1, .inputs = inputs, .steps = steps});
  run.keep("network", network);
  run.keep("optimizer", optimizer);
  for (auto& step : run.steps(steps)) {
    random.begin_step(step.number());
    std::vector<std::int64_t> batch;
    for (const std::int64_t at : plan.batch(step.number()).positions) batch.push_back(split.train[at]);
    std::vector<Tensor> weights;
    for (const nn::Parameter* parameter : network.parameters()) weights.push_back(parameter->value);
    Tape tape;
    tape.watch(weights);
    nn::Context context{.training = true, .random = &random};
    const Tensor scores = network.forward(data::take_samples(set.features, batch), context);
    Tensor loss = nn::cross_entropy_loss(scores, data::take_samples(set.labels, batch));
    loss = nn::with_added_losses(loss, context);
    tape.stop();
    optimizer.step(tape.gradient(loss, weights), schedule.rate(step.number() - 1));
    step.record("loss", loss);
  }
  const metrics::ConfusionMatrix found = train::evaluate_samples(network, set, split.held_out).confusion;
  std::printf("%sheld out: %.1f %%\nseal %s\n", found.per_class_table(set.classes).c_str(),
              100 * found.accuracy(), run.finish().c_str());
}
