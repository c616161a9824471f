// What an action that should fail says.
#pragma once

#include <string>
#include <utility>

#include "tessera/base/error.h"

namespace tessera {

// The message of the Error that `action` throws; "no error" if it throws none.
template <typename Action>
std::string message_of(Action&& action) {
  try {
    (void)std::forward<Action>(action)();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace tessera
