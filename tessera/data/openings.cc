#include "tessera/data/openings.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/hash.h"
#include "tessera/base/json.h"

namespace tessera::data {
namespace {

std::string part_digest(const std::vector<std::int64_t>& positions, const std::string& data_digest) {
  Sha256 hash;
  hash.add_item("tessera test part 1").add_item(data_digest).add_u64(positions.size());
  for (const std::int64_t position : positions) hash.add_u64(static_cast<std::uint64_t>(position));
  return to_hex(hash.finish());
}

std::vector<std::string> reasons_in(const std::string& ledger, const std::string& digest) {
  std::vector<std::string> reasons;
  if (!exists(ledger)) return reasons;
  const std::string text = read_regular_file(ledger);
  if (!text.empty() && text.back() != '\n')
    fail("{}: the last line is cut off, expected whole lines; the part stays closed", ledger);
  std::size_t start = 0;
  for (std::int64_t line = 1; start < text.size(); ++line) {
    const std::size_t end = text.find('\n', start);
    const std::string where = fmt::format("{}:{}", ledger, line);
    const nlohmann::json opening =
        parse_canonical_json(std::string_view(text).substr(start, end - start), where);
    start = end + 1;
    try {
      if (opening.at("part").get<std::string>() != digest) continue;
      reasons.push_back(opening.at("reason").get<std::string>());
      if (opening.at("opening").get<std::size_t>() != reasons.size())
        fail("{}: found opening {}, expected {}: the ledger was changed", where,
             opening["opening"].get<std::size_t>(), reasons.size());
    } catch (const nlohmann::json::exception&) {
      fail("{}: is no opening of a test part", where);
    }
  }
  return reasons;
}

}  // namespace

TestPart::TestPart(std::vector<std::int64_t> positions, const std::string& data_digest, std::string ledger,
                   bool strict)
    : positions_(std::move(positions)),
      digest_(part_digest(positions_, data_digest)),
      ledger_(std::move(ledger)),
      strict_(strict) {}

std::int64_t TestPart::openings() const {
  return static_cast<std::int64_t>(reasons().size());
}

std::vector<std::string> TestPart::reasons() const {
  return reasons_in(ledger_, digest_);
}

const std::vector<std::int64_t>& TestPart::open(const std::string& reason) {
  if (reason.empty() || reason.find('\n') != std::string::npos)
    fail("{}: a test part is opened for a reason, expected one line of text", ledger_);
  const FolderLock lock(ledger_ + ".lock", ledger_);
  const std::vector<std::string> before = reasons();
  if (strict_ && !before.empty())
    fail("{}: the test part was opened before (\"{}\"), expected one opening only", ledger_, before.back());
  const nlohmann::json opening = {
      {"part", digest_}, {"opening", before.size() + 1}, {"samples", positions_.size()}, {"reason", reason}};
  AppendFile file(ledger_);
  file.append(canonical_json(opening) + "\n");
  file.sync();
  return positions_;
}

}  // namespace tessera::data
