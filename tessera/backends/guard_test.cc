// No kernel of the cpu backend reads or writes beside its tensors: every row and dtype, with every rest of a vector at the end and at
// the beginning of a tensor, against inaccessible pages (guarded_backend_test.h); and the bits stay those of the reference backend.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "tessera/backends/backends.h"
#include "tessera/backends/examples_test.h"
#include "tessera/backends/guarded_backend_test.h"
#include "tessera/backends/random_examples_test.h"
#include "tessera/backends/selftest.h"
#include "tessera/backends/tail_examples_test.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/tensor/ops.h"

namespace tessera {
namespace {

using Side = GuardedBackend::Side;
constexpr Side kSides[] = {Side::kEnd, Side::kBeginning};
constexpr DType kDTypes[] = {DType::kFloat32, DType::kFloat64, DType::kInt64,
                             DType::kUInt8,   DType::kBool,    DType::kBFloat16};

GuardedBackend& guarded_cpu() {
  static auto* const backend = new GuardedBackend(backends::cpu_backend());  // the pool of tensors keeps it
  return *backend;
}

class GuardPages : public testing::Test {
 protected:
  void SetUp() override { use_backend("reference"); }
  void TearDown() override {
    set_thread_count(threads_);
    use_simd_level("");
    use_backend("reference");
  }

  // Runs `check` on the guarded cpu backend with every vector width, against both ends.
  template <typename Check>
  static void everywhere(Check check) {
    int threads = 1;
    for (const Side side : kSides)
      for (const std::string& level : simd_levels()) {
        use_simd_level(level);
        set_thread_count(threads);
        guarded_cpu().set_side(side);
        set_backend(DeviceKind::kCpu, &guarded_cpu());
        check(fmt::format("{}, {} threads, against the {}", level, threads,
                          side == Side::kEnd ? "end" : "beginning"));
        threads = 4 - threads;  // 1 and 3
      }
    use_backend("reference");
  }

  static void expect_same_bits(const std::vector<Example>& examples) {
    const std::vector<Outcome> expected = outcomes_of(examples);
    everywhere([&](const std::string& configuration) {
      for (std::size_t i = 0; i < examples.size(); ++i) {
        const std::string wrong = difference(expected[i], outcome_of(examples[i]));
        ASSERT_EQ(wrong, "") << describe(examples[i]) << ", " << configuration;
      }
    });
  }

 private:
  int threads_ = thread_count();
};

// ---- What the guard is for, it finds ----

// Copies its input, and touches what lies `reads` bytes beside it or `writes` bytes beside the output.
struct Trespasser : Backend {
  std::ptrdiff_t reads = 0, writes = 0;
  std::string_view name() const override { return "trespasser"; }
  std::string description() const override { return "leaves its tensors"; }
  void run(const KernelCall& call) override {
    backends::reference_backend().run(call);
    const volatile auto* input = call.inputs[0].as<std::uint8_t>();
    auto* output = call.output.as<std::uint8_t>();
    if (reads != 0) output[0] = input[reads];
    if (writes != 0) output[writes] = 1;
  }
  void* allocate(std::size_t bytes) override { return backends::reference_backend().allocate(bytes); }
  void release(void* memory, std::size_t bytes) override {
    backends::reference_backend().release(memory, bytes);
  }
};

// A copy of 70 bytes by a backend that leaves them so.
void trespass(Side side, std::ptrdiff_t reads, std::ptrdiff_t writes) {
  static auto* const trespasser = new Trespasser;
  static auto* const guarded = new GuardedBackend(*trespasser);
  std::vector<std::uint8_t> values(70);
  std::iota(values.begin(), values.end(), std::uint8_t{0});
  const Tensor x = Tensor::from(values, {70});
  trespasser->reads = reads;
  trespasser->writes = writes;
  guarded->set_side(side);
  set_backend(DeviceKind::kCpu, guarded);
  EXPECT_EQ(apply(Op::kCopy, {&x, 1}, {}).to_vector<std::uint8_t>(), values);
}

using GuardPagesDeath = GuardPages;

TEST_F(GuardPagesDeath, OneByteBesideAnInput) {
  const std::string message = "left its tensors: copy uint8\\[70\\] strides \\[1\\]";
  EXPECT_DEATH(trespass(Side::kEnd, 70, 0), message);
  EXPECT_DEATH(trespass(Side::kBeginning, -1, 0), message);
}

TEST_F(GuardPagesDeath, OneByteBesideAnOutput) {
  EXPECT_DEATH(trespass(Side::kBeginning, 0, -1), "left its tensors: copy");
  EXPECT_DEATH(trespass(Side::kEnd, 0, 128), "left its tensors: copy");  // 70 bytes take 128
}

TEST_F(GuardPages, AWriteBesideAnOutputIsAnError) {
  for (const Side side : kSides) {
    trespass(side, 0, 0);
    EXPECT_THROW(trespass(side, 0, 70), Error);
  }
  EXPECT_THROW(trespass(Side::kEnd, 0, -1), Error);
}

// ---- The kernels ----

TEST_F(GuardPages, TheSelftestPasses) {
  everywhere([](const std::string& configuration) {
    const SelftestResult result = run_selftest();
    EXPECT_GT(result.cases, 500);
    for (const SelftestFailure& failure : result.failures)
      ADD_FAILURE() << configuration << ": " << failure.op << "/" << failure.name << ": " << failure.found;
  });
}

TEST_F(GuardPages, EveryTailOfEveryRow) {
  for (const DType dtype : kDTypes)
    for (std::int64_t length = 1; length <= 70; ++length) {
      expect_same_bits(tail_examples(dtype, length));
      if (HasFatalFailure()) return;
    }
}

TEST_F(GuardPages, LongerRows) {
  for (const DType dtype : kDTypes)
    for (const std::int64_t length : {127, 129, 255, 257, 517, 1025}) {
      expect_same_bits(long_tail_examples(dtype, length));
      if (HasFatalFailure()) return;
    }
}

TEST_F(GuardPages, TailsReachEveryRowAndDType) {
  std::set<std::string> missing = rows_of_the_selftest();
  for (const DType dtype : kDTypes)
    for (const Example& example : tail_examples(dtype, 9))
      if (const Outcome outcome = outcome_of(example); outcome.error.empty())
        missing.erase(row_of(example, outcome.result));
  EXPECT_THAT(missing, testing::IsEmpty());
}

TEST_F(GuardPages, RandomExamples) {
  for (const auto draw : kRandomExamples) {
    const auto examples = rc::gen::exec(draw);
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      expect_same_bits(examples(rc::Random(seed), 20).value());
      if (HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace tessera
