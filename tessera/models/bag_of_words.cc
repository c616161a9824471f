#include "tessera/models/bag_of_words.h"

#include <algorithm>
#include <span>

#include "tessera/base/error.h"
#include "tessera/data/vocabulary.h"
#include "tessera/tensor/ops.h"

namespace tessera::models {

BagOfWords::BagOfWords(std::int64_t vocabulary, std::int64_t labels)
    : vocabulary_(vocabulary), labels_(labels) {
  if (vocabulary <= data::Vocabulary::kFirstWord || labels < 1)
    fail("BagOfWords: a vocabulary of {} and {} labels, expected at least {} and 1", vocabulary, labels,
         data::Vocabulary::kFirstWord + 1);
  weight_ = &add_parameter("weight", {labels, vocabulary}, DType::kFloat32);
  bias_ = &add_parameter("bias", {labels}, DType::kFloat32);
}

void BagOfWords::check_ids(const Tensor& documents) const {
  output_shape(documents.shape());
  if (documents.dtype() != DType::kInt64)
    fail("{}: the documents are {}, expected int64 ids of words", where(), dtype_name(documents.dtype()));
  std::vector<std::int64_t> copied;
  if (!documents.contiguous()) copied = documents.to_vector<std::int64_t>();
  const auto ids =
      documents.contiguous() ? documents.values<std::int64_t>() : std::span<const std::int64_t>(copied);
  std::uint64_t largest = 0;  // a negative one is large
  for (const std::int64_t id : ids) largest = std::max(largest, static_cast<std::uint64_t>(id));
  if (largest < static_cast<std::uint64_t>(vocabulary_)) return;
  const std::int64_t words = documents.size(1) * documents.size(2);
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (ids[i] < 0 || ids[i] >= vocabulary_)
      fail("{}: document {}: a word has the id {}, expected 0 to {}", where(),
           static_cast<std::int64_t>(i) / words, ids[i], vocabulary_ - 1);
}

Tensor BagOfWords::features(const Tensor& documents) const {
  check_ids(documents);
  const Tensor words = reshape(documents, {documents.size(0), documents.size(1) * documents.size(2)});
  // Words that count: 1, padding and unknown ones: 0.
  const Tensor known = cast(greater_equal(words, data::Vocabulary::kFirstWord), DType::kFloat32);
  const Tensor none = zeros({documents.size(0), vocabulary_});
  const Tensor values = log1p(scatter_add(none, words, known, 1));
  const Tensor squares = sum_squares(values, {1}, true);
  return values /
         select(equal(squares, 0), ones(squares.shape()), sqrt(squares));  // only unknown words: zeros
}

Tensor BagOfWords::contributions(const Tensor& documents) const {
  check_ids(documents);
  const std::vector<std::int64_t> ids = documents.to_vector<std::int64_t>();
  const std::int64_t count = documents.size(0), sentences = documents.size(1), words = documents.size(2);
  const std::vector<float> values = features(documents).to_vector<float>();
  std::vector<Tensor> parts;
  for (std::int64_t d = 0; d < count; ++d) {
    std::vector<float> share(static_cast<std::size_t>(sentences * vocabulary_), 0.0F),
        uses(static_cast<std::size_t>(vocabulary_), 0.0F);
    const auto id_at = [&](std::int64_t place) {
      return static_cast<std::size_t>(ids[static_cast<std::size_t>(d * sentences * words + place)]);
    };
    for (std::int64_t place = 0; place < sentences * words; ++place) uses[id_at(place)] += 1;
    for (std::int64_t place = 0; place < sentences * words; ++place) {
      const std::size_t id = id_at(place);
      share[static_cast<std::size_t>(place / words * vocabulary_) + id] +=
          values[static_cast<std::size_t>(d * vocabulary_) + id] / uses[id];
    }
    parts.push_back(
        matmul(Tensor::from<float>(share, {1, sentences, vocabulary_}), transpose(weight_->value)));
  }
  return concatenate(parts, 0);
}

Tensor BagOfWords::forward(const Tensor& documents, nn::Context& /*context*/) {
  return linear(features(documents), weight_->value, bias_->value);
}

Shape BagOfWords::output_shape(const Shape& input) const {
  if (input.rank() != 3 || input[0] < 1 || input[1] < 1 || input[2] < 1)
    fail("{}: the input has shape {}, expected [documents, sentences, words], at least one of each", where(),
         input.to_string());
  return {input[0], labels_};
}

std::string BagOfWords::describe() const {
  return fmt::format("BagOfWords({} words -> {} labels)", vocabulary_, labels_);
}

}  // namespace tessera::models
