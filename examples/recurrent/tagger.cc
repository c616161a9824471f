// Which words are a date, a quantity, or another number? "4 May 2017", "4 tablets" and "room 4" begin alike, so the words on both sides decide: a
// tagger that reads in one direction guesses at what comes, one that reads in both knows.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

// Sentence i of so many in CoNLL's form, without a random number.
std::string sentence(int i) {
  const int n = 2 + i * 7 % 29;
  switch (i % 5) {
    case 0:
      return fmt::format("give\tO\n{}\tQUANTITY\nmg\tQUANTITY\nfrom\tO\n{}\tDATE\nMay\tDATE\non\tO\n\n", n,
                         31 - n);
    case 1:
      return fmt::format("{}\tDATE\nMay\tDATE\n:\tO\nroom\tO\n{}\tNUMBER\n\n", n, 31 - n);
    case 2:
      return fmt::format("it\tO\nmay\tO\ntake\tO\n{}\tQUANTITY\ndays\tQUANTITY\n\n", n);
    case 3:
      return fmt::format("{}\tQUANTITY\ntablets\tQUANTITY\n\n", n);
    default:
      return fmt::format("{}\tNUMBER\nis\tO\nthe\tO\nroom\tO\n\n", n);
  }
}

int main() {
  use_default_backend();
  std::string learn, others;
  for (int i = 0; i < 200; ++i) (i % 3 == 0 ? others : learn) += sentence(i);
  const data::TextSource source{.format = "tags", .tokens = {.mask_digits = true}};
  const data::TextSamples known = data::parse_conll(learn, "made", source),
                          unseen = data::parse_conll(others, "made", source);
  data::WordCounts counts;
  for (const data::TextSample& sample : known.samples) counts.add(sample.words);
  const data::Vocabulary words = data::Vocabulary::build(counts, {.min_count = 2});
  const data::Dataset train = data::encode_samples(known, words),
                      test = data::encode_samples(unseen, words, train.classes);
  const Tensor x = train.features.to(DType::kInt64), y = test.features.to(DType::kInt64);
  const Tensor right = models::rows_of_words(test.labels, models::sequence_lengths(y, "test"));

  for (const bool both : {false, true}) {
    models::SequenceTagger model(
        {.words = {.vocabulary = words.size(), .embedding = 8, .hidden = 8, .bidirectional = both},
         .tags = static_cast<std::int64_t>(train.classes.size())});
    RandomSource random(1);
    model.initialize(random);
    nn::Adam optimizer(model.parameters());
    for (int step = 1; step <= 80; ++step) {
      std::vector<Tensor> weights;
      for (const nn::Parameter* parameter : model.parameters()) weights.push_back(parameter->value);
      Tape tape;
      tape.watch(weights);
      const Tensor loss = models::SequenceTagger::loss(model.evaluate(x), train.labels, x);
      tape.stop();
      optimizer.step(tape.gradient(loss, weights), 0.02);
    }
    metrics::ConfusionMatrix confusion(static_cast<std::int64_t>(train.classes.size()));
    confusion.add(right.to_vector<std::int64_t>(), models::SequenceTagger::predicted(model.evaluate(y), y));
    std::printf("%s\n%s\n", both ? "read in both directions" : "read from left to right",
                confusion.per_class_table(train.classes).c_str());
    if (!both) continue;
    const data::TextSamples asked = data::sample_of_text("give 4 mg from 4 May on", source);
    const Tensor ids = data::encode_samples(asked, words, train.classes).features.to(DType::kInt64);
    const auto tags = models::SequenceTagger::predicted(model.evaluate(ids), ids);
    for (std::size_t t = 0; t < tags.size(); ++t)
      std::printf("%s/%s ", asked.samples[0].shown[t].c_str(),
                  train.classes[static_cast<std::size_t>(tags[t])].c_str());
    std::printf("\n");
  }
}
