// The Merkle tree over a tensor's elements (RFC 6962), computed by all threads: the leaves are independent.

#include <algorithm>
#include <cstring>
#include <map>
#include <tuple>

#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/runs/leaf_lanes.h"
#include "tessera/runs/trace_file.h"

namespace tessera::runs {
namespace {

constexpr std::size_t kLeavesPerTask = 16;

// Row-major elements without a copy if nothing has to be changed: only then is the memory what is hashed.
struct Elements {
  std::vector<std::byte> copy;
  const std::byte* data = nullptr;
  std::size_t bytes = 0;
};

template <typename Word>
bool has_nan(const TensorView& view, Word infinity) {
  constexpr Word kMagnitude = static_cast<Word>(~Word{0}) >> 1;
  const Word* words = view.as<const Word>();
  const std::int64_t count = view.elements();
  Word nan = 0;  // without a branch, so that the compiler uses vectors
  for (std::int64_t i = 0; i < count; ++i) nan |= static_cast<Word>((words[i] & kMagnitude) > infinity);
  return nan != 0;
}

bool canonical_in_memory(const Tensor& tensor) {
  if (!tensor.contiguous()) return false;
  if (tensor.dtype() == DType::kFloat32) return !has_nan<std::uint32_t>(tensor.view(), 0x7f800000u);
  if (tensor.dtype() == DType::kFloat64) return !has_nan<std::uint64_t>(tensor.view(), 0x7ff0000000000000u);
  return true;
}

Elements elements_of(const Tensor& tensor) {
  Elements elements;
  elements.bytes = static_cast<std::size_t>(tensor.elements() * dtype_size(tensor.dtype()));
  if (tensor.device().kind == DeviceKind::kCpu && canonical_in_memory(tensor)) {
    elements.data = static_cast<const std::byte*>(tensor.view().data);
  } else {
    elements.copy = tensor.canonical_bytes();
    elements.data = elements.copy.data();
  }
  return elements;
}

std::int64_t leaf_count(const Tensor& tensor) {
  return std::max<std::int64_t>(1, (tensor.elements() + kTraceLeaf - 1) / kTraceLeaf);
}

constexpr std::byte kLeafPrefix{0}, kNodePrefix{1};

Digest prefixed_digest(std::byte prefix, const void* data, std::size_t bytes) {
  return Sha256().add(&prefix, 1).add(data, bytes).finish();
}

// The level above: a node for every pair, and a last one without a neighbour as it is.
std::vector<Digest> level_above(const std::vector<Digest>& level) {
  constexpr std::size_t kPair = 2 * sizeof(Digest);
  std::vector<const std::byte*> pairs;
  for (std::size_t i = 0; i + 1 < level.size(); i += 2)
    pairs.push_back(reinterpret_cast<const std::byte*>(level[i].data()));  // the second one follows it
  std::vector<Digest> above(pairs.size());
  for (std::size_t done = hash_in_lanes(kNodePrefix, pairs, kPair, above.data()); done < pairs.size(); ++done)
    above[done] = prefixed_digest(kNodePrefix, pairs[done], kPair);
  if (level.size() % 2 == 1) above.push_back(level.back());
  return above;
}

struct Leaf {
  const std::byte* data;
  std::size_t bytes;
  Digest* digest;
};

// Leaves of one length go into lanes together, whatever tensors they are of; what task hashes how many is a matter of speed only.
void hash_leaves(std::vector<Leaf>& leaves) {
  std::stable_sort(leaves.begin(), leaves.end(),
                   [](const Leaf& a, const Leaf& b) { return a.bytes > b.bytes; });
  const std::size_t tasks = (leaves.size() + kLeavesPerTask - 1) / kLeavesPerTask;
  parallel_for(static_cast<std::int64_t>(tasks), [&](std::int64_t task) {
    const std::size_t begin = static_cast<std::size_t>(task) * kLeavesPerTask;
    const std::size_t end = std::min(leaves.size(), begin + kLeavesPerTask);
    for (std::size_t first = begin; first < end;) {
      std::size_t last = first;
      const std::byte* data[kLeavesPerTask];
      Digest digests[kLeavesPerTask];
      for (; last < end && leaves[last].bytes == leaves[first].bytes; ++last)
        data[last - first] = leaves[last].data;
      std::size_t done = hash_in_lanes(kLeafPrefix, {data, last - first}, leaves[first].bytes, digests);
      for (; done < last - first; ++done)
        digests[done] = prefixed_digest(kLeafPrefix, data[done], leaves[first].bytes);
      for (std::size_t i = first; i < last; ++i) *leaves[i].digest = digests[i - first];
      first = last;
    }
  });
}

void add_leaves(std::vector<Leaf>& leaves, const Elements& elements, DType dtype,
                std::vector<Digest>& digests) {
  const auto whole = static_cast<std::size_t>(kTraceLeaf * dtype_size(dtype));
  for (std::size_t i = 0; i < digests.size(); ++i)
    leaves.push_back({elements.data + i * whole, std::min(whole, elements.bytes - i * whole), &digests[i]});
}

// For each tensor the first one that shows the same memory in the same order: a reshaped one need not be hashed again.
std::vector<std::size_t> originals_of(std::span<const Tensor> tensors) {
  std::map<std::tuple<const void*, DType, std::int64_t>, std::size_t> seen;
  std::vector<std::size_t> originals;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const Tensor& tensor = tensors[i];
    const bool comparable = tensor.contiguous() && tensor.elements() > 0;
    originals.push_back(
        comparable
            ? seen.emplace(std::tuple(tensor.view().data, tensor.dtype(), tensor.elements()), i).first->second
            : i);
  }
  return originals;
}

}  // namespace

// Pairing level by level gives RFC 6962's tree, which splits at the largest power of two.
Digest merkle_root(std::span<const Digest> leaves) {
  TESSERA_CHECK(!leaves.empty(), "a Merkle tree needs a leaf");
  std::vector<Digest> level(leaves.begin(), leaves.end());
  while (level.size() > 1) level = level_above(level);
  return level[0];
}

std::vector<TensorLeaves> leaves_of(std::span<const Tensor> tensors) {
  const std::vector<std::size_t> originals = originals_of(tensors);
  const auto count = static_cast<std::int64_t>(tensors.size());
  std::vector<Elements> elements(tensors.size());
  std::vector<TensorLeaves> result(tensors.size());
  const auto for_each_original = [&](const auto& work) {
    parallel_for(count, [&](std::int64_t i) {
      if (const auto at = static_cast<std::size_t>(i); originals[at] == at) work(at);
    });
  };
  for_each_original([&](std::size_t i) {
    elements[i] = elements_of(tensors[i]);
    result[i].leaves.resize(static_cast<std::size_t>(leaf_count(tensors[i])));
  });
  std::vector<Leaf> leaves;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    add_leaves(leaves, elements[i], tensors[i].dtype(), result[i].leaves);
  hash_leaves(leaves);
  for_each_original([&](std::size_t i) { result[i].root = merkle_root(result[i].leaves); });
  for (std::size_t i = 0; i < tensors.size(); ++i)
    if (originals[i] != i) result[i] = result[originals[i]];
  return result;
}

TensorLeaves leaves_of(const Tensor& tensor) {
  return std::move(leaves_of(std::span(&tensor, 1))[0]);
}

}  // namespace tessera::runs
