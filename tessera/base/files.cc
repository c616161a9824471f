#include "tessera/base/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/user_place.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTemporaryMark = ".tmp-";

[[noreturn]] void fail_with_reason(const std::string& path, std::string_view what, int reason) {
  fail("{}: {}: {}", path, what, std::strerror(reason));
}

std::string folder_of(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

class File {
 public:
  File(const std::string& path, int flags, mode_t mode = 0644)
      : handle_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  explicit File(int handle) : handle_(handle) {}
  ~File() {
    if (handle_ >= 0) ::close(handle_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int handle() const { return handle_; }
  bool ok() const { return handle_ >= 0; }
  // A file system may report a failed write only here.
  bool close() { return ::close(std::exchange(handle_, -1)) == 0; }

 private:
  int handle_;
};

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    if (written == 0) {
      errno = ENOSPC;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// /dev/stdout leads to /proc/self/fd/1, which stands for an open file, whatever the name of that is.
bool in_process_folder(const std::string& path) {
  std::error_code error;
  return fs::canonical(folder_of(path), error).string().starts_with("/proc/");
}

const char* kind_of_file(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

std::string read_all(const std::string& path, int file) {
  struct stat information {};
  if (::fstat(file, &information) != 0) fail_with_reason(path, "cannot be read", errno);
  if (S_ISDIR(information.st_mode)) fail("{}: expected a file, found a folder", path);
  std::string bytes;
  std::size_t room = information.st_size > 0 ? static_cast<std::size_t>(information.st_size) + 1 : 1 << 16;
  for (std::size_t used = 0;;) {
    if (bytes.size() < used + room) bytes.resize(used + room);
    const ssize_t got = ::read(file, bytes.data() + used, bytes.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_with_reason(path, "cannot be read", errno);
    used += static_cast<std::size_t>(got);
    if (got == 0) {
      bytes.resize(used);
      return bytes;
    }
    room = std::max<std::size_t>(bytes.size() - used, 1 << 16);
  }
}

// Where a chain of symbolic links ends; that place may not exist yet.
std::string end_of_links(std::string path) {
  constexpr int kMostLinks = 40;  // as many as Linux follows
  std::error_code error;
  for (int count = 0; fs::is_symlink(path, error) && !in_process_folder(path); ++count) {
    if (count == kMostLinks) fail_with_reason(path, "cannot be written", ELOOP);
    const fs::path target = fs::read_symlink(path, error);
    if (error) fail_with_reason(path, "cannot be written", error.value());
    path = (fs::path(path).parent_path() / target).string();
  }
  return path;
}

// 0, or the system's reason.
int lock_now(int file) {
  return ::flock(file, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
}

std::string inflate_gzip(const std::string& path, const std::string& packed) {
  z_stream stream{};
  TESSERA_CHECK(inflateInit2(&stream, 15 + 16) == Z_OK, "zlib cannot start");
  std::string result;
  std::vector<char> block(std::size_t{1} << 18);
  std::size_t consumed = 0;
  int status = Z_OK;
  auto finish = [&](const char* problem) {
    const std::string reason = stream.msg != nullptr ? std::string(": ") + stream.msg : "";
    inflateEnd(&stream);
    if (problem != nullptr)
      fail("{}: {} after {} bytes of unpacked data{}", path, problem, result.size(), reason);
  };
  for (;;) {
    if (stream.avail_in == 0 && consumed < packed.size()) {  // zlib counts in 32 bits: feed it in pieces
      const std::size_t piece = std::min(packed.size() - consumed, std::size_t{1} << 30);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + consumed));
      stream.avail_in = static_cast<uInt>(piece);
      consumed += piece;
    }
    stream.next_out = reinterpret_cast<Bytef*>(block.data());
    stream.avail_out = static_cast<uInt>(block.size());
    status = inflate(&stream, Z_NO_FLUSH);
    result.append(block.data(), block.size() - stream.avail_out);
    const bool input_left = stream.avail_in > 0 || consumed < packed.size();
    if (status == Z_STREAM_END && !input_left) break;
    if (status == Z_STREAM_END) {  // gzip files may be concatenated
      if (inflateReset(&stream) != Z_OK) finish("damaged gzip file");
      continue;
    }
    if (status != Z_OK && status != Z_BUF_ERROR) finish("damaged gzip file");
    if (!input_left && stream.avail_out > 0) finish("gzip file ends too early,");
  }
  finish(nullptr);
  return result;
}

}  // namespace

std::string read_file(const std::string& path) {
  File file(path, O_RDONLY);
  if (!file.ok()) fail_with_reason(path, "cannot be read", errno);
  return read_all(path, file.handle());
}

int open_regular_file(const std::string& path) {
  // O_NONBLOCK: opening a pipe would wait for its other end. It changes nothing for a regular file.
  const int file = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (file < 0) fail_with_reason(path, "cannot be read", errno);
  struct stat information {};
  const int reason = ::fstat(file, &information) == 0 ? 0 : errno;
  if (reason == 0 && S_ISREG(information.st_mode)) return file;
  ::close(file);
  if (reason != 0) fail_with_reason(path, "cannot be read", reason);
  fail("{}: expected a regular file, found {}", path, kind_of_file(information.st_mode));
}

std::string read_regular_file(const std::string& path) {
  const File file(open_regular_file(path));
  return read_all(path, file.handle());
}

std::string unpack_maybe_gzip(std::string bytes, const std::string& path) {
  const bool packed = bytes.size() >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b';
  if (packed) return inflate_gzip(path, bytes);
  return bytes;  // not as a part of an expression, which would copy it
}

std::string read_file_maybe_gzip(const std::string& path) {
  return unpack_maybe_gzip(read_file(path), path);
}

bool is_temporary_name(std::string_view file_name) {
  return file_name.starts_with('.') && file_name.find(kTemporaryMark) != std::string_view::npos;
}

void write_file_atomically(const std::string& path, std::string_view bytes) {
  const std::string folder = folder_of(path);
  const std::string temporary =
      fmt::format("{}/.{}{}{}", folder, fs::path(path).filename().string(), kTemporaryMark, ::getpid());
  auto give_up = [&](int reason) {
    ::unlink(temporary.c_str());
    fail_with_reason(path, "cannot be written", reason);
  };
  {
    File file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file.ok()) fail_with_reason(path, "cannot be written", errno);
    if (!write_all(file.handle(), bytes)) give_up(errno);
    if (::fsync(file.handle()) != 0) give_up(errno);
    if (!file.close()) give_up(errno);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) give_up(errno);
  sync_folder(folder);
}

namespace {

// Of a run only the run itself writes: a mistyped place would destroy its record, or add a file that is no part of it.
void refuse_place_in_record(const std::string& path, const std::string& place) {
  fs::path folder = folder_of(place);
  for (int i = 0; i < 2; ++i, folder = folder / "..") {  // or in its folder of checkpoints
    struct stat information {};
    if (::stat((folder / "claim.json").c_str(), &information) == 0 &&
        ::stat((folder / "chain.jsonl").c_str(), &information) == 0)
      fail("{}: cannot be written: it is in the folder of a run's record, expected another place", path);
  }
}

}  // namespace

void write_user_file(const std::string& path, std::string_view bytes) {
  const std::string place = end_of_links(path);
  refuse_place_in_record(path, place);
  struct stat information {};
  const bool there = ::stat(place.c_str(), &information) == 0;
  if (there && S_ISDIR(information.st_mode)) fail("{}: cannot be written: it is a folder", path);
  if (!in_process_folder(place) && (!there || S_ISREG(information.st_mode)))
    return write_file_atomically(place, bytes);
  File file(place, O_WRONLY | O_APPEND | O_NOCTTY);  // an open file, which may hold something, is added to
  if (!file.ok() || !write_all(file.handle(), bytes) || !file.close())
    fail_with_reason(path, "cannot be written", errno);
}

void check_user_place(const std::string& path) {
  const std::string place = end_of_links(path);
  refuse_place_in_record(path, place);
  struct stat information {};
  if (::stat(place.c_str(), &information) == 0) {
    if (S_ISDIR(information.st_mode)) fail("{}: cannot be written: it is a folder", path);
    if (::access(place.c_str(), W_OK) != 0) fail_with_reason(path, "cannot be written", errno);
    return;
  }
  const std::string folder = fs::path(place).parent_path() / ".";  // of a file there is none
  if (::access(folder.c_str(), W_OK | X_OK) != 0) fail_with_reason(path, "cannot be written", errno);
}

AppendFile::AppendFile(const std::string& path) : path_(path) {
  // O_NONBLOCK: a pipe in the file's place is an error, not a wait for its reader.
  file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0644);
  if (file_ < 0) fail_with_reason(path, "cannot be opened for appending", errno);
  const off_t end = ::lseek(file_, 0, SEEK_END);
  if (end < 0) {
    const int reason = errno;
    ::close(file_);
    fail_with_reason(path, "cannot be opened for appending", reason);
  }
  length_ = static_cast<std::uint64_t>(end);
}

AppendFile::~AppendFile() {
  if (file_ >= 0) ::close(file_);
}

AppendFile::AppendFile(AppendFile&& other) noexcept
    : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)), length_(other.length_) {}

void AppendFile::append(std::string_view line) {
  ssize_t written;
  do {
    written = ::write(file_, line.data(), line.size());
  } while (written < 0 && errno == EINTR);
  if (written == static_cast<ssize_t>(line.size())) {
    length_ += line.size();
    return;
  }
  const int reason = written < 0 ? errno : ENOSPC;  // a short write to a file means that the disk is full
  // The first reason is the one to tell. Should the cut fail too, the piece is a torn last line, which
  // readers drop.
  [[maybe_unused]] const int cut = ::ftruncate(file_, static_cast<off_t>(length_));
  fail_with_reason(path_, "cannot be appended to", reason);
}

void AppendFile::sync() {
  if (::fdatasync(file_) != 0) fail_with_reason(path_, "cannot be synced to the disk", errno);
}

void AppendFile::cut_back(std::uint64_t length) {
  TESSERA_CHECK(length <= length_, "cut_back to {} of {} bytes", length, length_);
  if (::ftruncate(file_, static_cast<off_t>(length)) != 0)
    fail_with_reason(path_, "cannot be shortened", errno);
  length_ = length;
  sync();
}

bool is_locked(const std::string& path) {
  File file(path, O_RDONLY | O_NONBLOCK);  // it may be a pipe in a folder that somebody else made
  if (!file.ok() && errno == ENOENT) return false;
  if (!file.ok()) fail_with_reason(path, "cannot be opened", errno);
  return ::flock(file.handle(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

FolderLock::FolderLock(const std::string& path, const std::string& subject) {
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file_ < 0) fail_with_reason(path, "cannot be opened", errno);
  int reason = lock_now(file_);
  // is_locked() of another process holds the lock for an instant; an owner holds it for long.
  for (int attempt = 0; reason == EWOULDBLOCK && attempt < 5; ++attempt) {
    ::usleep(10000);
    reason = lock_now(file_);
  }
  if (reason != 0) {
    char holder[32] = {};
    const ssize_t got = reason == EWOULDBLOCK ? ::pread(file_, holder, sizeof holder - 1, 0) : 0;
    ::close(std::exchange(file_, -1));
    if (reason != EWOULDBLOCK) fail_with_reason(path, "cannot be locked", reason);
    const long process = got > 0 ? std::strtol(holder, nullptr, 10) : 0;
    if (process > 0) fail("{} is in use by process {}: wait until it ends, or stop it", subject, process);
    fail("{} is in use by another process: wait until it ends, or stop it", subject);
  }
  // Only for the sentence above; on a full disk the lock holds without it.
  const std::string text = fmt::format("{}\n", ::getpid());
  if (::ftruncate(file_, 0) == 0) {
    [[maybe_unused]] const ssize_t written = ::pwrite(file_, text.data(), text.size(), 0);
  }
}

FolderLock::~FolderLock() {
  if (file_ >= 0) ::close(file_);
}

FolderLock::FolderLock(FolderLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

std::uint64_t file_size(const std::string& path) {
  struct stat information {};
  if (::stat(path.c_str(), &information) != 0) fail_with_reason(path, "cannot be read", errno);
  return static_cast<std::uint64_t>(information.st_size);
}

void make_folders(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error || !is_folder(path))
    fail("{}: the folder cannot be made: {}", path, error ? error.message() : "something else has this name");
}

void sync_folder(const std::string& path) {
  File folder(path, O_RDONLY | O_DIRECTORY);
  if (!folder.ok()) fail_with_reason(path, "cannot be opened", errno);
  // Some network file systems cannot sync a folder and say EINVAL; there is nothing more to be done there.
  if (::fsync(folder.handle()) != 0 && errno != EINVAL)
    fail_with_reason(path, "cannot be synced to the disk", errno);
}

std::vector<std::string> names_in_folder(const std::string& path) {
  std::error_code error;
  std::vector<std::string> names;
  fs::directory_iterator end, entry(path, error);
  for (; !error && entry != end; entry.increment(error)) names.push_back(entry->path().filename().string());
  if (error) fail("{}: the folder cannot be read: {}", path, error.message());
  std::sort(names.begin(), names.end());
  return names;
}

void remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail_with_reason(path, "cannot be removed", errno);
}

void remove_folder(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) fail("{}: the folder cannot be removed: {}", path, error.message());
}

std::string make_temporary_folder(std::string_view prefix) {
  std::error_code error;
  fs::path place = fs::temp_directory_path(error);
  if (error) place = "/tmp";
  std::string pattern = (place / fmt::format("{}-XXXXXX", prefix)).string();
  if (::mkdtemp(pattern.data()) == nullptr) fail_with_reason(pattern, "the folder cannot be made", errno);
  return pattern;
}

ScratchFolder::ScratchFolder(const std::string& name) : path_(make_temporary_folder(name)) {}

ScratchFolder::~ScratchFolder() {
  try {
    remove_folder(path_);
  } catch (const Error&) {
  }
}

}  // namespace tessera
