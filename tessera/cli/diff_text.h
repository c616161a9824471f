// What `tessera diff` found (runs/diff.h), for people and as JSON. Texts of records and traces are made printable.
#pragma once

#include <string>

#include "tessera/runs/diff.h"

namespace tessera::cli {

std::string diff_text(const runs::DiffResult& result);
std::string diff_json(const runs::DiffResult& result);  // one line of canonical JSON

}  // namespace tessera::cli
