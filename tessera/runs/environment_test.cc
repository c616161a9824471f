// The tests of this room need memory for tensors, no kernels: the reference backend.

#include <gtest/gtest.h>

#include "tessera/backends/backends.h"

namespace tessera::runs {
namespace {

class Backend : public testing::Environment {
  void SetUp() override { use_backend("reference"); }
};

[[maybe_unused]] const auto* const environment = testing::AddGlobalTestEnvironment(new Backend);

}  // namespace
}  // namespace tessera::runs
