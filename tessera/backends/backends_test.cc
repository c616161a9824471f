#include "tessera/backends/backends.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera {
namespace {

// Sets an environment variable for the life of the scope.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Environment() { unsetenv(name_); }

 private:
  const char* name_;
};

std::string error_of(void (*action)()) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kUsage);
    return error.what();
  }
  return "";
}

TEST(Backends, AreChosenByName) {
  for (const std::string& name : backend_names()) {
    use_backend(name);
    EXPECT_EQ(active_backend_name(), name);
    EXPECT_EQ(add(ones({2}), 1).to_vector<float>(), (std::vector<float>{2, 2}));
  }
}

TEST(Backends, AMistypedNameGetsASuggestion) {
  EXPECT_EQ(error_of([] { use_backend("referense"); }),
            "backend: found 'referense', expected cpu or reference (did you mean 'reference'?)");
  EXPECT_EQ(error_of([] { use_backend("abacus"); }), "backend: found 'abacus', expected cpu or reference");
}

TEST(Backends, EnvironmentVariablesChoose) {
  {
    const Environment backend("TESSERA_BACKEND", "reference");
    use_default_backend();
    EXPECT_EQ(active_backend_name(), "reference");
    EXPECT_EQ(active_simd_level(), "");
  }
  use_default_backend();
  EXPECT_EQ(active_backend_name(), "cpu");
  for (const std::string& level : available_simd_levels()) {
    const Environment simd("TESSERA_SIMD", level.c_str());
    use_default_backend();
    EXPECT_EQ(active_simd_level(), level);
  }
  use_simd_level("");
}

TEST(Backends, AWrongEnvironmentVariableIsNamed) {
  const Environment backend("TESSERA_BACKEND", "cpv");
  EXPECT_EQ(error_of([] { use_default_backend(); }),
            "environment variable TESSERA_BACKEND: backend: found 'cpv', expected cpu or reference (did you "
            "mean 'cpu'?)");
}

TEST(Backends, MemoryIsAlignedAndAnImpossibleSizeIsASentence) {
  for (const std::string& name : backend_names()) {
    use_backend(name);
    Backend& backend = backend_for(DeviceKind::kCpu);
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{65}, std::size_t{1} << 20}) {
      void* memory = backend.allocate(bytes);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % 64, 0u);
      backend.release(memory, bytes);
    }
    EXPECT_THROW(backend.allocate(std::size_t{1} << 60), Error);
  }
}

}  // namespace
}  // namespace tessera
