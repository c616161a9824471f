// Data sets of CIFAR's binary files.
#include "tessera/base/error.h"
#include "tessera/data/cifar.h"
#include "tessera/data/dataset_parts.h"
#include "tessera/tensor/ops.h"

namespace tessera::data {
namespace {

std::vector<std::string> cifar100_classes(const std::string& kind) {
  std::vector<std::string> names;
  for (int label = 0; label < (kind == "fine" ? 100 : 20); ++label) names.push_back(std::to_string(label));
  return names;
}

// Where sample `i` of all files stands.
std::string record_text(const std::vector<std::string>& files, const std::vector<Tensor>& images,
                        std::size_t i) {
  std::size_t file = 0;
  for (; i >= static_cast<std::size_t>(images[file].size(0)); ++file)
    i -= static_cast<std::size_t>(images[file].size(0));
  return fmt::format("{}: record {}", files[file], i);
}

}  // namespace

// The samples of every file, one file after the other.
Dataset read_cifar_dataset(const DatasetSource& source) {
  const bool ten = source.format == "cifar10";
  if (!ten && source.label_column != "fine" && source.label_column != "coarse")
    fail("{}: the label column is '{}', expected 'fine' or 'coarse', the two labels of CIFAR-100",
         source.features, source.label_column);
  if (ten && !source.label_column.empty())
    fail("{}: the label column is '{}', expected none, as CIFAR-10 has one label only", source.features,
         source.label_column);
  const std::vector<std::string> names = ten ? cifar10_classes() : cifar100_classes(source.label_column);
  std::vector<std::string> files = {source.features};
  files.insert(files.end(), source.more_features.begin(), source.more_features.end());
  Dataset dataset;
  std::vector<Tensor> images;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string role = i == 0 ? "features" : fmt::format("features_{}", i + 1);
    const std::string bytes = read_input(role, files[i], dataset);
    const CifarImages read = ten ? parse_cifar10(bytes, files[i]) : parse_cifar100(bytes, files[i]);
    images.push_back(read.images);
    const Tensor& labels = source.label_column == "coarse" ? read.coarse_labels : read.labels;
    for (const std::int64_t label : labels.to_vector<std::int64_t>())
      texts.push_back(names[static_cast<std::size_t>(label)]);
  }
  dataset.features = array_features(concatenate(images, 0), source);
  if (source.read_labels)
    set_labels(dataset, texts, source.classes.empty() ? names : source.classes,
               [&](std::size_t i) { return record_text(files, images, i); });
  return dataset;
}

}  // namespace tessera::data
