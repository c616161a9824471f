// The system calls through which the library and SQLite change files, defined here so that they meet faults. A definition in the program
// comes before that of the C library, also for the shared libraries. Each does what its namesake does; so that none of them calls itself,
// the kernel is called directly.

#include "tests/store_tester/system_calls.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/store_tester/breaks.h"

namespace store_tester {
namespace {

std::string path_of(int file) {
  char link[32], path[512];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const int before = errno;
  const ssize_t length = ::readlink(link, path, sizeof path);
  errno = before;
  return length > 0 ? std::string(path, static_cast<std::size_t>(length)) : std::string();
}

bool there(const std::string& path) {
  struct stat information {};
  const int before = errno;
  const bool found = ::stat(path.c_str(), &information) == 0;
  errno = before;
  return found;
}

long kernel_rename(const std::string& from, const std::string& to) {
  return ::syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), 0);
}

struct Renaming {
  std::string from, to;
};

// Of --break order: checkpoints that wait for the line that names them.
std::vector<Renaming>& waiting() {
  static std::vector<Renaming> renamings;
  return renamings;
}

void do_waiting_renames() {
  for (const Renaming& renaming : waiting()) (void)kernel_rename(renaming.from, renaming.to);
  waiting().clear();
}

int open_file(const char* path, int flags, mode_t mode) {
  const bool changes = (flags & O_CREAT) != 0 && watched(path) && !there(path);
  if (changes && meet_call(Call::kCreate, path) == Verdict::kFail) return -1;
  const int file = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
  struct stat information {};
  if (file >= 0 && (flags & O_APPEND) != 0 && ::fstat(file, &information) == 0)
    note_growing(path, static_cast<std::uint64_t>(information.st_size));
  return file;
}

ssize_t write_bytes(int file, const void* bytes, std::size_t size, off_t place, bool placed) {
  const auto call = [&](std::size_t count) -> ssize_t {
    return placed ? ::syscall(SYS_pwrite64, file, bytes, count, place)
                  : ::syscall(SYS_write, file, bytes, count);
  };
  const std::string path = path_of(file);
  const Verdict verdict = meet_call(Call::kWrite, path);
  if (verdict == Verdict::kFail) return -1;
  const ssize_t written = call(verdict == Verdict::kPass ? size : size / 2);
  if (verdict == Verdict::kHalfThenDie) die_after_half_a_write();
  return written;
}

int cut_file(int file, off_t length) {
  if (meet_call(Call::kCut, path_of(file)) == Verdict::kFail) return -1;
  if (broken("torn") && path_of(file).ends_with(".jsonl")) return 0;
  return static_cast<int>(::syscall(SYS_ftruncate, file, length));
}

int sync_file(int file) {
  const std::string path = path_of(file);
  if (meet_call(Call::kSync, path) == Verdict::kFail) return -1;
  if (broken("order") && path.ends_with("/chain.jsonl")) do_waiting_renames();
  if (broken("sync")) return 0;
  struct stat information {};
  if (::fstat(file, &information) == 0)
    note_synced(path, static_cast<std::uint64_t>(information.st_size), S_ISDIR(information.st_mode));
  return static_cast<int>(::syscall(SYS_fdatasync, file));
}

int remove_name(const char* path) {
  if (meet_call(Call::kRemove, path) == Verdict::kFail) return -1;
  if (broken("leftovers") && watched(path)) return 0;
  return static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

}  // namespace
}  // namespace store_tester

using namespace store_tester;  // NOLINT(google-build-using-namespace): what follows belongs to the C library's namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return open_file(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return open_file(path, flags, mode);
}

ssize_t write(int file, const void* bytes, size_t size) {
  return write_bytes(file, bytes, size, 0, false);
}
ssize_t pwrite(int file, const void* bytes, size_t size, off_t place) {
  return write_bytes(file, bytes, size, place, true);
}
ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t place) {
  return write_bytes(file, bytes, size, place, true);
}

int ftruncate(int file, off_t length) noexcept {
  return cut_file(file, length);
}
int ftruncate64(int file, off64_t length) noexcept {
  return cut_file(file, length);
}

int fsync(int file) {
  return sync_file(file);
}
int fdatasync(int file) {
  return sync_file(file);
}

int rename(const char* from, const char* to) noexcept {
  if (meet_call(Call::kRename, to) == Verdict::kFail) return -1;
  if (broken("order") && watched(to) && std::string(to).find("/checkpoints/") != std::string::npos) {
    waiting().push_back({from, to});
    return 0;
  }
  const bool was_there = there(to);
  const int result = static_cast<int>(kernel_rename(from, to));
  if (result == 0) note_renamed(from, to, was_there);
  return result;
}

int unlink(const char* path) noexcept {
  return remove_name(path);
}

int mkdir(const char* path, mode_t mode) noexcept {
  if (watched(path) && !there(path) && meet_call(Call::kCreate, path) == Verdict::kFail) return -1;
  return static_cast<int>(::syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}

// The library waits a little for a lock that may be held for an instant only; here it is asked again at once.
int usleep(useconds_t) {
  return ::sched_yield();
}

int flock(int file, int operation) noexcept {
  if (meet_call(Call::kLock, path_of(file)) == Verdict::kFail) return -1;
  if (broken("lock")) return 0;
  return static_cast<int>(::syscall(SYS_flock, file, operation));
}

}  // extern "C"
