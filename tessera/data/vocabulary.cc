#include "tessera/data/vocabulary.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/hash.h"
#include "tessera/data/numbers.h"

namespace tessera::data {
namespace {

constexpr std::string_view kFirstLine = "tessera vocabulary 1";

}  // namespace

void WordCounts::add(const std::vector<std::string>& words) {
  for (const std::string& word : words) ++counts_[word];
  total_ += static_cast<std::int64_t>(words.size());
}

Vocabulary Vocabulary::build(const WordCounts& counts, const VocabularySettings& settings) {
  if (settings.min_count < 1 || settings.top < 0)
    fail(
        "a vocabulary of words counted at least {} times, at most {} of them: expected at least 1 and at "
        "least 0",
        settings.min_count, settings.top);
  std::vector<std::pair<std::string, std::int64_t>> kept;
  for (const auto& [word, count] : counts.counts())
    if (count >= settings.min_count) kept.emplace_back(word, count);
  // The map gave them in the order of their bytes.
  std::stable_sort(kept.begin(), kept.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  if (settings.top > 0 && static_cast<std::int64_t>(kept.size()) > settings.top)
    kept.resize(static_cast<std::size_t>(settings.top));
  Vocabulary vocabulary;
  vocabulary.unknown_ = counts.total();
  for (auto& [word, count] : kept) {
    vocabulary.unknown_ -= count;
    vocabulary.add(std::move(word), count);
  }
  return vocabulary;
}

void Vocabulary::add(std::string word, std::int64_t count) {
  ids_.emplace(word, size());
  words_.push_back(std::move(word));
  counts_.push_back(count);
}

std::int64_t Vocabulary::id(std::string_view word) const {
  const auto found = ids_.find(std::string(word));
  return found == ids_.end() ? kUnknown : found->second;
}

const std::string& Vocabulary::word(std::int64_t id) const {
  if (id < kFirstWord || id >= size())
    fail("word {}: expected an id from {} to {}", id, kFirstWord, size() - 1);
  return words_[static_cast<std::size_t>(id - kFirstWord)];
}

std::int64_t Vocabulary::count(std::int64_t id) const {
  if (id == kPadding) return 0;
  if (id == kUnknown) return unknown_;
  word(id);
  return counts_[static_cast<std::size_t>(id - kFirstWord)];
}

std::vector<std::int64_t> Vocabulary::ids(const std::vector<std::string>& words) const {
  std::vector<std::int64_t> ids;
  ids.reserve(words.size());
  for (const std::string& word : words) ids.push_back(id(word));
  return ids;
}

std::string Vocabulary::digest() const {
  Sha256 hash;
  hash.add_item("tessera/vocabulary/1").add_u64(static_cast<std::uint64_t>(unknown_));
  for (std::size_t i = 0; i < words_.size(); ++i)
    hash.add_item(words_[i]).add_u64(static_cast<std::uint64_t>(counts_[i]));
  return to_hex(hash.finish());
}

std::string Vocabulary::to_text() const {
  std::string text = fmt::format("{}\t{}\n", kFirstLine, unknown_);
  for (std::size_t i = 0; i < words_.size(); ++i) text += fmt::format("{}\t{}\n", words_[i], counts_[i]);
  return text;
}

Vocabulary Vocabulary::parse(std::string_view text, const std::string& source) {
  Vocabulary vocabulary;
  for (std::int64_t line = 1; !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos)
      fail("{}:{}: the line does not end, expected a line feed", source, line);
    const std::string_view here = text.substr(0, end);
    text.remove_prefix(end + 1);
    const std::size_t tab = here.find('\t');
    const auto count = tab == std::string_view::npos ? std::nullopt : parse_integer(here.substr(tab + 1));
    if (!count || *count < 0 || tab == 0) fail("{}:{}: expected a word, a tab and its count", source, line);
    const std::string_view word = here.substr(0, tab);
    if (line == 1) {
      if (word != kFirstLine) fail("{}:1: expected '{}', a tab and a count", source, kFirstLine);
      vocabulary.unknown_ = *count;
      continue;
    }
    if (vocabulary.ids_.contains(std::string(word)))
      fail("{}:{}: the word stands in another line, too", source, line);
    vocabulary.add(std::string(word), *count);
  }
  if (vocabulary.words_.empty()) fail("{}: there is no word, expected the file of a vocabulary", source);
  return vocabulary;
}

Vocabulary Vocabulary::read(const std::string& path) {
  return parse(read_regular_file(path), path);
}

void Vocabulary::write(const std::string& path) const {
  write_file_atomically(path, to_text());
}

std::vector<std::pair<std::string, std::int64_t>> bag_of_words(const std::vector<std::string>& words) {
  std::vector<std::pair<std::string, std::int64_t>> bag;
  std::unordered_map<std::string, std::size_t> places;
  for (const std::string& word : words) {
    const auto [found, added] = places.emplace(word, bag.size());
    if (added) bag.emplace_back(word, 0);
    ++bag[found->second].second;
  }
  std::stable_sort(bag.begin(), bag.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return bag;
}

}  // namespace tessera::data
