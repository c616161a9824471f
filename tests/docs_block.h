// What the generated files of code blocks share: the entry of a block, and an `assert` that stays on in
// release builds and names the page and line of the documentation (through #line).
#pragma once

// What a block may use of the standard library without saying so.
#include <cstdint>
#include <cstdio>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

struct DocsBlock {
  const char* name;  // page:line
  void (*function)();
  bool run;
};

[[noreturn]] inline void docs_assertion_failed(const char* condition, const char* page, int line) {
  throw std::logic_error(std::string(page) + ":" + std::to_string(line) + ": does not hold: " + condition);
}

#undef assert
#define assert(...) ((__VA_ARGS__) ? void() : docs_assertion_failed(#__VA_ARGS__, __FILE__, __LINE__))
