#!/usr/bin/env bash
# Installs the build into an empty folder and builds and runs a program outside of the tree against it.
# Usage: install_test.sh BUILD_FOLDER CXX_COMPILER
set -euo pipefail
build=$1 compiler=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cmake --install "$build" --prefix "$scratch/prefix" >"$scratch/install.log" || { cat "$scratch/install.log"; exit 1; }

mkdir "$scratch/consumer"
cat >"$scratch/consumer/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES CXX)
find_package(tessera 0.1 REQUIRED)
add_executable(consumer main.cc)
target_link_libraries(consumer PRIVATE tessera::tessera)
add_executable(one_room room.cc)
target_link_libraries(one_room PRIVATE tessera::base)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
CMAKE
cat >"$scratch/consumer/main.cc" <<'CPP'
#include <tessera/tessera.h>

#include <cstdio>

int main() {
  using namespace tessera;
  use_default_backend();
  const Tensor a = Tensor::from<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  const Tensor b = Tensor::from<float>({1, 0, -1}, {3, 1});
  const Tensor product = matmul(a, b);
  std::printf("%s\n", product.to_string().c_str());
  return product.to_vector<float>() == std::vector<float>{-2, -2} ? 0 : 1;
}
CPP
cat >"$scratch/consumer/room.cc" <<'CPP'
#include <tessera/base/hash.h>

int main() { return tessera::to_hex(tessera::sha256("abc")).substr(0, 8) == "ba7816bf" ? 0 : 1; }
CPP
cmake -S "$scratch/consumer" -B "$scratch/build" -DCMAKE_PREFIX_PATH="$scratch/prefix" -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_EXPORT_COMPILE_COMMANDS=ON >"$scratch/configure.log" 2>&1 ||
  { cat "$scratch/configure.log"; exit 1; }
cmake --build "$scratch/build" >"$scratch/build.log" 2>&1 || { cat "$scratch/build.log"; exit 1; }

"$scratch/build/consumer"
"$scratch/build/one_room"
grep -q -e '-ffp-contract=off' "$scratch/build/compile_commands.json" ||
  { echo "a program that links tessera::tessera is compiled without -ffp-contract=off"; exit 1; }
if grep -rl "$build" "$scratch/prefix/lib/cmake" "$scratch/prefix/include"; then
  echo "the installed files above name the build folder"
  exit 1
fi
# Fast-math would change the bits inside the headers: they refuse it.
if "$compiler" -std=c++20 -Ofast -I "$scratch/prefix/include" -fsyntax-only -x c++ "$scratch/consumer/main.cc" \
  2>"$scratch/fast.log"; then
  echo "the headers compile with -Ofast, which they should refuse"
  exit 1
fi
grep -q -i 'fast-math' "$scratch/fast.log" || { cat "$scratch/fast.log"; exit 1; }
if [[ -x $scratch/prefix/bin/tessera ]]; then
  "$scratch/prefix/bin/tessera" --version
fi
echo "the installed tree works through find_package(tessera)"
