#include "tessera/data/dataset_parts.h"

#include <utility>

#include "tessera/base/files.h"
#include "tessera/base/hash.h"

namespace tessera::data {

// A file is read once: what is parsed are the very bytes whose digest is claimed, also when the path is a pipe or the file is being
// replaced meanwhile.
std::string read_input(const std::string& role, const std::string& path, Dataset& dataset) {
  std::string bytes = read_file(path);
  InputFile input{role, path, to_hex(sha256(bytes)), ""};
  const bool packed = bytes.starts_with("\x1f\x8b");
  bytes = unpack_maybe_gzip(std::move(bytes), path);
  input.unpacked_digest = packed ? to_hex(sha256(bytes)) : input.digest;
  dataset.inputs.push_back(std::move(input));
  return bytes;
}

namespace {

Shape with_samples(std::int64_t samples, const Shape& sample_shape) {
  Shape shape{samples};
  for (const std::int64_t length : sample_shape) shape.append(length);
  return shape;
}

}  // namespace

Shape features_shape(std::int64_t samples, std::int64_t values, const Shape& wanted, const Shape& found,
                     const std::string& source) {
  if (samples == 0) fail("{}: there are no samples, expected at least one", source);
  if (wanted.rank() == 0) return with_samples(samples, found);
  if (wanted.elements() * samples != values)
    fail("{}: each sample has {} values, expected {} for the shape {}", source, values / samples,
         wanted.elements(), wanted.to_string());
  return with_samples(samples, wanted);
}

namespace {

template <typename T>
void scale_into(const Tensor& array, double scale, std::vector<float>& out, const std::string& source) {
  const auto values = array.values<T>();
  const std::size_t per_sample =
      array.size(0) == 0 ? 1 : values.size() / static_cast<std::size_t>(array.size(0));
  for (std::size_t i = 0; i < values.size(); ++i)
    out[i] = scaled(static_cast<double>(values[i]), scale, [&] {
      return fmt::format("{}: sample {}, value {}", source, i / per_sample, i % per_sample);
    });
}

}  // namespace

Tensor array_features(const Tensor& array, const DatasetSource& source) {
  if (array.rank() < 1) fail("{}: the array is a single value, expected an axis of samples", source.features);
  Shape found;
  for (int axis = 1; axis < array.rank(); ++axis) found.append(array.size(axis));
  if (found.rank() == 0) found.append(1);
  const Shape shape = features_shape(array.size(0), array.elements(), source.shape, found, source.features);
  std::vector<float> values(static_cast<std::size_t>(array.elements()));
  switch (array.dtype()) {
    case DType::kFloat32:
      scale_into<float>(array, source.scale, values, source.features);
      break;
    case DType::kFloat64:
      scale_into<double>(array, source.scale, values, source.features);
      break;
    case DType::kInt64:
      scale_into<std::int64_t>(array, source.scale, values, source.features);
      break;
    case DType::kUInt8:
      scale_into<std::uint8_t>(array, source.scale, values, source.features);
      break;
    case DType::kBool:
      scale_into<bool>(array, source.scale, values, source.features);
      break;
    case DType::kBFloat16:
      scale_into<float>(array.to(DType::kFloat32), source.scale, values, source.features);
      break;
  }
  return Tensor::from<float>(values, shape);
}

}  // namespace tessera::data
