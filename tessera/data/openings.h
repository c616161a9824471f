// The test part of a data set, behind a door that counts: each opening is written to a ledger file before the samples are handed out.
//
// A test part measures a model honestly once; every later look, followed by a change, makes it one more validation part. Nobody is
// stopped, but the ledger says how often the part was opened, and why. It is a file of JSON lines, one for each opening:
//
//     {"opening":1,"part":"<SHA-256 of what is opened>","reason":"final model","samples":200}
//
// and stays across processes: the same part, opened by another program with the same ledger, is opening 2. The part is known by the
// digest of the data (table.h, a file's SHA-256) and of the positions, so a ledger may serve many parts. A ledger that cannot be
// written, or that is damaged, is an Error, and the part stays closed. `strict` refuses a second opening instead.
//
// Thread-safety: one thread per object; processes take turns by a lock beside the ledger.
//
// ```cpp
// const std::string folder = make_temporary_folder("test-part");
// const data::ThreeWay parts = data::three_way(100, 0.2, 0.1, 1);
// data::TestPart test(parts.test, to_hex(sha256("the data")), folder + "/openings.jsonl");
// assert(test.openings() == 0);
// assert(test.open("final model").size() == 10);
// test.open("one more look");
// assert(test.openings() == 2);
// remove_folder(folder);
// ```
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tessera::data {

class TestPart {
 public:
  // `data_digest` names the data that `positions` are in: any text that changes with them.
  TestPart(std::vector<std::int64_t> positions, const std::string& data_digest, std::string ledger,
           bool strict = false);

  // Writes the opening, then hands out the positions. `reason`: one line of text, not empty.
  const std::vector<std::int64_t>& open(const std::string& reason);

  std::int64_t openings() const;                          // so far, by anyone with this ledger
  std::vector<std::string> reasons() const;               // of each of them
  std::size_t size() const { return positions_.size(); }  // needs no opening
  const std::string& digest() const { return digest_; }   // by which the ledger knows the part

 private:
  std::vector<std::int64_t> positions_;
  std::string digest_, ledger_;
  bool strict_;
};

}  // namespace tessera::data
