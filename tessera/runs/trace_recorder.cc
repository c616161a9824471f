#include "tessera/runs/trace_recorder.h"

#include <cstring>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/tensor/op_text.h"

namespace tessera::runs {
namespace {

// What the elements are now: their memory may be wrong later, which must not touch what was traced.
Tensor copy_of(const Tensor& tensor) {
  const Tensor copy = Tensor::allocate(tensor.shape(), tensor.dtype());
  const std::vector<std::byte> bytes = tensor.canonical_bytes();
  if (!bytes.empty()) std::memcpy(copy.view().data, bytes.data(), bytes.size());
  return copy;
}

}  // namespace

TraceRecorder::TraceRecorder(const std::string& folder, const TraceHeader& header)
    : header_(header), writer_(folder, header) {}
TraceRecorder::~TraceRecorder() = default;

void TraceRecorder::begin_step(std::uint64_t step, const std::vector<NamedTensor>& state) {
  TESSERA_CHECK(step_.step == 0, "trace: step {} begins before step {} has ended", step, step_.step);
  if (!wants(step)) return;
  step_.step = step;
  for (const NamedTensor& named : state) {
    TraceEvent event;
    event.kind = TraceEventKind::kState;
    event.name = named.name;
    add(std::move(event), named.tensor);
  }
  hash_pending();  // as it is now
  observing_.emplace(this);
}

void TraceRecorder::end_step(const std::map<std::string, double>& scalars) {
  observing_.reset();
  if (step_.step == 0) return;
  step_.scalars = scalars;
  hash_pending();
  writer_.add(step_, values_);
  if (step_.step == header_.to) {
    writer_.close();
    complete_ = true;
  }
  forget_step();
}

void TraceRecorder::forget_step() {
  observing_.reset();
  // What this step did not use is not kept alive: a program may make new weights in every step.
  std::erase_if(older_, [this](const auto& entry) { return entry.second.step != step_.step; });
  step_ = {};
  values_.clear();
  numbers_.clear();
}

void TraceRecorder::on_op(const OpEvent& event) {
  TraceEvent entry;
  entry.kind = TraceEventKind::kOperation;
  entry.name = op_info(event.op).name;
  entry.scope = text_of(event.scope);
  entry.where = text_of(event.where);
  entry.attributes = attributes_text(event.attributes);
  for (const Tensor& input : event.inputs) entry.inputs.push_back(number_of(input));
  add(std::move(entry), event.output);
}

void TraceRecorder::on_host_tensor(const Tensor& made, SourceLocation where) {
  TraceEvent event;
  event.kind = TraceEventKind::kHost;
  event.scope = text_of(OpScope::current());
  event.where = text_of(where);
  add(std::move(event), made);
}

const std::string& TraceRecorder::text_of(SourceLocation where) {
  std::string& text = places_[{where.file_name(), where.line()}];
  if (text.empty()) text = source_text(where);
  return text;
}

const std::string& TraceRecorder::text_of(const ScopePath* scope) {
  std::string& text = scopes_[scope];
  if (text.empty()) text = scope_text(scope);
  return text;
}

std::uint32_t TraceRecorder::add(TraceEvent event, const Tensor& tensor) {
  constexpr std::int64_t kWorthHashing = 16'000'000;  // bytes; as much as is likely to be in the cache yet
  const auto number = static_cast<std::uint32_t>(step_.events.size());
  const bool older = event.kind == TraceEventKind::kOlder;
  event.dtype = tensor.dtype();
  event.shape = tensor.shape();
  if (older) event.root = leaves_of_older(tensor).root;
  step_.events.push_back(std::move(event));
  if (header_.values) values_.push_back(tensor);
  numbers_[tensor.identity()] = number;
  if (older) return number;
  pending_.push_back(tensor);
  pending_events_.push_back(number);
  pending_bytes_ += tensor.elements() * dtype_size(tensor.dtype());
  if (pending_bytes_ > kWorthHashing) hash_pending();
  return number;
}

void TraceRecorder::hash_pending() {
  std::vector<TensorLeaves> leaves = leaves_of(pending_);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    TraceEvent& event = step_.events[pending_events_[i]];
    event.root = leaves[i].root;
    if (leaves[i].leaves.size() > 1) event.leaves = std::move(leaves[i].leaves);
    if (header_.values) values_[pending_events_[i]] = copy_of(pending_[i]);
  }
  pending_.clear();
  pending_events_.clear();
  pending_bytes_ = 0;
}

const TensorLeaves& TraceRecorder::leaves_of_older(const Tensor& tensor) {
  const auto found = older_.find(tensor.identity());
  if (found != older_.end()) {
    found->second.step = step_.step;
    return found->second.leaves;
  }
  return older_.emplace(tensor.identity(), Older{tensor, leaves_of(tensor), step_.step}).first->second.leaves;
}

// A tensor that was made before the step and is no state (the data, say) becomes an event when it is first used.
std::uint32_t TraceRecorder::number_of(const Tensor& input) {
  const auto found = numbers_.find(input.identity());
  if (found != numbers_.end()) return found->second;
  TraceEvent event;
  event.kind = TraceEventKind::kOlder;
  return add(std::move(event), input);
}

}  // namespace tessera::runs
