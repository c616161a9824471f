#include "tessera/tensor/fault.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "tessera/base/error.h"
#include "tessera/base/suggest.h"
#include "tessera/base/text.h"
#include "tessera/base/thread_pool.h"
#include "tessera/tensor/fault_swap.h"
#include "tessera/tensor/op.h"

namespace tessera {
namespace {

constexpr const char* kVariable = "TESSERA_PLANT_FAULT";

// ---- The line that describes a fault ----

const std::vector<std::string> kWords = {"step",    "operation", "host", "tensor",
                                         "element", "bit",       "swap", "drop-task"};

std::map<std::string, std::string> words_of(std::string_view text) {
  std::map<std::string, std::string> found;
  std::size_t begin = 0;
  while ((begin = text.find_first_not_of(' ', begin)) != std::string_view::npos) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word(text.substr(begin, end - begin));
    begin = end;
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    if (std::find(kWords.begin(), kWords.end(), name) == kWords.end())
      fail_with(ExitCode::kUsage,
                "a planted fault: there is no '{}'{}; a fault is like "
                "'step=37 operation=12 element=5 bit=3'",
                printable(name), did_you_mean(name, kWords));
    if (equals == std::string::npos || equals + 1 == word.size())
      fail_with(ExitCode::kUsage, "a planted fault: {} has no value, expected {}=...", name, name);
    if (!found.emplace(name, word.substr(equals + 1)).second)
      fail_with(ExitCode::kUsage, "a planted fault: {} is given twice", name);
  }
  return found;
}

class FaultReader {
 public:
  explicit FaultReader(std::string_view text) : text_(text), words_(words_of(text)) {}

  Fault read() {
    Fault fault;
    fault.step = static_cast<std::uint64_t>(number("step", 1));
    fault.target = read_target(fault);
    read_kind(fault);
    if (!words_.empty())
      fail_with(ExitCode::kUsage, "a planted fault: {} does not go with the rest of '{}'",
                words_.begin()->first, printable(text_));
    return fault;
  }

 private:
  Fault::Target read_target(Fault& fault) {
    if (words_.contains("operation")) return fault.number = number("operation", 0), Fault::Target::kOperation;
    if (words_.contains("host")) return fault.number = number("host", 0), Fault::Target::kHost;
    if (!words_.contains("tensor"))
      fail_with(ExitCode::kUsage, "a planted fault: found '{}', expected operation=, host= or tensor= in it",
                printable(text_));
    fault.tensor = words_.extract("tensor").mapped();
    return Fault::Target::kState;
  }

  void read_kind(Fault& fault) {
    const bool any = fault.target == Fault::Target::kOperation;
    if (any && words_.contains("drop-task")) {
      fault.kind = Fault::Kind::kDropTask;
      fault.task = number("drop-task", 0);
      return;
    }
    if (any && words_.contains("swap")) {
      fault.kind = Fault::Kind::kSwap;
      fault.term = number("swap", 0);
    } else if (words_.contains("bit")) {
      fault.bit = number("bit", 0);
    } else {
      fail_with(ExitCode::kUsage, "a planted fault: found '{}', expected {} in it", printable(text_),
                any ? "bit=, swap= or drop-task=" : "bit=");
    }
    fault.element = number("element", 0);
  }

  std::int64_t number(const std::string& name, std::int64_t lowest) {
    constexpr std::size_t kMostDigits = 15;
    if (!words_.contains(name))
      fail_with(ExitCode::kUsage, "a planted fault: found '{}', expected {}= in it", printable(text_), name);
    const std::string value = words_.extract(name).mapped();
    const bool digits = value.find_first_not_of("0123456789") == std::string::npos;
    if (!digits || value.size() > kMostDigits || std::stoll(value) < lowest)
      fail_with(ExitCode::kUsage, "a planted fault: {} is '{}', expected a whole number from {}", name,
                printable(value), lowest);
    return std::stoll(value);
  }

  std::string_view text_;
  std::map<std::string, std::string> words_;
};

// ---- The planted one ----

class Planter : public internal::FaultPlanter {
 public:
  Planter(Fault fault, const PlantOptions& options) : fault_(std::move(fault)), options_(options) {
    say("a fault is planted, as on a broken machine: " + fault_text(fault_));
  }

  void begin_step(std::uint64_t step) {
    const std::lock_guard lock(mutex_);
    if (active_ && !report_.executed) missed_ = described_step();
    active_ = step == fault_.step && !report_.executed;
    if (!active_) return;
    reached_ = true;
    thread_ = std::this_thread::get_id();
    operations_ = host_tensors_ = 0;
  }

  bool wants_state(std::uint64_t step) {
    const std::lock_guard lock(mutex_);
    return fault_.target == Fault::Target::kState && step == fault_.step && !report_.executed;
  }

  void flip_in(const std::vector<internal::NamedState>& state) {
    std::vector<std::string> names;
    for (const internal::NamedState& entry : state) {
      if (entry.name == fault_.tensor) return executed(fault_.tensor, flipped(entry.tensor));
      names.push_back(entry.name);
    }
    fail("the planted fault: the state has no tensor '{}' in step {}{}", printable(fault_.tensor),
         fault_.step, did_you_mean(fault_.tensor, names));
  }

  void before_kernel(Op, const Tensor& output) override {
    const std::lock_guard lock(mutex_);
    if (!is_next(Fault::Target::kOperation, operations_) || fault_.kind != Fault::Kind::kDropTask) return;
    if (output.elements() == 0) return;
    constexpr int kPattern = 0x3f;  // 0.747 as float32: a number among others
    std::memset(output.view().data, is_floating(output.dtype()) ? kPattern : 0,
                static_cast<std::size_t>(output.elements() * dtype_size(output.dtype())));
    internal::leave_out_task(fault_.task);
  }

  void on_op(const OpEvent& event) override {
    const std::lock_guard lock(mutex_);
    if (!active_ || std::this_thread::get_id() != thread_) return;
    if (is_next(Fault::Target::kOperation, operations_)) execute(event);
    ++operations_;
  }

  void on_host_tensor(const Tensor& made, SourceLocation where) override {
    const std::lock_guard lock(mutex_);
    if (!active_ || std::this_thread::get_id() != thread_) return;
    if (is_next(Fault::Target::kHost, host_tensors_))
      executed(fmt::format("host tensor {} ({})", host_tensors_, source_text(where)), flipped(made));
    ++host_tensors_;
  }

  FaultReport report() {
    const std::lock_guard lock(mutex_);
    return report_;
  }

  void say_if_never_executed() {
    const std::lock_guard lock(mutex_);
    if (report_.executed) return;
    if (active_) missed_ = described_step();
    say(fmt::format("the planted fault was never executed in this process: {}",
                    reached_ ? missed_ : fmt::format("step {} did not begin", fault_.step)));
  }

 private:
  bool is_next(Fault::Target target, std::int64_t count) const {
    return active_ && !report_.executed && fault_.target == target && fault_.number == count &&
           std::this_thread::get_id() == thread_;
  }

  std::string described_step() const {
    if (!without_loop_.empty()) return without_loop_;
    return fmt::format("step {} had {} operations and {} host tensors", fault_.step, operations_,
                       host_tensors_);
  }

  internal::ChangedBits flipped(const Tensor& tensor) const {
    return internal::flip_bit(tensor, fault_.element, fault_.bit);
  }

  void execute(const OpEvent& event) {
    const std::string place = fmt::format("operation {} ({} {} at {})", operations_, op_info(event.op).name,
                                          event.output.shape().to_string(), source_text(event.where));
    if (fault_.kind == Fault::Kind::kBit) return executed(place, flipped(event.output));
    if (fault_.kind == Fault::Kind::kSwap) {
      check_element(event.output, fault_.element);
      return executed(place, internal::swap_additions(event, fault_.element, fault_.term));
    }
    const std::int64_t tasks = internal::take_loop_without_task();
    internal::leave_out_task(-1);  // when there was no such loop
    without_loop_ =
        fmt::format("step {}, {}: no parallel loop with a task {}", fault_.step, place, fault_.task);
    if (tasks > 0) executed(fmt::format("{}, task {} of {} left out", place, fault_.task, tasks), {});
  }

  void executed(const std::string& place, const internal::ChangedBits& bits) {
    report_ = {true, fmt::format("step {}, {}", fault_.step, place), bits.before, bits.after};
    if (fault_.kind == Fault::Kind::kDropTask) return say("planted fault executed: " + report_.place);
    say(fmt::format("planted fault executed: {}, element {}: {} -> {}{}", report_.place, fault_.element,
                    bits.before, bits.after, report_.changed() ? "" : " (the same bits)"));
  }

  void say(const std::string& message) const {
    if (!options_.quiet) fmt::print(stderr, "tessera: {}\n", message);
  }

 public:
  static void check_element(const Tensor& tensor, std::int64_t element) {
    if (element < tensor.elements()) return;
    fail("the planted fault: there is no element {} in {} {}", element, dtype_name(tensor.dtype()),
         tensor.shape().to_string());
  }

 private:
  const Fault fault_;
  const PlantOptions options_;
  std::mutex mutex_;
  bool active_ = false;   // the step is being worked on
  bool reached_ = false;  // it has begun at least once
  std::thread::id thread_;
  std::int64_t operations_ = 0, host_tensors_ = 0;  // of the step so far
  std::string missed_, without_loop_;
  FaultReport report_;
};

std::atomic<Planter*> planted = nullptr;

// Of the one that the environment asked for, when the process ends.
void say_if_never_executed() {
  if (Planter* planter = planted.load()) planter->say_if_never_executed();
}

}  // namespace

Fault parse_fault(std::string_view text) {
  return FaultReader(text).read();
}

std::string fault_text(const Fault& fault) {
  std::string text = fmt::format("step={}", fault.step);
  if (fault.target == Fault::Target::kOperation) text += fmt::format(" operation={}", fault.number);
  if (fault.target == Fault::Target::kHost) text += fmt::format(" host={}", fault.number);
  if (fault.target == Fault::Target::kState) text += fmt::format(" tensor={}", fault.tensor);
  if (fault.kind == Fault::Kind::kDropTask) return text + fmt::format(" drop-task={}", fault.task);
  text += fmt::format(" element={}", fault.element);
  return fault.kind == Fault::Kind::kSwap ? text + fmt::format(" swap={}", fault.term)
                                          : text + fmt::format(" bit={}", fault.bit);
}

void plant_fault(const Fault& fault, const PlantOptions& options) {
  if (fault_planted()) fail_with(ExitCode::kUsage, "a fault is planted already; there is one per process");
  planted = new Planter(fault, options);
  internal::set_fault_planter(planted);
}

void plant_fault_from_environment() {
  static bool done = false;  // a program may open more runs than one
  const char* text = std::getenv(kVariable);
  if (done || text == nullptr || *text == '\0') return;
  try {
    plant_fault(parse_fault(text));
  } catch (const Error& error) {
    fail_with(error.code(), "{}: {}", kVariable, error.what());
  }
  done = true;
  std::atexit(say_if_never_executed);
}

void remove_fault() {
  internal::set_fault_planter(nullptr);
  internal::leave_out_task(-1);
  delete planted.exchange(nullptr);
}

bool fault_planted() {
  return planted.load(std::memory_order_relaxed) != nullptr;
}

FaultReport fault_report() {
  Planter* planter = planted.load();
  return planter == nullptr ? FaultReport() : planter->report();
}

namespace internal {

void fault_step_begins(std::uint64_t step) {
  if (Planter* planter = planted.load(std::memory_order_relaxed)) planter->begin_step(step);
}

bool flip_state(std::uint64_t step, const std::function<std::vector<NamedState>()>& state) {
  Planter* planter = planted.load(std::memory_order_relaxed);
  if (planter == nullptr || !planter->wants_state(step)) return false;
  planter->flip_in(state());
  return true;
}

ChangedBits flip_bit(const Tensor& tensor, std::int64_t element, std::int64_t bit) {
  Planter::check_element(tensor, element);
  const std::int64_t size = dtype_size(tensor.dtype());
  if (bit >= 8 * size)
    fail("the planted fault: there is no bit {} in an element of {}", bit, dtype_name(tensor.dtype()));
  const TensorView view = tensor.view();
  std::int64_t offset = 0;
  for (int axis = view.shape.rank() - 1; axis >= 0; --axis) {
    offset += element % view.shape[axis] * view.strides[axis];
    element /= view.shape[axis];
  }
  auto* place = view.as<std::byte>() + offset * size;
  std::uint64_t before = 0;
  std::memcpy(&before, place, static_cast<std::size_t>(size));
  const std::uint64_t after = before ^ (std::uint64_t{1} << bit);
  std::memcpy(place, &after, static_cast<std::size_t>(size));
  const auto text = [size](std::uint64_t bits) { return fmt::format("0x{:0{}x}", bits, 2 * size); };
  return {text(before), text(after)};
}

}  // namespace internal
}  // namespace tessera
