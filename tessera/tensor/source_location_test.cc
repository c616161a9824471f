#include "tessera/tensor/source_location.h"

#include <gtest/gtest.h>

namespace tessera {
namespace {

SourceLocation as_if_compiled_from_a_folder_of_builds() {
#line 41 "../../tessera/nn/layers.cc"
  return SourceLocation::current();
}
#line 13 "tessera/tensor/source_location_test.cc"

TEST(SourceLocation, IsTheSameHoweverTheCompilerWasCalled) {
  EXPECT_EQ(source_text(as_if_compiled_from_a_folder_of_builds()), "tessera/nn/layers.cc:41");
  EXPECT_EQ(source_text(SourceLocation::current()), "tessera/tensor/source_location_test.cc:16");
  EXPECT_EQ(source_text(SourceLocation::current("/elsewhere/train.cc", "train", 7)), "/elsewhere/train.cc:7");
  EXPECT_EQ(source_text(SourceLocation()), "");
}

}  // namespace
}  // namespace tessera
