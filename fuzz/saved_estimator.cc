// The reader that restores what an estimator has learned, and the answers of what it restored. After an 'f' the rest is a file, after a 't' it changes
// what was learned to make features of a table. Otherwise the first byte chooses an estimator, which has learned from a small table, and the rest
// says how its file is changed before it is read: a changed byte of a file is mostly one that the reader of safetensors refuses, and what comes
// behind it is to be reached, too.
#include "tessera/tabular/saved_estimator.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "fuzz/fuzz.h"
#include "tessera/base/json.h"
#include "tessera/learn/estimator_selftest.h"
#include "tessera/learn/mixture_model.h"
#include "tessera/learn/table_features.h"
#include "tessera/runs/checkpoint.h"
#include "tessera/runs/safetensors.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::fuzz {
namespace {

constexpr std::int64_t kMostElements = 4096;  // of a tensor that is made here

// Takes numbers from the bytes; 0 behind their end.
class Instructions {
 public:
  explicit Instructions(std::string_view bytes) : bytes_(bytes) {}
  bool done() const { return bytes_.empty(); }
  std::uint64_t number(std::size_t width) {
    std::uint64_t value = 0;
    const std::string_view taken = text(width);
    std::memcpy(&value, taken.data(), taken.size());
    return value;
  }
  std::size_t below(std::size_t end) { return end == 0 ? 0 : number(end > 256 ? 2 : 1) % end; }
  std::string_view text(std::size_t width) {
    const std::string_view taken = bytes_.substr(0, width);
    bytes_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view bytes_;
};

struct Saved {
  std::unique_ptr<learn::Estimator> estimator;
  runs::SafetensorsFile file;
};

// Learned once per case.
const Saved& saved(std::size_t number) {
  static const std::vector<learn::EstimatorCase> kCases = learn::estimator_cases();
  static std::map<std::size_t, Saved> kept;
  const std::size_t place = number % kCases.size();
  Saved& found = kept[place];
  if (found.estimator != nullptr) return found;
  const learn::GeneratedTable table = learn::generated_table(30);
  std::unique_ptr<learn::Estimator> estimator = learn::make_estimator(kCases[place]);
  estimator->fit(table.features, table.target(*estimator));
  found.file = runs::parse_safetensors(tabular::estimator_bytes(*estimator), "fitted");
  found.estimator = std::move(estimator);
  return found;
}

double odd_number(Instructions& instructions) {
  using Limits = std::numeric_limits<double>;
  constexpr double kOdd[] = {Limits::quiet_NaN(),
                             Limits::infinity(),
                             -Limits::infinity(),
                             Limits::max(),
                             Limits::denorm_min(),
                             -0.0,
                             -1.0,
                             0.5};
  return kOdd[instructions.below(std::size(kOdd))];
}

// The elements as bytes, the rest of a longer tensor as 0.
Tensor with_shape(const Tensor& value, const Shape& shape) {
  const Tensor made = copy(zeros(shape, value.dtype()));
  const std::vector<std::byte> bytes = value.canonical_bytes();
  const std::size_t size = made.canonical_bytes().size();
  if (size > 0 && !bytes.empty()) std::memcpy(made.view().data, bytes.data(), std::min(size, bytes.size()));
  return made;
}

Tensor with_element(const Tensor& value, Instructions& instructions) {
  if (value.elements() == 0) return value;
  Tensor made = with_shape(value, value.shape());
  const std::size_t width = made.canonical_bytes().size() / static_cast<std::size_t>(made.elements());
  const std::size_t place = instructions.below(static_cast<std::size_t>(made.elements()));
  std::uint64_t bits = 0;
  const bool is_real = value.dtype() == DType::kFloat64;
  switch (instructions.below(3)) {
    case 0:
      bits = instructions.number(8);
      break;
    case 1: {  // small, of either sign
      const auto small = static_cast<std::int8_t>(instructions.number(1));
      bits = is_real ? std::bit_cast<std::uint64_t>(static_cast<double>(small))
                     : static_cast<std::uint64_t>(small);
      break;
    }
    default:
      bits = is_real ? std::bit_cast<std::uint64_t>(odd_number(instructions))
                     : std::uint64_t{1} << instructions.below(64);
  }
  if (value.dtype() == DType::kBool) bits &= 1;
  std::memcpy(static_cast<char*>(made.view().data) + place * width, &bits, std::min<std::size_t>(width, 8));
  return made;
}

Tensor with_other_shape(const Tensor& value, Instructions& instructions) {
  std::vector<std::int64_t> lengths(value.shape().begin(), value.shape().end());
  switch (instructions.below(3)) {
    case 0:
      if (!lengths.empty())
        lengths[instructions.below(lengths.size())] = static_cast<std::int64_t>(instructions.below(40));
      break;
    case 1:
      lengths.push_back(static_cast<std::int64_t>(instructions.below(3)));
      break;
    default:
      if (!lengths.empty()) lengths.pop_back();
  }
  std::int64_t elements = 1;
  for (const std::int64_t length : lengths) elements *= length;
  return elements > kMostElements ? value : with_shape(value, Shape(lengths));
}

Tensor changed(const Tensor& value, Instructions& instructions, const std::vector<runs::NamedTensor>& all) {
  switch (instructions.below(8)) {
    case 0:
      return with_other_shape(value, instructions);
    case 1:
      return all[instructions.below(all.size())].tensor;
    case 2:
      return cast(value, value.dtype() == DType::kInt64 ? DType::kFloat64 : DType::kInt64);
    default:
      return with_element(value, instructions);
  }
}

void change_one(std::vector<runs::NamedTensor>& tensors, Instructions& instructions,
                const std::vector<runs::NamedTensor>& all) {
  const bool erases = instructions.below(16) == 0;
  const std::size_t which = instructions.below(tensors.size());
  if (erases)
    tensors.erase(tensors.begin() + static_cast<std::ptrdiff_t>(which));
  else
    tensors[which].tensor = changed(tensors[which].tensor, instructions, all);
}

// One of the settings gets a value of another kind or size; what no setting can be is refused here already.
void change_parameter(nlohmann::json& parameters, Instructions& instructions) {
  if (parameters.empty()) return;
  auto item = parameters.begin();
  std::advance(item, instructions.below(parameters.size()));
  switch (instructions.below(4)) {
    case 0:
      *item = instructions.number(1);
      break;
    case 1:
      *item = std::uint64_t{1} << instructions.below(63);
      break;
    case 2:
      *item = hex_float(std::bit_cast<double>(instructions.number(8)));
      break;
    default:
      *item = std::string(instructions.text(instructions.below(24)));
  }
}

std::string changed_file(const Saved& fitted, Instructions& instructions) {
  std::vector<runs::NamedTensor> tensors = fitted.file.tensors;
  std::map<std::string, std::string> metadata = fitted.file.metadata;
  nlohmann::json parameters = parse_json(metadata["parameters"], "parameters");
  while (!instructions.done() && !tensors.empty()) {
    if (instructions.below(8) == 0)
      change_parameter(parameters, instructions);
    else
      change_one(tensors, instructions, fitted.file.tensors);
  }
  try {
    metadata["parameters"] = canonical_json(parameters);
  } catch (const nlohmann::json::exception&) {  // a text that is not UTF-8
  }
  return runs::write_safetensors(tensors, metadata);
}

// A setting may ask for so many columns, and then they are made.
bool makes_many_columns(learn::Estimator& estimator) {
  const nlohmann::json parameters = learn::parameters_json(estimator);
  const auto columns = parameters.find("n_components");
  return columns != parameters.end() && columns->is_number_integer() && *columns > 4096;
}

void ask(learn::Estimator& estimator) {
  if (estimator.features() > 64) return;  // the table of so many would be this target's own
  if (makes_many_columns(estimator)) return;
  RandomSource random(1);
  const Tensor rows = random.uniform("rows", {3, estimator.features()}, DType::kFloat64) * 8 - 1;
  if (const auto* transformer = dynamic_cast<const learn::Transformer*>(&estimator)) {
    transformer->transform(rows);
    return;
  }
  estimator.predict(rows);
  if (const auto* classifier = dynamic_cast<const learn::Classifier*>(&estimator)) {
    if (classifier->has_probabilities()) classifier->predict_proba(rows);
    if (classifier->has_decision_function()) classifier->decision_function(rows);
  }
  if (const auto* mixture = dynamic_cast<const learn::MixtureModel*>(&estimator))
    mixture->score_samples(rows);
}

void read_and_ask(std::string_view file) {
  const tabular::SavedEstimator restored = tabular::parse_estimator(file, "m.safetensors");
  TESSERA_CHECK(restored.estimator->fitted(), "restored, but not fitted");
  const std::string again = tabular::estimator_bytes(*restored.estimator, restored.classes);
  TESSERA_CHECK(!again.empty(), "a file");
  restored.estimator->importances();
  ask(*restored.estimator);
}

struct SavedFeatures {
  learn::TableFeaturesOptions options;
  std::string schema;
  std::vector<runs::NamedTensor> state;
};

const data::Table& small_table() {
  static const data::Table table =
      data::parse_csv("age,work,town\n1,a,x\n2,b,y\n,a,z\n4,b,x\n5,c,y\n6,a,\n7,b,z\n8,c,x\n", "t.csv");
  return table;
}

const SavedFeatures& saved_features(std::size_t encoding, bool scale) {
  static std::map<std::pair<std::size_t, bool>, SavedFeatures> kept;
  const auto [place, is_new] = kept.try_emplace({encoding, scale});
  SavedFeatures& found = place->second;
  if (!is_new) return found;
  found.options = {.categories = static_cast<learn::CategoryEncoding>(encoding), .scale = scale};
  learn::TableFeatures features(found.options);
  const Tensor target = Tensor::from<double>({0, 1, 0, 1, 1, 0, 1, 0}, {8});
  features.fit_transform(small_table(), small_table().names(),
                         std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 7}, target);
  found.schema = features.schema().to_json();
  runs::StateSet set;
  set.keep("features", features);
  found.state = set.collect();
  return found;
}

void restore_features(Instructions& instructions) {
  const std::size_t encoding = instructions.below(12);
  const SavedFeatures& fitted = saved_features(encoding, instructions.below(2) == 1);
  std::vector<runs::NamedTensor> state = fitted.state;
  while (!instructions.done() && !state.empty()) change_one(state, instructions, fitted.state);
  learn::TableFeatures features(fitted.options, data::Schema::from_json(fitted.schema, "schema"));
  runs::restore_object("features", features, state, "state");
  features.check_restored();
  features.transform(small_table());
}

}  // namespace

void fuzz_one(std::string_view bytes) {
  if (bytes.empty()) return;
  if (bytes.front() == 'f') return read_and_ask(bytes.substr(1));
  Instructions instructions(bytes.front() == 't' ? bytes.substr(1) : bytes);
  if (bytes.front() == 't') return restore_features(instructions);
  const Saved& fitted = saved(instructions.number(1));
  read_and_ask(changed_file(fitted, instructions));
}

}  // namespace tessera::fuzz
