#include "tessera/tensor/fault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tessera/base/error.h"
#include "tessera/base/message_test.h"
#include "tessera/tensor/fake_backend_test.h"
#include "tessera/tensor/ops.h"

namespace tessera {
namespace {

using testing::HasSubstr;

class FaultTest : public testing::Test {
 protected:
  void SetUp() override { FakeBackend::install(); }
  void TearDown() override { remove_fault(); }
  static void plant(const std::string& text) { plant_fault(parse_fault(text), {.quiet = true}); }
};

TEST_F(FaultTest, EveryKindIsReadAndWritten) {
  for (const char* text : {"step=37 operation=12 element=5 bit=3", "step=1 host=0 element=0 bit=63",
                           "step=37 tensor=model.0.weight element=5 bit=31",
                           "step=37 operation=12 element=5 swap=4", "step=37 operation=0 drop-task=1"})
    EXPECT_EQ(fault_text(parse_fault(text)), text);
  EXPECT_EQ(fault_text(parse_fault("  bit=3 element=5  operation=12 step=37 ")),
            "step=37 operation=12 element=5 bit=3");
}

TEST_F(FaultTest, WhatIsWrongIsNamed) {
  const auto message = [](const char* text) {
    try {
      (void)parse_fault(text);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kUsage) << text;
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(message(""), HasSubstr("found '', expected step= in it"));
  EXPECT_THAT(message("step=3 opration=1 element=2 bit=1"),
              HasSubstr("there is no 'opration' (did you mean 'operation'?)"));
  EXPECT_THAT(message("step=0 operation=1 element=2 bit=1"),
              HasSubstr("step is '0', expected a whole number"));
  EXPECT_THAT(message("step=3 operation=-1 element=2 bit=1"), HasSubstr("operation is '-1'"));
  EXPECT_THAT(message("step=3 operation=1e3 element=2 bit=1"), HasSubstr("operation is '1e3'"));
  EXPECT_THAT(message("step=3 operation=1 element=9999999999999999999 bit=1"), HasSubstr("element is '999"));
  EXPECT_THAT(message("step=3 step=4 operation=1 element=1 bit=1"), HasSubstr("step is given twice"));
  EXPECT_THAT(message("step=3 operation= element=1 bit=1"), HasSubstr("operation has no value"));
  EXPECT_THAT(message("step=3 element=1 bit=1"), HasSubstr("expected operation=, host= or tensor= in it"));
  EXPECT_THAT(message("step=3 operation=1 element=1"), HasSubstr("expected bit=, swap= or drop-task= in it"));
  EXPECT_THAT(message("step=3 operation=1 bit=1"), HasSubstr("expected element= in it"));
  EXPECT_THAT(message("step=3 operation=1 element=1 bit=1 swap=2"), HasSubstr("bit does not go with"));
  EXPECT_THAT(message("step=3 operation=1 element=1 drop-task=1"), HasSubstr("element does not go with"));
  EXPECT_THAT(message("step=3 tensor=a element=1 swap=1"), HasSubstr("expected bit= in it"));
  EXPECT_THAT(message("step=3 tensor=a host=1 element=1 bit=1"), HasSubstr("tensor does not go with"));
}

TEST_F(FaultTest, TheOperationOfThatStepIsHitOnce) {
  plant("step=2 operation=1 element=1 bit=31");
  const auto step = [](std::uint64_t number) {
    internal::fault_step_begins(number);
    const Tensor first = full({2}, 1.5F), second = full({3}, 2.5F), third = full({2}, 3.5F);
    return std::vector<std::vector<float>>{first.to_vector<float>(), second.to_vector<float>(),
                                           third.to_vector<float>()};
  };
  const std::vector<std::vector<float>> clean = {{1.5F, 1.5F}, {2.5F, 2.5F, 2.5F}, {3.5F, 3.5F}};
  EXPECT_EQ(step(1), clean);
  EXPECT_FALSE(fault_report().executed);
  EXPECT_EQ(step(2), (std::vector<std::vector<float>>{{1.5F, 1.5F}, {2.5F, -2.5F, 2.5F}, {3.5F, 3.5F}}));
  EXPECT_TRUE(fault_report().executed);
  EXPECT_EQ(fault_report().before, "0x40200000");
  EXPECT_EQ(fault_report().after, "0xc0200000");
  EXPECT_THAT(fault_report().place, HasSubstr("step 2, operation 1 (fill [3] at "));
  EXPECT_EQ(step(2), clean);  // a replay of the step meets it no more
  EXPECT_EQ(step(3), clean);
}

TEST_F(FaultTest, ViewsAreCountedAndShareMemory) {
  plant("step=1 operation=1 element=2 bit=31");
  internal::fault_step_begins(1);
  const Tensor x = full({2, 3}, 1.0F);
  const Tensor turned = x.transpose();  // element 2 is that of row 1, column 0: [0][1] of x
  EXPECT_EQ(turned.to_vector<float>(), (std::vector<float>{1, 1, -1, 1, 1, 1}));
  EXPECT_EQ(x.to_vector<float>(), (std::vector<float>{1, -1, 1, 1, 1, 1}));
}

TEST_F(FaultTest, BitsOfEveryType) {
  EXPECT_EQ(internal::flip_bit(Tensor::from<double>({1.0}, {1}), 0, 63).after, "0xbff0000000000000");
  const Tensor whole = Tensor::from<std::int64_t>({5, 6}, {2});
  EXPECT_EQ(internal::flip_bit(whole, 1, 0).before, "0x0000000000000006");
  EXPECT_EQ(whole.to_vector<std::int64_t>(), (std::vector<std::int64_t>{5, 7}));
  const Tensor flags = Tensor::from<bool>({true, false}, {2});
  EXPECT_EQ(internal::flip_bit(flags, 1, 0).after, "0x01");
  EXPECT_THAT(message_of([&] { internal::flip_bit(flags, 2, 0); }), HasSubstr("no element 2 in bool [2]"));
  EXPECT_THAT(message_of([&] { internal::flip_bit(flags, 1, 8); }),
              HasSubstr("no bit 8 in an element of bool"));
}

TEST_F(FaultTest, TheStateIsSearchedByName) {
  plant("step=4 tensor=model.weight element=0 bit=31");
  const Tensor weight = Tensor::from<float>({1, 2}, {2});
  const auto state = [&] {
    return std::vector<internal::NamedState>{{"model.bias", weight}, {"model.weight", weight}};
  };
  internal::fault_step_begins(3);
  EXPECT_FALSE(internal::flip_state(3, state));
  internal::fault_step_begins(4);
  EXPECT_TRUE(internal::flip_state(4, state));
  EXPECT_EQ(weight.to_vector<float>(), (std::vector<float>{-1, 2}));
  EXPECT_FALSE(internal::flip_state(4, state));
  remove_fault();
  plant("step=4 tensor=model.weigth element=0 bit=31");
  EXPECT_THAT(message_of([&] { internal::flip_state(4, state); }),
              HasSubstr("the state has no tensor 'model.weigth' in step 4 (did you mean 'model.weight'?)"));
}

TEST_F(FaultTest, ImpossiblePlacesAreErrorsOfTheStep) {
  plant("step=1 operation=0 element=7 bit=0");
  internal::fault_step_begins(1);
  EXPECT_THAT(message_of([] { full({2}, 1.0F); }), HasSubstr("no element 7 in float32 [2]"));
  remove_fault();
  plant("step=1 operation=0 element=0 swap=0");
  internal::fault_step_begins(1);
  EXPECT_THAT(message_of([] { full({2}, 1.0F); }), HasSubstr("fill of float32 has no additions"));
}

TEST_F(FaultTest, OnePerProcess) {
  plant("step=1 operation=0 element=0 bit=0");
  EXPECT_THAT(message_of([] { plant("step=1 operation=0 element=0 bit=0"); }), HasSubstr("planted already"));
  remove_fault();
  EXPECT_FALSE(fault_planted());
  EXPECT_FALSE(fault_report().executed);
  EXPECT_EQ(full({2}, 1.5F).to_vector<float>(), (std::vector<float>{1.5F, 1.5F}));
}

}  // namespace
}  // namespace tessera
