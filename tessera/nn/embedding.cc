#include "tessera/nn/embedding.h"

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/nn/initialisers.h"
#include "tessera/nn/layer_parts.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {
namespace {

// The row as a tensor of its own, through which no gradient leads.
Tensor constant_row(const Tensor& table, std::int64_t row) {
  const NoTape constant;
  return copy(slice(table, {Range(row)}));
}

}  // namespace

Embedding::Embedding(std::int64_t entries, std::int64_t features, const EmbeddingSettings& settings)
    : entries_(parts::positive("Embedding", "entries", entries)),
      features_(parts::positive("Embedding", "features", features)),
      padding_index_(settings.padding_index) {
  if (padding_index_ && (*padding_index_ < 0 || *padding_index_ >= entries))
    fail("Embedding: padding_index is {}, expected 0 to {}", *padding_index_, entries - 1);
  weight_ = &add_parameter("weight", {entries, features}, settings.dtype);
}

Tensor Embedding::forward(const Tensor& x, Context& /*context*/) {
  if (x.dtype() != DType::kInt64)
    fail("{}: the input is {} {}, expected int64 indices", where(), dtype_name(x.dtype()),
         x.shape().to_string());
  const Shape output = output_shape(x.shape());
  const Tensor index = reshape(x, {x.elements()}), &table = weight_->value;
  Tensor rows;
  try {
    rows = gather(table, index);
  } catch (const Error& error) {
    fail("{}: {}", where(), error.what());
  }
  if (padding_index_)
    rows = select(reshape(equal(index, *padding_index_), {x.elements(), 1}),
                  constant_row(table, *padding_index_), rows);
  return reshape(rows, output);
}

Shape Embedding::output_shape(const Shape& input) const {
  Shape output = input;
  output.append(features_);
  return output;
}

std::string Embedding::describe() const {
  return fmt::format("Embedding({} -> {}{})", entries_, features_,
                     padding_index_ ? fmt::format(", padding index {}", *padding_index_) : "");
}

void Embedding::initialize_parameters(RandomSource& random) {
  Tensor& table = weight_->value;
  table = normal_init(random, weight_->name, table.shape(), 1, table.dtype());
  if (padding_index_)
    table = select(reshape(equal(arange(entries_), *padding_index_), {entries_, 1}), 0, table);
}

}  // namespace tessera::nn
