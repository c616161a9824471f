#include "tessera/backends/selftest.h"

#include <map>
#include <utility>

#include "tessera/backends/selftest_cases.h"
#include "tessera/base/bytes.h"
#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/hash.h"

namespace tessera {
namespace {

struct TableLine {
  const char* id;  // "op/case"
  const char* digest;
};
// A line that no case has keeps the array from being empty before the table is first generated.
constexpr TableLine kTable[] = {
#include "tessera/backends/selftest_digests.inc"
    {"", ""},
};

std::map<std::string, std::string> committed_digests() {
  std::map<std::string, std::string> digests;
  for (const TableLine& line : kTable)
    if (*line.id != '\0') digests.emplace(line.id, line.digest);
  return digests;
}

// The first 16 bytes, in hexadecimal digits, of SHA-256 over dtype, shape and canonical bytes.
std::string digest_of(const Tensor& tensor) {
  const std::vector<std::byte> bytes = tensor.canonical_bytes();
  Sha256 hash;
  hash.add_item(dtype_name(tensor.dtype())).add_item(tensor.shape().to_string()).add_item(as_text(bytes));
  return to_hex(hash.finish().data(), 16);
}

std::string digest_of(const selftest::Case& test) {
  const FloatEnvironment contract;
  try {
    return digest_of(test.compute());
  } catch (const Error& error) {
    return fmt::format("error: {}", error.what());
  }
}

std::vector<selftest::Case> cases_of_rooms() {
  std::vector<selftest::Case> cases = selftest::numerics_cases();
  for (selftest::Case& test : selftest::linalg_cases()) cases.push_back(std::move(test));
  return cases;
}

// The operations with their cases: rows of ops.def, then numerics and linalg. A group is made when it is needed.
template <typename Body>
void for_each_operation(Body&& body) {
  for (int i = 0; i < kOpCount; ++i) {
    const Op op = static_cast<Op>(i);
    body(std::string(op_info(op).name), selftest::cases_of(op));
  }
  std::vector<selftest::Case> group;
  for (selftest::Case& test : cases_of_rooms()) {
    if (!group.empty() && group.front().op != test.op) {
      body(group.front().op, group);
      group.clear();
    }
    group.push_back(std::move(test));
  }
  body(group.front().op, group);
}

std::string id_of(const selftest::Case& test) {
  return test.op + "/" + test.name;
}

}  // namespace

SelftestResult run_selftest(const std::function<void(const SelftestRow&)>& on_row) {
  SelftestResult result;
  std::map<std::string, std::string> expected = committed_digests();
  for_each_operation([&](const std::string& op, const std::vector<selftest::Case>& cases) {
    SelftestRow row{op, static_cast<int>(cases.size()), 0};
    for (const selftest::Case& test : cases) {
      const std::string found = digest_of(test);
      const auto line = expected.find(id_of(test));
      const std::string wanted = line == expected.end() ? "" : line->second;
      if (line != expected.end()) expected.erase(line);
      if (found == wanted) continue;
      ++row.failed;
      result.failures.push_back({op, test.name, wanted, found});
    }
    result.cases += row.cases;
    result.rows.push_back(row);
    if (on_row) on_row(row);
  });
  for (const auto& [id, digest] : expected) {  // what is left was not computed
    const std::size_t slash = id.find('/');
    result.failures.push_back({id.substr(0, slash), id.substr(slash + 1), digest, ""});
  }
  return result;
}

std::string selftest_table() {
  std::map<std::string, std::string> digests;
  for_each_operation([&](const std::string&, const std::vector<selftest::Case>& cases) {
    for (const selftest::Case& test : cases) {
      const bool is_new = digests.emplace(id_of(test), digest_of(test)).second;
      TESSERA_CHECK(is_new, "two cases of the selftest are named {}", id_of(test));
    }
  });
  std::string text;
  for (const auto& [id, digest] : digests) text += fmt::format("{{\"{}\", \"{}\"}},\n", id, digest);
  return text;
}

}  // namespace tessera
