// Files: whole reads, whole writes, appended lines, locks and folders.
//
// A file is written beside its place, synced, renamed over it, and its folder synced: after a crash or on a
// full disk there is the old file or the new one, never half of one. Every failure is an Error that names the
// path and the system's reason. Thread-safety: distinct objects and distinct paths may be used from distinct
// threads.
//
// ```cpp
// const std::string folder = make_temporary_folder("files-example");
// write_file_atomically(folder + "/a.txt", "one\n");
// {
//   AppendFile file(folder + "/a.txt");
//   file.append("two\n");
// }
// assert(read_file(folder + "/a.txt") == "one\ntwo\n");
// remove_folder(folder);
// ```
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tessera {

// Reads whatever the user named, pipes included.
std::string read_file(const std::string& path);

// For files that somebody else may have made: a pipe that nobody writes to, or a device without an end, is refused
// instead of waited for.
std::string read_regular_file(const std::string& path);

// A descriptor of a regular file, for reading; the caller closes it. Never waits; anything else is an Error.
int open_regular_file(const std::string& path);

// Like read_file; a file that starts with gzip's magic bytes is unpacked. A damaged or cut file is an Error.
std::string read_file_maybe_gzip(const std::string& path);
// The second half of it, for bytes that were read already; `path` is what messages name.
std::string unpack_maybe_gzip(std::string bytes, const std::string& path);

// Replaces or creates `path`. The temporary is `.NAME.tmp-PID` in the same folder; it is removed on failure.
void write_file_atomically(const std::string& path, std::string_view bytes);

// Writes where a user said to: through symbolic links, straight into devices and pipes (/dev/stdout), atomically
// everywhere else.
void write_user_file(const std::string& path, std::string_view bytes);

// The name pattern of the temporaries, for a later clean-up: does this file name belong to one?
bool is_temporary_name(std::string_view file_name);

// A new folder below the system's temporary one, for the life of the object.
class ScratchFolder {
 public:
  explicit ScratchFolder(const std::string& name);  // the beginning of its name
  ~ScratchFolder();                                 // what cannot be removed is left for the system
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A file that only grows. Created when missing. Each append is ONE write(), so that concurrent readers and
// crashes see whole lines or, at the very end, a piece of one; an append that fails (disk full) cuts the file
// back to its length before and throws.
class AppendFile {
 public:
  explicit AppendFile(const std::string& path);
  ~AppendFile();
  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&&) = delete;

  void append(std::string_view line);
  void sync();                          // fdatasync: what was appended survives a power cut
  void cut_back(std::uint64_t length);  // drops everything after the first `length` bytes
  std::uint64_t length() const { return length_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int file_ = -1;
  std::uint64_t length_ = 0;
};

// Holds an exclusive lock for as long as it lives; a killed process lets go of it. The lock is a file with
// the holder's process number; it stays behind, unlocked. Throws Error naming the holder when somebody else
// has it.
class FolderLock {
 public:
  // `subject` is what the sentence talks about: "run digits-0001".
  FolderLock(const std::string& path, const std::string& subject);
  ~FolderLock();
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;

 private:
  int file_ = -1;
};

// Does somebody hold the FolderLock at `path`? A missing file is not locked. Creates nothing.
bool is_locked(const std::string& path);

bool exists(const std::string& path);
bool is_folder(const std::string& path);
std::uint64_t file_size(const std::string& path);
void make_folders(const std::string& path);  // like mkdir -p
void sync_folder(const std::string& path);   // makes renames and creations in it durable
std::vector<std::string> names_in_folder(const std::string& path);  // sorted; without . and ..
void remove_file(const std::string& path);                          // a missing file is no error
void remove_folder(const std::string& path);                        // with everything in it
std::string make_temporary_folder(std::string_view prefix);         // below TMPDIR or the system's place

}  // namespace tessera
