#include "tessera/models/skipgram_windows.h"

#include <algorithm>
#include <cmath>

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/data/vocabulary.h"
#include "tessera/nn/activations.h"
#include "tessera/tensor/ops.h"

namespace tessera::models {
namespace {

constexpr std::int64_t kFirstWordId = data::Vocabulary::kFirstWord;
constexpr std::size_t kDrawn = std::size_t{1} << 16;  // words that a chunk of draws is made for

// Which words have a neighbour: every one that is not alone in its text.
void find_centres(WindowPass& pass) {
  const auto count = static_cast<std::int32_t>(pass.words.size());
  const auto same = [&](std::int32_t a, std::int32_t b) {
    return a >= 0 && b < count &&
           pass.texts[static_cast<std::size_t>(a)] == pass.texts[static_cast<std::size_t>(b)];
  };
  for (std::int32_t place = 0; place < count; ++place)
    if (same(place - 1, place) || same(place, place + 1)) pass.centres.push_back(place);
}

WindowPass joined(const std::vector<std::vector<std::int64_t>>& texts, std::int64_t vocabulary) {
  WindowPass pass;
  for (std::size_t text = 0; text < texts.size(); ++text)
    for (const std::int64_t id : texts[text]) {
      if (id < 0 || id >= vocabulary)
        fail("skip-gram: a word has the id {}, expected 0 to {}", id, vocabulary - 1);
      if (id < kFirstWordId) continue;
      pass.words.push_back(static_cast<std::int32_t>(id));
      pass.texts.push_back(static_cast<std::int32_t>(text));
    }
  if (pass.words.size() > static_cast<std::size_t>(INT32_MAX))
    fail("skip-gram: the texts have {} words, expected at most {}", pass.words.size(), INT32_MAX);
  find_centres(pass);
  return pass;
}

std::vector<double> staying_probabilities(const std::vector<std::int64_t>& counts, std::size_t words,
                                          double subsample) {
  std::vector<double> stay(counts.size(), 1);
  for (std::size_t id = 0; id < counts.size(); ++id)
    if (subsample > 0 && counts[id] > 0) {
      const double part = subsample * static_cast<double>(words) / static_cast<double>(counts[id]);
      stay[id] = std::min(1.0, std::sqrt(part) + part);
    }
  return stay;
}

void check(const WindowSettings& settings) {
  if (!(settings.subsample >= 0 && settings.subsample <= 1))
    fail("skip-gram: subsample is {}, expected 0 to 1", settings.subsample);
  if (!(std::abs(settings.noise_power) <= 10))
    fail("skip-gram: noise_power is {}, expected -10 to 10", settings.noise_power);
  if (settings.noise_words < 1)
    fail("skip-gram: noise_words is {}, expected at least 1", settings.noise_words);
}

}  // namespace

WindowBatch window_batch(const WindowPass& pass, const std::vector<std::int64_t>& places,
                         std::int64_t window) {
  const auto rows = static_cast<std::int64_t>(places.size());
  const auto words = static_cast<std::int64_t>(pass.words.size());
  std::vector<std::int64_t> centres, contexts;
  std::vector<float> weights, pairs;
  double all = 0;
  for (const std::int64_t place : places) {
    const auto at = static_cast<std::size_t>(place);
    centres.push_back(pass.words[at]);
    double sum = 0;
    for (std::int64_t apart = -window; apart <= window; ++apart) {
      if (apart == 0) continue;
      const std::int64_t other = place + apart;
      const auto beside = static_cast<std::size_t>(other);
      const bool near = other >= 0 && other < words && pass.texts[beside] == pass.texts[at];
      const double weight =
          near ? static_cast<double>(window - std::abs(apart) + 1) / static_cast<double>(window) : 0;
      contexts.push_back(near ? pass.words[beside] : data::Vocabulary::kPadding);
      weights.push_back(static_cast<float>(weight));
      sum += weight;
    }
    pairs.push_back(static_cast<float>(sum));
    all += sum;
  }
  return {Tensor::from<std::int64_t>(centres, {rows}),
          Tensor::from<std::int64_t>(contexts, {rows * 2 * window}),
          Tensor::from<float>(weights, {rows, 2 * window}), Tensor::from<float>(pairs, {rows}), all};
}

// The rows of a table are gathered at once, so that their gradients go back to it in one addition.
Tensor window_loss(SkipGram& model, const WindowBatch& batch, const Tensor& noise) {
  const std::int64_t rows = batch.centres.size(0), places = batch.weights.size(1),
                     width = model.settings().dimensions, all = rows * places;
  const Tensor v = gather(model.vectors(), batch.centres);
  const Tensor others = gather(model.context_vectors(), concatenate({batch.contexts, noise}, 0));
  const Tensor u = reshape(slice(others, {Range(0, all)}), {rows, places, width});
  const Tensor n = slice(others, {Range(all, all + noise.elements())});
  const Tensor near = reshape(matmul(u, reshape(v, {rows, width, 1})), {rows, places});
  const Tensor far = sum(nn::softplus(matmul(v, transpose(n))), {1});
  const double share =
      static_cast<double>(model.settings().negatives) / static_cast<double>(noise.elements());
  return (sum(nn::softplus(-near) * batch.weights) + sum(far * (batch.pairs * share))) / batch.all_pairs;
}

WindowTrainer::WindowTrainer(SkipGram& model, const std::vector<std::vector<std::int64_t>>& texts,
                             const WindowSettings& settings)
    : model_(model),
      settings_(settings),
      optimizer_(model.parameters()),
      whole_(joined(texts, model.vocabulary())),
      random_(model.settings().seed) {
  check(settings);
  const FloatEnvironment contract;
  std::vector<std::int64_t> counts(static_cast<std::size_t>(model.vocabulary()), 0);
  for (const std::int32_t id : whole_.words) ++counts[static_cast<std::size_t>(id)];
  stay_ = staying_probabilities(counts, whole_.words.size(), settings.subsample);
  cumulative_ = noise_distribution(counts, settings.noise_power);
  first_steps_ = {1};
  const auto batch = static_cast<std::size_t>(model.settings().batch);
  for (std::int64_t epoch = 0; epoch < model.settings().epochs; ++epoch) {
    const std::size_t centres =
        settings.subsample == 0 ? whole_.centres.size() : pass_of(epoch).centres.size();
    if (centres == 0)
      fail("skip-gram: no word of the {} texts has another one near it{}", texts.size(),
           whole_.centres.empty() ? "" : fmt::format(" in pass {}: subsample leaves too few", epoch + 1));
    first_steps_.push_back(first_steps_.back() + (centres + batch - 1) / batch);
  }
  model.initialize(random_);
}

std::int64_t WindowTrainer::epoch_of(std::uint64_t step) const {
  return std::upper_bound(first_steps_.begin(), first_steps_.end(), step) - first_steps_.begin() - 1;
}

bool WindowTrainer::last_of_epoch(std::uint64_t step) const {
  return std::binary_search(first_steps_.begin(), first_steps_.end(), step + 1);
}

WindowPass WindowTrainer::pass_of(std::int64_t epoch) const {
  if (settings_.subsample == 0) return whole_;
  RandomSource random(model_.settings().seed);
  random.begin_step(static_cast<std::uint64_t>(epoch));
  WindowPass pass;
  std::vector<double> draws;
  for (std::size_t place = 0; place < whole_.words.size(); ++place) {
    const std::size_t in_chunk = place % kDrawn;
    if (in_chunk == 0)
      draws =
          random
              .uniform("stays", {static_cast<std::int64_t>(std::min(kDrawn, whole_.words.size() - place))},
                       DType::kFloat64, place)
              .to_vector<double>();
    if (draws[in_chunk] >= stay_[static_cast<std::size_t>(whole_.words[place])]) continue;
    pass.words.push_back(whole_.words[place]);
    pass.texts.push_back(whole_.texts[place]);
  }
  find_centres(pass);
  return pass;
}

void WindowTrainer::enter(std::int64_t epoch) {
  if (epoch == epoch_) return;
  pass_ = pass_of(epoch);
  RandomSource random(model_.settings().seed);
  random.begin_step(static_cast<std::uint64_t>(epoch));
  order_ = random.permutation("shuffle", static_cast<std::int64_t>(pass_.centres.size()))
               .to_vector<std::int64_t>();
  epoch_ = epoch;
}

Tensor WindowTrainer::noise(std::string_view name, RandomSource& random) const {
  return draw_words(cumulative_, random.uniform(name, {settings_.noise_words}, DType::kFloat64));
}

double WindowTrainer::step(std::uint64_t number) {
  TESSERA_CHECK(number >= 1 && number <= steps(), "the training has this step");
  const FloatEnvironment contract;
  const std::int64_t epoch = epoch_of(number);
  enter(epoch);
  random_ = RandomSource(model_.settings().seed);
  random_.begin_step(number);
  const SkipGramSettings& settings = model_.settings();
  const auto batch = static_cast<std::size_t>(settings.batch);
  const std::size_t begin = (number - first_steps_[static_cast<std::size_t>(epoch)]) * batch;
  std::vector<std::int64_t> places;
  for (std::size_t i = begin; i < std::min(begin + batch, order_.size()); ++i)
    places.push_back(pass_.centres[static_cast<std::size_t>(order_[i])]);
  const WindowBatch words = window_batch(pass_, places, settings.window);
  const Tensor negatives = noise("negatives", random_);
  std::vector<Tensor> weights;
  for (const nn::Parameter* parameter : optimizer_.parameters()) weights.push_back(parameter->value);
  Tape tape;
  tape.watch(weights);
  const Tensor loss = window_loss(model_, words, negatives);
  tape.stop();
  const double left = 1 - static_cast<double>(number - 1) / static_cast<double>(steps());
  optimizer_.step(tape.gradient(loss, weights), settings.learning_rate * left);
  return loss.item_as_double();
}

double WindowTrainer::loss_of(const std::vector<std::vector<std::int64_t>>& texts) {
  const NoTape constant;
  const FloatEnvironment contract;
  const WindowPass pass = joined(texts, model_.vocabulary());
  if (pass.centres.empty())
    fail("skip-gram: no known word of the {} texts has another one near it", texts.size());
  const auto batch = static_cast<std::size_t>(model_.settings().batch);
  double sum = 0, pairs = 0;
  for (std::size_t begin = 0; begin < pass.centres.size(); begin += batch) {
    const auto first = pass.centres.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto end =
        pass.centres.begin() + static_cast<std::ptrdiff_t>(std::min(begin + batch, pass.centres.size()));
    RandomSource random(model_.settings().seed);
    random.begin_step(begin / batch);
    const WindowBatch words = window_batch(pass, {first, end}, model_.settings().window);
    sum += window_loss(model_, words, noise("held-out negatives", random)).item_as_double() * words.all_pairs;
    pairs += words.all_pairs;
  }
  return sum / pairs;
}

}  // namespace tessera::models
