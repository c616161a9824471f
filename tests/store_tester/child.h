// A child process that works on the store, and the conversation with it: one line to it, one answer back.
//
// Everything that the library does happens in a child, so that it can be killed, can hold a lock, and cannot take the tester
// with it when it crashes.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "tests/store_tester/faults.h"

namespace store_tester {

struct Answer {
  enum class Kind {
    kDone,
    kError,      // tessera::Error: the library refused, or could not go on
    kException,  // any other exception: never right
    kStopped,    // tessera::runs::Stopped
    kHalted,     // by the fault halt:N
    kDied,
    kSilent,  // no answer within a minute
  };
  Kind kind = Kind::kDone;
  std::map<std::string, std::string> values;  // of kDone
  std::string message;                        // of an error
  int signal = 0;                             // of kDied; 0: it ended by itself
  bool fired = false;                         // the fault of this command was met

  std::uint64_t number(const std::string& name) const;
  std::string text(const std::string& name) const;
};

// The side of the child.
class Channel {
 public:
  explicit Channel(int socket) : socket_(socket) {}
  // Waits for a line and arms its fault. Ends the process when nobody will ask any more.
  std::string next_command();
  void answer(const Answer& answer);

 private:
  std::string read_line();
  int socket_;
};

class Child {
 public:
  // `work` runs in the child, which ends when it returns. Exceptions of `work` become the answer to the command that it worked at.
  Child(const std::string& store, const std::function<void(Channel&)>& work);
  ~Child();  // kills it
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  Answer ask(const std::string& command, const std::string& fault = "none");
  Answer go_on();  // after kHalted
  void kill();     // SIGKILL, and waits for the end
  const SharedFates& fates() const { return *fates_; }

 private:
  Answer await();
  void send(const std::string& line);

  pid_t process_ = -1;
  int socket_ = -1;
  int status_ = 0;
  SharedFates* fates_;
};

}  // namespace store_tester
