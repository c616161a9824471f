// bfloat16 as storage: eight bits of mantissa, float32's range, half the memory. An operation on it computes in float32 and rounds once;
// the order of additions is that of float32. So a long sum is as good as its inputs, where adding in bfloat16 would stop at 256.
#include <cmath>
#include <cstdio>

#include "tessera/tensor/storage.h"
#include "tessera/tessera.h"

using namespace tessera;

double value(const Tensor& x) {
  return static_cast<double>(cast(x, DType::kFloat32).item<float>());
}

// The largest relative difference.
double difference(const Tensor& a, const Tensor& b) {
  return value(max(absolute(a - b) / absolute(b)));
}

int main() {
  use_default_backend();
  std::printf("as bfloat16:\n");
  for (const float number : {1.0F, 3.14159265F, 256.5F, 65504.0F, 1e38F, 1e-38F})
    std::printf("  %-15.9g %.9g\n", static_cast<double>(number),
                value(full({}, static_cast<double>(number), DType::kBFloat16)));

  const Tensor ones_stored = ones({1000}, DType::kBFloat16);
  float by_rounding_each = 0;
  for (int i = 0; i < 1000; ++i)
    by_rounding_each =
        static_cast<float>(value(full({}, static_cast<double>(by_rounding_each) + 1, DType::kBFloat16)));
  std::printf("1000 ones: %g here, %g if every addition were rounded\n", value(sum(ones_stored)),
              static_cast<double>(by_rounding_each));

  RandomSource random(3);
  const Tensor a = absolute(random.normal("a", {64, 512})), b = absolute(random.normal("b", {512, 64}));
  const Tensor stored_a = cast(a, DType::kBFloat16), stored_b = cast(b, DType::kBFloat16);
  const Tensor widened = matmul(cast(stored_a, DType::kFloat32), cast(stored_b, DType::kFloat32));
  std::printf(
      "product of stored matrices == rounded product of the widened: %s\n",
      same_bits(matmul(stored_a, stored_b), cast(widened, DType::kBFloat16)) ? "the same bits" : "different");
  std::printf("storing costs a product of 512 terms 2^%.0f of its value\n",
              std::ceil(std::log2(difference(widened, matmul(a, b)))));

  const auto bytes_of = [&](DType dtype) {
    const std::size_t before = memory_statistics().in_use_bytes;
    const Tensor kept = zeros({1 << 20}, dtype);
    return memory_statistics().in_use_bytes - before;
  };
  std::printf("a million numbers: %zu bytes, in bfloat16 %zu\n", bytes_of(DType::kFloat32),
              bytes_of(DType::kBFloat16));
}
