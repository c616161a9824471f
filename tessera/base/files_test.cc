#include "tessera/base/files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <csignal>

#include "tessera/base/error.h"
#include "tessera/base/folder_test.h"
#include "tessera/base/hash.h"
#include "tessera/base/message_test.h"
#include "tessera/base/user_place.h"

namespace tessera {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

void write_gzip(const std::string& path, const std::string& bytes) {
  gzFile file = gzopen(path.c_str(), "wb");
  ASSERT_EQ(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())), static_cast<int>(bytes.size()));
  gzclose(file);
}

TEST(Files, WrittenAndRead) {
  TestFolder folder;
  const std::string bytes("a\0b\xff\n", 5);
  write_file_atomically(folder / "x", bytes);
  EXPECT_EQ(read_file(folder / "x"), bytes);
  EXPECT_EQ(file_size(folder / "x"), 5U);
  write_file_atomically(folder / "x", "");
  EXPECT_EQ(read_file(folder / "x"), "");
  EXPECT_THAT(names_in_folder(folder.path()), ElementsAre("x"));
}

TEST(Files, ProblemsNameThePathAndTheReason) {
  TestFolder folder;
  EXPECT_THAT(message_of([&] { read_file(folder / "none"); }),
              HasSubstr(folder / "none: cannot be read: No such file"));
  EXPECT_THAT(message_of([&] { read_file(folder.path()); }), HasSubstr("found a folder"));
  EXPECT_THAT(message_of([&] { write_file_atomically(folder / "none/x", ""); }),
              HasSubstr("cannot be written: No such file"));
  EXPECT_THAT(message_of([&] { file_size(folder / "none"); }), HasSubstr("No such file"));
  EXPECT_THAT(message_of([&] { names_in_folder(folder / "none"); }), HasSubstr("cannot be read"));
  write_file_atomically(folder / "file", "");
  EXPECT_THAT(message_of([&] { make_folders(folder / "file/below"); }),
              HasSubstr("the folder cannot be made"));
  EXPECT_THAT(message_of([&] { make_folders(folder / "file"); }), HasSubstr("the folder cannot be made"));
}

// A rename onto a folder fails after the temporary has been written.
TEST(Files, AFailedWriteLeavesNothingBehind) {
  TestFolder folder;
  make_folders(folder / "taken/below");
  EXPECT_THROW(write_file_atomically(folder / "taken", "x"), Error);
  EXPECT_THAT(names_in_folder(folder.path()), ElementsAre("taken"));
  EXPECT_TRUE(is_temporary_name(".claim.json.tmp-12"));
  EXPECT_FALSE(is_temporary_name("claim.json"));
}

TEST(Files, AUserFileIsWrittenThroughLinks) {
  TestFolder folder;
  write_user_file(folder / "plain", "1");
  EXPECT_EQ(read_file(folder / "plain"), "1");
  make_folders(folder / "below");
  ASSERT_EQ(symlink("below/target", (folder / "link").c_str()), 0);
  ASSERT_EQ(symlink("link", (folder / "link-to-link").c_str()), 0);
  for (const char* bytes : {"dangling", "there"}) {
    write_user_file(folder / "link-to-link", bytes);
    EXPECT_EQ(read_file(folder / "below/target"), bytes);
  }
  EXPECT_THAT(names_in_folder(folder.path()), ElementsAre("below", "link", "link-to-link", "plain"));
  struct stat information {};
  ASSERT_EQ(lstat((folder / "link").c_str(), &information), 0);
  EXPECT_TRUE(S_ISLNK(information.st_mode));

  ASSERT_EQ(symlink("loop", (folder / "loop").c_str()), 0);
  EXPECT_THAT(message_of([&] { write_user_file(folder / "loop", ""); }),
              HasSubstr("cannot be written: Too many"));
  EXPECT_THAT(message_of([&] { write_user_file(folder / "below", ""); }), HasSubstr("it is a folder"));
}

TEST(Files, AUserFileThatIsADeviceOrAPipeIsWrittenInto) {
  TestFolder folder;
  write_user_file("/dev/null", "x");
  struct stat information {};
  ASSERT_EQ(stat("/dev/null", &information), 0);
  EXPECT_TRUE(S_ISCHR(information.st_mode));
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  const int reader = open((folder / "pipe").c_str(), O_RDONLY | O_NONBLOCK);
  write_user_file(folder / "pipe", "abc");
  char bytes[8] = {};
  EXPECT_EQ(read(reader, bytes, sizeof bytes), 3);
  close(reader);
  EXPECT_THAT(names_in_folder(folder.path()), ElementsAre("pipe"));
  EXPECT_THAT(message_of([] { write_user_file("/dev/full", "x"); }),
              HasSubstr("/dev/full: cannot be written: No space left"));
}

TEST(Files, WhetherAUserFileCanBeWrittenIsKnownBefore) {
  TestFolder folder;
  write_user_file(folder / "plain", "1");
  check_user_place(folder / "plain");
  check_user_place(folder / "new");
  check_user_place("new");
  check_user_place("/dev/null");
  EXPECT_THAT(names_in_folder(folder.path()), ElementsAre("plain"));
  for (const std::string& place : {folder / "none/new", folder / "plain/new", std::string(folder.path())}) {
    const std::string now = message_of([&] { check_user_place(place); });
    EXPECT_THAT(now, HasSubstr("cannot be written: "));
    EXPECT_EQ(now, message_of([&] { write_user_file(place, "x"); }));
  }
}

TEST(Files, AUserFileIsNotWrittenIntoARecord) {
  TestFolder folder;
  make_folders(folder / "run/checkpoints");
  write_file_atomically(folder / "run/claim.json", "{}");
  check_user_place(folder / "run/new");  // no record, but somebody's claim
  write_file_atomically(folder / "run/chain.jsonl", "line");
  ASSERT_EQ(symlink((folder / "run/chain.jsonl").c_str(), (folder / "link").c_str()), 0);
  for (const std::string& place :
       {folder / "run/chain.jsonl", folder / "run/new", folder / "run/checkpoints/new", folder / "link"}) {
    const std::string now = message_of([&] { check_user_place(place); });
    EXPECT_EQ(now,
              place + ": cannot be written: it is in the folder of a run's record, expected another place");
    EXPECT_EQ(now, message_of([&] { write_user_file(place, "x"); }));
  }
  EXPECT_EQ(read_file(folder / "run/chain.jsonl"), "line");
  check_user_place(folder / "run.csv");
}

// What `predict --output /dev/stdout > file` does.
TEST(Files, AUserFileMayBeAnOpenFile) {
  TestFolder folder;
  const int file = open((folder / "x").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ASSERT_EQ(write(file, "a", 1), 1);
  write_user_file(fmt::format("/proc/self/fd/{}", file), "b");
  write_user_file(fmt::format("/dev/fd/{}", file), "c");
  ASSERT_EQ(write(file, "d", 1), 1);
  close(file);
  EXPECT_EQ(read_file(folder / "x"), "abcd");
}

// A pipe without a writer would be waited for, /dev/zero read until the memory is full.
TEST(Files, OnlyRegularFilesAreReadWhereThatIsAsked) {
  TestFolder folder;
  write_file_atomically(folder / "x", "abc");
  EXPECT_EQ(read_regular_file(folder / "x"), "abc");
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(message_of([&] { read_regular_file(folder / "pipe"); }),
              HasSubstr("pipe: expected a regular file, found a pipe"));
  EXPECT_THAT(message_of([&] { sha256_of_file(folder / "pipe"); }), HasSubstr("found a pipe"));
  EXPECT_THAT(message_of([] { read_regular_file("/dev/zero"); }), HasSubstr("found a device"));
  EXPECT_THAT(message_of([] { sha256_of_file("/dev/zero"); }), HasSubstr("found a device"));
  EXPECT_THAT(message_of([&] { read_regular_file(folder.path()); }), HasSubstr("found a folder"));
  EXPECT_THAT(message_of([&] { read_regular_file(folder / "none"); }), HasSubstr("No such file"));
  EXPECT_FALSE(is_locked(folder / "pipe"));
  EXPECT_THAT(message_of([&] { AppendFile file(folder / "pipe"); }),
              HasSubstr("cannot be opened for appending"));
}

TEST(Files, Gzip) {
  TestFolder folder;
  std::string bytes;
  for (int i = 0; i < 200000; ++i) bytes += static_cast<char>('a' + i % 301 * i % 23);
  write_gzip(folder / "x.gz", bytes);
  EXPECT_EQ(read_file_maybe_gzip(folder / "x.gz"), bytes);
  write_file_atomically(folder / "plain", bytes);
  EXPECT_EQ(read_file_maybe_gzip(folder / "plain"), bytes);

  const std::string packed = read_file(folder / "x.gz");
  write_file_atomically(folder / "twice.gz", packed + packed);
  EXPECT_EQ(read_file_maybe_gzip(folder / "twice.gz"), bytes + bytes);
  write_gzip(folder / "empty.gz", "");
  EXPECT_EQ(read_file_maybe_gzip(folder / "empty.gz"), "");
}

TEST(Files, EveryCutGzipIsAnError) {
  TestFolder folder;
  write_gzip(folder / "x.gz", "some words to be packed, some words to be packed");
  const std::string packed = read_file(folder / "x.gz");
  for (std::size_t length = 2; length < packed.size(); ++length) {
    write_file_atomically(folder / "cut.gz", packed.substr(0, length));
    EXPECT_THAT(message_of([&] { read_file_maybe_gzip(folder / "cut.gz"); }),
                HasSubstr("cut.gz: gzip file ends too early"));
  }
  std::string damaged = packed;
  damaged[packed.size() - 6] ^= 1;  // the check sum
  write_file_atomically(folder / "bad.gz", damaged);
  EXPECT_THAT(message_of([&] { read_file_maybe_gzip(folder / "bad.gz"); }),
              HasSubstr("bad.gz: damaged gzip file"));
}

TEST(AppendFile, AppendsAndCutsBack) {
  TestFolder folder;
  {
    AppendFile file(folder / "log");
    file.append("one\n");
    file.append("two\n");
    file.sync();
    EXPECT_EQ(file.length(), 8U);
  }
  AppendFile file(folder / "log");
  EXPECT_EQ(file.length(), 8U);
  file.cut_back(4);
  file.append("three\n");
  EXPECT_EQ(read_file(folder / "log"), "one\nthree\n");
  EXPECT_THAT(message_of([&] { AppendFile bad(folder / "none/log"); }),
              HasSubstr("cannot be opened for appending"));
}

// A limit on the file's size makes a short write, as a full disk does.
TEST(AppendFile, AShortWriteIsTakenBack) {
  TestFolder folder;
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    AppendFile file(folder / "log");
    file.append("12345678\n");
    const rlimit limit{12, 12};
    setrlimit(RLIMIT_FSIZE, &limit);
    const std::string message = message_of([&] { file.append("12345678\n"); });
    const bool good = message.find("cannot be appended to") != std::string::npos && file.length() == 9;
    _exit(good ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(read_file(folder / "log"), "12345678\n");
}

TEST(FolderLock, IsExclusiveAndNamesTheHolder) {
  TestFolder folder;
  {
    FolderLock first(folder / "lock", "run a");
    EXPECT_EQ(message_of([&] { FolderLock second(folder / "lock", "run a"); }),
              fmt::format("run a is in use by process {}: wait until it ends, or stop it", getpid()));
    EXPECT_TRUE(is_locked(folder / "lock"));
  }
  EXPECT_FALSE(is_locked(folder / "lock"));
  EXPECT_FALSE(is_locked(folder / "none"));
  EXPECT_FALSE(exists(folder / "none"));
  FolderLock again(folder / "lock", "run a");
}

TEST(FolderLock, AKilledHolderLetsGo) {
  TestFolder folder;
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    FolderLock lock(folder / "lock", "run a");
    if (write(ready[1], "x", 1) != 1) _exit(1);
    for (;;) pause();
  }
  char byte;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_THAT(message_of([&] { FolderLock lock(folder / "lock", "run a"); }),
              HasSubstr(fmt::format("process {}", child)));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  FolderLock lock(folder / "lock", "run a");
}

}  // namespace
}  // namespace tessera
