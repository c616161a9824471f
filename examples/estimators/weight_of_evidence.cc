// Weight of evidence: how much a category speaks for a class, as the log of how much likelier it is there. Naive Bayes with one column adds exactly that to its log odds; and
// encoders that draw few rows towards the mean of all, beside it.
#include <cmath>
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  // 100 loans by occupation, 1: not paid back.
  const struct {
    const char* name;
    int rows, bad;
  } kOccupations[] = {
      {"clerk", 40, 6}, {"student", 25, 10}, {"nurse", 20, 1}, {"artist", 12, 6}, {"pilot", 3, 0}};
  std::vector<double> occupation, bad;
  for (int o = 0; o < 5; ++o)
    for (int i = 0; i < kOccupations[o].rows; ++i) {
      occupation.push_back(o);
      bad.push_back(i < kOccupations[o].bad ? 1 : 0);
    }
  const Tensor x = Tensor::from(occupation, {100, 1}), y = Tensor::from(bad, {100});
  learn::WOEEncoder evidence({.regularization = 0.5});
  learn::TargetEncoder likelihood;
  learn::MEstimateEncoder m_estimate({.m = 10});
  learn::JamesSteinEncoder james_stein;
  for (learn::Transformer* encoder :
       {static_cast<learn::Transformer*>(&evidence), static_cast<learn::Transformer*>(&likelihood),
        static_cast<learn::Transformer*>(&m_estimate), static_cast<learn::Transformer*>(&james_stein)})
    encoder->fit(x, y);
  std::printf("           rows   bad  evidence  likelihood  10 rows more  James-Stein\n");
  for (int o = 0; o < 5; ++o) {
    const Tensor one = Tensor::from<double>({static_cast<double>(o)}, {1, 1});
    std::printf("%-8s  %5d  %4.2f  %8.3f  %10.3f  %12.3f  %11.3f\n", kOccupations[o].name,
                kOccupations[o].rows, static_cast<double>(kOccupations[o].bad) / kOccupations[o].rows,
                evidence.transform(one).item<double>(), likelihood.transform(one).item<double>(),
                m_estimate.transform(one).item<double>(), james_stein.transform(one).item<double>());
  }

  // Bayes: log odds of an occupation = log odds of all + its evidence.
  const double prior = numerics::log(23.5 / 77.5),
               of_students = prior + evidence.transform(Tensor::from<double>({1}, {1, 1})).item<double>();
  std::printf("\na student: %.3f by evidence, %.3f counted\n", 1 / (1 + numerics::exp(-of_students)),
              10.0 / 25);
}
