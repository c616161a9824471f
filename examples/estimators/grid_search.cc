// A recorded search, three times over the same table: every combination, one parameter after the other, and eight draws. Candidates are judged by folds of the training
// rows; the best one is tested once on rows that nobody has seen. The run can be verified, resumed and used for predictions as any other.
#include <cstdio>
#include <filesystem>

#include "tessera/tessera.h"

using namespace tessera;

std::string shops() {
  std::string text = "visits,hours,region,buys\n";
  for (int i = 0; i < 240; ++i) {
    const int buys = i * 11 % 3 == 0;
    text += fmt::format("{},{},{},{}\n", i * 29 % 17 + 5 * buys, i * 13 % 11 - 2 * buys,
                        i * 7 % 5 < 2 + buys ? "north" : "south", buys ? "yes" : "no");
  }
  return text;
}

int main() {
  use_default_backend();
  write_file_atomically("shops.csv", shops());
  const std::string store = make_temporary_folder("grid-search");
  const std::vector<std::string> lists = {"max_depth=2,4,8", "min_samples_leaf=1,5,20"};
  const tabular::SearchOptions ways[] = {
      {.grid = lists},
      {.grid = lists, .step_by_step = true},
      {.ranges = {"max_depth=1..10", "min_samples_leaf=1..40:log"}, .random = 8}};
  for (const tabular::SearchOptions& way : ways) {
    const auto config =
        tabular::FitConfig::of_search("decision_tree_classifier", "shops.csv", "buys", {}, way);
    const tabular::FitResult result = tabular::fit(config, {.store = store, .quiet = true});
    std::printf("%s: %zu candidates\n%s",
                way.random > 0     ? "random"
                : way.step_by_step ? "step by step"
                                   : "grid",
                result.candidates.size(), tabular::candidates_table(result.candidates, 3).c_str());
    for (const auto& [name, value] : result.final_scores)
      if (name == "test_score") std::printf("test accuracy %.4f\n", value);
    const train::VerifyResult verified = tabular::verify_fit(result.folder, {.quiet = true});
    std::printf("verify: %s\n\n", verified.message.c_str());
  }
  std::filesystem::remove_all(store);
}
