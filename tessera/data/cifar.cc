#include "tessera/data/cifar.h"

#include <cstdint>
#include <span>

#include "tessera/base/bytes.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"

namespace tessera::data {
namespace {

constexpr std::size_t kPixels = 3 * 32 * 32;

struct Layout {
  const char* name;
  std::vector<int> classes;  // of each label byte before the pixels
  std::size_t record() const { return classes.size() + kPixels; }
};
const Layout& cifar10() {
  static const Layout layout{"CIFAR-10", {10}};
  return layout;
}
const Layout& cifar100() {
  static const Layout layout{"CIFAR-100", {20, 100}};
  return layout;
}

void check_size(std::string_view bytes, const std::string& source, const Layout& layout) {
  if (bytes.empty())
    fail("{}: the file is empty, expected records of {} bytes ({})", source, layout.record(), layout.name);
  if (bytes.size() % layout.record() == 0) return;
  std::string hint;
  for (const Layout* other : {&cifar10(), &cifar100()})
    if (bytes.size() % other->record() == 0)
      hint = fmt::format("; it would fit the {} of {}", other->record(), other->name);
  fail("{}: the file has {} bytes, expected a multiple of {}, the bytes of a record of {}{}", source,
       bytes.size(), layout.record(), layout.name, hint);
}

// labels[k][i]: byte k of record i.
struct CifarRecords {
  std::vector<std::vector<std::int64_t>> labels;
  Tensor images;
};

CifarRecords parse(std::string_view bytes, const std::string& source, const Layout& layout) {
  check_size(bytes, source, layout);
  const std::size_t count = bytes.size() / layout.record();
  CifarRecords records;
  records.labels.resize(layout.classes.size());
  std::string pixels;
  pixels.reserve(count * kPixels);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view record = bytes.substr(i * layout.record(), layout.record());
    for (std::size_t k = 0; k < layout.classes.size(); ++k) {
      const auto label = static_cast<unsigned char>(record[k]);
      if (label >= layout.classes[k])
        fail("{}: record {}: byte {}, the label, is {}, expected 0 to {} ({})", source, i, k, label,
             layout.classes[k] - 1, layout.name);
      records.labels[k].push_back(label);
    }
    pixels += record.substr(layout.classes.size());
  }
  records.images =
      Tensor::from_bytes(as_byte_span(pixels), DType::kUInt8, {static_cast<std::int64_t>(count), 3, 32, 32});
  return records;
}

Tensor labels_of(const std::vector<std::int64_t>& labels) {
  return Tensor::from<std::int64_t>(labels, {static_cast<std::int64_t>(labels.size())});
}

}  // namespace

CifarImages parse_cifar10(std::string_view bytes, const std::string& source) {
  const CifarRecords records = parse(bytes, source, cifar10());
  return {records.images, labels_of(records.labels[0]), Tensor()};
}

CifarImages parse_cifar100(std::string_view bytes, const std::string& source) {
  const CifarRecords records = parse(bytes, source, cifar100());
  return {records.images, labels_of(records.labels[1]), labels_of(records.labels[0])};
}

CifarImages read_cifar10(const std::string& path) {
  return parse_cifar10(read_file_maybe_gzip(path), path);
}
CifarImages read_cifar100(const std::string& path) {
  return parse_cifar100(read_file_maybe_gzip(path), path);
}

const std::vector<std::string>& cifar10_classes() {
  static const std::vector<std::string> classes = {"airplane", "automobile", "bird",  "cat",  "deer",
                                                   "dog",      "frog",       "horse", "ship", "truck"};
  return classes;
}

}  // namespace tessera::data
