// Coded notes as one self-contained page: no script, nothing that is loaded.
#include <algorithm>

#include "tessera/base/text.h"
#include "tessera/clinical/note_coder.h"
#include "tessera/report/html.h"

namespace tessera::clinical {
namespace {

using report::element;
using report::Html;
using report::markup;
using report::text;

constexpr std::string_view kHead =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
    "base-uri 'none'; "
    "form-action 'none'\">\n";

// Tints t1 to t5 are the words' attention; sentences that speak for a code are underlined and carry its number.
constexpr std::string_view kStyle = R"(<style>
:root{--ink:#1b1b1b;--quiet:#555;--line:#d4d4d4;--surface:#fff;--raised:#f5f5f3;--mark:245,158,11;--speak:#0b5394;--said:#0b6b45}
@media (prefers-color-scheme:dark){:root{--ink:#ececec;--quiet:#b4b4b4;--line:#3d4046;--surface:#15171a;--raised:#1f2226;
--mark:217,119,6;--speak:#8cc4ff;--said:#6fd3a5}}
*{box-sizing:border-box}
html{color-scheme:light dark}
body{margin:0 auto;padding:1rem clamp(.8rem,3vw,2.5rem) 3rem;max-width:80rem;background:var(--surface);color:var(--ink);
font:1rem/1.6 system-ui,'Segoe UI',Roboto,'Liberation Sans',Arial,sans-serif;overflow-wrap:break-word}
h1{font-size:1.7rem;line-height:1.25;margin:.4em 0}
h2{font-size:1.25rem;border-bottom:1px solid var(--line);padding-bottom:.2em;margin:2.2em 0 .7em}
h3{font-size:.85rem;margin:1em 0 .2em;color:var(--quiet);font-weight:600}
.note{display:grid;grid-template-columns:minmax(0,3fr) minmax(0,2fr);gap:0 2.2rem;align-items:start}
.text{white-space:pre-wrap;margin:.2em 0 1em;max-width:46rem}
.t1{background:rgba(var(--mark),.12)}.t2{background:rgba(var(--mark),.25)}.t3{background:rgba(var(--mark),.4)}
.t4{background:rgba(var(--mark),.55)}.t5{background:rgba(var(--mark),.7)}
.speaks{text-decoration:underline;text-decoration-color:var(--speak);text-decoration-thickness:2px;text-underline-offset:.22em}
sup{color:var(--speak);font-size:.7rem;font-weight:700;margin-left:.15em;line-height:0}
ol{list-style:none;padding:0;margin:.4em 0}
ol>li{border-top:1px solid var(--line);padding:.55rem 0}
ol>li.other{padding:.1rem 0;border:0}li.other{line-height:1.35}
.code{font-weight:700}.said .code{color:var(--said)}
.title{display:block}
.bar{display:block;height:.45rem;background:var(--raised);border:1px solid var(--line);margin:.25rem 0}
.bar i{display:block;height:100%;background:var(--quiet)}.said .bar i{background:var(--said)}
.number{font-variant-numeric:tabular-nums;color:var(--quiet);font-size:.875rem}
blockquote{margin:.3rem 0 .3rem .2rem;padding-left:.7rem;border-left:3px solid var(--speak);font-size:.9rem}
.key span{padding:0 .35em}
.key,footer{color:var(--quiet);font-size:.875rem}
footer{margin-top:3rem;border-top:1px solid var(--line)}
@media (max-width:52rem){.note{grid-template-columns:minmax(0,1fr)}}
@media print{body{max-width:none;font-size:10pt}.note{break-inside:avoid-page}}
</style>
)";

// Numbers of the codes for which a sentence speaks, as the page shows them.
std::vector<std::size_t> spoken_for(const CodedNote& note, std::size_t sentence) {
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < note.codes.size(); ++i)
    for (const SpeakingSentence& speaking : note.codes[i].sentences)
      if (note.codes[i].said && speaking.sentence == sentence) numbers.push_back(i + 1);
  return numbers;
}

// The tint of a word: its share of the note's attention against the largest share of a word.
double share(const CodedSentence& sentence, const CodedWord& word) {
  return sentence.attention * word.attention;
}

Html word_html(std::string_view word, double relative) {
  const int tint = std::min(5, static_cast<int>(relative * 5 + 0.5));
  if (tint < 1) return text(word);
  constexpr std::string_view kTints[] = {"class=\"t1\"", "class=\"t2\"", "class=\"t3\"", "class=\"t4\"",
                                         "class=\"t5\""};
  return element("span", word, kTints[tint - 1]);
}

// printable() would show line ends as escapes; they stay as they are.
Html plain_html(std::string_view piece) {
  Html html;
  while (!piece.empty()) {
    const std::size_t end = std::min(piece.find_first_of("\r\n\t"), piece.size());
    html += text(piece.substr(0, end));
    if (end < piece.size() && piece[end] != '\r') html += markup(piece[end] == '\n' ? "\n" : " ");
    piece.remove_prefix(std::min(end + 1, piece.size()));
  }
  return html;
}

Html sentence_html(const CodedNote& note, std::size_t number, double largest) {
  const CodedSentence& sentence = note.sentences[number];
  const std::string_view all = note.note.sections[sentence.section].text;
  Html words;
  std::size_t at = sentence.place.begin;
  for (const CodedWord& word : sentence.words) {
    words += plain_html(all.substr(at, word.place.begin - at));
    words += word_html(all.substr(word.place.begin, word.place.end - word.place.begin),
                       largest > 0 ? share(sentence, word) / largest : 0);
    at = word.place.end;
  }
  const std::vector<std::size_t> numbers = spoken_for(note, number);
  if (numbers.empty()) return words;
  std::string list;
  for (const std::size_t n : numbers) list += fmt::format("{}{}", list.empty() ? "" : ", ", n);
  return element("span", words, "class=\"speaks\"") + element("sup", list);
}

Html section_html(const CodedNote& note, std::size_t section, double largest) {
  const data::DocumentSection& from = note.note.sections[section];
  Html html, content;
  std::size_t at = 0;
  for (std::size_t s = 0; s < note.sentences.size(); ++s) {
    const CodedSentence& sentence = note.sentences[s];
    if (sentence.section != section || sentence.place.begin < at) continue;
    content += plain_html(std::string_view(from.text).substr(at, sentence.place.begin - at)) +
               sentence_html(note, s, largest);
    at = sentence.place.end;
  }
  content += plain_html(std::string_view(from.text).substr(at));
  if (!from.name.empty()) html += element("h3", from.name);
  return html + element("div", content, "class=\"text\"") + markup("\n");
}

// A code that is not said: one line.
Html other_code_html(const RankedCode& code, std::size_t number) {
  return element("li",
                 element("span", fmt::format("{}. {} {:.3f} ", number + 1, code.code, code.probability),
                         "class=\"number\"") +
                     element("span", code.title, "class=\"number\""),
                 "class=\"other\"") +
         markup("\n");
}

Html code_html(const CodedNote& note, std::size_t number) {
  const RankedCode& code = note.codes[number];
  if (!code.said) return other_code_html(code, number);
  Html html = text(fmt::format("{}. ", number + 1)) + element("span", code.code, "class=\"code\"") +
              element("span", fmt::format(" {:.3f}", code.probability), "class=\"number\"");
  if (!code.title.empty()) html += element("span", code.title, "class=\"title\"");
  if (!code.speciality.empty()) html += element("span", code.speciality, "class=\"number\"");
  const int percent = std::clamp(static_cast<int>(code.probability * 100 + 0.5), 0, 100);
  html += element("span", element("i", "", fmt::format("style=\"width:{}%\"", percent)),
                  "class=\"bar\" aria-hidden=\"true\"");
  for (const SpeakingSentence& speaking : code.sentences)
    html += element("blockquote",
                    element("span", fmt::format("{:+.2f} ", speaking.contribution), "class=\"number\"") +
                        text(sentence_text(note, note.sentences[speaking.sentence])));
  if (code.sentences.empty()) html += element("p", kSaidByItself, "class=\"number\"");
  return element("li", html, "class=\"said\"") + markup("\n");
}

Html note_html(const CodedNote& note, std::size_t number) {
  double largest = 0;
  for (const CodedSentence& sentence : note.sentences)
    for (const CodedWord& word : sentence.words) largest = std::max(largest, share(sentence, word));
  Html read, codes;
  for (std::size_t section = 0; section < note.note.sections.size(); ++section)
    read += section_html(note, section, largest);
  if (note.unread_sentences > 0)
    read +=
        element("p", fmt::format("{} further sentences were not read by the model.", note.unread_sentences),
                "class=\"key\"");
  for (std::size_t i = 0; i < note.codes.size(); ++i) codes += code_html(note, i);
  std::string ask;
  for (const data::RankedSpeciality& speciality : note.specialities)
    ask += (ask.empty() ? "To ask: " : ", ") + speciality.name;
  const std::string id = fmt::format("id=\"note-{}\"", number + 1);
  return element("section",
                 element("h2", fmt::format("Note {}", note.note.id), id) + markup("\n") +
                     element("div",
                             element("div", read) +
                                 element("div", element("ol", codes) + element("p", ask, "class=\"key\"")),
                             "class=\"note\"")) +
         markup("\n");
}

}  // namespace

std::string coded_page(const std::vector<CodedNote>& notes, const std::string& run_name) {
  Html page = markup(kHead) + element("title", "Codes with evidence – Tessera") + markup("\n") +
              markup(kStyle) + markup("</head>\n<body>\n<header>\n") + element("h1", "Codes with evidence");
  page +=
      element(
          "p",
          text("Words are tinted by the model's attention: ") + element("span", "little", "class=\"t1\"") +
              element("span", "some", "class=\"t3\"") + element("span", "most", "class=\"t5\"") +
              text(". Sentences that speak for a code are underlined and carry its number; beside the code "
                   "stands what "
                   "each adds to its log-odds. A bar is a probability. A code is said when its probability "
                   "reaches the "
                   "threshold that was tuned on the validation notes; the next ones follow in small print."),
          "class=\"key\"") +
      markup("</header>\n<main>\n");
  for (std::size_t i = 0; i < notes.size(); ++i) page += note_html(notes[i], i);
  page +=
      markup("</main>\n") +
      element("footer",
              element("p", text("Made by ") + report::code("tessera code predict") + text(" with the run ") +
                               report::code(run_name) +
                               text(". This page holds the texts of the notes; keep it as you keep them."))) +
      markup("\n</body>\n</html>\n");
  return page.string();
}

}  // namespace tessera::clinical
