#include "tessera/embedding/embedding_config.h"

#include "tessera/base/files.h"

namespace tessera::embedding {
namespace {

using namespace train::keys;
using train::Key, train::KeyPlace, train::KeyType, train::kKeyNone, train::kKeyRequired;

constexpr Key kKeys[] = {
    text("name", "words", "Runs are called NAME-0001, NAME-0002, ...", KeyType::kName,
         KeyPlace::kCircumstances),
    integer("seed", 0, 9007199254740992, "1",
            "Every random number comes from it: split, order, initial vectors, words left out, noise.",
            KeyPlace::kClaimField),
    text("data.path", kKeyRequired,
         "The file of the texts: .txt (one per line), .csv, or JSON lines (.jsonl); also packed (.gz). "
         "Relative to "
         "this file's folder; `${TESSERA_DATA}` is replaced.",
         KeyType::kPath, KeyPlace::kCircumstances),
    text("data.text_column", "text", "The column (.csv) or field (.jsonl) of the text."),
    boolean("data.lower_case", "true", "Words are lower-cased."),
    boolean("data.mask_digits", "true", "Each digit becomes '*': 2017-03-13 is ****-**-**."),
    real("data.test", 0, 0.8, "0.1", "The share of the texts on which the loss is measured; 0: none."),
    integer("text.min_count", 1, 1e9, "5", "A word gets a vector if the training texts have it so often."),
    integer("text.top", 0, 1e9, "0", "At most so many words, the most frequent; 0: all."),
    integer("model.dimensions", 1, 65536, "100", "Numbers per word."),
    integer(
        "model.window", 1, 1000, "5",
        "Words up to so far apart are neighbours; the nearer count more: (window - distance + 1) / window."),
    integer("model.negatives", 1, 1000, "5", "Random words from which each pair is driven away."),
    integer("training.epochs", 1, 1e6, "5", "Passes over the training texts."),
    integer("training.batch", 1, 1e9, "1024", "Words per step, each with all its neighbours."),
    real("training.learning_rate", 1e-9, 10, "0.01",
         "Of Adam, in the first step; falls to 0 in a straight line."),
    real("training.subsample", 0, 1, "0.001",
         "A word that is the share f of all words stays in a pass with the probability sqrt(this / f) + this "
         "/ f; "
         "0: always."),
    real("training.noise_power", -10, 10, "0.75", "Random words are drawn by count to the power of this."),
    integer("training.noise_words", 1, 1e6, "128",
            "Random words that are drawn for a step, for all of its words together."),
    integer("record.digest_every", 1, 1e12, "50", "Steps between two digests of the state.",
            KeyPlace::kClaimField),
    integer("record.checkpoint_every", 0, 1e12, "500", "Steps between two checkpoints; 0: only at the end.",
            KeyPlace::kClaimField),
    integer("record.evaluate_every", 0, 1e9, "1",
            "Epochs between two looks at the held-out texts; 0: only at the end."),
    text("found.vocabulary", kKeyNone, "Digest of the vocabulary.", KeyType::kText, KeyPlace::kFound),
    integer("found.words", 0, 1e12, kKeyNone, "Size of the vocabulary, with padding and the unknown word.",
            KeyPlace::kFound),
};

}  // namespace

EmbeddingConfig EmbeddingConfig::read(const std::string& path, const std::vector<std::string>& overrides) {
  return parse(read_file(path), path, overrides, train::folder_of_file(path));
}

EmbeddingConfig EmbeddingConfig::parse(std::string_view toml, const std::string& source,
                                       const std::vector<std::string>& overrides, const std::string& folder) {
  EmbeddingConfig config;
  config.parse_keys(kKeys, toml, source, overrides, folder);
  return config;
}

EmbeddingConfig EmbeddingConfig::from_record(const std::map<std::string, std::string>& texts) {
  EmbeddingConfig config;
  config.recorded_keys(kKeys, texts);
  return config;
}

std::string embedding_config_reference() {
  return train::key_reference(kKeys);
}

}  // namespace tessera::embedding
