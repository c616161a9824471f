#include "tessera/backends/guarded_backend_test.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "tessera/base/error.h"

namespace tessera {
namespace {

constexpr std::size_t kGuard = std::size_t{1} << 16;  // bytes, beyond any stride of one vector or block
constexpr std::size_t kAlignment = 64;                // of an output (backend.h)
constexpr std::byte kCanary{0xa5};

// ---- What a SIGSEGV says ----

char running[1024] = "";

void on_segmentation_fault(int signal_number) {
  constexpr std::string_view kText = "a kernel left its tensors: ";
  (void)!write(STDERR_FILENO, kText.data(), kText.size());
  (void)!write(STDERR_FILENO, running, std::strlen(running));
  (void)!write(STDERR_FILENO, "\n", 1);
  signal(signal_number, SIG_DFL);  // the instruction runs again, and ends the program
}

void remember(const std::string& what) {
  const std::size_t length = std::min(what.size(), sizeof running - 1);
  std::copy_n(what.data(), length, running);
  running[length] = '\0';
}

// ---- Where a view's elements lie ----

struct Extent {
  std::size_t before = 0, bytes = 0;  // from the lowest address to the element at 0, 0, ...; all
};

Extent extent_of(const TensorView& view) {
  if (view.elements() == 0) return {};
  std::int64_t low = 0, high = 1;
  for (int axis = 0; axis < view.shape.rank(); ++axis) {
    const std::int64_t reach = (view.shape[axis] - 1) * view.strides[axis];
    (reach < 0 ? low : high) += reach;
  }
  const auto size = static_cast<std::size_t>(dtype_size(view.dtype));
  return {static_cast<std::size_t>(-low) * size, static_cast<std::size_t>(high - low) * size};
}

std::byte* lowest_address(const TensorView& view) {
  return view.as<std::byte>() - extent_of(view).before;
}

bool all_canaries(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte byte) { return byte == kCanary; });
}

}  // namespace

// ---- The pages ----

GuardedPages::~GuardedPages() {
  unmap();
}

void GuardedPages::unmap() {
  if (mapped_ != nullptr) munmap(mapped_, size_ + 2 * kGuard);
}

std::span<std::byte> GuardedPages::reserve(std::size_t bytes) {
  if (mapped_ == nullptr || bytes > size_) {
    unmap();
    size_ = (std::max(bytes, 2 * size_) + kGuard) / kGuard * kGuard;
    void* memory =
        mmap(nullptr, size_ + 2 * kGuard, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    TESSERA_CHECK(memory != MAP_FAILED, "guard pages: no address space for {} bytes", size_);
    mapped_ = static_cast<std::byte*>(memory);
    TESSERA_CHECK(mprotect(mapped_ + kGuard, size_, PROT_READ | PROT_WRITE) == 0,
                  "guard pages: {} bytes could not be made accessible", size_);
  }
  const std::span<std::byte> all(mapped_ + kGuard, size_);
  const std::size_t near = std::min(size_, bytes + 2 * kAlignment);
  std::ranges::fill(all.first(near), kCanary);
  std::ranges::fill(all.last(near), kCanary);
  return all;
}

// ---- A call ----

GuardedBackend::GuardedBackend(Backend& guarded) : guarded_(guarded) {
  struct sigaction action {};
  action.sa_handler = on_segmentation_fault;
  sigaction(SIGSEGV, &action, nullptr);
}

TensorView GuardedBackend::copy_input(const TensorView& input, std::size_t position) {
  if (position == input_pages_.size()) input_pages_.push_back(std::make_unique<GuardedPages>());
  const Extent extent = extent_of(input);
  const std::span<std::byte> pages = input_pages_[position]->reserve(extent.bytes);
  std::byte* copy = side_ == Side::kEnd ? pages.last(extent.bytes).data() : pages.data();
  if (extent.bytes != 0) std::memcpy(copy, lowest_address(input), extent.bytes);
  input_copies_.push_back(copy);
  TensorView view = input;
  view.data = copy + extent.before;
  return view;
}

void GuardedBackend::check_inputs(const KernelCall& call) const {
  for (std::size_t i = 0; i < call.inputs.size(); ++i) {
    const std::size_t bytes = extent_of(call.inputs[i]).bytes;
    if (bytes != 0 && std::memcmp(input_copies_[i], lowest_address(call.inputs[i]), bytes) != 0)
      fail("guard pages: {} wrote its input {}", describe(call), i);
  }
}

std::string GuardedBackend::describe(const KernelCall& call) const {
  std::string text(op_info(call.op).name);
  for (const TensorView& input : call.inputs)
    text += fmt::format(" {}{} strides {}", dtype_name(input.dtype), input.shape.to_string(),
                        input.strides.to_string());
  return fmt::format("{} to {}, {}, against the {}", text, call.output.shape.to_string(), description(),
                     side_ == Side::kEnd ? "end" : "beginning");
}

void GuardedBackend::run(const KernelCall& call) {
  const std::lock_guard one_at_a_time(pages_in_use_);
  input_copies_.clear();
  std::vector<TensorView> inputs;
  for (const TensorView& input : call.inputs) inputs.push_back(copy_input(input, inputs.size()));
  const std::size_t bytes = extent_of(call.output).bytes;
  const std::span<std::byte> pages = output_pages_.reserve(bytes + kAlignment);
  const std::size_t aligned = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  const std::span<std::byte> around =
      side_ == Side::kEnd ? pages.last(aligned + kAlignment) : pages.first(aligned + kAlignment);
  const std::span<std::byte> place =
      side_ == Side::kEnd ? around.last(aligned).first(bytes) : around.first(bytes);
  TensorView output = call.output;
  output.data = place.data();
  remember(describe(call));
  guarded_.run({call.op, inputs, output, call.attributes});
  if (!all_canaries({around.data(), place.data()}) ||
      !all_canaries({place.data() + bytes, around.data() + around.size()}))
    fail("guard pages: {} wrote beside its output", describe(call));
  check_inputs(call);
  std::memcpy(call.output.data, place.data(), bytes);
}

}  // namespace tessera
