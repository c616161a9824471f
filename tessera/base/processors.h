// How many threads a process takes if nobody says a number. Internal to this room.
#pragma once

namespace tessera {

inline constexpr int kMaxThreads = 4096;  // a larger number is a typing error

// Those that this process may run on, at least 1.
int available_processors();
// What TESSERA_THREADS says, else one for each of them; throws Error (kUsage) for anything but a number from 1 to kMaxThreads.
int default_thread_count();

}  // namespace tessera
