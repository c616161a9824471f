// Two hypotheses about a coin: every toss multiplies their odds by the ratio of likelihoods, that is, adds its information to their logarithm; the mean of that
// information, when the first hypothesis is true, is the Kullback-Leibler divergence.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  const std::vector<double> bent = {0.7, 0.3}, fair = {0.5, 0.5};  // probabilities of heads and tails
  double odds = 1;                                                 // bent : fair
  double information = 0;
  std::printf("toss   information   odds bent : fair   probability of bent\n");
  for (const char toss : {'h', 'h', 't', 'h', 'h', 'h'}) {
    const std::size_t side = toss == 'h' ? 0 : 1;
    const double gained = stats::information_for(bent[side], fair[side]);
    odds = stats::posterior_odds(odds, bent[side], fair[side]);
    information += gained;
    std::printf("  %c      %+.4f nats          %.4f                %.4f\n", toss, gained, odds,
                stats::probability_of_odds(odds));
  }
  std::printf("prior odds x exp(all information) = %.4f\n\n", stats::posterior_odds(1, information));

  std::printf("D(bent | fair) = %.4f nats a toss, the expected gain if the coin is bent\n",
              stats::kl_divergence(bent, fair));
  std::printf("D(fair | bent) = %.4f nats a toss, the expected loss if it is fair\n\n",
              stats::kl_divergence(fair, bent));

  // With many hypotheses: priors times likelihoods, divided by their sum.
  const std::vector<double> after =
      stats::posterior(std::vector<double>{0.98, 0.01, 0.01}, std::vector<double>{0.5, 0.7, 1});
  std::printf("fair, bent, two heads after one head: %.4f %.4f %.4f\n", after[0], after[1], after[2]);
}
