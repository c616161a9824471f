// tessera key new: the pair of keys that signs seals.
#include <fmt/core.h>

#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/runs/keys.h"

namespace tessera::cli {

namespace {
constexpr std::string_view kKeyNewDetails =
    "Writes FILE, the private key, readable by its owner only, and FILE.pub, the public key to give to "
    "others.\n"
    "Neither file is ever replaced. A signed seal says who made a run; an unsigned one only that it "
    "re-executes.\n\n"
    "Example:\n"
    "  tessera key new ~/tessera.key\n"
    "  tessera train examples/train/digits.toml --key ~/tessera.key\n"
    "  tessera verify runs/digits-0001 --trust ~/tessera.key.pub";
}  // namespace

ExitCode run_key_new(const Words& words) {
  Arguments arguments("key new", "Make a pair of Ed25519 keys for signing seals", kKeyNewDetails);
  std::string file;
  arguments.positional("FILE", file, "Where to write the private key; the public one goes to FILE.pub");
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  const std::string public_key = runs::create_key_files(file);
  fmt::print("private key  {}  (keep it to yourself)\npublic key   {}.pub  {}\n", file, file, public_key);
  return ExitCode::kSuccess;
}

}  // namespace tessera::cli
