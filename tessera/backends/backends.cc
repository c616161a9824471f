#include "tessera/backends/backends.h"

#include <cstdlib>

#include "tessera/base/error.h"
#include "tessera/base/suggest.h"

namespace tessera {
namespace {

struct Choice {
  const char* name;
  Backend& (*backend)();
};
constexpr Choice kChoices[] = {{"cpu", backends::cpu_backend}, {"reference", backends::reference_backend}};

// The value of an environment variable; an empty one counts as unset.
const char* environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : nullptr;
}

// Runs `choose` so that its Error names the variable whose value was wrong.
template <typename Choose>
void from_environment(const char* variable, Choose choose) {
  const char* value = environment(variable);
  if (value == nullptr) return;
  try {
    choose(value);
  } catch (const Error& error) {
    fail_with(ExitCode::kUsage, "environment variable {}: {}", variable, error.what());
  }
}

}  // namespace

std::vector<std::string> backend_names() {
  std::vector<std::string> names;
  for (const Choice& choice : kChoices) names.emplace_back(choice.name);
  return names;
}

void use_backend(std::string_view name) {
  for (const Choice& choice : kChoices)
    if (choice.name == name) return set_backend(DeviceKind::kCpu, &choice.backend());
  fail_with(ExitCode::kUsage, "backend: found '{}', expected cpu or reference{}", name,
            did_you_mean(name, backend_names()));
}

void use_default_backend() {
  use_backend("cpu");
  from_environment("TESSERA_BACKEND", [](const char* name) { use_backend(name); });
  from_environment("TESSERA_SIMD", [](const char* level) { use_simd_level(level); });
}

std::string active_backend_name() {
  return std::string(backend_for(DeviceKind::kCpu).name());
}

}  // namespace tessera
