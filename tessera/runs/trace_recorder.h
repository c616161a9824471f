// Writes a trace (trace_file.h) while a computation runs: every operation of this thread between the beginning and the end of some
// steps. Run does this when RunOptions::trace asks for it; a loop without a Run can use the recorder itself.
//
// During a step the recorder only notes handles: tensors do not change, so their digests are computed when the step ends, by all threads.
// All tensors of a traced step are alive until then, which is the memory that tracing takes.
//
// Errors: Error when the folder exists already or cannot be written; a trace whose last step was not reached is not left behind.
// Thread-safety: one thread, the one that works on the steps; operations that other threads issue are not seen.
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
#include <tuple>
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
  TensorLeaves leaves_of_event(const TraceEvent& event, const Tensor& tensor);

  TraceHeader header_;
  TraceWriter writer_;
  TraceStep step_;
  std::vector<Tensor> values_;  // one per event, with values
  // By identity; looked up only. A tensor that takes the place of one that is gone takes its entry, too.
  std::unordered_map<const void*, std::uint32_t> numbers_;
  // What contiguous memory held when it was last written, by address, dtype and number of elements.
  using Memory = std::tuple<const void*, DType, std::int64_t>;
  std::map<Memory, TensorLeaves> hashed_;
  // Older tensors are hashed once per trace: a whole data set may be among them. The handle keeps the identity.
  std::map<const void*, std::pair<Tensor, TensorLeaves>> older_;
  std::optional<ObserveOps> observing_;
  bool complete_ = false;
};

// The path of a source file as traces show it: relative to the root of Tessera's own source, or to the working directory, for files below
// them; others as the compiler named them.
std::string source_path(std::string_view file);

}  // namespace tessera::runs
