// Where are the data files of a recorded run now? Looked for by name and recognised by digest.
#pragma once

#include <map>
#include <string>

#include "tessera/runs/record.h"

namespace tessera::train {

// SHA-256 of a data file's bytes; of meshes and clouds that of the set (data/point_files.h). `format`: data.format.
std::string input_digest(const std::string& path, const std::string& format);

// Path of each input of the claim. Tried in order: the recorded path, the same from the folder of the recorded command, and below
// `data_folder` and TESSERA_DATA every tail of the recorded path, longest first. The first file with the recorded digest
// wins. The address of a PostgreSQL database is taken as it is, or `data_folder` if that is one. Throws Error: kInputChanged if there is only a file with another digest,
// kCannotRerun if there is none, kUsage for a `data_folder` that is no address where one is needed.
std::map<std::string, std::string> find_inputs(const runs::Claim& claim,
                                               const runs::Circumstances& circumstances,
                                               const std::string& data_folder);

}  // namespace tessera::train
