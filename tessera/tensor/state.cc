#include "tessera/tensor/state.h"

namespace tessera {
namespace {

class PartVisitor : public StateVisitor {
 public:
  PartVisitor(StateVisitor& inner, std::string_view part) : inner_(inner), part_(part) {}
  void tensor(std::string_view name, Tensor& value) override { inner_.tensor(full(name), value); }
  void integer(std::string_view name, std::int64_t& value) override { inner_.integer(full(name), value); }
  void real(std::string_view name, double& value) override { inner_.real(full(name), value); }

 private:
  std::string full(std::string_view name) const {
    std::string text(part_);
    return text.append(".").append(name);
  }
  StateVisitor& inner_;
  std::string_view part_;
};

}  // namespace

void visit_part(StateVisitor& visitor, std::string_view part, Stateful& state) {
  PartVisitor inner(visitor, part);
  state.visit_state(inner);
}

}  // namespace tessera
