#include "tessera/data/icd9.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/text.h"
#include "tessera/data/csv.h"
#include "tessera/data/tokenizer.h"

namespace tessera::data {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string without_point(std::string_view code) {
  std::string out(code);
  std::erase(out, '.');
  return out;
}

// How many characters stand before the point.
std::size_t stem_length(std::string_view code) {
  return !code.empty() && code[0] == 'E' ? 4 : 3;
}

std::string checked(std::string_view code) {
  if (!is_icd9_code(code))
    fail("'{}' is no code of ICD-9-CM, expected a form as of 428.0, V13.02 or E884.9",
         printable(code.substr(0, 12)));
  return without_point(code);
}

constexpr std::string_view kEmptyWords[] = {
    "a",  "and",   "as",     "by",        "due", "for", "in",          "nos",  "of",     "on",
    "or", "other", "others", "specified", "the", "to",  "unspecified", "with", "without"};

bool is_empty_word(const std::string& word) {
  return std::find(std::begin(kEmptyWords), std::end(kEmptyWords), word) != std::end(kEmptyWords);
}

bool says_something(const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(),
                     [](const std::string& word) { return word.size() > 3 && !is_empty_word(word); });
}

bool contains(const std::vector<std::string>& words, const std::vector<std::string>& run) {
  return std::search(words.begin(), words.end(), run.begin(), run.end()) != words.end();
}

// The longest run of the first title's words that all the others have; the first of equally long ones.
std::vector<std::string> shared_words(const std::vector<std::string>& titles) {
  std::vector<std::vector<std::string>> words;
  for (const std::string& title : titles) words.push_back(words_of(title, {.mask_digits = false}));
  std::vector<std::string> best;
  const auto& first = words[0];
  for (std::size_t begin = 0; begin < first.size(); ++begin)
    for (std::size_t end = begin + best.size() + 1; end <= first.size(); ++end) {
      const std::vector<std::string> run(first.begin() + static_cast<std::ptrdiff_t>(begin),
                                         first.begin() + static_cast<std::ptrdiff_t>(end));
      if (!std::all_of(words.begin(), words.end(), [&](const auto& other) { return contains(other, run); }))
        break;
      best = run;
    }
  while (!best.empty() && is_empty_word(best.back())) best.pop_back();  // "nonspecific reaction to"
  while (!best.empty() && is_empty_word(best.front())) best.erase(best.begin());
  return best;
}

std::string sentence_case(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return out;
}

struct Chapter {
  std::string_view first, last, speciality;
};
constexpr Chapter kChapters[] = {
    {"001", "139", "General Medicine"},            // infectious and parasitic diseases
    {"140", "239", "Hematology - Oncology"},       // neoplasms
    {"240", "279", "Endocrinology"},               // endocrine, nutritional, metabolic, immunity
    {"280", "289", "Hematology - Oncology"},       // blood
    {"290", "319", "Psychiatry / Psychology"},     // mental disorders
    {"320", "359", "Neurology"},                   // nervous system
    {"360", "379", "Ophthalmology"},               // eye
    {"380", "389", "ENT - Otolaryngology"},        // ear
    {"390", "459", "Cardiovascular / Pulmonary"},  // circulatory system
    {"460", "519", "Cardiovascular / Pulmonary"},  // respiratory system
    {"520", "529", "Dentistry"},                   // oral cavity and jaws
    {"530", "579", "Gastroenterology"},            // digestive system
    {"580", "589", "Nephrology"},                  // kidney
    {"590", "608", "Urology"},                     // urinary system and male genital organs
    {"610", "679", "Obstetrics / Gynecology"},     // breast, female genital organs, pregnancy and childbirth
    {"680", "709", "Dermatology"},                 // skin
    {"710", "739", "Orthopedic"},                  // musculoskeletal system
    {"740", "779", "Pediatrics - Neonatal"},       // congenital anomalies, perinatal conditions
    {"780", "785", "General Medicine"},            // general symptoms
    {"786", "786", "Cardiovascular / Pulmonary"},  // symptoms of the respiratory system
    {"787", "787", "Gastroenterology"},            // symptoms of the digestive system
    {"788", "788", "Urology"},                     // symptoms of the urinary system
    {"789", "799", "General Medicine"},            // other symptoms and ill-defined conditions
    {"800", "848", "Orthopedic"},                  // fractures, dislocations, sprains
    {"850", "999", "Emergency Room Reports"},      // other injuries and poisoning
    {"E000", "E999", "Emergency Room Reports"},    // external causes
    {"V01", "V12", "General Medicine"},            // contact, carriers, personal history
    {"V13", "V13", "Urology"},                     // personal history: urinary system and others
    {"V14", "V91", "General Medicine"},
};

}  // namespace

bool is_icd9_code(std::string_view code) {
  const std::size_t stem = stem_length(code);
  if (code.size() < stem) return false;
  for (std::size_t i = 0; i < stem; ++i)
    if (!is_digit(code[i]) && !(i == 0 && (code[0] == 'V' || code[0] == 'E'))) return false;
  std::string_view rest = code.substr(stem);
  if (!rest.empty() && rest[0] == '.') {
    rest.remove_prefix(1);
    if (rest.empty()) return false;
  }
  return rest.size() <= 2 && std::all_of(rest.begin(), rest.end(), is_digit);
}

std::string icd9_code(std::string_view code) {
  const std::string plain = checked(code);
  const std::size_t stem = stem_length(plain);
  return plain.size() == stem ? plain : fmt::format("{}.{}", plain.substr(0, stem), plain.substr(stem));
}

std::string icd9_three_digits(std::string_view code) {
  const std::string plain = checked(code);
  return plain.substr(0, stem_length(plain));
}

CodeTitles CodeTitles::read(const std::string& path) {
  return parse(read_file_maybe_gzip(path), path);
}

CodeTitles CodeTitles::parse(std::string_view text, const std::string& source) {
  CodeTitles titles;
  for (std::int64_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view here = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!here.empty() && (here.back() == '\r' || here.back() == ' ')) here.remove_suffix(1);
    if (here.empty()) continue;
    const std::size_t blank = here.find(' ');
    const std::size_t begin = blank == std::string_view::npos ? blank : here.find_first_not_of(' ', blank);
    if (begin == std::string_view::npos || !is_icd9_code(here.substr(0, blank)))
      fail("{}:{}: expected a code of ICD-9-CM, blanks and its title", source, line);
    const auto [found, added] =
        titles.titles_.emplace(without_point(here.substr(0, blank)), here.substr(begin));
    if (!added) fail("{}:{}: the code {} has a title in another line, too", source, line, found->first);
  }
  if (titles.titles_.empty()) fail("{}: there is no code, expected lines of a code and its title", source);
  return titles;
}

std::string CodeTitles::title(std::string_view code) const {
  if (!is_icd9_code(code)) return "";
  const std::string plain = without_point(code);
  if (const auto found = titles_.find(plain); found != titles_.end()) return found->second;
  std::vector<std::string> finer;
  std::string unspecified;
  for (auto at = titles_.lower_bound(plain); at != titles_.end() && at->first.starts_with(plain); ++at) {
    finer.push_back(at->second);
    if (at->first == plain + "9") unspecified = at->second;
  }
  if (finer.empty()) return "";
  if (finer.size() == 1) return finer[0];
  if (const std::vector<std::string> shared = shared_words(finer); says_something(shared))
    return sentence_case(shared);
  return fmt::format("{} (and {} more)", unspecified.empty() ? finer[0] : unspecified, finer.size() - 1);
}

void CodeSpecialities::add(const std::string& first, const std::string& last, const std::string& speciality,
                           const std::string& where) {
  const bool codes = is_icd9_code(first) && is_icd9_code(last);
  if (!codes || icd9_three_digits(first) != first || icd9_three_digits(last) != last || last < first ||
      is_digit(first[0]) != is_digit(last[0]) || (!is_digit(first[0]) && first[0] != last[0]))
    fail("{}: expected a first and a last code of three digits (or V.., E...), in this order", where);
  if (speciality.empty()) fail("{}: the speciality is empty", where);
  const auto after = spans_.upper_bound(last);
  if (after != spans_.begin() && std::prev(after)->second.last >= first)
    fail("{}: the range {} to {} meets that from {} to {}, expected ranges without overlap", where, first,
         last, std::prev(after)->first, std::prev(after)->second.last);
  spans_.emplace(first, Span{last, speciality});
}

CodeSpecialities CodeSpecialities::standard() {
  CodeSpecialities map;
  for (const Chapter& chapter : kChapters)
    map.add(std::string(chapter.first), std::string(chapter.last), std::string(chapter.speciality),
            "chapters");
  return map;
}

CodeSpecialities CodeSpecialities::read(const std::string& path) {
  return parse(read_file_maybe_gzip(path), path);
}

CodeSpecialities CodeSpecialities::parse(std::string_view csv, const std::string& source) {
  const Table table = parse_csv(csv, source, {.text_columns = {"first", "last", "speciality"}});
  CodeSpecialities map;
  for (std::size_t row = 0; row < static_cast<std::size_t>(table.rows); ++row)
    map.add(table.column("first").texts[row], table.column("last").texts[row],
            table.column("speciality").texts[row], fmt::format("{}:{}", source, table.lines[row]));
  return map;
}

std::string CodeSpecialities::speciality(std::string_view code) const {
  if (!is_icd9_code(code)) return "";
  const std::string stem = icd9_three_digits(code);
  const auto after = spans_.upper_bound(stem);
  if (after == spans_.begin()) return "";
  const auto& [first, span] = *std::prev(after);
  return span.last >= stem && first[0] <= stem[0] && first.size() == stem.size() ? span.speciality : "";
}

std::vector<RankedSpeciality> CodeSpecialities::rank(
    const std::vector<std::pair<std::string, double>>& scored_codes) const {
  std::map<std::string, RankedSpeciality> best;
  for (const auto& [code, score] : scored_codes) {
    const std::string name = speciality(code);
    if (name.empty()) continue;
    const auto found = best.find(name);
    if (found == best.end() || score > found->second.score) best[name] = {name, score, code};
  }
  std::vector<RankedSpeciality> ranked;
  for (const auto& [name, entry] : best) ranked.push_back(entry);
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.score > b.score; });
  return ranked;
}

}  // namespace tessera::data
