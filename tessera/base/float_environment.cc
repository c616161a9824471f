#include "tessera/base/float_environment.h"

#if defined(__x86_64__) || defined(__i386__)
#include <xmmintrin.h>
#elif !defined(__aarch64__)
#include <cfenv>
#endif

namespace tessera {
namespace {

#if defined(__x86_64__) || defined(__i386__)

std::uint64_t get_modes() {
  return _mm_getcsr();
}
void set_modes(std::uint64_t modes) {
  _mm_setcsr(static_cast<unsigned>(modes));
}
constexpr std::uint64_t kDefaultModes = 0x1F80;  // all exceptions masked, nearest even, FTZ and DAZ off
constexpr std::uint64_t kStickyFlags = 0x3F;

#elif defined(__aarch64__)

std::uint64_t get_modes() {
  std::uint64_t modes;
  asm volatile("mrs %0, fpcr" : "=r"(modes));
  return modes;
}
void set_modes(std::uint64_t modes) {
  asm volatile("msr fpcr, %0" : : "r"(modes));
}
constexpr std::uint64_t kDefaultModes = 0;
constexpr std::uint64_t kStickyFlags = 0;

#else

std::uint64_t get_modes() {
  return static_cast<std::uint64_t>(std::fegetround());
}
void set_modes(std::uint64_t modes) {
  std::fesetround(static_cast<int>(modes));
}
constexpr std::uint64_t kDefaultModes = FE_TONEAREST;
constexpr std::uint64_t kStickyFlags = 0;

#endif

}  // namespace

FloatEnvironment::FloatEnvironment() : saved_(get_modes()) {
  // Writing the register drains the pipeline, so it is written only when a mode differs.
  if ((saved_ & ~kStickyFlags) != kDefaultModes) set_modes(kDefaultModes);
}

FloatEnvironment::~FloatEnvironment() {
  if ((saved_ & ~kStickyFlags) != kDefaultModes) set_modes(saved_);
}

}  // namespace tessera
