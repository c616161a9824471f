// Two hashes: 400 cities become pairs of buckets, 20 and 20, so that a linear method needs 40 features instead of 400 and no two cities look the same. One hash of 40
// buckets makes ten cities one. A city that was not there is nobody, or, with one hash, somebody else.
#include <cstdio>
#include <map>
#include <string>

#include "tessera/tessera.h"

using namespace tessera;

std::size_t different(const Tensor& rows) {
  std::map<std::string, int> seen;
  for (std::int64_t i = 0; i < rows.size(0); ++i) {
    std::string key;
    for (const double value : copy(rows.slice({i})).to_vector<double>())
      key += static_cast<char>('0' + static_cast<int>(value));
    ++seen[key];
  }
  return seen.size();
}

int main() {
  use_default_backend();
  const Tensor cities = reshape(cast(arange(400), DType::kFloat64), {400, 1});
  learn::TwoHashEncoder two;
  learn::HashingEncoder one({.n_components = 40});
  learn::OneHotEncoder each;
  const Tensor pairs = two.fit_transform(cities), hashed = one.fit_transform(cities),
               alone = each.fit_transform(cities);
  std::printf("             features  different cities\n");
  std::printf("one-hot      %8d  %16zu\n", static_cast<int>(alone.size(1)), different(alone));
  std::printf("one hash     %8d  %16zu\n", static_cast<int>(hashed.size(1)), different(hashed));
  std::printf("two hashes   %8d  %16zu\n\n", static_cast<int>(pairs.size(1)), different(pairs));

  std::printf("city   row  column\n");
  for (const std::int64_t city : {0, 1, 2, 399}) {
    const Tensor pair = reshape(copy(pairs.slice({city})), {2, 20});
    const std::vector<std::int64_t> place = argmax(pair, 1).to_vector<std::int64_t>();
    std::printf("%4d  %4d  %6d\n", static_cast<int>(city), static_cast<int>(place[0]),
                static_cast<int>(place[1]));
  }
  const Tensor unseen = Tensor::from<double>({1000}, {1, 1});
  std::printf("a city that was not there: %g with two hashes, %g with one (of features that are 1)\n",
              sum(two.transform(unseen)).item<double>(), sum(one.transform(unseen)).item<double>());
}
