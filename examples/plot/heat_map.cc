// A heat map whose labels catch a scrambled table. The mean of n draws of a Wishart distribution with nu degrees of freedom,
// divided by nu, misses its matrix A by E|mean - A|^2 = (|A|^2 + trace(A)^2) / (n nu) in the Frobenius norm. The table has a row
// per n and a column per nu; read as 29 rows of 3 it is refused instead of drawn as a pattern that is not there.
#include <cstdio>

#include "tessera/plot/ticks.h"
#include "tessera/tessera.h"

using namespace tessera;

int main() {
  const double frobenius_squared = 4 + 2 * 0.25 + 1, trace = 3;  // of A = [[2, 0.5], [0.5, 1]]
  plot::HeatMap map;
  map.title = "Error of the mean of Wishart draws";
  map.columns = {.label = "degrees of freedom", .unit = "1"};
  map.rows = {.label = "draws", .unit = "1"};
  map.value = {.label = "log10 of the squared error", .unit = "1"};
  for (int nu = 2; nu <= 30; ++nu) map.column_names.push_back(std::to_string(nu));
  std::vector<double> flat;
  for (const int n : {10, 100, 1000}) {
    map.row_names.push_back(std::to_string(n));
    for (int nu = 2; nu <= 30; ++nu)
      flat.push_back(plot::log10_fixed((frobenius_squared + trace * trace) / (n * nu)));
  }
  const auto shaped = [&](std::size_t rows, std::size_t columns) {
    std::vector<std::vector<double>> table;
    for (std::size_t r = 0; r < rows; ++r)
      table.emplace_back(flat.begin() + static_cast<std::ptrdiff_t>(r * columns),
                         flat.begin() + static_cast<std::ptrdiff_t>((r + 1) * columns));
    return table;
  };

  map.values = shaped(29, 3);
  try {
    plot::draw(map);
  } catch (const Error& error) {
    std::printf("refused: %s\n", error.what());
  }
  map.values = shaped(3, 29);
  write_user_file("heat_map.svg", plot::draw(map).svg);
  std::printf("smallest squared error %.2e at the largest n nu\nwrote heat_map.svg\n",
              (frobenius_squared + trace * trace) / (1000 * 30));
}
