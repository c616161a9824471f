#include "tessera/backends/examples_test.h"

#include <fmt/format.h>

#include "tessera/backends/backends.h"
#include "tessera/backends/selftest_cases.h"
#include "tessera/base/error.h"

namespace tessera {

Outcome outcome_of(const Example& example) {
  try {
    return {apply(example.op, example.inputs, example.attributes), ""};
  } catch (const Error& error) {
    return {{}, error.what()};
  }
}

std::vector<Outcome> outcomes_of(const std::vector<Example>& examples) {
  std::vector<Outcome> outcomes;
  outcomes.reserve(examples.size());
  for (const Example& example : examples) outcomes.push_back(outcome_of(example));
  return outcomes;
}

std::string describe(const Example& example) {
  std::string text(op_info(example.op).name);
  for (const Tensor& input : example.inputs)
    text += fmt::format(" {}{} strides {}", dtype_name(input.dtype()), input.shape().to_string(),
                        input.strides().to_string());
  return text;
}

std::string difference(const Outcome& expected, const Outcome& found) {
  // Both refuse the same values; where several are wrong, they may name another one.
  if (found.error.empty() != expected.error.empty())
    return fmt::format("found error '{}', expected '{}'", found.error, expected.error);
  if (expected.error.empty() && !same_bits(expected.result, found.result)) return "other bits";
  return "";
}

std::vector<Op> ops_of(OpClass op_class) {
  std::vector<Op> ops;
  for (int i = 0; i < kOpCount; ++i)
    if (op_info(static_cast<Op>(i)).op_class == op_class) ops.push_back(static_cast<Op>(i));
  return ops;
}

std::vector<std::string> simd_levels() {
  std::vector<std::string> levels = available_simd_levels();
  if (levels.empty()) levels.emplace_back("");
  return levels;
}

std::string row_of(const Example& example, const Tensor& result) {
  const std::size_t typed = example.op == Op::kSelect ? 1 : 0;
  const DType dtype = example.inputs.empty() ? result.dtype() : example.inputs[typed].dtype();
  return fmt::format("{}/{}", op_info(example.op).name, dtype_name(dtype));
}

std::set<std::string> rows_of_the_selftest() {
  std::set<std::string> rows;
  for (int i = 0; i < kOpCount; ++i) {
    if (op_info(static_cast<Op>(i)).op_class == OpClass::kView) continue;
    for (const selftest::Case& a_case : selftest::cases_of(static_cast<Op>(i)))
      rows.insert(fmt::format("{}/{}", a_case.op, a_case.name.substr(0, a_case.name.find('/'))));
  }
  return rows;
}

}  // namespace tessera
