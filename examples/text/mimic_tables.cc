// Notes and their codes from the tables of a hospital's database, laid out as MIMIC-III's (Johnson et al., 2016), with made contents: through SQL, and the same rows as CSV. Per
// admission all notes of a category, without those marked as errors, and its codes in the order of their rank; the digest says that both ways gave the same documents.
#include <cstdio>

#include "tessera/base/sqlite.h"
#include "tessera/tessera.h"

using namespace tessera;

const char* const kTables = R"(
create table NOTEEVENTS (ROW_ID integer, SUBJECT_ID integer, HADM_ID integer, CATEGORY text, ISERROR text, TEXT text);
insert into NOTEEVENTS values
  (11, 1, 500, 'Discharge summary', null, 'Admitted with cough and fever. Treated for pneumonia.'),
  (12, 1, 500, 'Nursing', null, 'Slept well.'),
  (13, 1, 500, 'Discharge summary', '1', 'This one was of somebody else.'),
  (14, 1, 500, 'Discharge summary', null, 'Addendum: went home.'),
  (15, 2, 400, 'Discharge summary', null, 'Fell from a horse.'),
  (16, 3, 600, 'Discharge summary', null, 'Has no codes yet.');
create table DIAGNOSES_ICD (ROW_ID integer, HADM_ID integer, SEQ_NUM integer, ICD9_CODE text);
insert into DIAGNOSES_ICD values (1, 500, 2, '4019'), (2, 500, 1, '486'), (3, 400, 1, '81342'), (4, 400, 2, 'E8282');
)";

// The rows of a table as a CSV file.
std::string table_as_csv(Database& database, const std::string& table, int columns,
                         const std::string& header) {
  std::string csv = header + "\n";
  Statement rows(database, "select * from " + table + " order by ROW_ID");
  while (rows.step())
    for (int i = 0; i < columns; ++i)
      csv += data::csv_field(rows.is_null(i) ? "" : rows.text(i)) + (i + 1 < columns ? "," : "\n");
  return csv;
}

int main() {
  const std::string path = "mimic_tables.sqlite";
  remove_file(path);
  std::string notes, codes;
  {
    Database database(path);
    database.execute(kTables);
    notes = table_as_csv(database, "NOTEEVENTS", 6, "ROW_ID,SUBJECT_ID,HADM_ID,CATEGORY,ISERROR,TEXT");
    codes = table_as_csv(database, "DIAGNOSES_ICD", 4, "ROW_ID,HADM_ID,SEQ_NUM,ICD9_CODE");
  }
  const data::DocumentSet by_sql = data::read_documents({.format = "mimic-sql", .path = path});
  for (const data::Document& admission : by_sql.documents) {
    std::printf("admission %s, codes", admission.id.c_str());
    for (const std::string& code : admission.labels) std::printf(" %s", code.c_str());
    std::printf("\n");
    for (const data::DocumentSection& note : admission.sections) std::printf("  %s\n", note.text.c_str());
  }
  std::printf("left out, for they have no note or no code: %lld\n", static_cast<long long>(by_sql.left_out));
  const data::DocumentSet by_csv =
      data::parse_mimic_csv(notes, "NOTEEVENTS.csv", codes, "DIAGNOSES_ICD.csv", {});
  std::printf("the same rows as CSV: %s\n",
              by_csv.digest() == by_sql.digest() ? "the same digest" : "other documents");
  const data::DocumentSet all =
      data::read_documents({.format = "mimic-sql", .path = path, .note_category = "Nursing"});
  std::printf("of the category Nursing: %zu, \"%s\"\n", all.documents.size(),
              all.documents[0].sections[0].text.c_str());
  remove_file(path);
}
