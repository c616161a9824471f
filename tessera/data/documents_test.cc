#include "tessera/data/documents.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <set>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/message_test.h"
#include "tessera/base/sqlite.h"

namespace tessera::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kCmc = R"(<?xml version='1.0' standalone='yes'?>
<docs>
  <doc id="7" type="RADIOLOGY_REPORT">
    <codes>
      <code origin="COMPANY1" type="ICD-9-CM">786.1</code>
      <code origin="CMC_MAJORITY" type="ICD-9-CM">786.2</code>
      <code origin="CMC_MAJORITY" type="ICD-9-CM">486</code>
    </codes>
    <texts>
      <text origin="R" type="CLINICAL_HISTORY">Cough &amp; fever.</text>
      <text origin="R" type="IMPRESSION">Normal.</text>
    </texts>
  </doc>
  <doc id="8" type="RADIOLOGY_REPORT"><codes></codes><texts><text origin="R" type="IMPRESSION"></text></texts></doc>
</docs>
)";

TEST(Cmc, SectionsAndTheCodesOfOneOrigin) {
  const DocumentSet set = parse_cmc(kCmc, "x.xml", {});
  ASSERT_EQ(set.documents.size(), 2U);
  EXPECT_EQ(set.documents[0].id, "7");
  EXPECT_THAT(set.documents[0].labels, ElementsAre("786.2", "486"));
  EXPECT_EQ(set.documents[0].sections[0].name, "CLINICAL_HISTORY");
  EXPECT_EQ(set.documents[0].sections[0].text, "Cough & fever.");
  EXPECT_EQ(set.documents[0].sections[1].text, "Normal.");
  EXPECT_TRUE(set.documents[1].labels.empty());
  EXPECT_THAT(parse_cmc(kCmc, "x.xml", {.code_origin = "COMPANY1"}).documents[0].labels,
              ElementsAre("786.1"));
}

TEST(Cmc, ErrorsNameTheLineAndQuoteNothing) {
  const auto message = [](const std::string& xml) {
    return message_of([&] { parse_cmc(xml, "x.xml", {}); });
  };
  EXPECT_THAT(message("<docs>\n<doc id='1'>\n<secret/></doc></docs>"),
              HasSubstr("x.xml:3: found an element within <doc>"));
  EXPECT_THAT(message("<docs>\n<doc id='1'>\n<secret/></doc></docs>"), Not(HasSubstr("secret")));
  EXPECT_THAT(message("<docs>\n<doc>secret</doc></docs>"), HasSubstr("x.xml:2: found <doc> without id"));
  EXPECT_THAT(message("<docs><doc id='1'>\nsecret</doc></docs>"), HasSubstr("found text outside"));
  EXPECT_THAT(message("<docs>\n<doc id='1'>\n</docs>"),
              HasSubstr("x.xml:3: not well-formed XML: mismatched tag"));
  EXPECT_THAT(message("<!DOCTYPE docs [<!ENTITY a 'secret'>]><docs/>"),
              HasSubstr("x.xml:1: found a document type"));
  EXPECT_THAT(message("<docs/>"), HasSubstr("there is no document"));
  EXPECT_THAT(message(""), HasSubstr("not well-formed"));
  EXPECT_THAT(message("<docs><doc id='1'><codes><code origin='CMC_MAJORITY'></code></codes></doc></docs>"),
              HasSubstr("an empty <code>"));
  EXPECT_THAT(message("<docs><docs/></docs>"), HasSubstr("does not belong"));
}

TEST(JsonLines, NamedFields) {
  const DocumentSet set = parse_json_lines(
      "{\"sample_id\": 29, \"transcription\": \"One.\\nTwo.\", \"specialties\": [\"Urology\", \"Letters\", "
      "\"Urology\"]}\n"
      "\n{\"sample_id\": \"b\", \"transcription\": \"\", \"specialties\": \"Urology\"}",
      "x.jsonl", {.id_field = "sample_id", .text_field = "transcription", .label_field = "specialties"});
  ASSERT_EQ(set.documents.size(), 2U);
  EXPECT_EQ(set.documents[0].id, "29");
  EXPECT_EQ(set.documents[0].sections[0].text, "One.\nTwo.");
  EXPECT_THAT(set.documents[0].labels, ElementsAre("Urology", "Letters"));
  EXPECT_THAT(set.documents[1].labels, ElementsAre("Urology"));
}

TEST(JsonLines, ErrorsNameTheLineAndQuoteNothing) {
  const auto message = [](const std::string& text, bool labelled = true) {
    return message_of([&] { parse_json_lines(text, "x.jsonl", {.labelled = labelled}); });
  };
  const std::string good = "{\"id\":1,\"text\":\"a\",\"labels\":[]}\n";
  EXPECT_THAT(message(good + "{\"id\":1,\"text\":\"secret"), HasSubstr("x.jsonl:2: not a JSON text"));
  EXPECT_THAT(message(good + "{\"id\":1,\"text\":\"secret"), Not(HasSubstr("secret")));
  EXPECT_THAT(message("[1]\n"), HasSubstr("x.jsonl:1: expected a JSON object"));
  EXPECT_THAT(message(good + "{\"id\":1,\"text\":5.5}\n"),
              HasSubstr("x.jsonl:2: field 'text': expected a text"));
  EXPECT_THAT(message("{\"id\":1,\"text\":\"a\"}\n"), HasSubstr("the field 'labels' is missing"));
  EXPECT_EQ(message("{\"id\":1,\"text\":\"a\"}\n", false), "no error");
  EXPECT_THAT(message("{\"id\":1,\"text\":\"a\",\"labels\":[1]}\n"), HasSubstr("expected a list of texts"));
  EXPECT_THAT(message(" \n"), HasSubstr("there is no document"));
}

// ---- MIMIC: rows made here, in the form of the published tables ----

struct NoteRow {
  int row, subject;
  std::string admission, category, error, text;
};
const std::vector<NoteRow> kNotes = {
    {12, 1, "200", "Discharge summary", "", "Second note,\nwith a \"quoted\" word\n\nand lines."},
    {11, 1, "200", "Discharge summary", "", "First note."},
    {13, 1, "200", "Discharge summary", "1", "Marked as an error."},
    {14, 1, "200", "Nursing", "", "Another category."},
    {15, 2, "100", "Discharge summary ", "", "Of admission 100; naïve, \xc2\xb5g."},
    {16, 3, "", "Discharge summary", "", "Of no admission."},
    {17, 4, "300", "Discharge summary", "", "Without a code."}};
struct DiagnosisRow {
  int row, subject;
  std::string admission, number, code;
};
const std::vector<DiagnosisRow> kDiagnoses = {{1, 1, "200", "2", "V1302"}, {2, 1, "200", "1", "4280"},
                                              {3, 1, "200", "3", "4280"},  {4, 2, "100", "1", "E8849"},
                                              {5, 2, "100", "", ""},       {6, 9, "900", "1", "486"}};

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  return out + "\"";
}

std::string notes_csv() {
  std::string csv =
      "\"ROW_ID\",\"SUBJECT_ID\",\"HADM_ID\",\"CHARTDATE\",\"CHARTTIME\",\"STORETIME\",\"CATEGORY\","
      "\"DESCRIPTION\","
      "\"CGID\",\"ISERROR\",\"TEXT\"\n";
  for (const NoteRow& n : kNotes)
    csv += fmt::format("{},{},{},2151-08-04,,,{},\"Report\",,{},{}\n", n.row, n.subject, n.admission,
                       quoted(n.category), n.error.empty() ? "" : quoted(n.error), quoted(n.text));
  return csv;
}

std::string diagnoses_csv() {
  std::string csv = "\"ROW_ID\",\"SUBJECT_ID\",\"HADM_ID\",\"SEQ_NUM\",\"ICD9_CODE\"\n";
  for (const DiagnosisRow& d : kDiagnoses)
    csv += fmt::format("{},{},{},{},{}\n", d.row, d.subject, d.admission, d.number,
                       d.code.empty() ? "" : quoted(d.code));
  return csv;
}

// The rows in another order, as a database may give them.
void make_database(const std::string& path) {
  Database database(path);
  database.execute(
      "CREATE TABLE noteevents (row_id INT PRIMARY KEY, subject_id INT, hadm_id INT, chartdate TEXT, "
      "category TEXT, "
      "iserror CHAR(1), text TEXT)");
  database.execute(
      "CREATE TABLE diagnoses_icd (row_id INT, subject_id INT, hadm_id INT, seq_num INT, icd9_code TEXT)");
  const auto bind_number = [](Statement& statement, const std::string& text) {
    if (text.empty())
      statement.bind_null();
    else
      statement.bind(std::int64_t{std::stoll(text)});
  };
  Statement note(database, "INSERT INTO noteevents VALUES (?, ?, ?, '2151-08-04', ?, ?, ?)");
  for (auto n = kNotes.rbegin(); n != kNotes.rend(); ++n) {
    note.bind(std::int64_t{n->row}).bind(std::int64_t{n->subject});
    bind_number(note, n->admission);
    note.bind(n->category);
    if (n->error.empty())
      note.bind_null();
    else
      note.bind(n->error);
    note.bind(n->text).run();
  }
  Statement diagnosis(database, "INSERT INTO diagnoses_icd VALUES (?, ?, ?, ?, ?)");
  for (auto d = kDiagnoses.rbegin(); d != kDiagnoses.rend(); ++d) {
    diagnosis.bind(std::int64_t{d->row}).bind(std::int64_t{d->subject});
    bind_number(diagnosis, d->admission);
    bind_number(diagnosis, d->number);
    if (d->code.empty())
      diagnosis.bind_null();
    else
      diagnosis.bind(d->code);
    diagnosis.run();
  }
}

DocumentSet from_csv(const DocumentSource& options = {}) {
  return parse_mimic_csv(notes_csv(), "NOTEEVENTS.csv", diagnoses_csv(), "DIAGNOSES_ICD.csv", options);
}

TEST(Mimic, OneDocumentPerAdmission) {
  const DocumentSet set = from_csv();
  ASSERT_EQ(set.documents.size(), 2U);
  EXPECT_EQ(set.documents[0].id, "100");
  EXPECT_EQ(set.documents[0].patient, "2");
  EXPECT_EQ(set.documents[1].patient, "1");
  EXPECT_THAT(set.documents[0].labels, ElementsAre("E884.9"));
  EXPECT_EQ(set.documents[1].id, "200");
  EXPECT_THAT(set.documents[1].labels, ElementsAre("428.0", "V13.02"));
  ASSERT_EQ(set.documents[1].sections.size(), 2U);
  EXPECT_EQ(set.documents[1].sections[0].text, "First note.");
  EXPECT_EQ(set.documents[1].sections[1].text, "Second note,\nwith a \"quoted\" word\n\nand lines.");
  EXPECT_EQ(set.left_out, 2);
  EXPECT_EQ(from_csv({.labelled = false}).documents.size(), 3U);
  EXPECT_EQ(from_csv({.note_category = "Nursing"}).documents[0].sections[0].text, "Another category.");
}

TEST(Mimic, TheDatabaseGivesTheSameDigest) {
  const ScratchFolder folder("mimic-test");
  const std::string path = folder.path() + "/mimic.sqlite";
  make_database(path);
  const DocumentSet set = read_documents({.format = "mimic-sql", .path = path});
  EXPECT_EQ(set.digest(), from_csv().digest());
  EXPECT_EQ(set.left_out, 2);
  EXPECT_NE(set.digest(), from_csv({.labelled = false}).digest());
  EXPECT_EQ(set.inputs.size(), 1U);

  write_file_atomically(folder.path() + "/n.csv", notes_csv());
  write_file_atomically(folder.path() + "/d.csv", diagnoses_csv());
  const DocumentSet files = read_documents(
      {.format = "mimic-csv", .path = folder.path() + "/n.csv", .diagnoses = folder.path() + "/d.csv"});
  EXPECT_EQ(files.digest(), set.digest());
  EXPECT_EQ(files.inputs.size(), 2U);
}

TEST(Mimic, ErrorsNameTheLineAndQuoteNothing) {
  const auto message = [](const std::string& notes, const std::string& diagnoses) {
    return message_of([&] { parse_mimic_csv(notes, "n.csv", diagnoses, "d.csv", {}); });
  };
  const std::string head = "row_id,subject_id,hadm_id,category,iserror,text\n";
  const std::string good = head + "1,7,5,Discharge summary,,\"a\nb\"\n";
  const std::string codes = "row_id,hadm_id,seq_num,icd9_code\n";
  EXPECT_THAT(message("row_id,subject_id,hadm_id,category,text\n", codes),
              HasSubstr("n.csv:1: there is no column 'iserror'"));
  EXPECT_THAT(message(good + "secret,7,5,Discharge summary,,c\n", codes),
              HasSubstr("n.csv:4: ROW_ID: expected a whole"));
  EXPECT_THAT(message(good + "1,7,5,Discharge summary,,c\n", codes),
              HasSubstr("n.csv:4: ROW_ID is that of another"));
  EXPECT_THAT(message(good + "2,7,5,\"secret\n", codes),
              HasSubstr("n.csv:4: column 4: found a quoted field without end"));
  EXPECT_THAT(message(good + "2,7,5,\"x\"secret,,c\n", codes),
              HasSubstr("n.csv:4: column 4: found something after"));
  EXPECT_THAT(message(good + "2,8,5,Discharge summary,,c\n", codes),
              HasSubstr("n.csv:4: SUBJECT_ID is not that of"));
  EXPECT_THAT(message(good + "2,7,5\n", codes), HasSubstr("n.csv:4: found 3 fields, expected 6"));
  EXPECT_THAT(message(good, codes + "1,5,1,secret\n"), HasSubstr("d.csv:2: ICD9_CODE: expected a code"));
  EXPECT_THAT(message(good, codes), HasSubstr("n.csv: there is no admission with a note of the category"));
  EXPECT_THAT(message("", codes), HasSubstr("n.csv: the file is empty"));
  for (const std::string& text :
       {message(good + "secret,7,5,Discharge summary,,c\n", codes),
        message(good + "2,7,5,\"x\"secret,,c\n", codes), message(good, codes + "1,5,1,secret\n")})
    EXPECT_THAT(text, Not(HasSubstr("secret")));
  const ScratchFolder folder("mimic-test");
  write_file_atomically(folder.path() + "/x.sqlite", "no database");
  EXPECT_THAT(message_of([&] { read_mimic_sql(folder.path() + "/x.sqlite", {}); }), HasSubstr("x.sqlite"));
}

// ---- The real files ----

TEST(RealDocuments, HaveThePublishedCounts) {
  const char* data = std::getenv("TESSERA_DATA");
  const std::string folder = fmt::format("{}/text", data ? data : "");
  if (data == nullptr || !exists(folder + "/cmc2007_train.xml")) GTEST_SKIP() << "TESSERA_DATA has no notes";
  const DocumentSet radiology = read_documents({.format = "cmc", .path = folder + "/cmc2007_train.xml"});
  EXPECT_EQ(radiology.documents.size(), 683U);  // the data's readme
  const DocumentSet other = read_documents({.format = "cmc", .path = folder + "/cmc2007_unlabelled.xml"});
  EXPECT_EQ(other.documents.size(), 976U);
  const DocumentSet samples = read_documents({.format = "json-lines",
                                              .path = folder + "/mtsamples_train.jsonl.gz",
                                              .id_field = "sample_id",
                                              .text_field = "transcription",
                                              .label_field = "specialties"});
  EXPECT_EQ(samples.documents.size(), 1630U);
  std::set<std::string> specialities;
  for (const Document& document : samples.documents)
    specialities.insert(document.labels.begin(), document.labels.end());
  EXPECT_EQ(specialities.size(), 40U);
}

}  // namespace
}  // namespace tessera::data
