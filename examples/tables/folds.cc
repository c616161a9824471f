// Every way to split: folds that keep classes in their share, patients together, and time in order; folds inside folds; three parts;
// and a test part whose openings are written down.
#include "tessera/data/folds.h"

#include <cstdio>

#include "tessera/data/openings.h"
#include "tessera/tessera.h"

using namespace tessera;

// A line per fold: T is trained on, # is held out.
void show(const char* what, const std::vector<data::Split>& splits, std::size_t samples) {
  std::printf("%s\n", what);
  for (const data::Split& split : splits) {
    std::string line(samples, '.');
    for (const std::int64_t sample : split.train) line[static_cast<std::size_t>(sample)] = 'T';
    for (const std::int64_t sample : split.held_out) line[static_cast<std::size_t>(sample)] = '#';
    std::printf("  %s\n", line.c_str());
  }
}

int main() {
  const std::vector<std::int64_t> labels = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1};
  const std::vector<std::int64_t> patients = {1, 1, 1, 2, 2, 3, 3, 3, 4, 4, 5, 6};
  const data::FoldOptions three = {.folds = 3, .seed = 1};
  std::printf("class    000000001111\npatient  111223334456\n\n");
  show("k_fold", data::k_fold(12, three), 12);
  show("stratified_k_fold: of each class its share", data::stratified_k_fold(labels, three), 12);
  show("group_k_fold: no patient in two folds", data::group_k_fold(patients, three), 12);
  show("stratified_group_k_fold", data::stratified_group_k_fold(labels, patients, three), 12);
  show("time_series, a gap of 1", data::time_series(12, {.folds = 3, .test_size = 2, .gap = 1}), 12);
  show("time_series, a window of 4", data::time_series(12, {.folds = 3, .test_size = 2, .most_train = 4}),
       12);
  show("repeated twice",
       data::repeated(2, {.folds = 2, .seed = 1},
                      [](const auto& options) { return data::k_fold(12, options); }),
       12);
  const auto nested = data::nested(data::k_fold(12, three), [](const auto& train) {
    return data::k_fold(static_cast<std::int64_t>(train.size()), {.folds = 2, .seed = 1});
  });
  show("nested: the first fold's own folds", nested[0].inner, 12);

  const data::ThreeWay parts = data::three_way_grouped(patients, 0.2, 0.2, 1);
  std::printf("three parts by patient: %zu to train, %zu to validate, %zu to test\n", parts.train.size(),
              parts.validation.size(), parts.test.size());
  remove_file("openings.jsonl");
  data::TestPart test(parts.test, "digest of the data", "openings.jsonl");
  test.open("the final model");
  test.open("the final model, after another look at the features");
  std::printf("the test part was opened %lld times\n%s", static_cast<long long>(test.openings()),
              read_file("openings.jsonl").c_str());
  remove_file("openings.jsonl");
  remove_file("openings.jsonl.lock");
}
