// Documents from the tables of MIMIC-III, as CSV files or in an SQLite database. Both give rows to one object, which puts admissions together,
// so that the same rows are the same documents.
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "tessera/base/error.h"
#include "tessera/base/hash.h"
#include "tessera/base/sqlite.h"
#include "tessera/base/text.h"
#include "tessera/data/csv_rows.h"
#include "tessera/data/documents.h"
#include "tessera/data/icd9.h"
#include "tessera/data/numbers.h"
#include "tessera/data/tokenizer.h"

namespace tessera::data {
namespace {

constexpr std::array<std::string_view, 6> kNoteColumns = {"row_id",  "hadm_id", "category",
                                                          "iserror", "text",    "subject_id"};
constexpr std::array<std::string_view, 4> kDiagnosisColumns = {"row_id", "hadm_id", "seq_num", "icd9_code"};

std::string_view without_spaces(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

class Admissions {
 public:
  explicit Admissions(const DocumentSource& options) : options_(options) {}

  // The columns kNoteColumns. A note that belongs to no admission (an outpatient's) is passed over.
  template <typename Fields>
  void add_note(const Fields& field, const std::string& where) {
    if (without_spaces(field(1)).empty() || without_spaces(field(2)) != options_.note_category ||
        without_spaces(field(3)) == "1")
      return;
    Admission& admission = admissions_[whole(field(1), "HADM_ID", where)];
    const std::int64_t patient = whole(field(5), "SUBJECT_ID", where);
    if (!admission.notes.empty() && admission.patient != patient)
      fail("{}: SUBJECT_ID is not that of the admission's other notes", where);
    admission.patient = patient;
    if (!admission.notes.emplace(whole(field(0), "ROW_ID", where), field(4)).second)
      fail("{}: ROW_ID is that of another note of the admission, expected different ones", where);
  }

  // row_id, hadm_id, seq_num, icd9_code. MIMIC has a few rows without number or code; they say nothing.
  template <typename Fields>
  void add_diagnosis(const Fields& field, const std::string& where) {
    if (without_spaces(field(2)).empty() || without_spaces(field(3)).empty()) return;
    const std::string code(without_spaces(field(3)));
    if (!is_icd9_code(code))
      fail("{}: ICD9_CODE: expected a code of ICD-9-CM, as of 4280, V1302 or E8849", where);
    admissions_[whole(field(1), "HADM_ID", where)].codes.emplace(
        std::pair(whole(field(2), "SEQ_NUM", where), whole(field(0), "ROW_ID", where)), icd9_code(code));
  }

  DocumentSet finish(const std::string& source) {
    DocumentSet set{source, {}};
    for (auto& [id, admission] : admissions_) {
      if (admission.notes.empty() || (admission.codes.empty() && options_.labelled)) {
        ++set.left_out;
        continue;
      }
      Document document{std::to_string(id), {}, {}, std::to_string(admission.patient)};
      for (auto& [row, text] : admission.notes)
        document.sections.push_back({options_.note_category, std::move(text)});
      std::set<std::string_view> seen;
      for (const auto& [place, code] : admission.codes)
        if (seen.insert(code).second) document.labels.push_back(code);
      set.documents.push_back(std::move(document));
    }
    if (set.documents.empty())
      fail("{}: there is no admission with a note of the category '{}'{}", source,
           printable(options_.note_category), options_.labelled ? " and a code" : "");
    return set;
  }

 private:
  static std::int64_t whole(std::string_view text, std::string_view column, const std::string& where) {
    const auto number = parse_integer(text);
    if (!number) fail("{}: {}: expected a whole number", where, column);
    return *number;
  }

  struct Admission {
    std::int64_t patient = 0;
    std::map<std::int64_t, std::string> notes;                           // by ROW_ID
    std::map<std::pair<std::int64_t, std::int64_t>, std::string> codes;  // by SEQ_NUM, ROW_ID
  };
  const DocumentSource& options_;
  std::map<std::int64_t, Admission> admissions_;  // by HADM_ID
};

// Calls `row(field, where)` for each row; field(i) is the text of wanted[i].
template <std::size_t N, typename Row>
void read_csv_columns(std::string_view text, const std::string& source,
                      const std::array<std::string_view, N>& wanted, const Row& row) {
  CsvRows rows(text, source, ',', /*show_text=*/false);
  if (rows.empty()) fail("{}: the file is empty, expected a header in line 1", source);
  std::vector<std::string> fields;
  rows.next(fields);
  const std::size_t width = fields.size();
  std::array<std::size_t, N> places{};
  for (std::size_t i = 0; i < N; ++i) {
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const std::string& name) { return lower_case(name) == wanted[i]; });
    if (found == fields.end()) fail("{}:1: there is no column '{}' in the header", source, wanted[i]);
    places[i] = static_cast<std::size_t>(found - fields.begin());
  }
  while (!rows.done()) {
    rows.next(fields);
    if (fields.size() != width)
      fail("{}:{}: found {} fields, expected {} as in line 1", source, rows.line(), fields.size(), width);
    row([&](std::size_t i) -> const std::string& { return fields[places[i]]; },
        fmt::format("{}:{}", source, rows.line()));
  }
}

template <std::size_t N, typename Row>
void read_sql_columns(Database& database, const std::string& table,
                      const std::array<std::string_view, N>& wanted, const Row& row) {
  std::string columns;
  for (const std::string_view name : wanted)
    columns += fmt::format("{}{}", columns.empty() ? "" : ", ", name);
  Statement statement(database, fmt::format("SELECT {} FROM {}", columns, table));
  std::array<std::string, N> fields;
  for (std::int64_t number = 1; statement.step(); ++number) {
    for (std::size_t i = 0; i < N; ++i) fields[i] = statement.text(static_cast<int>(i));
    row([&](std::size_t i) -> const std::string& { return fields[i]; },
        fmt::format("{}: row {} of {}", database.path(), number, table));
  }
}

}  // namespace

DocumentSet parse_mimic_csv(std::string_view notes, const std::string& notes_source,
                            std::string_view diagnoses, const std::string& diagnoses_source,
                            const DocumentSource& options) {
  Admissions admissions(options);
  read_csv_columns(notes, notes_source, kNoteColumns,
                   [&](const auto& field, const std::string& where) { admissions.add_note(field, where); });
  read_csv_columns(
      diagnoses, diagnoses_source, kDiagnosisColumns,
      [&](const auto& field, const std::string& where) { admissions.add_diagnosis(field, where); });
  return admissions.finish(notes_source);
}

DocumentSet read_mimic_sql(const std::string& path, const DocumentSource& options) {
  const std::string digest = to_hex(sha256_of_file(path));
  Database database(path, Database::Access::kRead);
  Admissions admissions(options);
  read_sql_columns(database, "NOTEEVENTS", kNoteColumns,
                   [&](const auto& field, const std::string& where) { admissions.add_note(field, where); });
  read_sql_columns(
      database, "DIAGNOSES_ICD", kDiagnosisColumns,
      [&](const auto& field, const std::string& where) { admissions.add_diagnosis(field, where); });
  DocumentSet set = admissions.finish(path);
  set.inputs = {{"notes", path, digest, digest}};
  return set;
}

}  // namespace tessera::data
