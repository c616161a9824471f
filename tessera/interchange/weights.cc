#include "tessera/interchange/weights.h"

#include <map>

#include "tessera/base/error.h"
#include "tessera/base/text.h"

namespace tessera::interchange {
namespace {

class Collector : public StateVisitor {
 public:
  void tensor(std::string_view name, Tensor& value) override {
    tensors.push_back({std::string(name), value});
  }
  void integer(std::string_view /*name*/, std::int64_t& /*value*/) override {}
  void real(std::string_view /*name*/, double& /*value*/) override {}
  std::vector<runs::NamedTensor> tensors;
};

class Loader : public StateVisitor {
 public:
  explicit Loader(const std::map<std::string, Tensor>& tensors) : tensors_(tensors) {}
  void tensor(std::string_view name, Tensor& value) override {
    const auto found = tensors_.find(std::string(name));
    if (found != tensors_.end()) value = found->second;
  }
  void integer(std::string_view /*name*/, std::int64_t& /*value*/) override {}
  void real(std::string_view /*name*/, double& /*value*/) override {}

 private:
  const std::map<std::string, Tensor>& tensors_;
};

std::string described(const Tensor& tensor) {
  return fmt::format("{} {}", dtype_name(tensor.dtype()), tensor.shape().to_string());
}

// What is wrong of one kind, as "; missing: a, b"; long lists are cut.
class Complaint {
 public:
  explicit Complaint(std::string_view kind) : text_(fmt::format("; {}: ", kind)) {}
  void add(const std::string& what) {
    constexpr int kShown = 10;
    if (++count_ <= kShown) text_ += fmt::format("{}{}", count_ > 1 ? ", " : "", printable(what));
  }
  std::string text() const {
    if (count_ == 0) return "";
    return count_ <= 10 ? text_ : fmt::format("{} and {} more", text_, count_ - 10);
  }

 private:
  std::string text_;
  int count_ = 0;
};

std::map<std::string, Tensor> by_name(const std::vector<runs::NamedTensor>& tensors,
                                      const std::string& prefix) {
  std::map<std::string, Tensor> result;
  for (const runs::NamedTensor& named : tensors)
    if (named.name.starts_with(prefix)) result[named.name.substr(prefix.size())] = named.tensor;
  return result;
}

}  // namespace

std::vector<runs::NamedTensor> weights_of(Stateful& network) {
  Collector collector;
  network.visit_state(collector);
  return collector.tensors;
}

void load_weights(Stateful& network, const std::vector<runs::NamedTensor>& tensors, const std::string& where,
                  const LoadOptions& options) {
  const std::map<std::string, Tensor> given = by_name(tensors, options.prefix);
  std::map<std::string, Tensor> rest = given;
  Complaint missing("missing"), unexpected("unexpected"), misshapen("of another shape");
  for (const runs::NamedTensor& own : weights_of(network)) {
    const auto found = given.find(own.name);
    if (found == given.end()) {
      if (!options.allow_missing) missing.add(own.name);
      continue;
    }
    rest.erase(own.name);
    if (found->second.shape() != own.tensor.shape() || found->second.dtype() != own.tensor.dtype())
      misshapen.add(fmt::format("{} ({} in the file, {} in the network)", own.name, described(found->second),
                                described(own.tensor)));
  }
  for (const auto& [name, tensor] : rest)
    if (!options.allow_unexpected) unexpected.add(name);
  const std::string complaints = missing.text() + unexpected.text() + misshapen.text();
  if (!complaints.empty()) fail("{} does not fit the network: {}", where, complaints.substr(2));
  Loader loader(given);
  network.visit_state(loader);
}

void save_weights_file(Stateful& network, const std::string& path) {
  runs::save_safetensors(path, weights_of(network));
}

void load_weights_file(Stateful& network, const std::string& path, const LoadOptions& options) {
  load_weights(network, runs::load_safetensors(path).tensors, path, options);
}

}  // namespace tessera::interchange
