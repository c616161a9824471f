// The settings of an estimator inside another, under names of the outer one: "estimator__" or "pca__" before them. Internal to this room.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "tessera/learn/parameters.h"

namespace tessera::learn {

class Prefixed : public ParameterVisitor {
 public:
  Prefixed(std::string prefix, ParameterVisitor& to) : prefix_(std::move(prefix)), to_(to) {}
  void real(std::string_view name, double& value, const Bounds& bounds, std::string_view sentence) override {
    to_.real(prefixed(name), value, bounds, sentence);
  }
  void integer(std::string_view name, std::int64_t& value, const Bounds& bounds,
               std::string_view sentence) override {
    to_.integer(prefixed(name), value, bounds, sentence);
  }
  void flag(std::string_view name, bool& value, std::string_view sentence) override {
    to_.flag(prefixed(name), value, sentence);
  }
  void choice(std::string_view name, int& value, std::span<const std::string_view> choices,
              std::string_view sentence) override {
    to_.choice(prefixed(name), value, choices, sentence);
  }
  void text(std::string_view name, std::string& value, std::string_view sentence) override {
    to_.text(prefixed(name), value, sentence);
  }

 private:
  std::string prefixed(std::string_view name) const { return prefix_ + std::string(name); }
  std::string prefix_;
  ParameterVisitor& to_;
};

}  // namespace tessera::learn
