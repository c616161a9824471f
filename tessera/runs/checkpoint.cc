#include "tessera/runs/checkpoint.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <set>
#include <utility>

#include "tessera/base/bytes.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/suggest.h"
#include "tessera/runs/record.h"

namespace tessera::runs {
namespace {

constexpr std::string_view kSuffix = ".safetensors";

// Not Tensor::scalar, which is for what the program computes with: traces and planted faults count that.
template <typename T>
Tensor state_scalar(T value) {
  const Tensor tensor = Tensor::allocate(Shape{}, dtype_of<T>);
  std::memcpy(tensor.view().data, &value, sizeof value);
  return tensor;
}

// Turns whatever an object visits into named tensors; `handle` may replace the value through the pointer.
class TensorVisitor : public StateVisitor {
 public:
  // Receives the full name and the value (undefined for a tensor that does not exist yet);
  // returns the value to put in its place, undefined for "leave it".
  using Handle = std::function<Tensor(const std::string& name, const Tensor& value)>;

  TensorVisitor(std::string prefix, Handle handle) : prefix_(std::move(prefix)), handle_(std::move(handle)) {}

  void tensor(std::string_view name, Tensor& value) override {
    const Tensor replacement = handle_(full_name(name), value);
    if (replacement.defined()) value = replacement;
  }
  void integer(std::string_view name, std::int64_t& value) override {
    const Tensor replacement = handle_(full_name(name), state_scalar(value));
    if (replacement.defined()) value = replacement.item<std::int64_t>();
  }
  void real(std::string_view name, double& value) override {
    const Tensor replacement = handle_(full_name(name), state_scalar(value));
    if (replacement.defined()) value = replacement.item<double>();
  }

 private:
  std::string full_name(std::string_view name) const { return fmt::format("{}.{}", prefix_, name); }

  std::string prefix_;
  Handle handle_;
};

bool by_name(const NamedTensor& a, const NamedTensor& b) {
  return a.name < b.name;
}

std::string described(const Tensor& tensor) {
  return fmt::format("{} {}", dtype_name(tensor.dtype()), tensor.shape().to_string());
}

// The first pass of a restore: finds every problem before anything is changed.
class FitChecker {
 public:
  FitChecker(const std::map<std::string, Tensor>& state, const std::string& where)
      : state_(state), where_(where) {}

  void check(const std::string& prefix, Stateful& object) {
    TensorVisitor visitor(prefix, [this](const std::string& name, const Tensor& value) {
      check_one(name, value);
      return Tensor();
    });
    object.visit_state(visitor);
  }

  void refuse_superfluous() const {
    for (const auto& [name, tensor] : state_)
      if (!asked_.contains(name))
        fail("{}: the tensor '{}' ({}) has no place in the program's state{}", where_, name,
             described(tensor), did_you_mean(name, missing_names()));
  }

 private:
  void check_one(const std::string& name, const Tensor& value) {
    if (!asked_.insert(name).second) fail("the kept state has two entries named '{}'", name);
    if (!value.defined()) return;
    const auto found = state_.find(name);
    if (found == state_.end()) fail("{}: the tensor '{}' ({}) is missing", where_, name, described(value));
    if (found->second.dtype() != value.dtype() || !(found->second.shape() == value.shape()))
      fail("{}: the tensor '{}' is {}, the program's is {}", where_, name, described(found->second),
           described(value));
  }

  std::vector<std::string> missing_names() const {
    std::vector<std::string> names;
    for (const std::string& name : asked_)
      if (!state_.contains(name)) names.push_back(name);
    return names;
  }

  const std::map<std::string, Tensor>& state_;
  const std::string& where_;
  std::set<std::string> asked_;
};

void replace_state(const std::string& prefix, Stateful& object, const std::map<std::string, Tensor>& state) {
  TensorVisitor visitor(prefix, [&state](const std::string& name, const Tensor&) {
    const auto found = state.find(name);
    return found == state.end() ? Tensor() : found->second;
  });
  object.visit_state(visitor);
}

std::map<std::string, Tensor> as_map(const std::vector<NamedTensor>& state) {
  std::map<std::string, Tensor> map;
  for (const NamedTensor& named : state) map[named.name] = named.tensor;
  return map;
}

bool good_object_name(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace

Digest tensor_digest(std::string_view name, const Tensor& tensor) {
  Sha256 hash;
  hash.add_item("tessera/tensor/1").add_item(name).add_item(dtype_name(tensor.dtype()));
  hash.add_u64(static_cast<std::uint64_t>(tensor.rank()));
  for (const std::int64_t length : tensor.shape()) hash.add_u64(static_cast<std::uint64_t>(length));
  return hash.add_item(as_text(tensor.canonical_bytes())).finish();
}

std::map<std::string, std::string> state_digests(const std::vector<NamedTensor>& state) {
  std::map<std::string, std::string> digests;
  for (const NamedTensor& named : state)
    digests[named.name] = to_hex(tensor_digest(named.name, named.tensor));
  return digests;
}

void StateSet::keep(const std::string& name, Stateful& object) {
  if (!good_object_name(name))
    fail("keep: expected a name of letters, digits, '_' and '-', found '{}'", name);
  if (!objects_.emplace(name, &object).second) fail("keep: two objects are named '{}'", name);
}

std::vector<NamedTensor> StateSet::collect() const {
  std::vector<NamedTensor> state;
  for (const auto& [prefix, object] : objects_) {
    TensorVisitor visitor(prefix, [&state](const std::string& name, const Tensor& value) {
      if (value.defined()) state.push_back({name, value});
      return Tensor();
    });
    object->visit_state(visitor);
  }
  std::sort(state.begin(), state.end(), by_name);
  for (std::size_t i = 1; i < state.size(); ++i)
    if (state[i].name == state[i - 1].name) fail("the kept state has two entries named '{}'", state[i].name);
  return state;
}

void StateSet::restore(const std::vector<NamedTensor>& state, const std::string& where) const {
  const std::map<std::string, Tensor> map = as_map(state);
  FitChecker checker(map, where);
  for (const auto& [prefix, object] : objects_) checker.check(prefix, *object);
  checker.refuse_superfluous();
  for (const auto& [prefix, object] : objects_) replace_state(prefix, *object, map);
}

void restore_object(const std::string& name, Stateful& object, const std::vector<NamedTensor>& state,
                    const std::string& where) {
  std::vector<NamedTensor> part;
  for (const NamedTensor& named : state)
    if (named.name.starts_with(name + ".")) part.push_back(named);
  if (part.empty()) fail("{}: there is no object '{}'", where, name);
  StateSet set;
  set.keep(name, object);
  set.restore(part, where);
}

std::string checkpoint_path(const std::string& run_folder, const std::string& digest) {
  return fmt::format("{}/{}/{}{}", run_folder, kCheckpointFolder, digest, kSuffix);
}

void save_checkpoint(const std::string& run_folder, const std::string& digest, std::string_view bytes) {
  if (checkpoint_intact(run_folder, digest)) return;
  make_folders(record_path(run_folder, kCheckpointFolder));
  write_file_atomically(checkpoint_path(run_folder, digest), bytes);
}

bool checkpoint_intact(const std::string& run_folder, const std::string& digest) {
  const std::string path = checkpoint_path(run_folder, digest);
  try {
    return exists(path) && to_hex(sha256_of_file(path)) == digest;
  } catch (const Error&) {  // it cannot be read, or is no file
    return false;
  }
}

std::vector<NamedTensor> load_checkpoint(const std::string& run_folder, const std::string& digest) {
  const std::string path = checkpoint_path(run_folder, digest);
  const std::string bytes = read_regular_file(path);
  const std::string found = to_hex(sha256(bytes));
  if (found != digest) fail("{}: damaged: its bytes have the SHA-256 {}", path, found);
  return parse_safetensors(bytes, path).tensors;
}

std::vector<std::string> checkpoints_in(const std::string& run_folder) {
  std::vector<std::string> digests;
  const std::string folder = record_path(run_folder, kCheckpointFolder);
  if (!exists(folder)) return digests;
  for (const std::string& name : names_in_folder(folder))
    if (name.ends_with(kSuffix)) digests.push_back(name.substr(0, name.size() - kSuffix.size()));
  return digests;
}

}  // namespace tessera::runs
