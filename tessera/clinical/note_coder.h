// Notes in, ranked codes out, with the sentences that speak for each code.
//
// A NoteCoder is a finished run's model with its vocabulary, thresholds and labels. A code's probability is the model's; it is `said` if the
// probability reaches the threshold that was tuned on the validation notes. The sentences that speak for a code are those that add most to its
// logit (models/hierarchical_attention.h, models/bag_of_words.h), with what they add; those that add less than 5 % of the strongest are not
// given. A note's result does not depend by a bit on the
// others that are coded with it.
//
// Errors: a record that is not sealed or intact, a vocabulary that is not the run's. Thread-safety: one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/clinical/coding_setup.h"
#include "tessera/data/icd9.h"

namespace tessera::clinical {

struct CodedWord {
  data::TextSpan place;  // in its section's text
  double attention = 0;  // within the sentence; of a bag of words 0
};

struct CodedSentence {
  std::size_t section = 0;
  data::TextSpan place;
  double attention = 0;  // within the note; of a bag of words 0
  std::vector<CodedWord> words;
};

struct SpeakingSentence {
  std::size_t sentence = 0;  // in CodedNote::sentences
  double contribution = 0;   // to the logit, above 0
};

struct RankedCode {
  std::string code, title, speciality;  // title and speciality: empty when not known
  double probability = 0, threshold = 0;
  bool said = false;
  std::vector<SpeakingSentence> sentences;  // the strongest first
};

struct CodedNote {
  data::Document note;
  std::vector<CodedSentence> sentences;
  std::vector<RankedCode> codes;  // the highest probability first
  std::vector<data::RankedSpeciality> specialities;
  std::int64_t unread_sentences = 0;  // beyond text.most_sentences
};

struct CodingOptions {
  std::string vocabulary = {};      // path; empty: beside the run's folder
  std::string titles = {};          // path of a list of titles; empty: no titles
  std::string specialities = {};    // path of a table code -> speciality; empty: the chapters of ICD-9-CM
  std::int64_t most_codes = 5;      // of a note: those that are said, and as many more as make up this number
  std::int64_t most_sentences = 3;  // for a code
};

class NoteCoder {
 public:
  explicit NoteCoder(const std::string& run_folder, const CodingOptions& options = {});
  const CodingConfig& config() const { return config_; }
  const data::LabelSet& labels() const { return labels_; }
  std::vector<CodedNote> code(const std::vector<data::Document>& notes);
  // Probabilities of all labels, float32 [notes, labels].
  Tensor probabilities(const std::vector<data::Document>& notes);
  std::vector<double> thresholds() const { return thresholds_.numbers(); }

 private:
  CodedNote code_one(const data::Document& note);
  CodingConfig config_;
  CodingOptions options_;
  data::LabelSet labels_;
  data::Vocabulary vocabulary_;
  Thresholds thresholds_;
  std::unique_ptr<NoteModel> model_;
  std::optional<data::CodeTitles> titles_;
  data::CodeSpecialities specialities_;
};

// The notes of a file that somebody wants coded: .txt is one note, .jsonl has fields id and text (or the run's), everything else has the
// run's own format, where labels may be missing.
data::DocumentSet read_notes(const std::string& path, const std::string& diagnoses,
                             const CodingConfig& config);

// The notes of a file with labels, read as those of the training were: JSON lines (.jsonl) have the field of labels that the run's configuration
// names, which may not be missing; admissions of MIMIC without a code are left out. Of the notes that the run was trained on (all of them, in
// whatever file; a part is not recognised) only those are given that were held out for a test. `remark` is a sentence for people about what
// was left out, or empty.
//
// Errors: those of the readers; a .txt, which has no labels; the training's notes with other diagnoses or labels, of which it is not known
// which were held out.
struct LabelledNotes {
  data::DocumentSet notes;
  std::string remark;
};
LabelledNotes read_labelled_notes(const std::string& path, const std::string& diagnoses,
                                  const std::string& run_folder);

// Stands below a code that is said though no sentence adds to it.
inline constexpr std::string_view kSaidByItself =
    "no sentence speaks for it: what the model says of a note without words reaches the threshold";
std::string coded_text(const std::vector<CodedNote>& notes);  // for a terminal
std::string coded_json(const std::vector<CodedNote>& notes);  // one line per note
// One self-contained page: the notes with the words tinted by attention, the codes, and the sentences that speak for them.
std::string coded_page(const std::vector<CodedNote>& notes, const std::string& run_name);

// A sentence as one line: blanks and line ends become one blank.
std::string sentence_text(const CodedNote& note, const CodedSentence& sentence);

}  // namespace tessera::clinical
