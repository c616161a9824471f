#include "tessera/data/mesh.h"

#include <array>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/data/lines.h"
#include "tessera/data/numbers.h"

namespace tessera::data {
namespace {

class OffParser {
 public:
  OffParser(std::string_view text, const std::string& source) : lines_(text, source), size_(text.size()) {}

  Mesh parse() {
    header();
    for (std::int64_t i = 0; i < vertices_; ++i) vertex(i);
    for (std::int64_t i = 0; i < faces_; ++i) face(i);
    if (lines_.next())
      lines_.reject("the file goes on with '{}', expected its end after {} faces", shown(lines_.text()),
                    faces_);
    return {Tensor::from<double>(coordinates_, {vertices_, 3}),
            Tensor::from<std::int64_t>(corners_, {static_cast<std::int64_t>(corners_.size()) / 3, 3})};
  }

 private:
  static std::string shown(std::string_view text) { return printable(text.substr(0, 40)); }

  void header() {
    if (!lines_.next()) fail("{}: the file is empty, expected 'OFF' (a mesh)", lines_.source());
    std::string_view line = lines_.text();
    bool known = false;
    for (const std::string_view word : {"OFF", "COFF", "NOFF", "CNOFF"})
      if (line.starts_with(word)) {
        line.remove_prefix(word.size());
        extended_ = word != "OFF";
        known = true;
        break;
      }
    if (!known) lines_.reject("found '{}', expected 'OFF' (a mesh)", shown(line));
    if (line.starts_with(" BINARY")) lines_.reject("the mesh is binary, expected OFF as text");
    std::vector<std::string_view> words = split_at_blanks(line);
    if (words.empty()) {
      expect_line("the numbers of vertices, faces and edges");
      words = split_at_blanks(lines_.text());
    }
    if (words.size() != 2 && words.size() != 3)  // some writers leave the edges out
      lines_.reject("found '{}', expected the numbers of vertices, faces and edges", shown(lines_.text()));
    vertices_ = count(words[0], "vertices");
    faces_ = count(words[1], "faces");
  }

  std::int64_t count(std::string_view word, const char* what) const {
    const auto value = parse_integer(word);
    if (!value || *value < 0)
      lines_.reject("the number of {} is '{}', expected an integer of at least 0", what, shown(word));
    // The shortest line has six characters; a larger number is damage, and nothing is to be allocated for it.
    if (*value > static_cast<std::int64_t>(size_))
      lines_.reject("the number of {} is {}, more than a file of {} bytes can hold", what, *value, size_);
    return *value;
  }

  void expect_line(const std::string& what) {
    if (!lines_.next()) fail("{}:{}: the file ends, expected {}", lines_.source(), lines_.number(), what);
  }

  void vertex(std::int64_t index) {
    const std::string what = fmt::format("vertex {} of {}", index, vertices_);
    expect_line(what);
    const std::vector<std::string_view> words = split_at_blanks(lines_.text());
    if (words.size() < 3 || (words.size() > 3 && !extended_))
      lines_.reject("{} has {} numbers, expected 3", what, words.size());
    for (std::size_t i = 0; i < 3; ++i) coordinates_.push_back(finite_number(lines_, words[i], what));
  }

  void face(std::int64_t index) {
    const std::string what = fmt::format("face {} of {}", index, faces_);
    expect_line(what);
    const std::vector<std::string_view> words = split_at_blanks(lines_.text());
    const auto corners = parse_integer(words[0]);
    if (!corners || *corners < 3)
      lines_.reject("{} has '{}' corners, expected an integer of at least 3", what, shown(words[0]));
    if (*corners > static_cast<std::int64_t>(words.size()) - 1)
      lines_.reject("{} has {} corners, but {} numbers follow", what, *corners, words.size() - 1);
    std::array<std::int64_t, 3> fan = {position(words[1], what), position(words[2], what), 0};
    for (std::int64_t i = 3; i <= *corners; ++i) {
      fan[2] = position(words[static_cast<std::size_t>(i)], what);
      corners_.insert(corners_.end(), fan.begin(), fan.end());
      fan[1] = fan[2];
    }
  }

  std::int64_t position(std::string_view word, const std::string& what) const {
    const auto value = parse_integer(word);
    if (!value || *value < 0 || *value >= vertices_)
      lines_.reject("{} names the vertex '{}', expected an integer from 0 to {}", what, shown(word),
                    vertices_ - 1);
    return *value;
  }

  Lines lines_;
  std::size_t size_;
  bool extended_ = false;
  std::int64_t vertices_ = 0, faces_ = 0;
  std::vector<double> coordinates_;
  std::vector<std::int64_t> corners_;
};

}  // namespace

Mesh parse_off(std::string_view text, const std::string& source) {
  return OffParser(text, source).parse();
}

Mesh read_off(const std::string& path) {
  return parse_off(read_file_maybe_gzip(path), path);
}

}  // namespace tessera::data
