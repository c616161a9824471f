// Why a recurrent network forgets: the last state's gradient in an early one is a product of as many factors as there are times between
// them. With one weight u it is |u|^n; with a matrix W = Q L Q^-1 it is |l|^n along the eigenvector of l. A gate that keeps the state keeps the gradient.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

constexpr std::int64_t kTimes = 40;

// h = relu(W h) from a positive state on: linear, so that nothing but W acts on the gradient.
std::vector<double> lengths_of(const Tensor& w, const Tensor& h0, const Tensor& direction) {
  const std::int64_t size = w.size(0);
  nn::RNN layer(1, size, {.bias = false, .dtype = DType::kFloat64, .nonlinearity = Activation::kRelu});
  layer.parameters()[1]->value = w;
  return nn::gradient_by_time(layer, zeros({1, kTimes, 1}, DType::kFloat64), {.h0 = h0}, direction);
}

int main() {
  use_default_backend();
  std::printf("|dh_n / dh_0|\n   n   u = 0.9     0.9^n       u = 1.1     1.1^n\n");
  const Tensor one = ones({1, 1, 1}, DType::kFloat64);
  const auto small = lengths_of(full({1, 1}, 0.9, DType::kFloat64), one, one);
  const auto large = lengths_of(full({1, 1}, 1.1, DType::kFloat64), one, one);
  for (const std::int64_t n : {1, 10, 20, 40})
    std::printf("%4d   %.8f  %.8f  %.7f  %.7f\n", static_cast<int>(n), small[kTimes - n],
                numerics::pow(0.9, static_cast<double>(n)), large[kTimes - n],
                numerics::pow(1.1, static_cast<double>(n)));

  // W has the eigenvalues 0.8 and 1.05, with the left eigenvectors (1, -1) and (1, 2): g W = l g.
  const Tensor q = Tensor::from<double>({1, -1, 1, 2}, {2, 2});  // rows: left eigenvectors
  const Tensor inverse = Tensor::from<double>({2.0 / 3, 1.0 / 3, -1.0 / 3, 1.0 / 3}, {2, 2});
  const Tensor l = Tensor::from<double>({0.8, 0, 0, 1.05}, {2, 2});
  const Tensor w = matmul(matmul(inverse, l), q);
  std::printf(
      "\nW = Q L Q^-1, eigenvalues 0.8 and 1.05: from one time to the one before, the gradient grows by\n");
  for (const std::int64_t row : {0, 1}) {
    const auto lengths = lengths_of(w, ones({1, 1, 2}, DType::kFloat64), reshape(q.slice({row}), {1, 1, 2}));
    std::printf("  along eigenvector %d: %.12f, after %d times %.6g\n", static_cast<int>(row + 1),
                lengths[0] / lengths[1], static_cast<int>(kTimes), lengths[0] / lengths[kTimes]);
  }

  std::printf(
      "\nLayers as they are initialised, 32 features, and a GRU whose update gate begins nearly closed: "
      "|dh_40 / dh_t|\n");
  std::printf("   t       RNN         LSTM        GRU         GRU, z = 0.98\n");
  RandomSource random(1);
  nn::RNN rnn(4, 32);
  nn::LSTM lstm(4, 32);
  nn::GRU gru(4, 32), keeping(4, 32);
  const Tensor x = random.normal("x", {1, kTimes, 4});
  std::vector<std::vector<double>> found;
  for (nn::Recurrent* layer : std::initializer_list<nn::Recurrent*>{&rnn, &lstm, &gru, &keeping}) {
    RandomSource of_layer(2);
    layer->initialize(of_layer);
    if (layer == &keeping) {
      Tensor& bias = layer->parameters()[2]->value;
      bias = concatenate({bias.slice({Range(0, 32)}), full({32}, 4), bias.slice({Range::from(64)})}, 0);
    }
    found.push_back(nn::gradient_by_time(*layer, x));
  }
  for (const std::size_t t : {40, 35, 30, 20, 0})
    std::printf("%4d   %.3e   %.3e   %.3e   %.3e\n", static_cast<int>(t), found[0][t], found[1][t],
                found[2][t], found[3][t]);

  // The way out at the other end: the gradient of a whole network is shortened before the step.
  std::vector<Tensor> gradients = {full({1}, large[0])};
  const double before = nn::clip_by_norm(gradients, 5);
  std::printf("\nclipped: %.4f -> %.4f\n", before, nn::global_norm(gradients));
}
