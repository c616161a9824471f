// The graph that grows while the operations of a pass are translated. Internal to this room.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tessera/interchange/onnx_export.h"
#include "tessera/interchange/onnx_recording.h"

namespace tessera::onnx {

// By recording: 2^k of them for k open axes, in the n-th of which those axes are longer by one whose bits are set in n; and, where there are
// open axes, one in which all are longer by kFarther, to tell what only seemed to follow from the others.
inline constexpr std::int64_t kFarther = 3;
template <typename T>
using Everywhere = std::vector<T>;
using Lengths = std::vector<std::int64_t>;

// ---- Attributes in few words ----
Attribute attribute(std::string name, std::int64_t value);
Attribute attribute(std::string name, double value);  // a float in the file
Attribute attribute(std::string name, std::string value);
Attribute attribute(std::string name, std::vector<std::int64_t> values);
Attribute attribute(std::string name, std::vector<std::string> values);

class Exporter {
 public:
  Exporter(const Everywhere<Recording>& recordings, const std::vector<runs::NamedTensor>& named,
           const ExportOptions& options);

  ModelFile run();

  // ---- For the translators ----
  const Recording& recording() const { return recordings_[0]; }
  const Everywhere<Recording>& recordings() const { return recordings_; }
  // The value's name in the graph; tensors that no operation made become initializers.
  std::string name_of(const Tensor& tensor);

  // A node of one output; its name.
  std::string emit(const std::string& op_type, const std::vector<std::string>& inputs,
                   std::vector<Attribute> attributes = {});
  std::vector<std::string> emit_several(const std::string& op_type, const std::vector<std::string>& inputs,
                                        std::vector<Attribute> attributes, std::size_t outputs);
  // The output of the operation that is being translated is the value of this name.
  void output_is(const std::string& name);
  void name_tensor(const Tensor& tensor, const std::string& name) { names_[tensor.identity()] = name; }
  // The last node that gives this value, if nothing else uses it yet; to be completed by what follows.
  Node* extendable(const std::string& name);

  std::string constant(const Tensor& tensor);
  std::string integers(const std::vector<std::int64_t>& values);  // int64 [n]
  // int64 [n]: a constant, or worked out from the lengths of open axes (onnx_open_lengths.cc).
  std::string lengths(const Everywhere<Lengths>& values);
  std::string lengths(const Everywhere<Shape>& shapes);

  // Parts of recurrent rows: slices of the row's output that are values of their own.
  struct RecurrentNames {
    std::string h;               // [T, N, H] in the order of the run
    std::string turned;          // a reverse run's in the order of the sequence; "" for others
    std::string last_h, last_c;  // [1, N, H]
  };
  std::map<const void*, RecurrentNames> recurrent;  // by identity of the row's output
  std::map<const void*, RecurrentNames> states;     // by identity of all times' hidden states
  std::map<const void*, std::string> last_cells;    // by identity of all times' cells: the last one's name

 private:
  void pair_up();
  std::set<std::size_t> live_ops() const;
  void count_uses(const std::set<std::size_t>& live);
  void translate(std::size_t position);
  ValueInfo value_info(const std::string& name, const Everywhere<Tensor>& tensor) const;
  const Everywhere<Tensor>& counterparts(const Tensor& tensor) const;
  std::string fresh(const std::string& stem);
  std::string initializer(const std::string& name, const Tensor& tensor);
  std::string product_of_axes(std::size_t axes);  // int64 [1]; `axes` by their bits
  std::string length(const Everywhere<std::int64_t>& values);
  Lengths base_lengths() const;  // of the open axes in the first recording
  bool rename(const std::string& value, const std::string& name);
  void name_outputs();
  void remove_dead_nodes();

  const Everywhere<Recording>& recordings_;
  const ExportOptions& options_;
  ModelFile model_;
  std::map<const void*, std::string> names_, own_names_;    // by identity; own: given by the caller
  std::map<const void*, Everywhere<Tensor>> counterparts_;  // by identity in the first recording
  std::map<const void*, int> uses_;                     // of a tensor, by live operations and as an output
  std::map<std::string, std::string> small_constants_;  // by type, shape and bytes
  std::set<std::string> taken_;
  std::map<std::size_t, std::string> products_of_axes_;
  std::size_t position_ = 0;  // of the operation that is being translated
};

// ---- The translators ----

struct ExportStep {
  Exporter& exporter;
  const RecordedOp& op;  // of the first recording
  std::size_t position;  // of it in every one

  std::string in(std::size_t i) const { return exporter.name_of(op.inputs[i]); }
  const Shape& shape(std::size_t i) const { return op.inputs[i].shape(); }
  // What `read` says of this operation in every recording.
  template <typename Read>
  auto everywhere(const Read& read) const {
    Everywhere<std::decay_t<decltype(read(op))>> values;
    for (const Recording& recording : exporter.recordings()) values.push_back(read(recording.ops[position]));
    return values;
  }
  Everywhere<Shape> output_shapes() const {
    return everywhere([](const RecordedOp& one) { return one.output.shape(); });
  }
  Everywhere<Shape> input_shapes(std::size_t i) const {
    return everywhere([i](const RecordedOp& one) { return one.inputs[i].shape(); });
  }
  template <typename T>
  const T& attributes() const {
    return std::get<T>(op.attributes);
  }
  std::string emit(const std::string& type, const std::vector<std::string>& inputs,
                   std::vector<Attribute> attributes = {}) const {
    return exporter.emit(type, inputs, std::move(attributes));
  }
  void done(const std::string& name) const { exporter.output_is(name); }
};

using Translator = void (*)(const ExportStep& step);
using TranslatorTable =
    std::array<Translator, static_cast<std::size_t>(kOpCount)>;  // nullptr: no counterpart

void add_elementwise_translators(TranslatorTable& table);
void add_activation_translators(TranslatorTable& table);
void add_shape_translators(TranslatorTable& table);
void add_reduction_translators(TranslatorTable& table);
void add_normalization_translators(TranslatorTable& table);
void add_product_translators(TranslatorTable& table);
void add_recurrent_translators(TranslatorTable& table);

// product + bias, folded into the product's node where ONNX has a place for it.
std::string with_bias(const ExportStep& step, const std::string& product, const Tensor& bias, int axis);

// Slices of what recurrent rows give are outputs of ONNX's operator, whose row's output has no value of its own; nothing else of it is. False: no
// such slice.
bool recurrent_part(const ExportStep& step);

std::string activated(const ExportStep& step, const std::string& value, Activation activation);

// "the number of samples or the length of the axis 'words'"
std::string open_axes_text(const ExportOptions& options);

// The same in every recording: does not depend on open lengths.
template <typename T>
bool is_fixed(const Everywhere<T>& values) {
  return std::all_of(values.begin(), values.end(), [&](const T& value) { return value == values[0]; });
}

// Why rows without a translator have none, as the end of a sentence; "" for rows with one and for forgotten ones.
const char* why_not_exported(Op op);
Translator translator_of(Op op);  // nullptr: none

inline Translator& at(TranslatorTable& table, Op op) {
  return table[static_cast<std::size_t>(op)];
}

}  // namespace tessera::onnx
