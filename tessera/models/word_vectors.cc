#include "tessera/models/word_vectors.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/suggest.h"
#include "tessera/base/text.h"
#include "tessera/data/lines.h"
#include "tessera/data/numbers.h"
#include "tessera/tensor/ops.h"

namespace tessera::models {
namespace {

Tensor of_length_one(const Tensor& vectors) {
  const Tensor wide = cast(vectors, DType::kFloat64);
  const Tensor length = sqrt(sum_squares(wide, {1}, /*keep_axes=*/true));
  return wide / select(equal(length, 0), 1.0, length);  // a vector of zeros stays one
}

// The numbers of the first line: "WORDS DIMENSIONS".
Shape header_of(data::Lines& lines) {
  if (!lines.next()) fail("{}: the file is empty, expected a first line 'WORDS DIMENSIONS'", lines.source());
  Shape shape;
  for (const std::string_view part : data::split_at_blanks(lines.text())) {
    const auto length = data::parse_integer(part);
    if (!length || *length < 1 || *length > INT32_MAX) break;
    shape.append(*length);
    if (shape.rank() > 2) break;
  }
  if (shape.rank() != 2)
    lines.reject("found '{}', expected the numbers of words and of dimensions",
                 printable(lines.text().substr(0, 60)));
  return shape;
}

float number_of(const data::Lines& lines, std::string_view part, std::size_t place) {
  const double wide = data::finite_number(lines, part, fmt::format("number {}", place));
  float number = 0;  // read anew: through float64 a decimal would be rounded twice
  const char* begin = part.data() + (part.starts_with('+') ? 1 : 0);
  const auto [stop, error] = std::from_chars(begin, part.data() + part.size(), number);
  if (error == std::errc{} && std::isfinite(number)) return number;
  if (std::abs(wide) > 1)
    lines.reject("number {}: found '{}', which float32 cannot hold", place, printable(part));
  return static_cast<float>(wide);  // below the smallest: 0
}

}  // namespace

WordVectors::WordVectors(std::vector<std::string> words, Tensor vectors, const std::string& source)
    : source_(source), words_(std::move(words)), vectors_(std::move(vectors)) {
  const NoTape constant;
  const auto count = static_cast<std::int64_t>(words_.size());
  if (vectors_.shape().rank() != 2 || vectors_.size(0) != count || count == 0 || vectors_.size(1) == 0 ||
      vectors_.dtype() != DType::kFloat32)
    fail("{}: {} words and vectors {} {}, expected float32 [words, dimensions]", source_, count,
         dtype_name(vectors_.dtype()), vectors_.shape().to_string());
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string& word = words_[static_cast<std::size_t>(i)];
    if (word.empty() || word.find_first_of(" \t\r\n") != std::string::npos)
      fail("{}: word {} is empty or has a blank in it", source_, i + 1);
    if (!rows_.emplace(word, i).second) fail("{}: the word '{}' is there twice", source_, printable(word));
  }
  const std::vector<float> numbers = vectors_.to_vector<float>();
  const auto bad = std::find_if(numbers.begin(), numbers.end(), [](float x) { return !std::isfinite(x); });
  if (bad != numbers.end())
    fail("{}: the vector of the word '{}' has a number that is not finite", source_,
         printable(words_[static_cast<std::size_t>((bad - numbers.begin()) / vectors_.size(1))]));
  units_ = of_length_one(vectors_);
}

std::optional<std::int64_t> WordVectors::find(std::string_view word) const {
  const auto found = rows_.find(std::string(word));
  if (found == rows_.end()) return std::nullopt;
  return found->second;
}

std::int64_t WordVectors::row(std::string_view word) const {
  const auto found = find(word);
  if (!found)
    fail("{}: the word '{}' is not among the {} known ones{}", source_, printable(word), size(),
         did_you_mean(word, words_));
  return *found;
}

std::vector<NearWord> WordVectors::near(const Tensor& direction, const std::vector<std::int64_t>& without,
                                        std::int64_t count) const {
  const Tensor unit = of_length_one(reshape(direction, {1, dimensions()}));
  const std::vector<double> cosines = matmul(units_, reshape(unit, {dimensions(), 1})).to_vector<double>();
  const std::vector<double> lengths = sum_squares(units_, {1}).to_vector<double>();
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < words_.size(); ++i)
    if (lengths[i] != 0 &&
        std::find(without.begin(), without.end(), static_cast<std::int64_t>(i)) == without.end())
      order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return cosines[a] > cosines[b]; });
  if (static_cast<std::int64_t>(order.size()) > count)
    order.resize(static_cast<std::size_t>(std::max<std::int64_t>(count, 0)));
  std::vector<NearWord> words;
  for (const std::size_t i : order) words.push_back({words_[i], cosines[i]});
  return words;
}

std::vector<NearWord> WordVectors::nearest(std::string_view word, std::int64_t count) const {
  const NoTape constant;
  const std::int64_t place = row(word);
  return near(slice(units_, {Range(place)}), {place}, count);
}

std::vector<NearWord> WordVectors::analogy(std::string_view a, std::string_view b, std::string_view c,
                                           std::int64_t count) const {
  const NoTape constant;
  const std::vector<std::int64_t> rows = {row(a), row(b), row(c)};
  const auto unit = [&](std::size_t which) { return slice(units_, {Range(rows[which])}); };
  return near(unit(1) - unit(0) + unit(2), rows, count);
}

Tensor WordVectors::encode(const std::vector<std::string>& words) const {
  const NoTape constant;
  std::vector<std::int64_t> known;
  for (const std::string& word : words)
    if (const auto place = find(word)) known.push_back(*place);
  if (known.empty()) return zeros({dimensions()});
  return mean(gather(vectors_, Tensor::from<std::int64_t>(known, {static_cast<std::int64_t>(known.size())})),
              {0});
}

std::string WordVectors::to_text() const {
  std::string text = fmt::format("{} {}\n", size(), dimensions());
  const std::vector<float> numbers = vectors_.to_vector<float>();
  auto number = numbers.begin();
  for (const std::string& word : words_) {
    text += word;
    for (std::int64_t i = 0; i < dimensions(); ++i)
      fmt::format_to(std::back_inserter(text), " {}", *number++);
    text += '\n';
  }
  return text;
}

WordVectors WordVectors::parse(std::string_view text, const std::string& source) {
  data::Lines lines(text, source, /*comments=*/false);
  const Shape shape = header_of(lines);
  std::vector<std::string> words;
  std::vector<float> numbers;
  while (lines.next()) {
    const std::vector<std::string_view> parts = data::split_at_blanks(lines.text());
    if (static_cast<std::int64_t>(words.size()) == shape[0])
      lines.reject("a further line, expected {} words as the first line says", shape[0]);
    if (static_cast<std::int64_t>(parts.size()) != shape[1] + 1)
      lines.reject("found {} parts, expected a word and {} numbers", parts.size(), shape[1]);
    words.emplace_back(parts[0]);
    for (std::size_t i = 1; i < parts.size(); ++i) {
      numbers.push_back(number_of(lines, parts[i], i));
    }
  }
  if (static_cast<std::int64_t>(words.size()) != shape[0])
    fail("{}: found {} words, expected {} as the first line says", source, words.size(), shape[0]);
  return WordVectors(std::move(words), Tensor::from<float>(numbers, shape), source);
}

WordVectors WordVectors::read(const std::string& path) {
  return parse(read_file_maybe_gzip(path), path);
}

}  // namespace tessera::models
