#include "tessera/base/interrupt.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tessera {
namespace {

TEST(Interrupt, TheFirstSignalSetsTheFlag) {
  InterruptGuard outer;
  EXPECT_FALSE(interrupted());
  std::raise(SIGTERM);
  EXPECT_TRUE(interrupted());
  EXPECT_EQ(interrupt_signal(), SIGTERM);
  {
    InterruptGuard inner;  // does not forget that a stop was asked for
    EXPECT_TRUE(interrupted());
  }
  EXPECT_TRUE(interrupted());
}

TEST(Interrupt, ANewGuardBeginsAfresh) {
  {
    InterruptGuard guard;
    std::raise(SIGINT);
  }
  InterruptGuard guard;
  EXPECT_FALSE(interrupted());
}

TEST(Interrupt, TheFirstSignalSaysWhatIsWaitedFor) {
  testing::internal::CaptureStderr();
  {
    InterruptGuard guard;
    say_when_interrupted("another step");
    say_when_interrupted("finishing\n");
    std::raise(SIGINT);
  }
  {
    InterruptGuard guard;  // forgets it
    std::raise(SIGINT);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "finishing\n");
}

int status_after_signals(int signals, bool after_guard) {
  const pid_t child = fork();
  if (child == 0) {
    {
      InterruptGuard guard;
      for (int i = 0; i < signals; ++i) std::raise(SIGINT);
    }
    if (after_guard) std::raise(SIGINT);
    _exit(0);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

TEST(Interrupt, TheSecondSignalKills) {
  EXPECT_TRUE(WIFEXITED(status_after_signals(1, false)));
  const int status = status_after_signals(2, false);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
}

TEST(Interrupt, TheFormerHandlersComeBack) {
  const int status = status_after_signals(0, true);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
}

}  // namespace
}  // namespace tessera
