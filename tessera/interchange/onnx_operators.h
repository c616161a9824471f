// The table of ONNX's operators: one function of table operations each. Internal to this room.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tessera/interchange/onnx_model.h"
#include "tessera/tensor/ops.h"

namespace tessera::onnx {

// One node with the values of its inputs. Integers are int64 whatever their width in the file.
class NodeCall {
 public:
  NodeCall(const Node& node, std::span<const Tensor> inputs, std::int64_t opset)
      : node_(node), inputs_(inputs), opset_(opset) {}

  std::int64_t opset() const { return opset_; }  // version of the node's operator set
  std::size_t inputs() const { return inputs_.size(); }
  std::size_t outputs() const { return node_.outputs.size(); }
  bool wants_output(std::size_t i) const { return i < node_.outputs.size() && !node_.outputs[i].empty(); }
  bool has(std::size_t i) const { return i < inputs_.size() && inputs_[i].defined(); }
  const Tensor& operator[](std::size_t i) const;                  // Error if it is left out
  std::vector<std::int64_t> input_integers(std::size_t i) const;  // an int64 input of rank 0 or 1

  const Attribute* find(std::string_view name) const;  // nullptr: not there
  std::int64_t integer(std::string_view name, std::int64_t otherwise) const;
  double real(std::string_view name, double otherwise) const;
  std::string text(std::string_view name, std::string_view otherwise) const;
  std::optional<std::vector<std::int64_t>> integers(std::string_view name) const;
  std::vector<std::string> texts(std::string_view name) const;
  Tensor tensor(std::string_view name) const;  // Error if it is not there
  // Lists that are an attribute in old operator sets and an input in new ones; nothing if neither is there.
  std::optional<std::vector<std::int64_t>> integers(std::string_view name, std::size_t input) const;

  template <typename... Args>
  [[noreturn]] void unsupported(fmt::format_string<Args...> format, Args&&... args) const {
    throw UnsupportedOperator(fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  const Attribute* find(std::string_view name, Attribute::Type type) const;
  const Node& node_;
  std::span<const Tensor> inputs_;
  std::int64_t opset_;
};

using Outputs = std::vector<Tensor>;
using Operator = std::function<Outputs(const NodeCall&)>;
using OperatorTable = std::map<std::pair<std::string, std::string>, Operator>;  // by domain and name

const OperatorTable& operator_table();

// The parts of the table, one per file.
void add_elementwise_operators(OperatorTable& table);
void add_logic_operators(OperatorTable& table);
void add_activation_operators(OperatorTable& table);
void add_shape_operators(OperatorTable& table);
void add_index_operators(OperatorTable& table);
void add_reduction_operators(OperatorTable& table);
void add_product_operators(OperatorTable& table);
void add_pooling_operators(OperatorTable& table);
void add_normalization_operators(OperatorTable& table);
void add_recurrent_operators(OperatorTable& table);
void add_training_operators(OperatorTable& table);

// For operators of ONNX's own domain with one output.
void add_operator(OperatorTable& table, const std::string& name,
                  std::function<Tensor(const NodeCall&)> function);

// ---- What several operators need ----
Tensor as_shape(const std::vector<std::int64_t>& values);  // int64 [n]
Shape shape_from(const std::vector<std::int64_t>& lengths);
// Negative positions of an index counted from the back of an axis of this length.
Tensor index_from_front(const Tensor& index, std::int64_t length);
// x with `before` and `after` elements of `value` along every axis.
Tensor padded(const Tensor& x, std::span<const std::int64_t> before, std::span<const std::int64_t> after,
              double value);
Tensor floor(const Tensor& x);  // largest whole number that is not above; of integers: x
// Throws Error when an int64 value is outside of the (narrower) integer type; other dtypes pass. Returns its argument.
Tensor check_integer_range(const Tensor& values, ElementType type);

}  // namespace tessera::onnx
