// A backend for the tests of this room: it copies and fills, notes every call, checks what backend.h promises to kernels, and
// leaves zeros where a real one would compute. What operations compute is tested where the backends are.
#pragma once

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/tensor/backend.h"
#include "tessera/tensor/strided.h"

namespace tessera {

class FakeBackend : public Backend {
 public:
  struct Call {
    Op op;
    std::vector<TensorView> inputs;  // their elements may be gone by the time a test looks at the call
    std::vector<double> firsts;      // the first element of each float32 or int64 input that has one
    TensorView output;
    Attributes attributes;
  };

  // Registers the one fake backend and forgets earlier calls.
  static FakeBackend& install() {
    static FakeBackend backend;
    backend.calls.clear();
    set_backend(DeviceKind::kCpu, &backend);
    return backend;
  }

  std::string_view name() const override { return "fake"; }
  std::string description() const override { return "for tests"; }

  void run(const KernelCall& call) override {
    TESSERA_CHECK(call.output.contiguous() && call.output.elements() > 0, "the output breaks its promises");
    TESSERA_CHECK(op_info(call.op).op_class != OpClass::kView, "a view reached the backend");
    calls.push_back({call.op, {call.inputs.begin(), call.inputs.end()}, {}, call.output, call.attributes});
    for (const TensorView& input : call.inputs) calls.back().firsts.push_back(first_of(input));
    auto* out = call.output.as<std::byte>();
    const std::int64_t size = dtype_size(call.output.dtype);
    std::memset(out, 0, static_cast<std::size_t>(call.output.elements() * size));
    if (call.op == Op::kCopy) {
      internal::for_each_offset(call.inputs[0].shape, call.inputs[0].strides, [&](std::int64_t offset) {
        std::memcpy(out, call.inputs[0].as<std::byte>() + offset * size, static_cast<std::size_t>(size));
        out += size;
      });
    }
    if (call.op == Op::kFill && call.output.dtype == DType::kFloat32)
      for (std::int64_t i = 0; i < call.output.elements(); ++i)
        call.output.as<float>()[i] = static_cast<float>(std::get<FillAttributes>(call.attributes).value);
  }

  void* allocate(std::size_t bytes) override {
    if (bytes > refuse_above) fail("out of memory: could not get {} bytes for a tensor", bytes);
    return std::aligned_alloc(64, (bytes + 63) / 64 * 64);
  }
  void release(void* memory, std::size_t) override {
    ++released;
    std::free(memory);
  }

  static double first_of(const TensorView& view) {
    if (view.elements() == 0) return 0;
    if (view.dtype == DType::kFloat32) return static_cast<double>(*view.as<const float>());
    return view.dtype == DType::kInt64 ? static_cast<double>(*view.as<const std::int64_t>()) : 0;
  }

  std::vector<Call> calls;
  std::size_t refuse_above = SIZE_MAX;
  int released = 0;
};

// 0, 1, 2, ... as int64.
inline Tensor counting(const Shape& shape) {
  std::vector<std::int64_t> values(static_cast<std::size_t>(shape.elements()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int64_t>(i);
  return Tensor::from(values, shape);
}

// The message of the Error that `body` throws; "no error" if none.
template <typename Body>
std::string error_of(Body body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace tessera
