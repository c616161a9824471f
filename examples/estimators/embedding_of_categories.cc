// An embedding is a one-hot vector times a matrix: nn::Embedding takes the category's row, the product multiplies all others by zero, and both have the same bits. Then a pipeline by
// hand, one-hot rows and their principal components: two columns that are copies of each other but for one row need no more components than one of them and a little.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(3);
  nn::Embedding embedding(7, 4);
  embedding.initialize(random);
  const Tensor cities = Tensor::from<std::int64_t>({0, 3, 6, 3, 1, 5, 2, 4, 0, 6, 1, 2}, {12});
  const Tensor column = reshape(cast(cities, DType::kFloat64), {-1, 1});
  learn::OneHotEncoder encoder;
  const Tensor one_hot = encoder.fit_transform(column);
  const Tensor by_row = embedding.evaluate(cities);
  const Tensor by_product = matmul(cast(one_hot, DType::kFloat32), embedding.weight().value);
  std::printf("one-hot %s times a matrix %s: %s\n", one_hot.shape().to_string().c_str(),
              embedding.weight().value.shape().to_string().c_str(), by_product.shape().to_string().c_str());
  std::printf("the same bits as the rows of the embedding: %s\n\n",
              same_bits(by_row, by_product) ? "yes" : "no");

  std::vector<double> almost = column.to_vector<double>();
  almost[0] = 1;
  const Tensor both = concatenate({column, Tensor::from(almost, {12, 1})}, 1);
  const Tensor x = encoder.fit_transform(both);
  const Tensor values = linalg::singular_values(x - mean(x, {0}));
  const Tensor share = values * values / sum_squares(values);
  std::printf("%d one-hot features; shares of the variance by principal component\n",
              static_cast<int>(x.size(1)));
  for (std::int64_t i = 0; i < 9; ++i)
    std::printf("  %d  %.4f\n", static_cast<int>(i + 1), share.at<double>({i}));
}
