// For tests: the sentence of an error.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tessera/base/error.h"

namespace tessera::stats {

template <typename Call>
void expect_error(const Call& call, const std::string& message) {
  try {
    call();
    ADD_FAILURE() << "no error, expected: " << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), message);
  }
}

}  // namespace tessera::stats
