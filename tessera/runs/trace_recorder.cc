#include "tessera/runs/trace_recorder.h"

#include <filesystem>

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
  forget_step();
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
  writer_.add(step_, values_);
  if (step_.step == header_.to) {
    writer_.close();
    complete_ = true;
  }
  forget_step();
}

void TraceRecorder::forget_step() {
  observing_.reset();
  step_ = {};
  values_.clear();
  numbers_.clear();
  hashed_.clear();
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

std::uint32_t TraceRecorder::add(TraceEvent event, const Tensor& tensor) {
  const auto number = static_cast<std::uint32_t>(step_.events.size());
  event.dtype = tensor.dtype();
  event.shape = tensor.shape();
  TensorLeaves leaves = leaves_of_event(event, tensor);
  event.root = leaves.root;
  if (leaves.leaves.size() > 1 && event.kind != TraceEventKind::kOlder)
    event.leaves = std::move(leaves.leaves);
  step_.events.push_back(std::move(event));
  if (header_.values) values_.push_back(tensor);
  numbers_[tensor.identity()] = number;
  return number;
}

TensorLeaves TraceRecorder::leaves_of_event(const TraceEvent& event, const Tensor& tensor) {
  if (event.kind == TraceEventKind::kOlder) {
    auto& [kept, leaves] = older_[tensor.identity()];
    if (!kept.defined()) {
      kept = tensor;
      leaves = leaves_of(tensor);
    }
    return leaves;
  }
  if (!tensor.contiguous() || tensor.elements() == 0) return leaves_of(tensor);
  TensorLeaves& held = hashed_[{tensor.view().data, tensor.dtype(), tensor.elements()}];
  // Only a reshape shows what is there already; another operation has just written it.
  if (held.leaves.empty() || event.name != op_info(Op::kReshape).name) held = leaves_of(tensor);
  return held;
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
