// Where in a program's structure operations are issued: "forward/layer 3", "optimizer/0.weight". A layer's source line is the same for
// every layer of its kind; the scope tells them apart, in traces and in what is said about a difference.
//
// Scopes nest per thread. A path is kept for the life of the process, so names come from a small set: names of layers and parameters, not
// numbers of steps. Cost: a look-up of the name; operations only copy a pointer.
//
// Thread-safety: each thread has its own current scope; paths may be read by any thread.
//
// ```cpp
// const OpScope forward("forward");
// const OpScope layer("layer 3");
// assert(scope_text(OpScope::current()) == "forward/layer 3");
// ```
#pragma once

#include <string>
#include <string_view>

namespace tessera {

struct ScopePath;  // nullptr: no scope is open

class OpScope {
 public:
  explicit OpScope(std::string_view name);  // inside the current scope
  OpScope(const ScopePath* outer,
          std::string_view name);  // inside another: a gradient belongs to its forward operation
  ~OpScope();
  OpScope(const OpScope&) = delete;
  OpScope& operator=(const OpScope&) = delete;

  static const ScopePath* current();

 private:
  const ScopePath* before_;
};

std::string scope_text(const ScopePath* path);  // names joined by '/', outermost first; empty for nullptr

}  // namespace tessera
