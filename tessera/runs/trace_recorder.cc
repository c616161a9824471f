#include "tessera/runs/trace_recorder.h"

#include <filesystem>
#include <tuple>

#include "tessera/base/error.h"
#include "tessera/tensor/op_text.h"

namespace tessera::runs {
namespace {

// What comes before "tessera/runs/trace_recorder.cc" in the name that the compiler knows this file by.
std::string_view library_root() {
  constexpr std::string_view kThisFile = "tessera/runs/trace_recorder.cc";
  const std::string_view file = __FILE__;
  return file.ends_with(kThisFile) ? file.substr(0, file.size() - kThisFile.size()) : std::string_view();
}

std::string place_text(SourceLocation where) {
  if (where.line() == 0) return "";
  return fmt::format("{}:{}", source_path(where.file_name()), where.line());
}

// Two tensors with the same key have the same elements in the same order: a reshaped tensor need not be hashed again.
using MemoryKey = std::tuple<const void*, DType, std::int64_t>;

MemoryKey memory_key(const Tensor& tensor) {
  return {tensor.view().data, tensor.dtype(), tensor.elements()};
}

}  // namespace

std::string source_path(std::string_view file) {
  const std::string_view root = library_root();
  if (!root.empty() && file.starts_with(root)) return std::string(file.substr(root.size()));
  std::error_code error;
  const std::string here = std::filesystem::current_path(error).string() + "/";
  return std::string(!error && file.starts_with(here) ? file.substr(here.size()) : file);
}

TraceRecorder::TraceRecorder(const std::string& folder, const TraceHeader& header)
    : header_(header), writer_(folder, header) {}
TraceRecorder::~TraceRecorder() = default;

void TraceRecorder::begin_step(std::uint64_t step, const std::vector<NamedTensor>& state) {
  observing_.reset();
  step_ = {};
  tensors_.clear();
  numbers_.clear();
  if (!wants(step)) return;
  step_.step = step;
  for (const NamedTensor& named : state) {
    TraceEvent event;
    event.kind = TraceEventKind::kState;
    event.name = named.name;
    add(std::move(event), named.tensor);
  }
  observing_.emplace(this);
}

void TraceRecorder::end_step(const std::map<std::string, double>& scalars) {
  observing_.reset();
  if (step_.step == 0) return;
  step_.scalars = scalars;
  std::vector<TensorLeaves> leaves = leaves_of_events();
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    step_.events[i].root = leaves[i].root;
    if (leaves[i].leaves.size() > 1) step_.events[i].leaves = std::move(leaves[i].leaves);
  }
  writer_.add(step_, header_.values ? std::span<const Tensor>(tensors_) : std::span<const Tensor>());
  if (step_.step == header_.to) {
    writer_.close();
    complete_ = true;
  }
  step_ = {};
  tensors_.clear();
  numbers_.clear();
}

void TraceRecorder::on_op(const OpEvent& event) {
  TraceEvent entry;
  entry.kind = TraceEventKind::kOperation;
  entry.name = op_info(event.op).name;
  entry.scope = scope_text(event.scope);
  entry.where = place_text(event.where);
  entry.attributes = attributes_text(event.attributes);
  for (const Tensor& input : event.inputs) entry.inputs.push_back(number_of(input));
  add(std::move(entry), event.output);
}

void TraceRecorder::on_host_tensor(const Tensor& made, SourceLocation where) {
  TraceEvent event;
  event.kind = TraceEventKind::kHost;
  event.scope = scope_text(OpScope::current());
  event.where = place_text(where);
  add(std::move(event), made);
}

std::vector<TensorLeaves> TraceRecorder::leaves_of_events() {
  std::map<MemoryKey, std::size_t> seen;  // positions in `distinct`
  std::vector<Tensor> distinct;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const Tensor& tensor = tensors_[i];
    std::size_t place = distinct.size();
    if (step_.events[i].kind == TraceEventKind::kOlder && older_.contains(tensor.identity())) {
      place = SIZE_MAX;
    } else if (tensor.contiguous() && tensor.elements() > 0) {
      place = seen.emplace(memory_key(tensor), place).first->second;
    }
    if (place == distinct.size()) distinct.push_back(tensor);
    places.push_back(place);
  }
  const std::vector<TensorLeaves> computed = leaves_of(distinct);
  std::vector<TensorLeaves> result;
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const void* identity = tensors_[i].identity();
    result.push_back(places[i] == SIZE_MAX ? older_.at(identity).second : computed[places[i]]);
    if (step_.events[i].kind == TraceEventKind::kOlder)
      older_.try_emplace(identity, tensors_[i], result.back());
  }
  return result;
}

std::uint32_t TraceRecorder::add(TraceEvent event, const Tensor& tensor) {
  const auto number = static_cast<std::uint32_t>(step_.events.size());
  event.dtype = tensor.dtype();
  event.shape = tensor.shape();
  step_.events.push_back(std::move(event));
  tensors_.push_back(tensor);
  numbers_[tensor.identity()] = number;
  return number;
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
