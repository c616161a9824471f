// Coded notes for a terminal and as JSON.
#include <nlohmann/json.hpp>

#include "tessera/base/text.h"
#include "tessera/clinical/note_coder.h"

namespace tessera::clinical {
namespace {

constexpr std::size_t kWidestCode = 24, kLongestQuote = 160;

const data::DocumentSection& section_of(const CodedNote& note, const CodedSentence& sentence) {
  static const data::DocumentSection kEmpty;
  return sentence.section < note.note.sections.size() ? note.note.sections[sentence.section] : kEmpty;
}

std::string shortened(std::string text) {
  if (text.size() <= kLongestQuote) return text;
  std::size_t end = kLongestQuote;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

std::string code_text(const CodedNote& note, const RankedCode& code) {
  std::string out =
      fmt::format("  {} {:<{}} {:.3f}", code.said ? "*" : " ", printable(code.code),
                  std::min(kWidestCode, std::max<std::size_t>(8, code.code.size())), code.probability);
  if (!code.title.empty()) out += "  " + printable(code.title);
  if (!code.speciality.empty()) out += fmt::format("  [{}]", printable(code.speciality));
  out += "\n";
  for (const SpeakingSentence& speaking : code.sentences) {
    const CodedSentence& sentence = note.sentences[speaking.sentence];
    const std::string& section = section_of(note, sentence).name;
    out += fmt::format("      {:+.2f}  {}{}\n", speaking.contribution,
                       section.empty() ? "" : printable(section) + ": ",
                       printable(shortened(sentence_text(note, sentence))));
  }
  if (code.said && code.sentences.empty()) out += fmt::format("      {}\n", kSaidByItself);
  return out;
}

nlohmann::ordered_json sentence_json(const CodedNote& note, const SpeakingSentence& speaking) {
  const CodedSentence& sentence = note.sentences[speaking.sentence];
  return {{"section", section_of(note, sentence).name},
          {"begin", sentence.place.begin},
          {"end", sentence.place.end},
          {"contribution", speaking.contribution},
          {"attention", sentence.attention},
          {"text", sentence_text(note, sentence)}};
}

nlohmann::ordered_json code_json(const CodedNote& note, const RankedCode& code) {
  nlohmann::ordered_json json = {{"code", code.code},
                                 {"probability", code.probability},
                                 {"threshold", code.threshold},
                                 {"said", code.said}};
  if (!code.title.empty()) json["title"] = code.title;
  if (!code.speciality.empty()) json["speciality"] = code.speciality;
  json["sentences"] = nlohmann::ordered_json::array();
  for (const SpeakingSentence& speaking : code.sentences)
    json["sentences"].push_back(sentence_json(note, speaking));
  return json;
}

}  // namespace

std::string sentence_text(const CodedNote& note, const CodedSentence& sentence) {
  const std::string& text = section_of(note, sentence).text;
  std::string out;
  for (std::size_t i = sentence.place.begin; i < std::min(sentence.place.end, text.size()); ++i) {
    const char c = text[i];
    const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
    if (!blank)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  return out;
}

std::string coded_text(const std::vector<CodedNote>& notes) {
  std::string out;
  for (const CodedNote& note : notes) {
    out += fmt::format("{}note {}\n", out.empty() ? "" : "\n", printable(note.note.id));
    for (const RankedCode& code : note.codes) out += code_text(note, code);
    for (const data::RankedSpeciality& speciality : note.specialities)
      out += fmt::format("  ask {} ({}, {:.3f})\n", printable(speciality.name), printable(speciality.code),
                         speciality.score);
    if (note.unread_sentences > 0)
      out += fmt::format("  {} further sentences were not read\n", note.unread_sentences);
  }
  return out + "\n* said: the probability reaches the threshold that was tuned on the validation notes\n";
}

std::string coded_json(const std::vector<CodedNote>& notes) {
  std::string out;
  for (const CodedNote& note : notes) {
    nlohmann::ordered_json json = {{"id", note.note.id}, {"codes", nlohmann::ordered_json::array()}};
    for (const RankedCode& code : note.codes) json["codes"].push_back(code_json(note, code));
    json["specialities"] = nlohmann::ordered_json::array();
    for (const data::RankedSpeciality& speciality : note.specialities)
      json["specialities"].push_back(
          {{"name", speciality.name}, {"score", speciality.score}, {"code", speciality.code}});
    json["unread_sentences"] = note.unread_sentences;
    // Bytes that are not UTF-8 become U+FFFD, so that every line is JSON.
    out += json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  }
  return out;
}

}  // namespace tessera::clinical
