// One row [[network]] of a configuration made into a layer. Internal to this room; network.h puts the layers together.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tessera/nn/layers.h"
#include "tessera/train/config.h"

namespace tessera::train {

bool labels_points(const Config& config);  // data.labels_of is points: each point of a sample has a label
DType weight_dtype(const Config& config);  // training.dtype
bool holds_words(const Config& config);    // data.format is text or tags: samples are words of many lengths

// One layer of the configuration, with the shape that reaches it (first axis: samples).
class LayerBuilder {
 public:
  LayerBuilder(const Config& config, std::size_t layer, const Shape& input);

  const std::string& kind() const { return kind_; }
  std::unique_ptr<nn::Module> build() const;  // of any kind but "residual" and "max_unpool2d"
  std::unique_ptr<nn::SwitchedMaxPool2d> build_switched_pool()
      const;  // of kind "max_pool2d", for an unpooling
  // Throws Error that names the line, the shape and what is wrong.
  Shape output_shape(const nn::Module& module) const;
  [[noreturn]] void reject(const std::string& reason) const;
  [[noreturn]] void reject_value(std::string_view name, const std::string& expected) const;

  std::int64_t integer(std::string_view name) const { return config_.integer(key(name)); }
  std::int64_t integer(std::string_view name, std::int64_t otherwise) const;
  double real(std::string_view name, double otherwise) const;
  const std::string& text(std::string_view name) const { return config_.text(key(name)); }
  bool boolean(std::string_view name) const { return config_.boolean(key(name)); }
  bool is(std::string_view name, std::string_view value) const;
  DType dtype() const { return dtype_; }
  const Shape& input() const { return input_; }
  bool of_words() const { return of_words_; }
  std::int64_t entries() const;  // of words: set when the vocabulary is known (text_data.h)

  // The rank that reaches it, samples included; `expected` describes one sample.
  void expect_rank(int rank, std::string_view expected) const;
  template <std::size_t kAxes>
  std::array<std::int64_t, kAxes> axes(std::string_view name, std::int64_t otherwise) const {
    std::array<std::int64_t, kAxes> values;
    values.fill(integer(name, otherwise));
    return values;
  }

 private:
  void refuse_bfloat16() const;
  void refuse_without_lengths() const;
  std::string key(std::string_view name) const { return Config::layer_key(layer_, name); }

  const Config& config_;
  std::size_t layer_;
  std::string kind_;
  Shape input_;
  bool of_words_;
  DType dtype_;
};

}  // namespace tessera::train
