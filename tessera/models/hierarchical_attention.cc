#include "tessera/models/hierarchical_attention.h"

#include <algorithm>
#include <numeric>

#include "tessera/base/error.h"
#include "tessera/models/index_list.h"
#include "tessera/models/sequence_layers.h"
#include "tessera/tensor/ops.h"

namespace tessera::models {
// Which sentences there are, in the order in which they are computed: by the power of two that their length is below, so that short ones
// are not padded to the longest.
struct HierarchicalAttention::Layout {
  struct Group {
    std::vector<std::int64_t> places, lengths;  // places: document * S + sentence
    std::int64_t longest = 0;
  };
  std::vector<Group> groups;
  std::vector<std::int64_t> row_of_place;  // [D * S]; the number of sentences where there is none
  std::vector<std::int64_t> document_lengths;
  std::int64_t sentences = 0;

  Layout(const Tensor& documents, const std::string& where);

 private:
  void group_by_length(const std::vector<std::int64_t>& lengths);
  void place_rows(std::size_t places);
};

namespace {

// The number of words of each sentence, [D * S]; 0: there is none.
std::vector<std::int64_t> sentence_lengths(const Tensor& documents, const std::string& where) {
  const std::vector<std::int64_t> ids = documents.to_vector<std::int64_t>();
  const std::int64_t most = documents.size(1), width = documents.size(2);
  std::vector<std::int64_t> lengths(static_cast<std::size_t>(documents.size(0) * most), 0);
  for (std::int64_t place = 0; place < static_cast<std::int64_t>(lengths.size()); ++place) {
    const auto begin = ids.begin() + place * width, end = begin + width;
    const auto padding = std::find(begin, end, 0);
    if (std::any_of(padding, end, [](std::int64_t id) { return id != 0; }))
      fail("{}: document {}, sentence {}: a word behind padding, expected padding at the end only", where,
           place / most, place % most);
    lengths[static_cast<std::size_t>(place)] = padding - begin;
  }
  return lengths;
}

}  // namespace

HierarchicalAttention::Layout::Layout(const Tensor& documents, const std::string& where) {
  const std::vector<std::int64_t> lengths = sentence_lengths(documents, where);
  const std::int64_t most = documents.size(1);
  for (std::int64_t d = 0; d < documents.size(0); ++d) {
    const auto begin = lengths.begin() + d * most, end = begin + most, empty = std::find(begin, end, 0);
    if (empty == begin || std::any_of(empty, end, [](std::int64_t length) { return length != 0; }))
      fail("{}: document {}: expected at least one sentence, and no empty one before another", where, d);
    document_lengths.push_back(empty - begin);
  }
  group_by_length(lengths);
  place_rows(lengths.size());
}

void HierarchicalAttention::Layout::group_by_length(const std::vector<std::int64_t>& lengths) {
  std::vector<Group> by_size(64);
  for (std::size_t place = 0; place < lengths.size(); ++place) {
    if (lengths[place] == 0) continue;
    std::size_t size = 0;
    while ((std::int64_t{8} << size) < lengths[place]) ++size;
    by_size[size].places.push_back(static_cast<std::int64_t>(place));
    by_size[size].lengths.push_back(lengths[place]);
    by_size[size].longest = std::max(by_size[size].longest, lengths[place]);
  }
  for (Group& group : by_size)
    if (!group.places.empty()) groups.push_back(std::move(group));
}

void HierarchicalAttention::Layout::place_rows(std::size_t places) {
  row_of_place.assign(places, -1);
  for (const Group& group : groups)
    for (const std::int64_t place : group.places) row_of_place[static_cast<std::size_t>(place)] = sentences++;
  for (std::int64_t& row : row_of_place)
    if (row < 0) row = sentences;
}

HierarchicalAttention::HierarchicalAttention(const HierarchicalAttentionSettings& settings)
    : settings_(settings) {
  if (settings.vocabulary < 2 || settings.labels < 1)
    fail("HierarchicalAttention: a vocabulary of {} and {} labels, expected at least 2 and 1",
         settings.vocabulary, settings.labels);
  const auto child = [&]<typename Layer>(const char* name, std::unique_ptr<Layer> layer) {
    return static_cast<Layer*>(&add_child(name, std::move(layer)));
  };
  const nn::RecurrentSettings both{.bidirectional = true};
  embedding_ = child("embedding", std::make_unique<nn::Embedding>(settings.vocabulary, settings.embedding));
  word_drop_ = child("word_drop", std::make_unique<nn::Dropout>(settings.drop));
  words_ = child("words", std::make_unique<nn::GRU>(settings.embedding, settings.word_hidden, both));
  word_attention_ = child("word_attention",
                          std::make_unique<AttentionPool>(2 * settings.word_hidden, settings.word_attention));
  sentences_ =
      child("sentences", std::make_unique<nn::GRU>(2 * settings.word_hidden, settings.sentence_hidden, both));
  sentence_attention_ =
      child("sentence_attention",
            std::make_unique<AttentionPool>(2 * settings.sentence_hidden, settings.sentence_attention));
  document_drop_ = child("document_drop", std::make_unique<nn::Dropout>(settings.drop));
  head_ = child("head", std::make_unique<nn::Linear>(2 * settings.sentence_hidden, settings.labels));
}

HierarchicalAttention::Sentences HierarchicalAttention::read_sentences(const Tensor& documents,
                                                                       const Layout& layout,
                                                                       nn::Context& context) {
  const std::int64_t width = documents.size(2);
  const Tensor rows = reshape(documents, {documents.size(0) * documents.size(1), width});
  std::vector<Tensor> vectors, weights;
  for (const Layout::Group& group : layout.groups) {
    const Tensor ids = slice(gather(rows, indices(group.places)), {Range::all(), Range::to(group.longest)});
    const Tensor lengths = indices(group.lengths);
    const Tensor embedded = word_drop_->forward(embedding_->forward(ids, context), context);
    const Pooled pooled =
        word_attention_->pool(words_->run(embedded, {.lengths = lengths}).output, lengths, context);
    vectors.push_back(pooled.value);
    const std::int64_t missing = width - group.longest;
    weights.push_back(missing == 0 ? pooled.weights
                                   : concatenate({pooled.weights, zeros({ids.size(0), missing})}, 1));
  }
  return {concatenate(vectors, 0), concatenate(weights, 0)};
}

// What `read_sentences` and the placing of its rows do, by operations alone: every place has a sentence, one of a single word where there is none.
HierarchicalAttention::Sentences HierarchicalAttention::read_places(const Tensor& documents,
                                                                    const Tensor& word_counts,
                                                                    nn::Context& context) {
  const std::int64_t width = documents.size(2), places = documents.size(0) * documents.size(1);
  const Tensor counts = reshape(word_counts, {places});
  const Tensor lengths = maximum(counts, 1), there = reshape(greater(counts, 0), {places, 1});
  announce_lengths(context, lengths, width);
  const Tensor embedded =
      word_drop_->forward(embedding_->forward(reshape(documents, {places, width}), context), context);
  const Pooled pooled =
      word_attention_->pool(words_->run(embedded, {.lengths = lengths}).output, lengths, context);
  return {select(there, pooled.value, 0), select(there, pooled.weights, 0)};
}

DocumentAttention HierarchicalAttention::run(const Tensor& documents, nn::Context& context) {
  output_shape(documents.shape());
  if (documents.dtype() != DType::kInt64)
    fail("{}: the documents are {}, expected int64 ids of words", where(), dtype_name(documents.dtype()));
  const Layout layout(documents, where());
  const std::int64_t count = documents.size(0), most = documents.size(1);
  if (context.announce_lengths) {
    const Tensor word_counts = sum(cast(not_equal(documents, 0), DType::kInt64), {2});
    const Sentences places = read_places(documents, word_counts, context);
    const Tensor lengths = sum(cast(greater(word_counts, 0), DType::kInt64), {1});
    announce_lengths(context, lengths, most);
    return judge({reshape(places.vectors, {count, most, places.vectors.size(1)}), places.weights}, lengths,
                 context);
  }
  const Sentences sentences = read_sentences(documents, layout, context);
  // Row R is that of places without a sentence.
  const Tensor places = indices(layout.row_of_place);
  const auto spread = [&](const Tensor& rows) {
    return reshape(gather(concatenate({rows, zeros({1, rows.size(1)})}, 0), places),
                   {count, most, rows.size(1)});
  };
  return judge({spread(sentences.vectors), spread(sentences.weights)}, indices(layout.document_lengths),
               context);
}

// The sentences of documents [D, S, ...], those that are not there with zeros.
DocumentAttention HierarchicalAttention::judge(const Sentences& sentences, const Tensor& lengths,
                                               nn::Context& context) {
  const Tensor states = sentences_->run(sentences.vectors, {.lengths = lengths}).output;
  const Pooled pooled = sentence_attention_->pool(states, lengths, context);
  DocumentAttention result;
  result.logits = head_->forward(document_drop_->forward(pooled.value, context), context);
  const std::int64_t count = states.size(0), most = states.size(1);
  result.words = reshape(sentences.weights, {count, most, sentences.weights.elements() / (count * most)});
  result.sentences = pooled.weights;
  result.states = states;
  return result;
}

Tensor HierarchicalAttention::contributions(const DocumentAttention& result) const {
  const Tensor& weights = result.sentences;
  return matmul(result.states, transpose(head_->weight().value)) *
         reshape(weights, {weights.size(0), weights.size(1), 1});
}

Tensor HierarchicalAttention::forward(const Tensor& documents, nn::Context& context) {
  return run(documents, context).logits;
}

Shape HierarchicalAttention::output_shape(const Shape& input) const {
  if (input.rank() != 3 || input[0] < 1 || input[1] < 1 || input[2] < 1)
    fail("{}: the input has shape {}, expected [documents, sentences, words], at least one of each", where(),
         input.to_string());
  return {input[0], settings_.labels};
}

std::string HierarchicalAttention::describe() const {
  return fmt::format("HierarchicalAttention({} words -> {} labels, embedding {}, GRU 2 x {} and 2 x {})",
                     settings_.vocabulary, settings_.labels, settings_.embedding, settings_.word_hidden,
                     settings_.sentence_hidden);
}

}  // namespace tessera::models
