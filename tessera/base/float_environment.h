// The IEEE default floating-point environment: round to nearest even, subnormals kept, no traps.
//
// A program (or a library that it loaded with -ffast-math) may have switched flush-to-zero on in the calling
// thread. Kernels run inside a FloatEnvironment, which puts the contract's modes in place and gives the
// caller's modes back at the end of the scope. Costs a few nanoseconds. Applies to the calling thread only.
//
// ```cpp
// {
//   FloatEnvironment contract;
//   volatile float smallest_normal = 1.17549435e-38f;
//   assert(smallest_normal / 2 > 0);  // a subnormal: not flushed
// }
// ```
#pragma once

#include <cstdint>

namespace tessera {

class FloatEnvironment {
 public:
  FloatEnvironment();
  ~FloatEnvironment();
  FloatEnvironment(const FloatEnvironment&) = delete;
  FloatEnvironment& operator=(const FloatEnvironment&) = delete;

 private:
  std::uint64_t saved_;
};

}  // namespace tessera
