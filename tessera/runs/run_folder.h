// Run folders: names, new folders, leftovers, and the description of this process and machine.
// Internal to this room. Several processes may make folders in one store at once.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tessera/base/files.h"
#include "tessera/runs/run.h"

namespace tessera::runs {

struct OwnedFolder {
  std::string name, path;
  FolderLock lock;
};

// A folder for a new run, locked and empty: the one that `options` name, or the next free number.
OwnedFolder make_run_folder(const RunOptions& options);
// The folder of an existing run, locked.
OwnedFolder own_run_folder(const std::string& path);

// Throws Error unless `name` is made of a-z, 0-9, '.', '_', '-' and begins with a letter or a digit.
void check_run_name(const std::string& name);
// Temporaries of writes that were cut off, here and among the checkpoints.
void remove_leftovers(const std::string& folder);
// Name of the run, the last part of the path, and the folder that it is in.
std::string name_of_folder(const std::string& path);
std::string store_of_folder(const std::string& path);

Claim claim_of(const RunOptions& options);
Circumstances circumstances_of(const RunOptions& options, const std::string& name);
std::string signing_key_of(const RunOptions& options);  // the public key; empty without a key
Session new_session(const RunOptions& options);
std::string time_now();  // UTC, "2026-01-31T12:00:00Z"

}  // namespace tessera::runs
