#include "tessera/autograd/tape.h"

#include <deque>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "tessera/autograd/gradients.h"
#include "tessera/autograd/slice_gradients.h"
#include "tessera/base/error.h"
#include "tessera/tensor/op_scope.h"
#include "tessera/tensor/ops.h"

namespace tessera {
namespace {

// How many NoTape scopes are open on this thread. A tape records at the depth at which it was made.
thread_local int no_tape_depth = 0;

struct Node {
  Op op;
  std::vector<Tensor> inputs;
  Tensor output;
  Attributes attributes;
  const ScopePath* scope;
};

}  // namespace

struct Tape::Record {
  explicit Record(OpObserver* tape) : depth(no_tape_depth), scope(tape) {}

  bool tracks(const Tensor& x) const { return tracked.contains(x.identity()); }

  const int depth;
  std::deque<Node> nodes;       // references stay valid while gradients append to it
  std::vector<Tensor> watched;  // keeps them alive
  std::unordered_set<const void*>
      tracked;                      // watched tensors and the outputs of nodes: alive, so never reused
  std::optional<ObserveOps> scope;  // last member: observation ends first
};

Tape::Tape() : record_(std::make_unique<Record>(static_cast<OpObserver*>(this))) {}
Tape::~Tape() = default;

void Tape::watch(const Tensor& x) {
  if (!is_floating(x.dtype())) fail("a tape can watch floating tensors only, not {}", dtype_name(x.dtype()));
  if (record_->tracked.insert(x.identity()).second) record_->watched.push_back(x);
}

void Tape::watch(const std::vector<Tensor>& tensors) {
  for (const Tensor& x : tensors) watch(x);
}

void Tape::stop() {
  record_->scope.reset();
}

std::size_t Tape::size() const {
  return record_->nodes.size();
}

void Tape::on_op(const OpEvent& event) {
  Record& record = *record_;
  if (no_tape_depth > record.depth || !op_info(event.op).differentiable || !is_floating(event.output.dtype()))
    return;
  bool depends = false;
  for (const Tensor& input : event.inputs) depends = depends || record.tracks(input);
  if (!depends) return;
  record.nodes.push_back({event.op, std::vector<Tensor>(event.inputs.begin(), event.inputs.end()),
                          event.output, event.attributes, event.scope});
  record.tracked.insert(event.output.identity());
}

// One backward pass.
class Tape::Backward {
 public:
  // Marks what lies between the inputs and anything: only there gradients are computed.
  Backward(const Record& record, const std::vector<Tensor>& inputs)
      : record_(record), nodes_(record.nodes.size()) {
    for (const Tensor& x : inputs) asked_.insert(x.identity());
    relevant_ = asked_;
    for (std::size_t i = 0; i < nodes_; ++i) {
      const Node& node = record_.nodes[i];
      for (const Tensor& input : node.inputs)
        if (relevant_.contains(input.identity())) relevant_.insert(node.output.identity());
    }
  }

  void run(const Tensor& output, const Tensor& output_gradient) {
    contribute(output, output_gradient);
    std::optional<OpScope> scope;  // "forward/layer 3/gradient"
    for (std::size_t i = nodes_; i-- > 0;) {
      const Node& node = record_.nodes[i];
      if (!scope || node.scope != record_.nodes[i + 1].scope) {
        scope.reset();
        scope.emplace(node.scope, "gradient");
      }
      visit(node);
      // All who use this output have been visited: its gradient is complete, and has been handed on.
      if (asked_.contains(node.output.identity())) continue;
      gradients_.erase(node.output.identity());
      of_slices_.erase(node.output.identity());
    }
  }

  // Undefined where nothing has arrived.
  Tensor gradient_of(const Tensor& x) {
    add_slices(x);
    const auto found = gradients_.find(x.identity());
    return found == gradients_.end() ? Tensor() : found->second;
  }

 private:
  // What the node's gradient function takes: the output's gradient, or those of its entries that carry one.
  Tensor arrived(const Node& node) {
    const Shape& shape = node.output.shape();
    const std::int64_t carrying = internal::carrying_entries(node.op, shape);
    const auto slices = of_slices_.find(node.output.identity());
    if (slices != of_slices_.end() && !asked_.contains(node.output.identity()))
      return internal::sum_of_slices(slices->second, carrying);
    const Tensor whole = gradient_of(node.output);
    return !whole.defined() || shape.rank() == 0 || carrying == shape[0] ? whole
                                                                         : slice(whole, {Range(0, carrying)});
  }

  void visit(const Node& node) {
    const Tensor gradient = arrived(node);
    if (!gradient.defined()) return;
    std::vector<bool> wanted(node.inputs.size());
    bool any = false;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      wanted[i] = relevant_.contains(node.inputs[i].identity());
      any = any || wanted[i];
    }
    if (!any) return;
    if (node.op == Op::kSlice && !gradients_.contains(node.inputs[0].identity())) {  // waits for its like
      of_slices_[node.inputs[0].identity()].push_back({std::get<SliceAttributes>(node.attributes), gradient});
      return;
    }
    const internal::Contributions contributions =
        internal::gradient_function(node.op)({node.inputs, node.output, node.attributes, gradient, wanted});
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (wanted[i] && contributions[i].defined()) contribute(node.inputs[i], contributions[i]);
  }

  // Nodes are visited last to first, so these additions are the order of contract rule 6.
  void contribute(const Tensor& x, const Tensor& contribution) {
    TESSERA_CHECK(contribution.shape() == x.shape(), "a gradient of shape {} for a tensor of shape {}",
                  contribution.shape().to_string(), x.shape().to_string());
    add_slices(x);
    Tensor& total = gradients_[x.identity()];
    total = total.defined() ? total + contribution : contribution;
  }

  // The slices that have waited.
  void add_slices(const Tensor& x) {
    const auto slices = of_slices_.find(x.identity());
    if (slices == of_slices_.end()) return;
    gradients_[x.identity()] = internal::sum_of_slices(slices->second, x.rank() == 0 ? 0 : x.size(0));
    of_slices_.erase(slices);
  }

  const Record& record_;
  const std::size_t nodes_;  // the pass itself may append more
  std::unordered_set<const void*> asked_, relevant_;
  std::unordered_map<const void*, Tensor> gradients_;  // looked up only, never walked
  std::unordered_map<const void*, std::vector<internal::SliceGradient>>
      of_slices_;  // likewise; never beside a total
};

namespace {

Tensor seed_gradient(const Tensor& output, const Tensor& given) {
  if (given.defined()) {
    if (given.shape() != output.shape() || given.dtype() != output.dtype())
      fail("gradient: output_gradient is {} {}, but the output is {} {}", dtype_name(given.dtype()),
           given.shape().to_string(), dtype_name(output.dtype()), output.shape().to_string());
    return given;
  }
  if (output.elements() != 1)
    fail("gradient: the output has shape {}; it must have one element, or output_gradient must be given",
         output.shape().to_string());
  return ones(output.shape(), output.dtype());
}

}  // namespace

std::vector<Tensor> Tape::gradient(const Tensor& output, const std::vector<Tensor>& inputs,
                                   const Tensor& output_gradient) {
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (!record_->tracks(inputs[i]))
      fail("gradient: input {} is not on the tape: watch() it before it is used", i);
  if (!is_floating(output.dtype()))
    fail("gradient: the output must be floating, not {}", dtype_name(output.dtype()));

  const Tensor seed = seed_gradient(output, output_gradient);
  Backward backward(*record_, inputs);
  backward.run(output, seed);
  std::vector<Tensor> result;
  for (const Tensor& x : inputs) {
    const Tensor gradient = backward.gradient_of(x);
    result.push_back(gradient.defined() ? contiguous(gradient) : zeros(x.shape(), x.dtype()));
  }
  return result;
}

NoTape::NoTape() {
  ++no_tape_depth;
}
NoTape::~NoTape() {
  --no_tape_depth;
}

}  // namespace tessera
