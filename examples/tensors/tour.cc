// Tensors in a minute: making them, slicing as in Python, broadcasting, reductions, and what an error says.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

void show(const char* what, const Tensor& tensor) {
  std::printf("%s\n%s\n\n", what, tensor.to_string().c_str());
}

int main() {
  use_default_backend();
  const Tensor x = arange(12, DType::kFloat32).reshape({3, 4});
  show("x = arange(12).reshape({3, 4})", x);
  show("every other column, backwards: x.slice({Range::all(), Range::step(-2)})",
       x.slice({Range::all(), Range::step(-2)}));
  show("the last row: x.slice({-1})", x.slice({-1}));
  show("columns centred by broadcasting: x - mean(x, {0})", x - mean(x, {0}));
  show("matmul(x, transpose(x))", matmul(x, transpose(x)));
  show("softmax of each row", softmax(x));
  try {
    matmul(x, x);
  } catch (const Error& error) {
    std::printf("matmul(x, x) says:\n%s\n", error.what());
  }
}
