// Codes of ICD-9-CM (International Classification of Diseases, 9th revision, clinical modification): form, roll-up to three digits, titles, and
// the specialities that look after them.
//
// A code is three digits, V and two digits, or E and three digits, then up to two digits after a point: 428.0, V13.02, E884.9. Lists and
// databases write it without the point (4280); both forms are taken. What is no such code is an Error with what was expected, or, where the
// answer is a title, no title.
//
// Title of a code that a list does not have because it only has finer ones (428): the longest run of words that all finer titles share, if it
// says anything ("Heart failure"); else the title of the "unspecified" one (428.9) with the number of finer codes.
//
// Thread-safety: constant after construction.
//
// ```cpp
// assert(data::icd9_code("4280") == "428.0" && data::icd9_three_digits("428.0") == "428");
// assert(data::icd9_three_digits("V1302") == "V13" && data::icd9_three_digits("E884.9") == "E884");
// const data::CodeTitles titles = data::CodeTitles::parse("4280  Congestive heart failure\n4281  Left heart failure\n", "titles.txt");
// assert(titles.title("428.1") == "Left heart failure" && titles.title("428") == "Heart failure");
// assert(data::CodeSpecialities::standard().speciality("428.0") == "Cardiovascular / Pulmonary");
// ```
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tessera::data {

bool is_icd9_code(std::string_view code);              // with or without the point
std::string icd9_code(std::string_view code);          // with the point: "428.0"
std::string icd9_three_digits(std::string_view code);  // "428", "V13", "E884"

class CodeTitles {
 public:
  // Lines "CODE BLANKS TITLE", as the United States' CMS publishes them, perhaps packed with gzip; codes without the point.
  static CodeTitles read(const std::string& path);
  static CodeTitles parse(std::string_view text, const std::string& source);

  std::size_t size() const { return titles_.size(); }
  std::string title(std::string_view code) const;  // "" when nothing is known

 private:
  std::map<std::string, std::string> titles_;  // by code without point
};

struct RankedSpeciality {
  std::string name;
  double score = 0;
  std::string code;  // the one that speaks for it
};

// Ranges of codes, by the first three digits, and the speciality that looks after them: "who is to be asked?"
class CodeSpecialities {
 public:
  // The chapters of ICD-9-CM, under the names that mtsamples.com gives to specialities.
  static CodeSpecialities standard();
  // CSV with the columns first, last, speciality; ranges of one kind (digits, V, E) that do not overlap.
  static CodeSpecialities read(const std::string& path);
  static CodeSpecialities parse(std::string_view csv, const std::string& source);

  std::string speciality(std::string_view code) const;  // "" when no range has it
  // Each speciality with the highest score of its codes, the highest first, equal ones by name.
  std::vector<RankedSpeciality> rank(const std::vector<std::pair<std::string, double>>& scored_codes) const;

 private:
  struct Span {
    std::string last, speciality;
  };
  void add(const std::string& first, const std::string& last, const std::string& speciality,
           const std::string& where);
  std::map<std::string, Span, std::less<>> spans_;  // by the first code
};

}  // namespace tessera::data
