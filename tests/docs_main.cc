// Runs the code blocks of the documentation (tests/check_docs.py), each with the default backend, in a
// scratch folder. Usage: docs_blocks [PART_OF_A_NAME]
#include <tessera/tessera.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <string_view>

#include "tests/docs_block.h"

#define TESSERA_DOCS_SHARD(number) void add_blocks_##number(std::vector<DocsBlock>& blocks);
#include "docs_shards.h"
#undef TESSERA_DOCS_SHARD

namespace {

bool run(const DocsBlock& block) {
  std::printf("%s\n", block.name);
  std::fflush(stdout);  // so that the name is there if the block aborts
  try {
    tessera::use_default_backend();
    block.function();
    return true;
  } catch (const std::exception& error) {
    std::printf("  FAILED: %s\n", error.what());
    return false;
  }
}

}  // namespace

int main(int argument_count, char** arguments) {
  const std::string_view filter = argument_count > 1 ? arguments[1] : "";
  std::vector<DocsBlock> blocks;
#define TESSERA_DOCS_SHARD(number) add_blocks_##number(blocks);
#include "docs_shards.h"
#undef TESSERA_DOCS_SHARD

  const std::string folder = tessera::make_temporary_folder("tessera-docs");
  std::filesystem::current_path(folder);
  int run_count = 0, failures = 0;
  for (const DocsBlock& block : blocks) {
    if (!block.run || std::string_view(block.name).find(filter) == std::string_view::npos) continue;
    ++run_count;
    failures += !run(block);
  }
  std::filesystem::current_path("/");
  tessera::remove_folder(folder);
  std::printf("%d code blocks run, %d failed\n", run_count, failures);
  return failures || run_count == 0;
}
