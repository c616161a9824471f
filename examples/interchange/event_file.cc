// Curves of a program of one's own for TensorBoard: `tensorboard --logdir events` draws what is written here.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  // Descent on x^2 / 2 with momentum; one event per step, a tenth of a second apart.
  std::vector<interchange::ScalarEvent> events;
  double x = 1, velocity = 0;
  for (std::uint64_t step = 1; step <= 50; ++step) {
    velocity = 0.9 * velocity - 0.1 * x;
    x += velocity;
    events.push_back({.step = step,
                      .wall_time = 1769860800 + 0.1 * static_cast<double>(step),
                      .scalars = {{"descent/x", x}, {"descent/loss", x * x / 2}}});
  }
  const std::string bytes = interchange::tensorboard_events(events);
  make_folders("events");
  write_file_atomically("events/events.out.tfevents.1769860800.example", bytes);
  std::printf("%zu steps, %zu bytes, sha256 %s\n", events.size(), bytes.size(),
              to_hex(sha256(bytes)).c_str());
}
