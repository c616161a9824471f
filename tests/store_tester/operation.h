// The operations of the store tester, and the scripts that are made of them.
//
// A script is text. One operation per line: its kind, the run that it is about (a, b or c; left out where there is none) and
// arguments. What follows a '#' is a comment. What is not given has the default that the table below names:
//
//     open a steps=6 checkpoint=2     # begin a run: a process of its own that holds the run and waits
//     steps a n=3 fault=die:9         # three steps; the process dies just before its ninth call that changes a file
//     resume a                        # another process goes on
//     finish a                        # ends the run and seals it
//     check a
//
// Operations that do not apply (steps of a run that nobody has opened) are passed over, so that every part of a script is a
// script. `fault` is ACTION:CALL; faults.h has the actions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace store_tester {

struct Operation {
  std::string kind;
  std::string run = {};  // "a", "b", "c", or empty
  std::map<std::string, std::string> arguments = {};

  std::string text(const std::string& name) const;  // the argument, or its default
  std::uint64_t number(const std::string& name) const;
  bool yes(const std::string& name) const { return text(name) == "yes"; }
};
using Script = std::vector<Operation>;

struct OperationKind {
  std::string name;
  bool about_a_run;
  std::map<std::string, std::string> defaults;
};
const std::vector<OperationKind>& operation_kinds();

std::string operation_text(const Operation& operation);
std::string script_text(const Script& script);
// Throws tessera::Error that names the line.
Script parse_script(std::string_view text, const std::string& where);

inline const std::vector<std::string> kRuns = {"a", "b", "c"};

}  // namespace store_tester
