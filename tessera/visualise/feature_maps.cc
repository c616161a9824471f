#include "tessera/visualise/feature_maps.h"

#include <algorithm>
#include <numeric>

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/data/dataset.h"
#include "tessera/tensor/ops.h"

namespace tessera::visualise {
namespace {

bool begins_a_stage(nn::Module& layer) {
  return dynamic_cast<nn::Convolution*>(&layer) != nullptr || dynamic_cast<nn::Residual*>(&layer) != nullptr;
}

// What follows a convolution and belongs to it.
bool continues_a_stage(nn::Module& layer) {
  const auto is = [&]<typename... Kinds>() { return ((dynamic_cast<Kinds*>(&layer) != nullptr) || ...); };
  return is.operator()<nn::BatchNorm, nn::LayerNorm, nn::GroupNorm, nn::PixelNorm, nn::LocalResponseNorm,
                       nn::ElementwiseLayer, nn::Maxout, nn::Dropout>();
}

void check(const Tensor& images, const ViewOptions& options) {
  if (images.rank() != 4 || images.size(0) < 1)
    fail("the images have the shape {}, expected [N, channels, rows, columns] with at least one image",
         images.shape().to_string());
  if (options.layers.empty() || options.maps < 1 || options.group < 1)
    fail("view_feature_maps: found {} layers, {} maps and groups of {}, expected at least 1 of each",
         options.layers.size(), options.maps, options.group);
}

class Viewer {
 public:
  Viewer(nn::Sequential& network, const Tensor& images, const ViewOptions& options)
      : network_(network), images_(images), options_(options) {
    input_ = images.shape();
    input_[0] = 1;
  }

  std::vector<LayerView> run() {
    std::vector<LayerView> views;
    for (const std::size_t layers : options_.layers) views.push_back(prepared(layers));
    find_strongest(views);
    for (LayerView& view : views) show_layer(view);
    return views;
  }

 private:
  LayerView prepared(std::size_t layers) {
    if (const nn::Module* obstacle = first_obstacle(network_, layers, options_.method))
      fail("{}", obstacle_text(*obstacle, options_.method));
    LayerView view;
    view.layers = layers;
    view.output = input_;
    for (std::size_t i = 0; i < layers; ++i) view.output = network_.children()[i]->output_shape(view.output);
    if (view.output.rank() != 4)
      fail("{} gives {}, expected feature maps [N, maps, rows, columns]",
           network_.children()[layers - 1]->describe(), view.output.to_string());
    for (int axis = 0; axis < 2; ++axis)
      for (std::int64_t i = 0; i < view.output[2 + axis]; ++i) {
        const ReceptiveField field =
            receptive_field(network_, layers, input_, axis == 0 ? i : 0, axis == 0 ? 0 : i);
        const Reach& reach = axis == 0 ? field.rows : field.columns;
        std::int64_t& longest = axis == 0 ? view.window_rows : view.window_columns;
        longest = std::max(longest, reach.last - reach.first + 1);
      }
    view.rows = std::min(view.window_rows, input_[2]);
    view.columns = std::min(view.window_columns, input_[3]);
    for (std::int64_t map = 0; map < std::min(options_.maps, view.output[1]); ++map)
      view.maps.push_back({map});
    return view;
  }

  // One pass over all images.
  void find_strongest(std::vector<LayerView>& views) {
    const NoTape no_tape;
    std::vector<StrongestActivations> found;
    found.reserve(views.size());
    for (const LayerView& view : views) found.emplace_back(view.output[1], options_.strongest);
    for (std::int64_t first = 0; first < images_.size(0); first += options_.group) {
      std::vector<std::int64_t> samples(
          static_cast<std::size_t>(std::min(options_.group, images_.size(0) - first)));
      std::iota(samples.begin(), samples.end(), first);
      Tensor x = data::take_samples(images_, samples);
      std::size_t done = 0;
      for (std::size_t i = 0; i < views.size(); ++i) {
        nn::Context context;
        for (; done < views[i].layers; ++done) x = network_.children()[done]->forward(x, context);
        found[i].add(x, samples);
      }
    }
    for (std::size_t i = 0; i < views.size(); ++i)
      for (MapView& map : views[i].maps) map.strongest = found[i].of(map.map);
  }

  // One unit of one image.
  struct Shown {
    MapView* map;
    std::size_t place;  // among its strongest
  };

  void show_layer(LayerView& view) {
    std::vector<Shown> shown;
    for (MapView& map : view.maps)
      for (std::size_t i = 0; i < map.strongest.size(); ++i) shown.push_back({&map, i});
    const auto group = static_cast<std::size_t>(std::max<std::int64_t>(options_.group / 4, 1));
    std::vector<std::vector<Tensor>> patches(view.maps.size()), projections(view.maps.size());
    for (std::size_t first = 0; first < shown.size(); first += group) {
      const std::span<const Shown> part(shown.data() + first, std::min(group, shown.size() - first));
      const Tensor images = images_of(part), pixels = project(view, images, part);
      for (std::size_t i = 0; i < part.size(); ++i) {
        const auto map = static_cast<std::size_t>(part[i].map->map);
        const Piece piece = piece_of(view, part[i].map->strongest[part[i].place]);
        part[i].map->pieces.push_back(piece);
        patches[map].push_back(cut(images, i, piece, view));
        projections[map].push_back(cut(pixels, i, piece, view));
      }
    }
    for (MapView& map : view.maps) {
      if (map.strongest.empty()) continue;
      map.patches = concatenate(patches[static_cast<std::size_t>(map.map)], 0);
      map.projections = concatenate(projections[static_cast<std::size_t>(map.map)], 0);
    }
  }

  Tensor images_of(std::span<const Shown> part) const {
    std::vector<std::int64_t> samples;
    for (const Shown& unit : part) samples.push_back(unit.map->strongest[unit.place].sample);
    return data::take_samples(images_, samples);
  }

  Tensor project(const LayerView& view, const Tensor& images, std::span<const Shown> part) {
    std::vector<Unit> units;
    for (const Shown& unit : part) {
      const Activation& activation = unit.map->strongest[unit.place];
      units.push_back({unit.map->map, activation.row, activation.column});
    }
    const ImagePass pass(network_, view.layers, images);
    return pass.project(unit_signal(pass.activations(), units), options_.method);
  }

  // The unit's window, moved into the image where it reaches over the edge.
  Piece piece_of(const LayerView& view, const Activation& unit) const {
    const ReceptiveField field = receptive_field(network_, view.layers, input_, unit.row, unit.column);
    Piece piece;
    const auto place = [](const Reach& reach, std::int64_t length, std::int64_t image, std::int64_t& first,
                          std::int64_t(&seen)[2]) {
      first = std::clamp<std::int64_t>(reach.first, 0, image - length);
      if (reach.seen.empty()) return;
      seen[0] = std::clamp<std::int64_t>(reach.seen.front() - first, 0, length);
      seen[1] = std::clamp<std::int64_t>(reach.seen.back() + 1 - first, 0, length);
    };
    place(field.rows, view.rows, input_[2], piece.first_row, piece.seen_rows);
    place(field.columns, view.columns, input_[3], piece.first_column, piece.seen_columns);
    return piece;
  }

  static Tensor cut(const Tensor& images, std::size_t i, const Piece& piece, const LayerView& view) {
    const auto image = static_cast<std::int64_t>(i);
    return slice(images,
                 {Range(image, image + 1), Range::all(), Range(piece.first_row, piece.first_row + view.rows),
                  Range(piece.first_column, piece.first_column + view.columns)});
  }

  nn::Sequential& network_;
  const Tensor& images_;
  const ViewOptions& options_;
  Shape input_;
};

}  // namespace

std::vector<std::size_t> choose_layers(const nn::Sequential& network, const Shape& input) {
  std::vector<std::size_t> chosen;
  Shape shape = input;
  bool inside = false;
  for (std::size_t i = 0; i < network.children().size(); ++i) {
    nn::Module& layer = *network.children()[i];
    shape = layer.output_shape(shape);
    if (shape.rank() != 4) break;
    const bool begins = begins_a_stage(layer);
    if (!begins && !(inside && continues_a_stage(layer))) {
      inside = false;
      continue;
    }
    if (!begins) chosen.pop_back();  // the stage ends later
    chosen.push_back(i + 1);
    inside = true;
  }
  return chosen;
}

std::vector<LayerView> view_feature_maps(nn::Sequential& network, const Tensor& images,
                                         const ViewOptions& options) {
  check(images, options);
  ViewOptions sorted = options;
  std::sort(sorted.layers.begin(), sorted.layers.end());
  sorted.layers.erase(std::unique(sorted.layers.begin(), sorted.layers.end()), sorted.layers.end());
  return Viewer(network, images, sorted).run();
}

}  // namespace tessera::visualise
