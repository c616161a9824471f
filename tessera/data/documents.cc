#include "tessera/data/documents.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/hash.h"
#include "tessera/base/json.h"
#include "tessera/base/text.h"

namespace tessera::data {
namespace {

struct InputBytes {
  InputFile file;
  std::string text;  // unpacked
};

InputBytes read_input(const std::string& role, const std::string& path) {
  InputBytes input;
  std::string bytes = read_file(path);
  input.file = {role, path, to_hex(sha256(bytes))};
  input.text = unpack_maybe_gzip(std::move(bytes), path);
  input.file.unpacked_digest = to_hex(sha256(input.text));
  return input;
}

// The value of a field; nullptr if there is none.
const nlohmann::json* find_field(const nlohmann::json& object, const std::string& name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

// One line of JSON lines. Messages name the place and quote nothing but the names of fields that the user gave.
class JsonLine {
 public:
  JsonLine(std::string_view line, std::string where) : where_(std::move(where)) {
    try {
      object_ = parse_json(line, where_);
    } catch (const Error&) {  // its message quotes the text
      fail("{}: not a JSON text with different keys and at most 64 levels", where_);
    }
    if (!object_.is_object()) fail("{}: expected a JSON object", where_);
  }

  std::string text(const std::string& field) const {
    const nlohmann::json& value = get(field);
    if (value.is_string()) return value.get<std::string>();
    if (value.is_number_integer()) return value.dump();
    fail("{}: field '{}': expected a text", where_, printable(field));
  }

  std::vector<std::string> texts(const std::string& field, bool required) const {
    if (!required && find_field(object_, field) == nullptr) return {};
    const nlohmann::json& value = get(field);
    if (!value.is_array()) return {text(field)};
    std::vector<std::string> out;
    std::set<std::string> seen;
    for (const nlohmann::json& item : value) {
      if (!item.is_string()) fail("{}: field '{}': expected a list of texts", where_, printable(field));
      if (seen.insert(item.get<std::string>()).second) out.push_back(item);
    }
    return out;
  }

 private:
  const nlohmann::json& get(const std::string& field) const {
    const nlohmann::json* found = find_field(object_, field);
    if (found == nullptr) fail("{}: the field '{}' is missing", where_, printable(field));
    return *found;
  }

  std::string where_;
  nlohmann::json object_;
};

}  // namespace

std::string DocumentSet::digest() const {
  Sha256 hash;
  hash.add_item("tessera/documents/1").add_u64(documents.size());
  for (const Document& document : documents) {
    hash.add_item(document.id).add_u64(document.sections.size());
    for (const DocumentSection& section : document.sections)
      hash.add_item(section.name).add_item(section.text);
    hash.add_u64(document.labels.size());
    for (const std::string& label : document.labels) hash.add_item(label);
    if (!document.patient.empty()) hash.add_item("patient").add_item(document.patient);
  }
  return to_hex(hash.finish());
}

std::vector<std::vector<std::string>> DocumentSet::labels() const {
  std::vector<std::vector<std::string>> out;
  out.reserve(documents.size());
  for (const Document& document : documents) out.push_back(document.labels);
  return out;
}

DocumentSet parse_json_lines(std::string_view text, const std::string& source,
                             const DocumentSource& options) {
  DocumentSet set{source, {}};
  for (std::int64_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view here = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (here.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const JsonLine object(here, fmt::format("{}:{}", source, line));
    set.documents.push_back({options.id_field.empty() ? std::to_string(line) : object.text(options.id_field),
                             {{"", object.text(options.text_field)}},
                             object.texts(options.label_field, options.labelled),
                             options.patient_field.empty() ? "" : object.text(options.patient_field)});
  }
  if (set.documents.empty()) fail("{}: there is no document, expected one JSON object per line", source);
  return set;
}

DocumentSet read_documents(const DocumentSource& source) {
  if (source.format == "mimic-sql") return read_mimic_sql(source.path, source);
  const InputBytes notes = read_input("notes", source.path);
  if (source.format == "mimic-csv") {
    if (source.diagnoses.empty())
      fail("mimic-csv: expected the file of the diagnoses beside {}", source.path);
    const InputBytes diagnoses = read_input("diagnoses", source.diagnoses);
    DocumentSet set = parse_mimic_csv(notes.text, source.path, diagnoses.text, source.diagnoses, source);
    set.inputs = {notes.file, diagnoses.file};
    return set;
  }
  DocumentSet set;
  if (source.format == "cmc")
    set = parse_cmc(notes.text, source.path, source);
  else if (source.format == "json-lines")
    set = parse_json_lines(notes.text, source.path, source);
  else
    fail("documents of the format '{}': expected cmc, json-lines, mimic-csv or mimic-sql",
         printable(source.format));
  set.inputs = {notes.file};
  return set;
}

}  // namespace tessera::data
