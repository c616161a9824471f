// The Merkle tree over a tensor's elements (RFC 6962), computed by all threads: the leaves are independent.

#include <algorithm>
#include <cstring>

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

Digest leaf_digest(const std::byte* data, std::size_t bytes) {
  return Sha256().add(std::string_view("\0", 1)).add(data, bytes).finish();
}

// The leaves `first` to `last` - 1. The last leaf of a tensor may be shorter than the others.
void hash_leaves(const Elements& elements, std::size_t leaf_bytes, std::size_t first, std::size_t last,
                 Digest* digests) {
  const std::byte* whole[kLeavesPerTask];
  std::size_t wholes = 0;
  while (first + wholes < last && (first + wholes + 1) * leaf_bytes <= elements.bytes) {
    whole[wholes] = elements.data + (first + wholes) * leaf_bytes;
    ++wholes;
  }
  first += hash_leaves_in_lanes({whole, wholes}, leaf_bytes, digests + first);
  for (; first < last; ++first) {
    const std::size_t begin = first * leaf_bytes;
    digests[first] = leaf_digest(elements.data + begin, std::min(leaf_bytes, elements.bytes - begin));
  }
}

}  // namespace

Digest merkle_root(std::span<const Digest> leaves) {
  TESSERA_CHECK(!leaves.empty(), "a Merkle tree needs a leaf");
  if (leaves.size() == 1) return leaves[0];
  std::size_t left = 1;
  while (2 * left < leaves.size()) left *= 2;
  const Digest a = merkle_root(leaves.first(left)), b = merkle_root(leaves.subspan(left));
  return Sha256().add(std::string_view("\1", 1)).add(a.data(), a.size()).add(b.data(), b.size()).finish();
}

TensorLeaves leaves_of(const Tensor& tensor) {
  const Elements elements = elements_of(tensor);
  const auto leaf_bytes = static_cast<std::size_t>(kTraceLeaf * dtype_size(tensor.dtype()));
  TensorLeaves result;
  result.leaves.resize(static_cast<std::size_t>(leaf_count(tensor)));
  const std::size_t count = result.leaves.size();
  parallel_for(static_cast<std::int64_t>((count + kLeavesPerTask - 1) / kLeavesPerTask),
               [&](std::int64_t task) {
                 const std::size_t first = static_cast<std::size_t>(task) * kLeavesPerTask;
                 hash_leaves(elements, leaf_bytes, first, std::min(count, first + kLeavesPerTask),
                             result.leaves.data());
               });
  result.root = merkle_root(result.leaves);
  return result;
}

}  // namespace tessera::runs
