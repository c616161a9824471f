// The graph that grows while the operations of a pass are translated. Internal to this room.
#pragma once

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tessera/interchange/onnx_export.h"
#include "tessera/interchange/onnx_recording.h"

namespace tessera::onnx {

// ---- Attributes in few words ----
Attribute attribute(std::string name, std::int64_t value);
Attribute attribute(std::string name, double value);  // a float in the file
Attribute attribute(std::string name, std::string value);
Attribute attribute(std::string name, std::vector<std::int64_t> values);
Attribute attribute(std::string name, std::vector<std::string> values);

class Exporter {
 public:
  // `more` is the recording with one sample more; `one` itself if the number of samples is fixed.
  Exporter(const Recording& one, const Recording& more, const std::vector<runs::NamedTensor>& named,
           const ExportOptions& options);

  ModelFile run();

  // ---- For the translators ----
  const Recording& recording() const { return one_; }
  // The value's name in the graph; tensors that no operation made become initializers.
  std::string name_of(const Tensor& tensor);
  // The tensor of the recording with one sample more that stands where this one stands here.
  const Tensor& counterpart(const Tensor& tensor) const;

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
  // Lengths of the two recordings: a constant, or worked out from the number of samples.
  std::string lengths(const std::vector<std::int64_t>& one, const std::vector<std::int64_t>& more);
  std::string lengths(const Shape& one, const Shape& more);

  // Parts of recurrent rows: slices of the row's output that are values of their own.
  struct RecurrentNames {
    std::string h, last_c;  // [T, N, H], [1, N, H]
  };
  std::map<const void*, RecurrentNames> recurrent;  // by identity of the row's output
  std::map<const void*, std::string> last_cells;    // by identity of all times' cells: the last one's name

 private:
  void pair_up();
  std::set<std::size_t> live_ops() const;
  void count_uses(const std::set<std::size_t>& live);
  void translate(std::size_t position);
  ValueInfo value_info(const std::string& name, const Tensor& one, const Tensor& more) const;
  std::string fresh(const std::string& stem);
  std::string initializer(const std::string& name, const Tensor& tensor);
  std::string samples();  // int64 [1]: how many there are
  bool rename(const std::string& value, const std::string& name);
  void name_outputs();
  void remove_dead_nodes();

  const Recording &one_, &more_;
  const ExportOptions& options_;
  ModelFile model_;
  std::map<const void*, std::string> names_, own_names_;  // by identity; own: given by the caller
  std::map<const void*, Tensor> counterparts_;
  std::map<const void*, int> uses_;                     // of a tensor, by live operations and as an output
  std::map<std::string, std::string> small_constants_;  // by type, shape and bytes
  std::set<std::string> taken_;
  std::string samples_;
  std::size_t position_ = 0;  // of the operation that is being translated
};

// ---- The translators ----

struct ExportStep {
  Exporter& exporter;
  const RecordedOp& op;  // of the recording, and with one sample more
  const RecordedOp& more;

  std::string in(std::size_t i) const { return exporter.name_of(op.inputs[i]); }
  const Shape& shape(std::size_t i) const { return op.inputs[i].shape(); }
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

std::string activated(const ExportStep& step, const std::string& value, Activation activation);

// Why rows without a translator have none, as the end of a sentence; "" for rows with one and for forgotten ones.
const char* why_not_exported(Op op);
bool has_translator(Op op);

inline Translator& at(TranslatorTable& table, Op op) {
  return table[static_cast<std::size_t>(op)];
}

}  // namespace tessera::onnx
