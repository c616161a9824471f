// Random tensors by counter (Philox4x32-10, contract rule 5): what is drawn depends on the seed, the name of the draw, the step
// and the position of the element, and on nothing else. The order of draws, threads and devices do not matter, and a resumed
// run draws what the uninterrupted one would have drawn.
//
// A RandomSource belongs to one computation. Each draw is named ("dropout1"); drawing an element of one (name, step) twice,
// or a name in two manners (uniform and normal, float32 and float64), is an Error, since it would give the same or related
// numbers again. Not thread-safe: one source per thread of control.
//
// ```cpp
// RandomSource random(42);
// Tensor a = random.uniform("noise", {3});
// random.begin_step(1);
// Tensor b = random.uniform("noise", {3});
// assert(!same_bits(a, b) && same_bits(a, RandomSource(42).uniform("noise", {3})));
// ```
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "tessera/tensor/tensor.h"

namespace tessera {

class RandomSource {
 public:
  explicit RandomSource(std::uint64_t seed) : seed_(seed) {}

  std::uint64_t seed() const { return seed_; }
  std::uint64_t step() const { return step_; }
  void begin_step(std::uint64_t step);  // from step() to 2^32 - 1; names may be drawn anew

  // Shapes are row-major; `offset` is the index of the first element within the whole draw, so that a part of a batch can draw
  // its own part (element i of the result is element offset + i of the draw). Parts may be drawn under one name if
  // they do not overlap. `where` is the caller's line, for traces.
  Tensor uniform(std::string_view name, const Shape& shape, DType dtype = DType::kFloat32,
                 std::uint64_t offset = 0,
                 SourceLocation where = SourceLocation::current());  // on (0, 1)
  Tensor normal(std::string_view name, const Shape& shape, DType dtype = DType::kFloat32,
                std::uint64_t offset = 0, SourceLocation where = SourceLocation::current());
  Tensor bits(std::string_view name, const Shape& shape, std::uint64_t offset = 0,
              SourceLocation where = SourceLocation::current());  // int64 in [0, 2^32)
  Tensor permutation(std::string_view name, std::int64_t n,
                     SourceLocation where = SourceLocation::current());  // int64

 private:
  Tensor draw(std::uint16_t op, std::string_view name, const Shape& shape, DType dtype, std::uint64_t offset,
              SourceLocation where);

  void note(std::uint16_t op, std::string_view name, DType dtype, std::uint64_t begin, std::uint64_t end);

  struct Drawn {
    std::uint16_t op;
    DType dtype;
    std::map<std::uint64_t, std::uint64_t> parts;  // first element -> past the last one; disjoint
  };
  std::uint64_t seed_;
  std::uint64_t step_ = 0;
  std::map<std::string, Drawn, std::less<>> drawn_;
};

}  // namespace tessera
