#include "tessera/tensor/op_scope.h"

#include <map>
#include <memory>
#include <mutex>

namespace tessera {

struct ScopePath {
  const ScopePath* outer;
  std::string name;
};

namespace {

thread_local const ScopePath* current_path = nullptr;

// One object per path, never removed: events and tapes hold pointers.
const ScopePath* interned(const ScopePath* outer, std::string_view name) {
  struct Key {
    const ScopePath* outer;
    std::string_view name;  // of the path itself
    bool operator<(const Key& other) const {
      return outer != other.outer ? std::less<>()(outer, other.outer) : name < other.name;
    }
  };
  static std::mutex mutex;
  static auto& paths = *new std::map<Key, std::unique_ptr<ScopePath>>;  // may be used while the program ends
  const std::lock_guard lock(mutex);
  const auto found = paths.find({outer, name});
  if (found != paths.end()) return found->second.get();
  auto path = std::make_unique<ScopePath>(ScopePath{outer, std::string(name)});
  const ScopePath* result = path.get();
  paths.emplace(Key{outer, result->name}, std::move(path));
  return result;
}

}  // namespace

OpScope::OpScope(std::string_view name) : OpScope(current_path, name) {}

OpScope::OpScope(const ScopePath* outer, std::string_view name) : before_(current_path) {
  current_path = interned(outer, name);
}

OpScope::~OpScope() {
  current_path = before_;
}

const ScopePath* OpScope::current() {
  return current_path;
}

std::string scope_text(const ScopePath* path) {
  std::string text;
  for (; path != nullptr; path = path->outer) text = text.empty() ? path->name : path->name + ("/" + text);
  return text;
}

}  // namespace tessera
