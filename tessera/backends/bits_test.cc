// The cpu backend gives the reference backend's bits: random shapes, strides and awkward values for every
// operation, on 1, 2, 3 and 7 threads and every vector width that this processor has. RapidCheck shrinks what
// fails; the message names operation and example.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "tessera/backends/backends.h"
#include "tessera/backends/examples_test.h"
#include "tessera/backends/random_examples_test.h"
#include "tessera/backends/selftest.h"
#include "tessera/base/thread_pool.h"

namespace tessera {
namespace {

// Inputs are drawn before a property chooses its first backend.
class ChooseBackend : public ::testing::Environment {
  void SetUp() override { use_backend("reference"); }
};
[[maybe_unused]] const auto* const kChooseBackend = ::testing::AddGlobalTestEnvironment(new ChooseBackend);

// Runs the examples on the reference backend, then on the cpu backend in every configuration.
void check_all(const std::vector<Example>& examples) {
  use_backend("reference");
  const std::vector<Outcome> expected = outcomes_of(examples);
  use_backend("cpu");
  for (const int threads : {1, 2, 3, 7}) {
    set_thread_count(threads);
    for (const std::string& level : simd_levels()) {
      use_simd_level(level);
      for (std::size_t i = 0; i < examples.size(); ++i)
        if (const std::string wrong = difference(expected[i], outcome_of(examples[i])); !wrong.empty())
          RC_FAIL(fmt::format("{}, {} threads, {}: {}", describe(examples[i]), threads, level, wrong));
    }
  }
  use_simd_level("");
  set_thread_count(2);
}

// ---- The properties ----

RC_GTEST_PROP(BackendBits, Unary, ()) {
  check_all(random_unary());
}
RC_GTEST_PROP(BackendBits, BinaryAndCompare, ()) {
  check_all(random_binary_and_compare());
}
RC_GTEST_PROP(BackendBits, SelectCastAndCopy, ()) {
  check_all(random_select_cast_and_copy());
}
RC_GTEST_PROP(BackendBits, CreateAndRandom, ()) {
  check_all(random_create_and_random());
}
RC_GTEST_PROP(BackendBits, EmbedAndConcatenate, ()) {
  check_all(random_embed_and_concatenate());
}
RC_GTEST_PROP(BackendBits, GatherAndIndexAdd, ()) {
  check_all(random_gather_and_index_add());
}
RC_GTEST_PROP(BackendBits, AlongAnAxis, ()) {
  check_all(random_along());
}
RC_GTEST_PROP(BackendBits, MatrixProduct, ()) {
  check_all(random_matrix_product());
}
RC_GTEST_PROP(BackendBits, Convolution, ()) {
  check_all(random_convolution());
}
RC_GTEST_PROP(BackendBits, Pooling, ()) {
  check_all(random_pooling());
}
RC_GTEST_PROP(BackendBits, Reductions, ()) {
  check_all(random_reductions());
}
RC_GTEST_PROP(BackendBits, SoftmaxAndCrossEntropy, ()) {
  check_all(random_softmax_and_cross_entropy());
}
RC_GTEST_PROP(BackendBits, LayerNorm, ()) {
  check_all(random_layer_norm());
}
RC_GTEST_PROP(BackendBits, BatchNorm, ()) {
  check_all(random_batch_norm());
}

RC_GTEST_PROP(BackendBits, GroupNorm, ()) {
  check_all(random_group_norm());
}
RC_GTEST_PROP(BackendBits, Activate, ()) {
  check_all(random_activate());
}
RC_GTEST_PROP(BackendBits, Recurrent, ()) {
  check_all(random_recurrent());
}
RC_GTEST_PROP(BackendBits, Finish, ()) {
  check_all(random_finish());
}
RC_GTEST_PROP(BackendBits, OptimizerSteps, ()) {
  check_all(random_optimizer_steps());
}

TEST(BackendBits, EveryRowAndDtypeIsReached) {
  use_backend("reference");
  std::set<std::string> missing = rows_of_the_selftest();
  EXPECT_GT(missing.size(), 150u);
  for (const auto draw : kRandomExamples) {
    const auto examples = rc::gen::exec(draw);
    for (std::uint64_t seed = 1; seed <= 60; ++seed)
      for (const Example& example : examples(rc::Random(seed), 20).value())
        if (const Outcome outcome = outcome_of(example); outcome.error.empty())
          missing.erase(row_of(example, outcome.result));
  }
  EXPECT_EQ(fmt::format("{}", fmt::join(missing, " ")), "") << "no property computes these";
}

// ---- The selftest in every configuration ----

void expect_selftest_passes(const std::string& configuration) {
  const SelftestResult result = run_selftest();
  EXPECT_GT(result.cases, 500);
  EXPECT_EQ(result.failures.size(), 0u) << configuration;
  for (std::size_t i = 0; i < std::min<std::size_t>(5, result.failures.size()); ++i) {
    const SelftestFailure& failure = result.failures[i];
    ADD_FAILURE() << configuration << ": " << failure.op << "/" << failure.name << ": expected '"
                  << failure.expected << "', found '" << failure.found << "'";
  }
}

TEST(Selftest, ReferenceAgreesWithTheCommittedTable) {
  use_backend("reference");
  expect_selftest_passes("reference");
}

TEST(Selftest, EveryVectorWidthAgreesWithTheCommittedTable) {
  use_backend("cpu");
  int threads = 1;
  for (const std::string& level : available_simd_levels()) {
    set_thread_count(threads);
    use_simd_level(level);
    expect_selftest_passes(fmt::format("{}, {} threads", level, threads));
    threads += 2;
  }
  use_simd_level("");
  set_thread_count(2);
}

}  // namespace
}  // namespace tessera
