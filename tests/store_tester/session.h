// What the children do: one process that holds a run and is told what to do next, and single looks at a record.
#pragma once

#include <string>

#include "tests/store_tester/child.h"
#include "tests/store_tester/computation.h"

namespace store_tester {

struct SessionStart {
  std::string what;    // "open" or "resume"
  std::string store;   // of "open"
  std::string name;    // of "open"; empty: the next number
  std::string folder;  // of "resume"
  std::string keys;
  Recipe recipe;
  Settings settings;
  std::string other = "nothing";  // what of the claim is given differently
};

// The commands: "start" (values: done, name), "steps N" and "stop" (done), "finish" (seal), "abandon".
void run_session(Channel& channel, const SessionStart& start);

// One command each, whatever it is.
void check_once(Channel& channel, const std::string& folder, const std::string& trusted_key);
void read_once(Channel& channel, const std::string& folder);
void list_once(Channel& channel, const std::string& store, const std::string& where);

struct ReplayRequest {
  std::string folder, keys;
  Recipe recipe;
  Settings settings;
  std::string other = "nothing";
  std::uint64_t from = 0, to = 0;
  std::uint64_t last = 0;     // the program's loop ends here,
  bool ends_in_loop = false;  // by `break` in this step
};
void replay_once(Channel& channel, const ReplayRequest& request);

}  // namespace store_tester
