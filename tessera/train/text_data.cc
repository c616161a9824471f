#include "tessera/train/text_data.h"

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/train/layer_builder.h"

namespace tessera::train {
namespace {

constexpr const char* kVocabularyKey = "data.vocabulary";

data::Vocabulary build_vocabulary(const Config& config, const data::TextSamples& samples,
                                  const data::Split& split) {
  data::WordCounts counts;
  for (const std::int64_t position : split.train)
    counts.add(samples.samples[static_cast<std::size_t>(position)].words);
  data::VocabularySettings settings;
  settings.min_count = config.integer("data.min_count");
  if (config.has("data.most_words")) settings.top = config.integer("data.most_words");
  data::Vocabulary vocabulary = data::Vocabulary::build(counts, settings);
  if (vocabulary.size() == data::Vocabulary::kFirstWord)
    fail("{}: no word stands {} times in the samples that are trained on (data.min_count)", samples.source,
         settings.min_count);
  return vocabulary;
}

void set_entries(Config& config, std::int64_t words) {
  for (std::size_t layer = 1; layer <= config.layers(); ++layer) {
    const std::string& kind = config.text(Config::layer_key(layer, "layer"));
    if (kind != "embedding" && kind != "bag_of_words") continue;
    const std::string key = Config::layer_key(layer, "entries");
    if (!config.has(key)) {
      config.set_found(layer, "entries", words);
    } else if (config.integer(key) != words) {
      fail_with(ExitCode::kUsage, "{}: {} is {}, expected {}, the size of the vocabulary, or to leave it out",
                config.origin(key), key, config.text(key), words);
    }
  }
}

void set_vocabulary(Config& config, const data::Vocabulary& vocabulary) {
  const std::vector<std::string> claimed = config.texts(kVocabularyKey);
  const std::string digest = vocabulary.digest();
  if (!claimed.empty() && claimed != std::vector<std::string>{digest})
    fail_with(ExitCode::kInputChanged, "{}: {} is {}, but the words of the data make the vocabulary {}",
              config.origin(kVocabularyKey), kVocabularyKey, config.text(kVocabularyKey), digest);
  config.set_found(kVocabularyKey, std::vector<std::string>{digest});
  set_entries(config, vocabulary.size());
}

}  // namespace

data::TextSource text_source(const Config& config, const std::string& path) {
  data::TextSource source;
  source.format = config.text("data.format");
  source.path = path;
  if (config.has("data.text_column")) source.text_column = config.text("data.text_column");
  if (config.has("data.label_column")) source.label_column = config.text("data.label_column");
  if (config.has("data.one_label")) source.one_label = config.text("data.one_label");
  source.longest = config.integer("data.longest");
  source.tokens.lower_case = config.boolean("data.lower_case");
  source.tokens.mask_digits = config.boolean("data.mask_digits");
  return source;
}

data::Dataset read_words(const Config& config, const std::string& path, const data::Vocabulary& vocabulary) {
  return data::encode_samples(data::read_text_samples(text_source(config, path)), vocabulary,
                              config.texts("data.classes"));
}

PreparedData prepare_data(Config& config, const InputPaths& paths) {
  PreparedData found;
  if (!holds_words(config)) {
    found.dataset = data::read_dataset(dataset_source(config, paths));
    found.split = split_of(config, found.dataset);
    const Shape sample = found.dataset.sample_shape();
    config.set_found("data.columns", found.dataset.columns);  // only CSV has them
    config.set_found("data.shape", std::vector<std::int64_t>(sample.begin(), sample.end()));
  } else {
    const data::TextSamples samples =
        data::read_text_samples(text_source(config, input_path(paths, "features")));
    // Labels and numbers of samples are all that a split looks at.
    found.split =
        split_of(config, data::encode_samples(samples, data::Vocabulary(), config.texts("data.classes")));
    found.vocabulary = build_vocabulary(config, samples, found.split);
    found.dataset = data::encode_samples(samples, *found.vocabulary, config.texts("data.classes"));
    set_vocabulary(config, *found.vocabulary);
  }
  config.set_found("data.classes", found.dataset.classes);
  return found;
}

std::string vocabulary_path(const std::string& run_folder) {
  std::string folder = run_folder;
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  return folder + ".vocabulary.tsv";
}

data::Vocabulary recorded_vocabulary(const std::string& run_folder, const Config& config) {
  const std::string path = vocabulary_path(run_folder);
  if (!exists(path))
    fail_with(ExitCode::kCannotRerun,
              "{}: the run's vocabulary is not there; it is kept beside the run's folder (the same training "
              "writes the same one)",
              path);
  data::Vocabulary vocabulary = data::Vocabulary::read(path);
  const std::vector<std::string> claimed = config.texts(kVocabularyKey);
  if (claimed != std::vector<std::string>{vocabulary.digest()})
    fail_with(ExitCode::kInputChanged, "{}: not the run's vocabulary: its digest is {}, the record says {}",
              path, vocabulary.digest(), config.text(kVocabularyKey));
  return vocabulary;
}

}  // namespace tessera::train
