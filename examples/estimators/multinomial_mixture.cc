// A mixture of multinomials: which texts speak of the same thing, from their counts of words alone. The same EM as for normal distributions, with words'
// probabilities as components. First the two coins of Do and Batzoglou (Nature Biotechnology, 2008), whose first step goes from 0.60 and 0.50
// to 0.71 and 0.58; then nine short texts of three topics.
#include <cstdio>
#include <vector>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  const Tensor throws = Tensor::from<double>({5, 5, 9, 1, 8, 2, 4, 6, 7, 3}, {5, 2});  // heads, tails
  for (const std::int64_t steps : {1, 2, 3, 10}) {
    learn::MultinomialMixture coins({.n_components = 2, .alpha = 0, .tol = 0, .max_iter = steps});
    coins.start_at(Tensor::from<double>({0.5, 0.5}, {2}), Tensor::from<double>({0.6, 0.4, 0.5, 0.5}, {2, 2}));
    coins.fit(throws);
    std::printf("after %2d steps: heads with %.2f and %.2f, log-likelihood of the last step %.6f\n",
                static_cast<int>(steps), coins.probabilities().at<double>({0, 0}),
                coins.probabilities().at<double>({1, 0}), coins.lower_bound());
  }

  const char* words[] = {"goal", "match", "team", "vote", "law", "party", "rain", "wind", "sun"};
  const std::vector<double> counts = {3, 2, 4, 0, 0, 1, 0, 0, 1,  //
                                      0, 0, 0, 2, 4, 2, 0, 1, 0,  //
                                      0, 1, 0, 0, 0, 0, 3, 2, 3,  //
                                      2, 4, 2, 0, 0, 0, 1, 0, 0,  //
                                      0, 0, 1, 4, 1, 3, 0, 0, 0,  //
                                      0, 0, 0, 0, 1, 0, 2, 4, 1,  //
                                      1, 3, 5, 0, 0, 1, 0, 0, 0,  //
                                      1, 0, 0, 3, 2, 2, 0, 0, 1,  //
                                      0, 0, 0, 1, 0, 0, 4, 2, 2};
  const Tensor x = Tensor::from(counts, {9, 9});
  learn::MultinomialMixture topics({.n_components = 3, .alpha = 0.1});
  topics.fit(x);
  const std::vector<std::int64_t> found = topics.predict(x).to_vector<std::int64_t>();
  std::printf("topics of the texts:");
  for (const std::int64_t topic : found) std::printf(" %d", static_cast<int>(topic));
  std::printf("\n");
  for (std::int64_t k = 0; k < 3; ++k) {
    const Tensor order = argsort(copy(topics.probabilities().slice({k})), 0, true);
    std::printf("topic %d:", static_cast<int>(k));
    for (std::int64_t i = 0; i < 3; ++i) {
      const std::int64_t word = order.at<std::int64_t>({i});
      std::printf(" %s %.2f", words[word], topics.probabilities().at<double>({k, word}));
    }
    std::printf("\n");
  }
}
