#include "tessera/plot/text_layout.h"

#include <algorithm>
#include <array>

namespace tessera::plot {
namespace {

// Advance widths of the characters 32 to 126 of Liberation Sans, in thousandths of the size.
constexpr std::array<int, 95> kAdvance = {
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333,  278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667,  611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278,  556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500,  500, 334, 260, 334, 584};

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// The characters that the charts write themselves; others outside of ASCII are taken for full-width ones.
int advance_of_bytes(std::string_view character) {
  const auto byte = static_cast<unsigned char>(character[0]);
  if (byte >= 32 && byte < 127) return kAdvance[byte - 32U];
  if (character == "−" || character == "×") return 584;
  if (byte == 0xe2 && character.size() == 3 && character[1] == '\x81') return 365;  // superscripts
  return character.size() == 2 ? 780 : 1000;
}

std::size_t character_length(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && continues_character(text[length])) ++length;
  return length;
}

}  // namespace

double text_width(std::string_view text, double size) {
  long long thousandths = 0;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    thousandths += advance_of_bytes(text.substr(0, length));
    text.remove_prefix(length);
  }
  return static_cast<double>(thousandths) * size * 1.04 / 1000;
}

std::string shorten(std::string_view text, double size, double width) {
  if (text_width(text, size) <= width) return std::string(text);
  std::size_t end = 0;
  for (std::size_t next = 0; next < text.size();) {
    next += character_length(text.substr(next));
    if (text_width(text.substr(0, next), size) + text_width("…", size) > width) break;
    end = next;
  }
  while (end > 0 && text[end - 1] == ' ') --end;
  return std::string(text.substr(0, end)) + "…";
}

std::vector<std::string> wrap(std::string_view text, double size, double width, int lines) {
  std::vector<std::string> wrapped;
  while (static_cast<int>(wrapped.size()) + 1 < lines && text_width(text, size) > width) {
    std::size_t best = 0;  // the last space before which the text fits
    for (std::size_t space = text.find(' '); space != std::string_view::npos;
         space = text.find(' ', space + 1)) {
      if (text_width(text.substr(0, space), size) > width) break;
      best = space;
    }
    if (best == 0) break;
    wrapped.emplace_back(text.substr(0, best));
    text.remove_prefix(std::min(text.size(), best + 1));
  }
  wrapped.push_back(shorten(text, size, width));
  return wrapped;
}

}  // namespace tessera::plot
