// Documents with labels: medical notes and the codes that somebody gave them, from files and databases of four kinds.
//
//   cmc          XML of the Computational Medicine Center's challenge of 2007: <docs><doc id=""><codes><code origin=""
//                type=""/></codes><texts><text origin="" type=""/></texts></doc></docs>. Labels: the codes of one origin.
//                Pestian et al., "A shared task involving multi-label classification of clinical free text", BioNLP 2007.
//   json-lines   one JSON object per line; the fields of the id, the text and the labels (a list of texts, or one) are named.
//   mimic-csv    NOTEEVENTS.csv and DIAGNOSES_ICD.csv of MIMIC-III (Johnson et al., Scientific Data 3, 2016): one document per admission with
//                the notes of one category, without those marked as errors, in the order of ROW_ID; labels: its codes by SEQ_NUM.
//   mimic-sql    the same tables in an SQLite database. The same rows give the same documents, and the same digest, as from CSV.
//
// A document of MIMIC-III belongs to the patient with its SUBJECT_ID.
//
// Files may be packed with gzip. Column names are found whatever their case. MIMIC's admissions stand in the order of HADM_ID; one
// without a note of the category, or without a code, is left out and counted.
//
// Nothing of the texts gets into a message: errors name file, line (or row of a table) and what was expected. Memory: the documents, and for
// files also their bytes. Thread-safety: pure functions.
//
// ```cpp
// const data::DocumentSet notes = data::parse_json_lines(
//     "{\"id\": 7, \"text\": \"Cough and fever.\", \"labels\": [\"786.2\"]}\n", "notes.jsonl", {});
// assert(notes.documents[0].id == "7" && notes.documents[0].labels[0] == "786.2");
// assert(notes.digest().size() == 64);
// ```
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/data/dataset.h"

namespace tessera::data {

struct DocumentSection {
  std::string name;  // "CLINICAL_HISTORY"; "" if the source has no names
  std::string text;
};

struct Document {
  std::string id;
  std::vector<DocumentSection> sections;
  std::vector<std::string> labels;  // in the order of the source, each once
  // Whose note it is: notes of one patient stay on one side of a split. "" where the source does not say: of nobody else's.
  std::string patient = {};
};

struct DocumentSet {
  std::string source;  // for messages
  std::vector<Document> documents;
  std::vector<InputFile> inputs = {};  // what was read, with digests
  std::int64_t left_out = 0;           // admissions without a note or without a code

  std::string digest()
      const;  // SHA-256 over ids, sections, labels, and patients where the source names them: equal for equal documents, wherever they were read from
  std::vector<std::vector<std::string>> labels() const;
};

struct DocumentSource {
  std::string format = {};                   // "cmc", "json-lines", "mimic-csv", "mimic-sql"
  std::string path = {};                     // of the notes, or of the database
  std::string diagnoses = {};                // mimic-csv: path of DIAGNOSES_ICD
  std::string code_origin = "CMC_MAJORITY";  // cmc
  // json-lines; without an id field, ids are the numbers of the lines
  std::string id_field = "id", text_field = "text", label_field = "labels";
  std::string patient_field = {};                   // json-lines; "": the source does not say
  std::string note_category = "Discharge summary";  // mimic-*
  bool labelled =
      true;  // json-lines: false if the field of the labels may be missing; mimic-*: keep admissions without codes
};

DocumentSet read_documents(const DocumentSource& source);

DocumentSet parse_cmc(std::string_view xml, const std::string& source, const DocumentSource& options);
DocumentSet parse_json_lines(std::string_view text, const std::string& source, const DocumentSource& options);
DocumentSet parse_mimic_csv(std::string_view notes, const std::string& notes_source,
                            std::string_view diagnoses, const std::string& diagnoses_source,
                            const DocumentSource& options);
DocumentSet read_mimic_sql(const std::string& path, const DocumentSource& options);

}  // namespace tessera::data
