#include "tessera/models/sequence_layers.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/models/index_list.h"
#include "tessera/tensor/ops.h"

namespace tessera::models {
namespace {

constexpr const char* kPoolings[] = {"last", "mean", "max", "attention"};

// As a tensor; undefined: all times.
Tensor checked_lengths(const Tensor& lengths, std::int64_t samples, std::int64_t times) {
  if (!lengths.defined()) return full({samples}, static_cast<double>(times), DType::kInt64);
  if (lengths.dtype() != DType::kInt64 || lengths.shape() != Shape{samples})
    fail("the lengths of sequences are {} {}, expected int64 [{}]", dtype_name(lengths.dtype()),
         lengths.shape().to_string(), samples);
  for (const std::int64_t length : lengths.to_vector<std::int64_t>())
    if (length < 1 || length > times) fail("the length of a sequence is {}, expected 1 to {}", length, times);
  return lengths;
}

// [N, T, 1]: is the time one that the sequence has?
Tensor inside(const Tensor& lengths, std::int64_t times) {
  return less(reshape(arange(times), {1, times, 1}), reshape(lengths, {lengths.size(0), 1, 1}));
}

double lowest(DType dtype) {
  return dtype == DType::kFloat64 ? std::numeric_limits<double>::lowest()
                                  : static_cast<double>(std::numeric_limits<float>::lowest());
}

// The row at each sequence's last time.
Tensor last_rows(const Tensor& x, const Tensor& lengths) {
  const std::int64_t samples = x.size(0), times = x.size(1);
  const Tensor rows = reshape(arange(samples * times), {samples, times});
  const Tensor last = take_along(rows, reshape(lengths - 1, {samples, 1}), 1);
  return gather(reshape(x, {samples * times, x.size(2)}), reshape(last, {samples}));
}

Tensor last_states(const Tensor& x, const Tensor& lengths, bool both_directions) {
  if (!both_directions) return last_rows(x, lengths);
  const std::int64_t half = x.size(2) / 2;
  return concatenate({last_rows(slice(x, {Range::all(), Range::all(), Range(0, half)}), lengths),
                      slice(x, {Range::all(), Range(0), Range::from(half)})},
                     1);
}

}  // namespace

Tensor sequence_lengths(const Tensor& ids, const std::string& where) {
  if (ids.rank() != 2 || ids.size(0) < 1 || ids.size(1) < 1 || ids.dtype() != DType::kInt64)
    fail("{}: the words are {} {}, expected int64 [sequences, times], at least one of each", where,
         dtype_name(ids.dtype()), ids.shape().to_string());
  const std::vector<std::int64_t> values = ids.to_vector<std::int64_t>();
  const std::int64_t times = ids.size(1);
  std::vector<std::int64_t> lengths;
  for (std::int64_t i = 0; i < ids.size(0); ++i) {
    const auto begin = values.begin() + i * times, end = begin + times, padding = std::find(begin, end, 0);
    if (padding == begin) fail("{}: sequence {} is empty, expected at least one word", where, i);
    if (std::any_of(padding, end, [](std::int64_t id) { return id != 0; }))
      fail("{}: sequence {}: a word behind padding, expected padding at the end only", where, i);
    lengths.push_back(padding - begin);
  }
  return indices(lengths);
}

void announce_lengths(nn::Context& context, const Tensor& lengths, std::int64_t times) {
  if (!context.announce_lengths) return;
  for (const std::int64_t length : lengths.to_vector<std::int64_t>())
    if (length != times)
      fail("a pass for sequences of any lengths: one has {} of {} words, expected full ones, without padding",
           length, times);
  context.announce_lengths(lengths);
}

Tensor zeros_behind(const Tensor& x, const Tensor& lengths) {
  return select(inside(lengths, x.size(1)), x, 0);
}

const char* time_pooling_name(TimePooling pooling) {
  return kPoolings[static_cast<std::size_t>(pooling)];
}

TimePooling time_pooling_of(const std::string& name) {
  for (std::size_t i = 0; i < std::size(kPoolings); ++i)
    if (name == kPoolings[i]) return static_cast<TimePooling>(i);
  fail("the pooling over time is '{}', expected last, mean, max or attention", name);
}

Tensor pool_over_time(const Tensor& x, const Tensor& lengths, TimePooling pooling, bool both_directions) {
  if (x.rank() != 3 || x.size(1) < 1)
    fail("pooling over time: x has shape {}, expected [N, T, F] with at least one time",
         x.shape().to_string());
  if (both_directions && x.size(2) % 2 != 0)
    fail("pooling over time: {} features, expected as many of each direction", x.size(2));
  const Tensor known = checked_lengths(lengths, x.size(0), x.size(1));
  switch (pooling) {
    case TimePooling::kLast:
      return last_states(x, known, both_directions);
    case TimePooling::kMean: {
      const Tensor total = sum(select(inside(known, x.size(1)), x, 0), {1});
      return total / cast(reshape(known, {x.size(0), 1}), x.dtype());
    }
    case TimePooling::kMax:
      return max(select(inside(known, x.size(1)), x, lowest(x.dtype())), {1});
    case TimePooling::kAttention:
      break;
  }
  fail("pooling over time: attention has parameters, expected an AttentionPool");
}

Tensor rows_of_words(const Tensor& x, const Tensor& lengths) {
  if (x.rank() < 2) fail("rows of words: x has shape {}, expected [N, T, ...]", x.shape().to_string());
  const auto values = checked_lengths(lengths, x.size(0), x.size(1)).to_vector<std::int64_t>();
  std::vector<std::int64_t> rows;
  for (std::size_t i = 0; i < values.size(); ++i)
    for (std::int64_t t = 0; t < values[i]; ++t) rows.push_back(static_cast<std::int64_t>(i) * x.size(1) + t);
  Shape flat{x.size(0) * x.size(1)};
  for (int axis = 2; axis < x.rank(); ++axis) flat.append(x.size(axis));
  return gather(reshape(x, flat), indices(rows));
}

Tensor padded_rows(const Tensor& rows, const Tensor& lengths, std::int64_t times) {
  const auto values = checked_lengths(lengths, lengths.size(0), times).to_vector<std::int64_t>();
  std::vector<std::int64_t> places;
  std::int64_t row = 0;
  for (const std::int64_t length : values)
    for (std::int64_t t = 0; t < times; ++t) places.push_back(t < length ? row++ : rows.size(0));
  if (row != rows.size(0)) fail("padded rows: {} rows, expected {}, one for each word", rows.size(0), row);
  Shape one{1}, padded{lengths.size(0), times};
  for (int axis = 1; axis < rows.rank(); ++axis) {
    one.append(rows.size(axis));
    padded.append(rows.size(axis));
  }
  return reshape(gather(concatenate({rows, zeros(one, rows.dtype())}, 0), indices(places)), padded);
}

// ---- WordEmbedding ----

WordEmbedding::WordEmbedding(std::int64_t vocabulary, std::int64_t features, DType dtype) {
  table_ = static_cast<nn::Embedding*>(&add_child(
      "words", std::make_unique<nn::Embedding>(vocabulary, features,
                                               nn::EmbeddingSettings{.padding_index = 0, .dtype = dtype})));
}

Tensor WordEmbedding::forward(const Tensor& ids, nn::Context& context) {
  output_shape(ids.shape());
  const Tensor words = ids.to(DType::kInt64);
  context.lengths = sequence_lengths(words, where());
  if (context.announce_lengths) {  // by operations
    context.lengths = sum(cast(not_equal(words, 0), DType::kInt64), {1});
    announce_lengths(context, context.lengths, words.size(1));
  }
  return table_->forward(words, context);
}

Shape WordEmbedding::output_shape(const Shape& input) const {
  if (input.rank() != 2 || input[0] < 1 || input[1] < 1)
    fail("{}: the words have shape {}, expected [sequences, times], at least one of each", where(),
         input.to_string());
  return table_->output_shape(input);
}

std::string WordEmbedding::describe() const {
  const Shape& table = table_->weight().value.shape();
  return fmt::format("WordEmbedding({} words -> {})", table[0], table[1]);
}

// ---- TimePool ----

TimePool::TimePool(const Settings& settings) : settings_(settings) {
  if (settings.features < 1) fail("TimePool: {} features, expected at least 1", settings.features);
  if (settings.pooling == TimePooling::kAttention)
    attention_ = static_cast<AttentionPool*>(&add_child(
        "attention", std::make_unique<AttentionPool>(
                         settings.features, settings.attention > 0 ? settings.attention : settings.features,
                         settings.dtype)));
}

Tensor TimePool::forward(const Tensor& x, nn::Context& context) {
  output_shape(x.shape());
  if (attention_ != nullptr) return attention_->forward(x, context);
  return pool_over_time(x, context.lengths, settings_.pooling, settings_.both_directions);
}

Shape TimePool::output_shape(const Shape& input) const {
  if (input.rank() != 3 || input[1] < 1 || input[2] != settings_.features)
    fail("{}: the input has shape {}, expected [N, T, {}] with at least one time", where(), input.to_string(),
         settings_.features);
  return {input[0], settings_.features};
}

std::string TimePool::describe() const {
  return fmt::format("TimePool({} of {})", time_pooling_name(settings_.pooling), settings_.features);
}

std::unique_ptr<nn::Recurrent> make_recurrence(Recurrence kind, std::int64_t features, std::int64_t hidden,
                                               const nn::RecurrentSettings& settings) {
  switch (kind) {
    case Recurrence::kNone:
      return nullptr;
    case Recurrence::kRNN:
      return std::make_unique<nn::RNN>(features, hidden, settings);
    case Recurrence::kGRU:
      return std::make_unique<nn::GRU>(features, hidden, settings);
    case Recurrence::kLSTM:
      return std::make_unique<nn::LSTM>(features, hidden, settings);
  }
  return nullptr;
}

}  // namespace tessera::models
