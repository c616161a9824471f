// For tests: reading third-party answers (JSON lines below TESSERA_DATA) and comparing tensors with them.
// Defined in oracle_data_test.cc.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "tessera/tensor/tensor.h"

namespace tessera::testing_data {

// The folder of third-party data, or nothing: the test is to be skipped then.
std::optional<std::string> folder();

// Calls `body` for every line of a (gzipped) file.
void for_each_case(const std::string& path, const std::function<void(const nlohmann::json&)>& body);

// {"shape": [2], "dtype": "float32", "data": [1, "inf"]}; nothing if Tessera has no such dtype.
std::optional<Tensor> tensor_from(const nlohmann::json& value);

// "" if equal dtype and shape, and |found - expected| <= absolute + relative * |expected| everywhere
// (integers: equal; NaN equals NaN); otherwise a sentence.
std::string difference(const Tensor& found, const Tensor& expected, double relative, double absolute);

}  // namespace tessera::testing_data
