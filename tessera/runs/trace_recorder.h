// Writes a trace (trace_file.h) while a computation runs: every operation of this thread between the beginning and the end of some
// steps. Run does this when RunOptions::trace asks for it; a loop without a Run can use the recorder itself.
//
// Digests are computed every few megabytes, while the elements are in the cache, by all threads, and at the end of the step. With values, a copy
// of every tensor of a step is held until it ends.
//
// Errors: Error when the folder exists already or cannot be written; a trace whose last step was not reached is not left behind.
// Thread-safety: one thread, the one that works on the steps; operations that other threads issue are not
// seen, and a tensor that another thread made during the step is not to be used in it.
//
// ```cpp
// const std::string folder = make_temporary_folder("recorder");
// runs::TraceRecorder recorder(folder + "/steps", {.claim = std::string(64, '0'), .name = "example", .contract = "0", .from = 3, .to = 3});
// Tensor weight = Tensor::from<float>({1, 2}, {2});
// recorder.begin_step(3, {{"weight", weight}});
// weight = weight * 2;
// recorder.end_step({{"sum", 6.0}});       // the last step: the trace is written and has its name
// runs::TraceReader reader(folder + "/steps");
// const auto step = reader.next();
// assert(step->events.size() == 3);        // the state, the number 2, the product
// assert(step->events[2].name == "multiply" && step->events[2].inputs == (std::vector<std::uint32_t>{0, 1}));
// remove_folder(folder);
// ```
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tessera/runs/safetensors.h"
#include "tessera/runs/trace_file.h"
#include "tessera/tensor/op.h"

namespace tessera::runs {

class TraceRecorder : public OpObserver {
 public:
  TraceRecorder(const std::string& folder, const TraceHeader& header);
  ~TraceRecorder() override;
  TraceRecorder(const TraceRecorder&) = delete;
  TraceRecorder& operator=(const TraceRecorder&) = delete;

  // A step of the computation begins, with this state. Steps outside of the header's range are not looked at.
  void begin_step(std::uint64_t step, const std::vector<NamedTensor>& state);
  // Writes the step that was begun, if it is in the range; after the last one of the range the trace is complete.
  void end_step(const std::map<std::string, double>& scalars);
  bool wants(std::uint64_t step) const { return step >= header_.from && step <= header_.to; }
  bool complete() const { return complete_; }

  void on_op(const OpEvent& event) override;
  void on_host_tensor(const Tensor& made, SourceLocation where) override;

 private:
  void forget_step();
  std::uint32_t add(TraceEvent event, const Tensor& tensor);
  std::uint32_t number_of(const Tensor& input);
  const TensorLeaves& leaves_of_older(const Tensor& tensor);
  void hash_pending();
  const std::string& text_of(SourceLocation where);
  const std::string& text_of(const ScopePath* scope);

  TraceHeader header_;
  TraceWriter writer_;
  TraceStep step_;
  std::vector<Tensor> values_;   // one per event, with values
  std::vector<Tensor> pending_;  // not hashed yet, and the numbers of their events
  std::vector<std::uint32_t> pending_events_;
  std::int64_t pending_bytes_ = 0;
  // By identity; looked up only. A tensor that takes the place of one that is gone takes its entry, too.
  std::unordered_map<const void*, std::uint32_t> numbers_;
  // Older tensors are hashed once for as long as every step uses them: a whole data set may be among them. The handle keeps the identity.
  struct Older {
    Tensor tensor;
    TensorLeaves leaves;
    std::uint64_t step;  // in which it was used last
  };
  std::map<const void*, Older> older_;
  // Texts that were made once: lines by the address of their file's name.
  std::map<std::pair<const char*, unsigned>, std::string> places_;
  std::map<const ScopePath*, std::string> scopes_;
  std::optional<ObserveOps> observing_;
  bool complete_ = false;
};

}  // namespace tessera::runs
