#include "tessera/models/dcgan_rules.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "tessera/base/error.h"
#include "tessera/nn/layers.h"

namespace tessera::models {
namespace {

enum class Kind : std::uint8_t { kConvolution, kLinear, kBatchNorm, kOtherNorm, kActivation, kResampling };

struct Layer {
  Kind kind;
  const nn::Module* module;
  std::string text() const {
    return module->path().empty() ? module->describe()
                                  : fmt::format("layer {}, {}", module->path(), module->describe());
  }
  bool weighted() const { return kind == Kind::kConvolution || kind == Kind::kLinear; }
  const nn::Convolution& convolution() const { return static_cast<const nn::Convolution&>(*module); }
  bool strided(bool transposed) const {
    if (kind != Kind::kConvolution || convolution().transposed() != transposed) return false;
    const WindowAttributes& window = convolution().window();
    return std::any_of(window.stride, window.stride + window.axes, [](std::int64_t s) { return s > 1; });
  }
};

template <typename... Types>
bool is_one_of(const nn::Module& module) {
  return (... || (dynamic_cast<const Types*>(&module) != nullptr));
}

void collect(const nn::Module& module, std::vector<Layer>& layers) {
  const auto add = [&](Kind kind) { layers.push_back({kind, &module}); };
  if (is_one_of<nn::Convolution>(module))
    add(Kind::kConvolution);
  else if (is_one_of<nn::Linear>(module))
    add(Kind::kLinear);
  else if (is_one_of<nn::BatchNorm>(module))
    add(Kind::kBatchNorm);
  else if (is_one_of<nn::LayerNorm, nn::GroupNorm, nn::PixelNorm, nn::LocalResponseNorm>(module))
    add(Kind::kOtherNorm);
  else if (is_one_of<nn::ElementwiseLayer, nn::Maxout>(module))
    add(Kind::kActivation);
  else if (is_one_of<nn::WindowPool, nn::AdaptiveAvgPool, nn::GlobalPool, nn::Upsample>(module))
    add(Kind::kResampling);
  for (const auto& child : module.children()) collect(*child, layers);
}

// One of the two networks: its layers in stages, each a layer with weights and what follows until the next one.
class Network {
 public:
  Network(const nn::Module& module, bool generates) : generates_(generates) {
    collect(module, layers_);
    for (std::size_t i = 0; i < layers_.size(); ++i)
      if (layers_[i].weighted()) starts_.push_back(i);
  }

  const char* name() const { return generates_ ? "generator" : "discriminator"; }
  const std::vector<Layer>& layers() const { return layers_; }
  std::size_t stages() const { return starts_.size(); }
  const Layer& head(std::size_t stage) const { return layers_[starts_[stage]]; }
  // The first of this kind behind the stage's head; nullptr without.
  const Layer* find(std::size_t stage, Kind kind) const {
    const std::size_t end = stage + 1 < stages() ? starts_[stage + 1] : layers_.size();
    for (std::size_t i = starts_[stage] + 1; i < end; ++i)
      if (layers_[i].kind == kind) return &layers_[i];
    return nullptr;
  }
  std::string say(const std::string& what) const { return fmt::format("{}: {}", name(), what); }

  std::vector<std::string> pooling() const;
  std::vector<std::string> normalization() const;
  std::vector<std::string> fully_connected() const;
  std::vector<std::string> activations() const;

 private:
  std::string normalization_of(std::size_t stage) const;
  std::string activation_of(std::size_t stage) const;

  bool generates_;
  std::vector<Layer> layers_;
  std::vector<std::size_t> starts_;
};

std::vector<std::string> Network::pooling() const {
  const char* wanted = generates_ ? "a transposed convolution with a stride" : "a convolution with a stride";
  std::vector<std::string> found;
  bool strided = false;
  for (const Layer& layer : layers_) {
    strided = strided || layer.strided(generates_);
    if (layer.kind == Kind::kResampling)
      found.push_back(say(
          fmt::format("{} changes the size of the grid without weights, expected {}", layer.text(), wanted)));
    if (layer.strided(!generates_))
      found.push_back(say(fmt::format("{} makes the grid {}, expected {}", layer.text(),
                                      generates_ ? "coarser" : "finer", wanted)));
  }
  if (!strided) found.push_back(say(fmt::format("it has no layer with a stride, expected {}", wanted)));
  return found;
}

std::string Network::normalization_of(std::size_t stage) const {
  const Layer* norm = find(stage, Kind::kBatchNorm);
  const bool last = stage + 1 == stages(), excepted = generates_ ? last : stage == 0;
  if (excepted && norm != nullptr)
    return fmt::format("{} normalises the {} layer, expected none there", norm->text(),
                       generates_ ? "output" : "input");
  if (excepted || last || norm != nullptr) return "";
  if (const Layer* other = find(stage, Kind::kOtherNorm))
    return fmt::format("{} is followed by {}, expected BatchNorm", head(stage).text(), other->text());
  return fmt::format("{} is followed by no normalisation, expected BatchNorm", head(stage).text());
}

std::vector<std::string> Network::normalization() const {
  std::vector<std::string> found;
  for (std::size_t stage = 0; stage < stages(); ++stage)
    if (const std::string violation = normalization_of(stage); !violation.empty())
      found.push_back(say(violation));
  if (stages() > 0 && layers_.front().kind == Kind::kBatchNorm)
    found.push_back(
        say(fmt::format("{} normalises the input itself, expected none there", layers_.front().text())));
  return found;
}

std::vector<std::string> Network::fully_connected() const {
  std::vector<std::string> found;
  bool convolves = false;
  for (std::size_t stage = 0; stage < stages(); ++stage) {
    convolves = convolves || head(stage).kind == Kind::kConvolution;
    const bool excepted = generates_ ? stage == 0 : stage + 1 == stages();
    if (head(stage).kind == Kind::kLinear && !excepted)
      found.push_back(say(
          fmt::format("{} is a fully connected hidden layer, expected a convolution", head(stage).text())));
  }
  if (!convolves) found.push_back(say("it has no convolution"));
  return found;
}

std::string Network::activation_of(std::size_t stage) const {
  const Layer* activation = find(stage, Kind::kActivation);
  const bool last = stage + 1 == stages();
  const char* wanted = !generates_ ? (last ? "nothing or a sigmoid" : "LeakyReLU") : last ? "tanh" : "ReLU";
  bool good = false;
  if (activation == nullptr)
    good = last && !generates_;
  else if (generates_)
    good = last ? is_one_of<nn::Tanh>(*activation->module) : is_one_of<nn::ReLU>(*activation->module);
  else
    good = last ? is_one_of<nn::Sigmoid>(*activation->module) : is_one_of<nn::LeakyReLU>(*activation->module);
  if (good) return "";
  return fmt::format("{} is followed by {}, expected {}", head(stage).text(),
                     activation == nullptr ? "no activation" : activation->text(), wanted);
}

std::vector<std::string> Network::activations() const {
  std::vector<std::string> found;
  for (std::size_t stage = 0; stage < stages(); ++stage)
    if (const std::string violation = activation_of(stage); !violation.empty())
      found.push_back(say(violation));
  if (stages() == 0) found.push_back(say("it has no layer with weights"));
  return found;
}

}  // namespace

std::vector<DcganRule> dcgan_rules(const nn::Module& generator, const nn::Module& discriminator) {
  const Network makes(generator, true), judges(discriminator, false);
  const auto both = [](std::vector<std::string> first, const std::vector<std::string>& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
  };
  return {{1, "strided and fractionally strided convolutions in the place of pooling",
           both(makes.pooling(), judges.pooling())},
          {2, "batch normalisation in both, but for the generator's output and the discriminator's input",
           both(makes.normalization(), judges.normalization())},
          {3, "no fully connected hidden layers", both(makes.fully_connected(), judges.fully_connected())},
          {4, "ReLU in the generator, tanh at its output", makes.activations()},
          {5, "LeakyReLU in the discriminator", judges.activations()}};
}

std::string dcgan_rules_text(const std::vector<DcganRule>& rules) {
  std::string out;
  for (const DcganRule& rule : rules) {
    out += fmt::format("{}  {}: {}\n", rule.number, rule.text, rule.obeyed() ? "obeyed" : "broken");
    for (const std::string& violation : rule.violations) out += fmt::format("     {}\n", violation);
  }
  return out;
}

}  // namespace tessera::models
