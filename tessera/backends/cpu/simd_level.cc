#include "tessera/backends/cpu/simd_level.h"

#include "tessera/backends/cpu/simd_targets.h"
// Highway's headers come after simd_targets.h, which says what they may compile.
#include <hwy/highway.h>
#include <hwy/targets.h>

#include <atomic>
#include <string>
#include <vector>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"

namespace tessera {
namespace backends {
namespace {

struct Level {
  SimdLevel level;
  std::int64_t target;
  std::string_view name;
};
// Best first.
constexpr Level kLevels[] = {
    {SimdLevel::kAvx512, HWY_AVX3, "avx512"},
    {SimdLevel::kAvx2, HWY_AVX2, "avx2"},
    {SimdLevel::kNeon, HWY_NEON, "neon"},
};

bool available(const Level& level) {
  static const std::int64_t supported = hwy::SupportedTargets();
  return (HWY_TARGETS & supported & level.target) != 0;
}

SimdLevel best_level() {
  for (const Level& level : kLevels)
    if (available(level)) return level.level;
  return SimdLevel::kNone;
}

std::atomic<SimdLevel>& chosen_level() {
  static std::atomic<SimdLevel> chosen{best_level()};
  return chosen;
}

}  // namespace

SimdLevel simd_level() {
  return chosen_level().load(std::memory_order_relaxed);
}

std::string_view simd_level_name(SimdLevel wanted) {
  for (const Level& level : kLevels)
    if (level.level == wanted) return level.name;
  return "";
}

}  // namespace backends

std::vector<std::string> available_simd_levels() {
  std::vector<std::string> names;
  for (const auto& level : backends::kLevels)
    if (backends::available(level)) names.emplace_back(level.name);
  return names;
}

void use_simd_level(std::string_view name) {
  if (name.empty()) {
    backends::chosen_level() = backends::best_level();
    return;
  }
  std::string found;
  for (const auto& level : backends::kLevels) {
    if (!backends::available(level)) continue;
    if (level.name == name) {
      backends::chosen_level() = level.level;
      return;
    }
    found += found.empty() ? "" : ", ";
    found += level.name;
  }
  fail_with(ExitCode::kUsage, "SIMD level: found '{}', expected one that this processor and build have: {}",
            name, found.empty() ? "none" : found);
}

std::string active_simd_level() {
  if (active_backend_name() != "cpu") return "";
  return std::string(backends::simd_level_name(backends::simd_level()));
}

}  // namespace tessera
