#include "tessera/models/skipgram.h"

#include <algorithm>

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/data/loader.h"
#include "tessera/data/vocabulary.h"
#include "tessera/models/index_list.h"
#include "tessera/nn/initialisers.h"
#include "tessera/nn/losses.h"
#include "tessera/numerics/functions.h"
#include "tessera/tensor/ops.h"

namespace tessera::models {
namespace {

constexpr double kNegativePower = 0.75;
constexpr std::int64_t kFirstWord = data::Vocabulary::kFirstWord;

}  // namespace

SkipGram::SkipGram(std::int64_t vocabulary, const SkipGramSettings& settings)
    : vocabulary_(vocabulary), settings_(settings) {
  for (const auto& [name, value] :
       {std::pair("dimensions", settings.dimensions), std::pair("window", settings.window),
        std::pair("negatives", settings.negatives), std::pair("epochs", settings.epochs),
        std::pair("batch", settings.batch)})
    if (value < 1) fail("SkipGram: {} is {}, expected at least 1", name, value);
  if (vocabulary <= kFirstWord)
    fail("SkipGram: a vocabulary of {}, expected at least {}", vocabulary, kFirstWord + 1);
  if (!(settings.learning_rate > 0))
    fail("SkipGram: learning_rate is {}, expected above 0", settings.learning_rate);
  centre_ = &add_parameter("centre", {vocabulary, settings.dimensions}, DType::kFloat32);
  context_ = &add_parameter("context", {vocabulary, settings.dimensions}, DType::kFloat32);
}

// As published: small random centres, contexts of zeros.
void SkipGram::initialize_parameters(RandomSource& random) {
  const double bound = 0.5 / static_cast<double>(settings_.dimensions);
  centre_->value = nn::uniform_init(random, centre_->name, centre_->value.shape(), bound);
  context_->value = zeros(context_->value.shape());
}

Tensor SkipGram::loss(const Tensor& centres, const Tensor& contexts, const Tensor& negatives) {
  const std::int64_t pairs = centres.size(0), width = settings_.dimensions, others = settings_.negatives + 1;
  if (contexts.shape() != centres.shape() || negatives.shape() != Shape{pairs, settings_.negatives})
    fail("{}: centres {}, contexts {} and negatives {}: expected [B], [B] and [B, {}]", where(),
         centres.shape().to_string(), contexts.shape().to_string(), negatives.shape().to_string(),
         settings_.negatives);
  const Tensor second = reshape(concatenate({reshape(contexts, {pairs, 1}), negatives}, 1), {pairs * others});
  const Tensor v = reshape(gather(centre_->value, centres), {pairs, width, 1});
  const Tensor u = reshape(gather(context_->value, second), {pairs, others, width});
  const Tensor logits = reshape(matmul(u, v), {pairs, others});
  const Tensor wanted =
      broadcast_to(reshape(cast(equal(arange(others), 0), DType::kFloat32), {1, others}), {pairs, others});
  return nn::binary_cross_entropy_loss(logits, wanted) * static_cast<double>(others);
}

Tensor SkipGram::forward(const Tensor& ids, nn::Context& /*context*/) {
  return reshape(gather(centre_->value, reshape(ids, {ids.elements()})), output_shape(ids.shape()));
}

Shape SkipGram::output_shape(const Shape& input) const {
  Shape output = input;
  output.append(settings_.dimensions);
  return output;
}

std::string SkipGram::describe() const {
  return fmt::format("SkipGram({} words -> {})", vocabulary_, settings_.dimensions);
}

std::vector<SimilarWord> SkipGram::nearest(std::int64_t id, std::int64_t count, std::int64_t first) const {
  if (id < 0 || id >= vocabulary_) fail("{}: the word {}, expected 0 to {}", where(), id, vocabulary_ - 1);
  const NoTape constant;
  const Tensor table = cast(centre_->value, DType::kFloat64);
  const Tensor lengths = sqrt(sum_squares(table, {1}));
  const Tensor products = matmul(table, slice(table, {Range(id)})) / (lengths * slice(lengths, {Range(id)}));
  const std::vector<double> cosines = products.to_vector<double>();
  std::vector<SimilarWord> words;
  for (std::int64_t other = std::max<std::int64_t>(first, 0); other < vocabulary_; ++other)
    if (const double cosine = cosines[static_cast<std::size_t>(other)]; other != id && cosine == cosine)
      words.push_back({other, cosine});
  std::stable_sort(words.begin(), words.end(),
                   [](const auto& a, const auto& b) { return a.cosine > b.cosine; });
  if (static_cast<std::int64_t>(words.size()) > count)
    words.resize(static_cast<std::size_t>(std::max<std::int64_t>(count, 0)));
  return words;
}

std::vector<std::pair<std::int64_t, std::int64_t>> skipgram_pairs(
    const std::vector<std::vector<std::int64_t>>& sentences, std::int64_t window) {
  std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
  for (const std::vector<std::int64_t>& sentence : sentences) {
    const auto length = static_cast<std::int64_t>(sentence.size());
    for (std::int64_t centre = 0; centre < length; ++centre)
      for (std::int64_t other = std::max<std::int64_t>(0, centre - window);
           other < std::min(length, centre + window + 1); ++other) {
        const std::int64_t a = sentence[static_cast<std::size_t>(centre)],
                           b = sentence[static_cast<std::size_t>(other)];
        if (other != centre && a >= kFirstWord && b >= kFirstWord) pairs.emplace_back(a, b);
      }
  }
  return pairs;
}

std::vector<double> noise_distribution(const std::vector<std::int64_t>& counts, double power) {
  std::vector<double> distribution;
  double sum = 0;
  for (const std::int64_t count : counts)
    distribution.push_back(sum += count == 0 ? 0 : numerics::pow(static_cast<double>(count), power));
  return distribution;
}

Tensor draw_words(const std::vector<double>& distribution, const Tensor& uniform) {
  std::vector<std::int64_t> ids;
  const auto last = static_cast<std::int64_t>(distribution.size()) - 1;
  for (const double u : uniform.to_vector<double>()) {
    const auto found = std::upper_bound(distribution.begin(), distribution.end(), u * distribution.back());
    ids.push_back(std::min<std::int64_t>(found - distribution.begin(), last));
  }
  return Tensor::from<std::int64_t>(ids, uniform.shape());
}

SkipGramTrainer::SkipGramTrainer(SkipGram& model, const std::vector<std::vector<std::int64_t>>& sentences)
    : model_(model),
      optimizer_(model.parameters()),
      pairs_(skipgram_pairs(sentences, model.settings().window)),
      random_(model.settings().seed) {
  if (pairs_.empty())
    fail("skip-gram: no word of the {} sentences has another one near it", sentences.size());
  std::vector<std::int64_t> counts(static_cast<std::size_t>(model.vocabulary()), 0);
  for (const std::vector<std::int64_t>& sentence : sentences)
    for (const std::int64_t id : sentence) {
      if (id < 0 || id >= model.vocabulary())
        fail("skip-gram: a word has the id {}, expected 0 to {}", id, model.vocabulary() - 1);
      if (id >= kFirstWord) ++counts[static_cast<std::size_t>(id)];
    }
  cumulative_ = noise_distribution(counts, kNegativePower);
  const SkipGramSettings& settings = model.settings();
  const data::BatchPlan plan({.samples = static_cast<std::int64_t>(pairs_.size()), .batch = settings.batch});
  steps_ = static_cast<std::uint64_t>(plan.steps_per_epoch() * settings.epochs);
  model.initialize(random_);
}

Tensor SkipGramTrainer::draw_negatives(std::int64_t pairs) {
  return draw_words(cumulative_,
                    random_.uniform("negatives", {pairs, model_.settings().negatives}, DType::kFloat64));
}

double SkipGramTrainer::step(std::uint64_t number, const std::vector<std::int64_t>& positions) {
  random_.begin_step(number);
  std::vector<std::int64_t> centres, contexts;
  for (const std::int64_t position : positions) {
    centres.push_back(pairs_[static_cast<std::size_t>(position)].first);
    contexts.push_back(pairs_[static_cast<std::size_t>(position)].second);
  }
  const Tensor negatives = draw_negatives(static_cast<std::int64_t>(positions.size()));
  std::vector<Tensor> weights;
  for (const nn::Parameter* parameter : optimizer_.parameters()) weights.push_back(parameter->value);
  Tape tape;
  tape.watch(weights);
  const Tensor loss = model_.loss(indices(centres), indices(contexts), negatives);
  tape.stop();
  optimizer_.step(tape.gradient(loss, weights), model_.settings().learning_rate);
  return loss.item_as_double();
}

std::uint64_t SkipGramTrainer::run(std::uint64_t done, StepObserver* observer) {
  data::BatchPlan plan({.samples = static_cast<std::int64_t>(pairs_.size()),
                        .batch = model_.settings().batch,
                        .seed = model_.settings().seed});
  for (const data::Batch& batch : plan.steps(done + 1, steps_)) {
    last_loss_ = step(batch.step, batch.positions);
    const StepScalar scalars[] = {{"loss", last_loss_}};
    if (observer != nullptr && !observer->on_step({batch.step, scalars})) return batch.step;
  }
  return std::max(done, steps_);
}

void SkipGramTrainer::visit_state(StateVisitor& visitor) {
  model_.visit_state(visitor);
  optimizer_.visit_state(visitor);
}

void train_skipgram(SkipGram& model, const std::vector<std::vector<std::int64_t>>& sentences) {
  SkipGramTrainer(model, sentences).run();
}

}  // namespace tessera::models
