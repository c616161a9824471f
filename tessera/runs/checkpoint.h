// The state of a run: what is kept, its digests, and checkpoints.
//
// A StateSet knows the kept objects by name. Collected, their state is a list of tensors named
// "object.entry"; an integer is an int64 scalar, a real number a float64 scalar, and an undefined tensor (a
// moment that does not exist yet) is left out. A checkpoint is the safetensors file of that list, named by
// the SHA-256 of its bytes: the same state has the same name everywhere.
//
// Thread-safety: one thread at a time.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/base/hash.h"
#include "tessera/runs/safetensors.h"
#include "tessera/tensor/state.h"

namespace tessera::runs {

// SHA-256 over the length-prefixed items "tessera/tensor/1", name, dtype, shape (its axes as 8 bytes each)
// and the row-major elements, little endian, with canonical NaN.
Digest tensor_digest(std::string_view name, const Tensor& tensor);

// The digest of every tensor, in hexadecimal, by name.
std::map<std::string, std::string> state_digests(const std::vector<NamedTensor>& state);

class StateSet {
 public:
  // `name`: letters, digits, '_', '-'; unique. The object must outlive the set.
  void keep(const std::string& name, Stateful& object);
  bool empty() const { return objects_.empty(); }

  // Sorted by name. Throws Error when an object visits one name twice.
  std::vector<NamedTensor> collect() const;

  // Replaces the state of the kept objects. Every tensor of `state` must be asked for, and every defined
  // tensor, integer and real of the objects must be there with its type and shape; `where` names the source
  // in the message otherwise. The objects are unchanged when it throws for a missing or superfluous name,
  // type or shape.
  void restore(const std::vector<NamedTensor>& state, const std::string& where) const;

 private:
  std::map<std::string, Stateful*> objects_;
};

// Reads the part of `state` that belongs to the kept object `name` into `object` (a model, to predict with).
void restore_object(const std::string& name, Stateful& object, const std::vector<NamedTensor>& state,
                    const std::string& where);

// ---- Checkpoint files: FOLDER/checkpoints/<digest>.safetensors ----

std::string checkpoint_path(const std::string& run_folder, const std::string& digest);
// Writes and syncs the file unless an intact one is there.
void save_checkpoint(const std::string& run_folder, const std::string& digest, std::string_view bytes);
// Is the file there, and does it have the bytes that its name says?
bool checkpoint_intact(const std::string& run_folder, const std::string& digest);
// Throws Error when it is missing, damaged or malformed.
std::vector<NamedTensor> load_checkpoint(const std::string& run_folder, const std::string& digest);
// Digests of the files that are there, sorted.
std::vector<std::string> checkpoints_in(const std::string& run_folder);

}  // namespace tessera::runs
