#include "tessera/train/text_reading.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/base/text.h"
#include "tessera/models/sequence_classifier.h"
#include "tessera/tensor/ops.h"
#include "tessera/train/text_data.h"

namespace tessera::train {
namespace {

data::TextSource unlabelled_source(const TrainedModel& model, const std::string& path) {
  data::TextSource source = text_source(model.config(), path);
  source.read_labels = false;
  return source;
}

Predictions predictions_of(const TrainedModel& model, const data::TextSamples& samples,
                           const Tensor& scores) {
  Predictions found{model.classes(), metrics::predicted_classes(scores), softmax(scores, 1)};
  for (std::size_t i = 0; i < samples.samples.size(); ++i) {
    const data::TextSample& sample = samples.samples[i];
    found.left_out += sample.left_out;
    if (!samples.tagged) continue;
    for (std::size_t t = 0; t < sample.shown.size(); ++t)
      found.words.push_back(
          {static_cast<std::int64_t>(i) + 1, static_cast<std::int64_t>(t) + 1, sample.shown[t]});
  }
  return found;
}

// "1.layer.l0.z" into its path "1.layer", run "l0" and part "z"; "2.attention.weights" into "2.attention", "" and "weights".
struct ShownName {
  std::string path, run, part;

  explicit ShownName(const std::string& name) : part(name.substr(name.rfind('.') + 1)) {
    path = name.substr(0, name.size() - part.size() - 1);
    if (part == "weights") return;
    const std::size_t dot = path.rfind('.');
    run = path.substr(dot + 1);
    path.resize(dot);
  }
};

// As short as they can be told apart.
std::vector<std::string> short_names(const std::vector<ShownName>& names) {
  std::vector<std::string> out;
  for (const ShownName& name : names) {
    if (name.part == "weights") {
      out.emplace_back("attention");
      continue;
    }
    const auto other = [&](std::string ShownName::*field) {
      return std::any_of(names.begin(), names.end(), [&](const ShownName& another) {
        return another.part != "weights" && another.*field != name.*field;
      });
    };
    std::string text;
    if (other(&ShownName::path)) text += name.path + ".";
    if (other(&ShownName::run)) text += name.run + ".";
    out.push_back(text + name.part);
  }
  return out;
}

// Gates [1, T, features] by their mean over the features, weights [1, T] as they are; of the first `words` times.
std::vector<double> by_word(const Tensor& shown, std::size_t words) {
  const Tensor values = shown.rank() == 3 ? mean(shown, {2}) : shown;
  std::vector<double> out;
  for (const float value : values.to_vector<float>()) out.push_back(static_cast<double>(value));
  out.resize(words);
  return out;
}

}  // namespace

Predictions predict_words(const TrainedModel& model, const std::string& file) {
  const data::TextSamples samples = data::read_text_samples(unlabelled_source(model, file));
  const data::Dataset dataset = data::encode_samples(samples, *model.vocabulary(), model.classes());
  return predictions_of(model, samples, model.scores(dataset.features));
}

TextReading read_text(const TrainedModel& model, const std::string& text) {
  if (model.vocabulary() == nullptr)
    fail_with(ExitCode::kUsage,
              "the run was trained on numbers (data.format is \"{}\"), expected one on words",
              model.config().text("data.format"));
  const data::TextSamples samples = data::sample_of_text(text, unlabelled_source(model, ""));
  const data::Dataset dataset = data::encode_samples(samples, *model.vocabulary(), model.classes());
  const models::SequenceReading read = models::read_sequences(model.network(), dataset.features);
  TextReading reading;
  reading.predictions = predictions_of(
      model, samples,
      class_scores(loss_options(model.config()), judged_scores(read.scores, dataset.features)));
  reading.words = samples.samples[0].shown;
  for (const std::string& word : samples.samples[0].words)
    reading.known.push_back(model.vocabulary()->id(word) != data::Vocabulary::kUnknown);
  std::vector<ShownName> names;
  for (const auto& [name, tensor] : read.shown) {
    const ShownName found(name);
    if (found.part == "n" || found.part == "g" || found.part == "c") continue;  // states, no gates
    names.push_back(found);
    reading.values.push_back(by_word(tensor, reading.words.size()));
  }
  reading.columns = short_names(names);
  return reading;
}

std::string TextReading::to_text() const {
  const std::vector<float> probabilities = predictions.probabilities.to_vector<float>();
  const std::size_t classes = predictions.classes.size();
  const bool tags = !predictions.words.empty();
  std::string out;
  if (!tags)
    for (std::size_t c = 0; c < classes; ++c)
      out +=
          fmt::format("{} {:.4f}  {}\n", static_cast<std::int64_t>(c) == predictions.predicted[0] ? '*' : ' ',
                      probabilities[c], printable(predictions.classes[c]));
  if (columns.empty() && !tags) return out;
  std::size_t width = 4;
  for (const std::string& word : words) width = std::max(width, printable(word).size() + 1);
  out += fmt::format("{}{:<{}}", tags ? "" : "\n", "word", width);
  for (const std::string& column : columns) out += fmt::format("  {:>6}", column);
  out += tags ? "  tag\n" : "\n";
  for (std::size_t t = 0; t < words.size(); ++t) {
    out += fmt::format("{:<{}}", printable(words[t]) + (known[t] ? "" : "?"), width);
    for (std::size_t c = 0; c < columns.size(); ++c)
      out += fmt::format("  {:>{}.2f}", values[c][t], std::max<std::size_t>(6, columns[c].size()));
    if (tags) {
      const auto tag = static_cast<std::size_t>(predictions.predicted[t]);
      out +=
          fmt::format("  {} {:.4f}", printable(predictions.classes[tag]), probabilities[t * classes + tag]);
    }
    out += "\n";
  }
  return out;
}

}  // namespace tessera::train
