// Documents from the XML of the challenge of 2007, through expat.
#include <expat.h>

#include <memory>
#include <set>
#include <type_traits>

#include "tessera/base/error.h"
#include "tessera/base/text.h"
#include "tessera/data/documents.h"

namespace tessera::data {
namespace {

// What expat tells of, element by element. No exception may cross it, so an error stops the parser and is thrown afterwards.
class CmcHandler {
 public:
  CmcHandler(const std::string& source, const DocumentSource& options)
      : source_(source), options_(options), parser_(XML_ParserCreate("UTF-8")) {
    if (!parser_) fail("{}: no memory for the reader of XML", source);
    XML_SetUserData(parser_.get(), this);
    XML_SetElementHandler(parser_.get(), on_begin, on_end);
    XML_SetCharacterDataHandler(parser_.get(), on_text);
    XML_SetStartDoctypeDeclHandler(parser_.get(), on_doctype);
  }

  DocumentSet read(std::string_view xml) {
    constexpr std::size_t kPiece = std::size_t{1} << 24;  // expat counts in int
    while (true) {
      const std::string_view piece = xml.substr(0, kPiece);
      xml.remove_prefix(piece.size());
      const auto status = XML_Parse(parser_.get(), piece.data(), static_cast<int>(piece.size()), xml.empty());
      if (!problem_.empty()) fail("{}:{}: {}", source_, problem_line_, problem_);
      if (status != XML_STATUS_OK)
        fail("{}:{}: not well-formed XML: {}", source_, line(),
             XML_ErrorString(XML_GetErrorCode(parser_.get())));
      if (xml.empty()) break;
    }
    if (set_.documents.empty()) fail("{}: there is no document, expected <docs> with a <doc>", source_);
    set_.source = source_;
    return std::move(set_);
  }

 private:
  static CmcHandler& self(void* data) { return *static_cast<CmcHandler*>(data); }
  static void XMLCALL on_begin(void* data, const XML_Char* name, const XML_Char** attributes) {
    self(data).begin(name, attributes);
  }
  static void XMLCALL on_end(void* data, const XML_Char* /*name*/) { self(data).end(); }
  static void XMLCALL on_text(void* data, const XML_Char* text, int length) {
    self(data).characters({text, static_cast<std::size_t>(length)});
  }
  static void XMLCALL on_doctype(void* data, const XML_Char* /*name*/, const XML_Char* /*system*/,
                                 const XML_Char* /*public*/, int /*internal*/) {
    self(data).stop("found a document type, expected none: entities could be made to fill the memory");
  }

  std::uint64_t line() const { return XML_GetCurrentLineNumber(parser_.get()); }

  void stop(std::string problem) {
    if (!problem_.empty()) return;
    problem_ = std::move(problem);
    problem_line_ = line();
    XML_StopParser(parser_.get(), XML_FALSE);
  }

  // Which element may stand in which.
  static bool fits(const std::string& outer, std::string_view inner) {
    return (outer.empty() && inner == "docs") || (outer == "docs" && inner == "doc") ||
           (outer == "doc" && (inner == "codes" || inner == "texts")) ||
           (outer == "codes" && inner == "code") || (outer == "texts" && inner == "text");
  }

  void begin(const std::string& name, const XML_Char** attributes) {
    if (!problem_.empty()) return;
    const std::string outer = open_.empty() ? "" : open_.back();
    if (!fits(outer, name))
      return stop(fmt::format("found an element within <{}> that does not belong there", outer));
    std::string id, origin, type;
    for (; *attributes != nullptr; attributes += 2) {
      const std::string_view attribute = attributes[0];
      if (attribute == "id") id = attributes[1];
      if (attribute == "origin") origin = attributes[1];
      if (attribute == "type") type = attributes[1];
    }
    if (name == "doc") {
      if (id.empty()) return stop("found <doc> without id");
      set_.documents.push_back({id, {}, {}});
      seen_.clear();
    }
    kept_ = name == "text" || (name == "code" && origin == options_.code_origin);
    section_ = type;
    characters_.clear();
    open_.push_back(name);
  }

  void end() {
    if (!problem_.empty()) return;
    const std::string name = open_.back();
    open_.pop_back();
    if (!kept_) return;
    kept_ = false;
    Document& document = set_.documents.back();
    if (name == "text") {
      document.sections.push_back({section_, characters_});
    } else if (characters_.empty()) {
      stop("found an empty <code>, expected a code");
    } else if (seen_.insert(characters_).second) {
      document.labels.push_back(characters_);
    }
  }

  void characters(std::string_view text) {
    if (kept_)
      characters_ += text;
    else if (problem_.empty() && (open_.empty() || open_.back() != "code") &&
             text.find_first_not_of(" \t\r\n") != std::string_view::npos)
      stop("found text outside of <text> and <code>");
  }

  struct Free {
    void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
  };

  const std::string& source_;
  const DocumentSource& options_;
  std::unique_ptr<std::remove_pointer_t<XML_Parser>, Free> parser_;
  DocumentSet set_;
  std::set<std::string> seen_;  // labels of the document
  std::vector<std::string> open_;
  std::string section_, characters_;
  bool kept_ = false;  // the element that is open: its characters are wanted
  std::string problem_;
  std::uint64_t problem_line_ = 0;
};

}  // namespace

DocumentSet parse_cmc(std::string_view xml, const std::string& source, const DocumentSource& options) {
  return CmcHandler(source, options).read(xml);
}

}  // namespace tessera::data
