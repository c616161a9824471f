#include "tessera/generative/generative_model.h"

#include "tessera/base/error.h"
#include "tessera/generative/kinds.h"

namespace tessera::generative {
namespace {

struct KindRow {
  std::string_view name;  // a choice of model.kind
  std::unique_ptr<GenerativeModel> (*make)(const GenerationConfig& config, const Shape& image);
};

constexpr KindRow kKinds[] = {
    {"autoencoder", make_autoencoder},
    {"gan", make_adversarial},
    {"dcgan", make_adversarial},
    {"progressive", make_progressive},
};

}  // namespace

Tensor GenerativeModel::features(const Tensor& /*images*/) {
  fail("{} has no features, expected a dcgan or an autoencoder", describe());
}

std::unique_ptr<GenerativeModel> make_generative_model(const GenerationConfig& config, const Shape& image) {
  const std::string& kind = config.text("model.kind");
  for (const KindRow& row : kKinds)
    if (row.name == kind) return row.make(config, image);
  TESSERA_CHECK(false, "no model of kind '{}'", kind);
}

}  // namespace tessera::generative
