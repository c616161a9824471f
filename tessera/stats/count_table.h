// Discrete probability by counting: a table over several variables with whole weights, so that sums, products and independence are exact.
//
// A table has an integer weight for each combination of values; probabilities are weights divided by their total. What can be asked:
//
//   marginal        the table of some of the variables: the others summed away (the rule of total probability)
//   given           the table of the rest where a variable has a value (conditioning)
//   probability     P(A), P(A|B): of events that name values of some variables. P(A, B) = P(A|B) P(B), the multiplication rule
//   independent     are the variables of two groups independent, given every value of a third group? w(a,b,c) w(c) = w(a,c) w(b,c) for all
//                   values, compared as integers: an answer, not an estimate
//
// Errors: unknown or repeated names, values out of range, negative weights, tables of more than 10^7 cells, weights that add to more than 2^62, conditions that never
// happen. Thread-safety: constant once filled.
//
// ```cpp
// stats::CountTable dice({"first", "second", "sum"}, {7, 7, 13});
// for (std::int64_t a = 1; a <= 6; ++a)
//   for (std::int64_t b = 1; b <= 6; ++b) dice.add({a, b, a + b});
// assert(dice.independent({"first"}, {"second"}) && !dice.independent({"first"}, {"sum"}));
// assert(!dice.independent({"first"}, {"second"}, {"sum"}));  // who knows the sum learns of one die from the other
// assert(dice.probability({{"sum", 7}}) == 6.0 / 36 && dice.probability({{"sum", 7}}, {{"first", 1}}) == 1.0 / 6);
// ```
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tessera::stats {

class CountTable {
 public:
  using Event = std::map<std::string, std::int64_t>;  // a value for some of the variables
  using Names = std::vector<std::string>;

  // Variable i has the values 0 ... sizes[i] - 1.
  CountTable(Names names, std::vector<std::int64_t> sizes);
  void add(const std::vector<std::int64_t>& values, std::int64_t weight = 1);

  const Names& names() const { return names_; }
  const std::vector<std::int64_t>& sizes() const { return sizes_; }
  std::int64_t total() const { return total_; }
  std::int64_t weight(const Event& event) const;

  CountTable marginal(const Names& keep) const;  // in this order
  CountTable given(const Event& event) const;
  double probability(const Event& event) const;
  double probability(const Event& event, const Event& condition) const;
  bool independent(const Names& a, const Names& b, const Names& given = {}) const;

 private:
  std::size_t place_of(const std::string& name) const;
  std::int64_t value_in(std::size_t cell, std::size_t variable) const;  // the variable's value in a cell

  Names names_;
  std::vector<std::int64_t> sizes_, strides_, weights_;
  std::int64_t total_ = 0;
};

}  // namespace tessera::stats
