// State that can be saved and restored, and the way in which a long computation reports its steps.
//
// A Stateful object walks its state in one function that serves both directions: the visitor reads the values to save
// them, or replaces them to restore. Names must be unique within the object, stable, ASCII, parts separated by dots.
//
// ```cpp
// struct Counter : Stateful {
//   std::int64_t count = 0;
//   void visit_state(StateVisitor& visitor) override { visitor.integer("count", count); }
// };
// struct Doubler : StateVisitor {
//   void tensor(std::string_view, Tensor&) override {}
//   void integer(std::string_view, std::int64_t& value) override { value *= 2; }
//   void real(std::string_view, double&) override {}
// };
// Counter counter;
// counter.count = 21;
// Doubler doubler;
// counter.visit_state(doubler);
// assert(counter.count == 42);
// ```
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "tessera/tensor/tensor.h"

namespace tessera {

class StateVisitor {
 public:
  virtual ~StateVisitor() = default;
  virtual void tensor(std::string_view name, Tensor& value) = 0;
  virtual void integer(std::string_view name, std::int64_t& value) = 0;
  virtual void real(std::string_view name, double& value) = 0;
};

class Stateful {
 public:
  virtual ~Stateful() = default;
  virtual void visit_state(StateVisitor& visitor) = 0;
};

// Visits `state` with every name behind "part.": for an object made of several whose names meet (two optimisers, each with "steps").
void visit_part(StateVisitor& visitor, std::string_view part, Stateful& state);

struct StepScalar {
  std::string_view name;
  double value;
};

// One finished step of a long computation; steps count from 1.
struct StepReport {
  std::uint64_t step;
  std::span<const StepScalar> scalars;
};

class StepObserver {
 public:
  virtual ~StepObserver() = default;
  // Called after every step. Returns false to ask the computation to stop cleanly after this step.
  virtual bool on_step(const StepReport& report) = 0;
};

}  // namespace tessera
