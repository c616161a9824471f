#include "tessera/tensor/storage.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/tensor/backend.h"

#if defined(__SANITIZE_ADDRESS__)
#define TESSERA_ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TESSERA_ADDRESS_SANITIZER
#endif
#endif
#ifdef TESSERA_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

namespace tessera {
namespace {

constexpr std::size_t kSmallestBlock = 64;
constexpr std::size_t kAlwaysKept = std::size_t{64} << 20;

constexpr int kDeviceKinds = 2;
std::array<std::atomic<Backend*>, kDeviceKinds> registered_backends{};

std::string_view device_name(DeviceKind kind) {
  return kind == DeviceKind::kCpu ? "cpu" : "cuda";
}

void poison([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) {
#ifdef TESSERA_ADDRESS_SANITIZER
  ASAN_POISON_MEMORY_REGION(memory, bytes);
#endif
}
void unpoison([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) {
#ifdef TESSERA_ADDRESS_SANITIZER
  ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
#endif
}

class Pool {
 public:
  void* take(Backend* backend, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    void* memory = take_cached(backend, bytes);
    if (memory == nullptr) memory = allocate(backend, bytes);
    in_use_ += bytes;
    peak_ = std::max(peak_, in_use_);
    return memory;
  }

  void give(Backend* backend, std::size_t bytes, void* memory) {
    const std::lock_guard lock(mutex_);
    free_[{backend, bytes}].push_back(memory);
    poison(memory, bytes);
    cached_ += bytes;
    in_use_ -= bytes;
  }

  void release_cached() {
    const std::lock_guard lock(mutex_);
    release_cached_locked();
  }

  MemoryStatistics statistics() {
    const std::lock_guard lock(mutex_);
    return {in_use_, peak_, cached_, system_allocations_};
  }

  void reset_peak() {
    const std::lock_guard lock(mutex_);
    peak_ = in_use_;
  }

  // A fork waits until no thread is half-way through the pool: the child could never unlock it.
  void before_fork() { mutex_.lock(); }
  void after_fork() { mutex_.unlock(); }

 private:
  void* take_cached(Backend* backend, std::size_t bytes) {
    const auto found = free_.find({backend, bytes});
    if (found == free_.end() || found->second.empty()) return nullptr;
    void* memory = found->second.back();
    found->second.pop_back();
    unpoison(memory, bytes);
    cached_ -= bytes;
    return memory;
  }

  // Blocks of sizes that are no longer asked for would lie here for ever: they go when new memory is needed.
  void* allocate(Backend* backend, std::size_t bytes) {
    if (cached_ > std::max(kAlwaysKept, peak_)) release_cached_locked();
    ++system_allocations_;
    try {
      return backend->allocate(bytes);
    } catch (const Error&) {
      if (cached_ == 0) throw;
      release_cached_locked();
      return backend->allocate(bytes);
    }
  }

  void release_cached_locked() {
    for (auto& [key, blocks] : free_)
      for (void* memory : blocks) {
        unpoison(memory, key.second);
        key.first->release(memory, key.second);
      }
    free_.clear();
    cached_ = 0;
  }

  std::mutex mutex_;
  std::map<std::pair<Backend*, std::size_t>, std::vector<void*>> free_;
  std::size_t in_use_ = 0, peak_ = 0, cached_ = 0;
  std::uint64_t system_allocations_ = 0;
};

Pool& pool() {
  static Pool* const instance = new Pool;  // never destroyed: tensors may outlive main
  return *instance;
}

[[maybe_unused]] const int registered =
    pthread_atfork([] { pool().before_fork(); }, [] { pool().after_fork(); }, [] { pool().after_fork(); });

}  // namespace

void set_backend(DeviceKind device, Backend* backend) {
  registered_backends[static_cast<std::size_t>(device)].store(backend, std::memory_order_release);
}

Backend& backend_for(DeviceKind device) {
  Backend* backend = registered_backends[static_cast<std::size_t>(device)].load(std::memory_order_acquire);
  if (backend == nullptr)
    fail(
        "no backend is registered for the device '{}': call tessera::use_default_backend() at the start of "
        "the program",
        device_name(device));
  return *backend;
}

MemoryStatistics memory_statistics() {
  return pool().statistics();
}
void reset_peak_memory() {
  pool().reset_peak();
}
void release_cached_memory() {
  pool().release_cached();
}

namespace internal {

std::size_t size_class(std::size_t bytes) {
  if (bytes <= kSmallestBlock) return kSmallestBlock;
  const std::size_t step = std::max(kSmallestBlock, std::bit_floor(bytes - 1) / 4);
  if (bytes > SIZE_MAX - step) fail("out of memory: a tensor of {} bytes is too large", bytes);
  return (bytes + step - 1) / step * step;
}

void* take_block(Backend& backend, std::size_t bytes) {
  return pool().take(&backend, bytes);
}
void give_block(Backend& backend, std::size_t bytes, void* memory) {
  pool().give(&backend, bytes, memory);
}

Storage::Storage(std::size_t bytes, Device device)
    : bytes_(size_class(bytes)),
      device_(device),
      backend_(&backend_for(device.kind)),
      memory_(pool().take(backend_, bytes_)) {
#ifndef NDEBUG
  if (device.kind == DeviceKind::kCpu) std::memset(memory_, 0xff, bytes_);
#endif
}

Storage::Storage(void* memory, std::shared_ptr<const void> owner)
    : memory_(memory), owner_(std::move(owner)) {}

Storage::~Storage() {
  if (!borrowed()) pool().give(backend_, bytes_, memory_);
}

}  // namespace internal
}  // namespace tessera
