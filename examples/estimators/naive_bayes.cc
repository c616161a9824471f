// Naive Bayes by counts: which words speak for a class. Eight short messages, "wanted" or "unwanted"; a new one is judged, and the same
// estimator is made by its name, with a setting from text.
#include <cstdio>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tessera/tessera.h"

using namespace tessera;

// A row of counts per message; words that are new are learned only in the first pass.
Tensor counts(const std::vector<std::string>& messages, std::map<std::string, std::size_t>& words,
              bool learning) {
  std::vector<std::vector<std::string>> split;
  for (const std::string& message : messages) {
    std::istringstream stream(message);
    std::vector<std::string>& row = split.emplace_back();
    for (std::string word; stream >> word;) {
      if (learning) words.emplace(word, words.size());
      if (words.contains(word)) row.push_back(word);
    }
  }
  std::vector<double> values(messages.size() * words.size());
  for (std::size_t i = 0; i < split.size(); ++i)
    for (const std::string& word : split[i]) ++values[i * words.size() + words.at(word)];
  return Tensor::from(values,
                      {static_cast<std::int64_t>(messages.size()), static_cast<std::int64_t>(words.size())});
}

int main() {
  use_default_backend();
  std::map<std::string, std::size_t> words;
  const Tensor x = counts({"win money now", "free money", "win a free prize now", "claim a prize",
                           "meeting at noon", "lunch at noon", "the money for lunch", "notes of the meeting"},
                          words, true);
  const Tensor y = Tensor::from<std::int64_t>({1, 1, 1, 1, 0, 0, 0, 0}, {8});

  learn::MultinomialNB model;
  model.fit(x, y);
  const Tensor log_ratio = model.log_probabilities().slice({1}) - model.log_probabilities().slice({0});
  const std::vector<double> speaks = log_ratio.to_vector<double>();
  std::printf("log of how much more frequent among the unwanted\n");
  for (const char* word : {"free", "win", "money", "a", "the", "noon"})
    std::printf("  %-6s %6.3f\n", word, speaks[words.at(word)]);

  const std::vector<std::string> fresh = {"free lunch", "win the prize", "money at noon", "unheard words"};
  const Tensor probabilities = model.predict_proba(counts(fresh, words, false));
  std::printf("\nprobability of being unwanted\n");
  for (std::size_t i = 0; i < fresh.size(); ++i)
    std::printf("  %-14s %.4f\n", fresh[i].c_str(),
                probabilities.at<double>({static_cast<std::int64_t>(i), 1}));

  const auto smoother = learn::make_estimator("multinomial_nb");
  learn::set_parameter(*smoother, "alpha", "10");
  smoother->fit(x, y);
  std::printf("\nalpha 1: accuracy %.3f, alpha 10: %.3f\n", model.score(x, y), smoother->score(x, y));
}
