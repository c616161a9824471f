#include "tessera/visualise/run_page.h"

#include <algorithm>
#include <numeric>

#include "tessera/base/error.h"
#include "tessera/base/progress.h"
#include "tessera/base/text.h"
#include "tessera/data/split.h"
#include "tessera/report/run_data.h"
#include "tessera/tensor/ops.h"
#include "tessera/train/network.h"
#include "tessera/train/training_loss.h"
#include "tessera/train/training_run.h"
#include "tessera/train/training_setup.h"
#include "tessera/visualise/run_page_html.h"

namespace tessera::visualise {
namespace {

std::int64_t rows_of(nn::Module& layer) {
  if (dynamic_cast<train::ToType*>(&layer) != nullptr) return 0;  // no layer of the configuration
  auto* block = dynamic_cast<nn::Residual*>(&layer);
  if (block == nullptr) return 1;
  std::int64_t rows = 1;
  for (const auto& child : block->body().children()) rows += rows_of(*child);
  return rows;
}

// In one line, also a block of many layers.
std::string description_of(nn::Module& layer) {
  if (dynamic_cast<nn::Residual*>(&layer) == nullptr) return layer.describe();
  return fmt::format("residual block of the next {} layers", rows_of(layer) - 1);
}

std::string listed(const std::vector<std::size_t>& layers, const std::vector<std::int64_t>& numbers) {
  std::string text;
  for (const std::size_t count : layers)
    text += fmt::format("{}{}", text.empty() ? "" : ", ", numbers[count - 1]);
  return text;
}

// The counts of layers that are to be looked at.
std::vector<std::size_t> wanted_layers(const nn::Sequential& network, const Shape& input,
                                       std::int64_t layer) {
  std::vector<std::size_t> usual = choose_layers(network, input);
  if (usual.empty())
    fail_with(
        ExitCode::kUsage,
        "the network has no convolution whose feature maps could be looked at, expected a layer conv2d");
  if (layer == 0) return usual;
  const std::vector<std::int64_t> numbers = layer_numbers(network);
  Shape shape = input;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    shape = network.children()[i]->output_shape(shape);
    if (numbers[i] != layer || dynamic_cast<train::ToType*>(network.children()[i].get()) != nullptr) continue;
    if (shape.rank() == 4) return {i + 1};
    fail_with(ExitCode::kUsage, "layer {} ({}) gives no feature maps, expected for example one of {}", layer,
              network.children()[i]->describe(), listed(usual, numbers));
  }
  fail_with(ExitCode::kUsage,
            "there is no layer {} outside of a residual block, expected for example one of {}", layer,
            listed(usual, numbers));
}

void check_method(nn::Sequential& network, const std::vector<std::size_t>& layers, Method method) {
  const std::vector<std::int64_t> numbers = layer_numbers(network);
  for (std::size_t count = 1; count <= layers.back(); ++count)
    if (const nn::Module* obstacle = first_obstacle(network, count, method))
      fail_with(ExitCode::kUsage, "layer {}: {}", numbers[count - 1], obstacle_text(*obstacle, method));
}

// The held-out samples, or all of them.
std::vector<std::int64_t> positions_of(const train::TrainedModel& model, const data::Dataset& dataset,
                                       bool all, std::vector<std::string>& notes) {
  std::vector<std::int64_t> held_out = train::split_of(model.config(), dataset).held_out;
  if (!all && !held_out.empty()) return held_out;
  if (!all) notes.emplace_back("no samples were held out, so the images are those of the training");
  std::vector<std::int64_t> every(static_cast<std::size_t>(dataset.size()));
  std::iota(every.begin(), every.end(), 0);
  return every;
}

std::string weights_text(const train::TrainedModel& model) {
  const auto& settings = model.claim().configuration;
  const auto is = [&](const char* key, const char* value) {
    const auto found = settings.find(key);
    return found != settings.end() && (*value == 0 || found->second == value);
  };
  const char* which = is("training.keep", "best")  ? "the best weights so far"
                      : is("training.average", "") ? "the averaged weights"
                                                   : "the weights";
  return fmt::format("{} after step {}{}", which, grouped_number(model.step()),
                     model.finished() ? ", the last one of a sealed run" : " of a run that is not finished");
}

// Their numbers and names, and the filters of the first convolution.
void describe_layers(const nn::Sequential& network, RunViews& views) {
  views.numbers = layer_numbers(network);
  for (std::size_t i = 0; i < network.children().size(); ++i) {
    nn::Module& layer = *network.children()[i];
    views.descriptions.push_back(description_of(layer));
    auto* convolution = dynamic_cast<nn::Conv2d*>(&layer);
    if (convolution == nullptr || views.filters.defined()) continue;
    views.filters = convolution->weight().value.to(DType::kFloat32);
    views.filters_layer = views.numbers[i];
  }
}

Shape image_shape_of(const train::TrainedModel& model, const std::string& run_folder) {
  Shape input{1};
  for (const std::int64_t length : model.sample_shape()) input.append(length);
  if (input.rank() != 4)
    fail_with(ExitCode::kUsage,
              "{}: its samples have the shape {}, expected images [channels, rows, columns]", run_folder,
              model.sample_shape().to_string());
  return input;
}

}  // namespace

std::vector<std::int64_t> layer_numbers(const nn::Sequential& network) {
  std::vector<std::int64_t> numbers;
  std::int64_t next = 1;
  for (const auto& child : network.children()) {
    numbers.push_back(next);
    next += rows_of(*child);
  }
  return numbers;
}

RunPage make_run_page(const std::string& run_folder, const RunPageOptions& options) {
  if (train::is_run_of_kind(run_folder, "generate"))
    fail_with(
        ExitCode::kUsage,
        "{0}: the run learned to make images, expected one of 'tessera train', whose samples have classes; "
        "'tessera generate samples {0} --out grid.png' shows what it makes, 'tessera generate evaluate {0}' "
        "measures it",
        run_folder);
  const train::TrainedModel model = train::TrainedModel::newest(run_folder);
  ViewOptions view{.layers = wanted_layers(model.network(), image_shape_of(model, run_folder), options.layer),
                   .maps = options.maps,
                   .method = options.method};
  check_method(model.network(), view.layers, options.method);

  RunPage result;
  const data::Dataset dataset = train::claimed_data(model, run_folder, options.data_folder);
  RunViews views;
  views.positions = positions_of(model, dataset, options.all_samples, result.notes);
  views.all_samples = dataset.size();
  const data::Dataset seen = data::take(dataset, views.positions);
  if (train::predicts_numbers(model.config()))
    views.labels.assign(views.positions.size(), 0);  // there are no classes
  else
    views.labels = seen.labels.to_vector<std::int64_t>();
  views.classes = model.classes();
  views.name = report::run_name(run_folder);
  views.weights = weights_text(model);
  views.method = options.method;
  views.lowest = min(seen.features).item_as_double();
  views.highest = max(seen.features).item_as_double();
  views.layers = view_feature_maps(model.network(), seen.features, view);
  describe_layers(model.network(), views);
  result.html = run_page_html(views);
  result.file_name = report::safe_file_name(views.name).substr(0, 100) + "-maps.html";
  if (options.pictures) result.pictures = run_page_pictures(views);
  return result;
}

}  // namespace tessera::visualise
