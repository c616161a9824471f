#include "tessera/nn/module.h"

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {

std::string Context::stream_name(const std::string& path) {
  return fmt::format("{}.{}", path.empty() ? "root" : path, calls[path]++);
}

Tensor Module::evaluate(const Tensor& x) {
  Context context;
  return forward(x, context);
}

std::vector<Parameter*> Module::parameters() {
  std::vector<Parameter*> all;
  for (const auto& [name, parameter] : parameters_) all.push_back(parameter.get());
  for (const auto& child : children_)
    for (Parameter* parameter : child->parameters()) all.push_back(parameter);
  return all;
}

std::vector<Parameter*> Module::buffers() {
  std::vector<Parameter*> all;
  for (const auto& [name, buffer] : buffers_) all.push_back(buffer.get());
  for (const auto& child : children_)
    for (Parameter* buffer : child->buffers()) all.push_back(buffer);
  return all;
}

std::int64_t Module::parameter_elements() {
  std::int64_t count = 0;
  for (const Parameter* parameter : parameters()) count += parameter->value.elements();
  return count;
}

void Module::initialize(RandomSource& random) {
  const FloatEnvironment contract;  // for the bounds and deviations
  initialize_parameters(random);
  for (const auto& child : children_) child->initialize(random);
}

void Module::visit_state(StateVisitor& visitor) {
  for (Parameter* parameter : parameters()) visit_tensor(visitor, parameter->name, parameter->value);
  for (Parameter* buffer : buffers()) visit_tensor(visitor, buffer->name, buffer->value);
}

Parameter& Module::add_named(Named& list, const std::string& name, const Tensor& value) {
  TESSERA_CHECK(!name.empty() && name.find('.') == std::string::npos, "parameter name '{}'", name);
  list.emplace_back(name, std::make_unique<Parameter>(Parameter{join(path_, name), value}));
  return *list.back().second;
}

Parameter& Module::add_parameter(const std::string& name, const Shape& shape, DType dtype) {
  return add_named(parameters_, name, zeros(shape, dtype));
}

Parameter& Module::add_buffer(const std::string& name, const Tensor& value) {
  return add_named(buffers_, name, value);
}

Module& Module::add_child(const std::string& name, std::unique_ptr<Module> child) {
  TESSERA_CHECK(!name.empty() && name.find('.') == std::string::npos, "layer name '{}'", name);
  for (const std::string& other : child_names_) TESSERA_CHECK(other != name, "two layers named '{}'", name);
  child->set_path(join(path_, name));
  child_names_.push_back(name);
  children_.push_back(std::move(child));
  return *children_.back();
}

std::string Module::where() const {
  return path_.empty() ? describe() : fmt::format("layer {}, {}", path_, describe());
}

void Module::set_path(const std::string& path) {
  path_ = path;
  for (Named* list : {&parameters_, &buffers_})
    for (auto& [name, parameter] : *list) parameter->name = join(path_, name);
  for (std::size_t i = 0; i < children_.size(); ++i) children_[i]->set_path(join(path_, child_names_[i]));
}

std::string Module::join(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

void visit_tensor(StateVisitor& visitor, const std::string& name, Tensor& value) {
  const Tensor before = value;
  visitor.tensor(name, value);
  if (!value.defined() || value.shape() != before.shape() || value.dtype() != before.dtype()) {
    const std::string found = value.defined()
                                  ? fmt::format("{} {}", dtype_name(value.dtype()), value.shape().to_string())
                                  : "nothing";
    value = before;
    fail("restoring '{}': found {}, expected {} {}", name, found, dtype_name(before.dtype()),
         before.shape().to_string());
  }
}

}  // namespace tessera::nn
