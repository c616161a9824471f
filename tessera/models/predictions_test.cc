// What every model must keep: a prediction has the same bits whatever batch it sits in, wherever it stands there, and on any number of
// threads. A class of tessera/models/*.h that is a module and has no row in every_model_test.h fails the test.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <regex>
#include <set>
#include <sstream>

#include "tessera/backends/backends.h"
#include "tessera/base/thread_pool.h"
#include "tessera/models/every_model_test.h"

namespace tessera::models {
namespace {

using namespace every_model;

class Predictions : public testing::TestWithParam<std::size_t> {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
  void TearDown() override { set_thread_count(threads_); }

  // So many places, in any order, some of them more than once.
  Tensor places(std::int64_t count) {
    const Tensor draws = random_.uniform(fmt::format("places/{}", draws_++), {count});
    return cast(draws * static_cast<double>(kSamples), DType::kInt64);
  }

  RandomSource random_{3};

 private:
  int draws_ = 0, threads_ = thread_count();
};

TEST_P(Predictions, DoNotDependOnTheBatchThePlaceOrTheThreads) {
  const Row row = rows()[GetParam()];
  const Tensor inputs = row.inputs();
  const std::unique_ptr<nn::Module> model = trained(row, inputs, random_);
  const Tensor whole = copy(model->evaluate(inputs));
  ASSERT_EQ(whole.size(0), kSamples);
  for (const int threads : {1, 2, 3, 7}) {
    set_thread_count(threads);
    EXPECT_TRUE(same_bits(copy(model->evaluate(inputs)), whole)) << threads << " threads";
    for (const std::int64_t count : {1, 2, 3, 5, 8, 16, 17, 33, 64}) {
      const Tensor at = places(count);
      EXPECT_TRUE(same_bits(copy(model->evaluate(gather(inputs, at))), gather(whole, at)))
          << threads << " threads, a batch of " << count;
    }
  }
}

// Each by itself: nothing else is in the batch.
TEST_P(Predictions, AreThoseOfASampleByItself) {
  const Row row = rows()[GetParam()];
  const Tensor inputs = row.inputs();
  const std::unique_ptr<nn::Module> model = trained(row, inputs, random_);
  const Tensor whole = copy(model->evaluate(inputs));
  for (std::int64_t i = 0; i < kSamples; ++i)
    EXPECT_TRUE(same_bits(copy(model->evaluate(slice(inputs, {Range(i, i + 1)}))),
                          copy(slice(whole, {Range(i, i + 1)}))))
        << "sample " << i;
}

INSTANTIATE_TEST_SUITE_P(Models, Predictions, testing::Range<std::size_t>(0, rows().size()),
                         [](const auto& index) {
                           return rows()[index.param].name + "_" + std::to_string(index.param);
                         });

// The classes of the public headers that are modules, found in their text.
std::set<std::string> classes_of_headers() {
  std::set<std::string> found;
  const std::regex pattern(R"(class (\w+)(?: final)? : public (\w+::)?(\w+))");
  for (const auto& entry : std::filesystem::directory_iterator(TESSERA_SOURCE_DIR "/tessera/models")) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".h") || name.ends_with("_test.h")) continue;
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    const std::string all = text.str();
    for (std::sregex_iterator match(all.begin(), all.end(), pattern), end; match != end; ++match)
      if ((*match)[3] != "Stateful") found.insert((*match)[1]);
  }
  return found;
}

TEST(PredictionsTable, HasEveryModel) {
  std::set<std::string> names;
  for (const Row& row : rows()) names.insert(row.name);
  const std::set<std::string> classes = classes_of_headers();
  EXPECT_GE(classes.size(), 14U);
  EXPECT_EQ(names, classes) << "a model without a row in rows(), or a row without a model";
}

}  // namespace
}  // namespace tessera::models
