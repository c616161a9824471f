// Reading the fields of a JSON object strictly: every field is asked for once, the type is checked, nothing is left over.
// Internal to this room: it includes the JSON library, so only .cc files include it.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tessera/base/hash.h"

namespace tessera::runs {

class JsonFields {
 public:
  // `where` begins every message: "claim.json", "chain.jsonl:12".
  JsonFields(const nlohmann::json& object, std::string where);

  bool has(const std::string& key) const;
  std::string text(const std::string& key);
  std::uint64_t integer(const std::string& key);  // not negative
  bool boolean(const std::string& key);
  Digest digest(const std::string& key);
  std::string digest_text(const std::string& key);  // 64 hexadecimal digits
  const nlohmann::json& object(const std::string& key);
  const nlohmann::json& array(const std::string& key);
  std::map<std::string, std::string> texts(const std::string& key);         // an object of texts
  std::map<std::string, std::string> digest_texts(const std::string& key);  // an object of digests
  std::vector<std::string> text_list(const std::string& key);
  void expect_text(const std::string& key, std::string_view value);
  void done() const;  // throws Error when a field was not asked for

 private:
  const nlohmann::json& field(const std::string& key);

  const nlohmann::json& object_;
  std::string where_;
  std::size_t read_ = 0;
};

// The real number of the scalar `name`, which is written as a hexadecimal text.
double scalar_value(const nlohmann::json& value, const std::string& name, const std::string& where);

// `text` with what is not UTF-8 replaced: a path, an argument or a message that quotes one may hold any bytes, a record may not.
std::string readable(const std::string& text);

}  // namespace tessera::runs
