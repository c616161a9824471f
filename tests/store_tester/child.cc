#include "tests/store_tester/child.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>

#include "tessera/base/error.h"
#include "tessera/runs/run.h"

namespace store_tester {
namespace {

using nlohmann::json;

constexpr int kPatienceMilliseconds = 60000;

void write_line(int socket, const std::string& line) {
  const std::string text = line + "\n";
  std::size_t sent = 0;
  while (sent < text.size()) {
    const ssize_t count = ::send(socket, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;  // the other side is gone, which reading will tell
    sent += static_cast<std::size_t>(count);
  }
}

std::string answer_text(const Answer& answer) {
  return json{{"kind", static_cast<int>(answer.kind)},
              {"values", answer.values},
              {"message", answer.message},
              {"fired", answer.fired}}
      .dump(-1, ' ', true, json::error_handler_t::replace);
}

Answer parse_answer(const std::string& line) {
  const json value = json::parse(line);
  Answer answer;
  answer.kind = static_cast<Answer::Kind>(value.at("kind").get<int>());
  answer.values = value.at("values").get<std::map<std::string, std::string>>();
  answer.message = value.at("message").get<std::string>();
  answer.fired = value.at("fired").get<bool>();
  return answer;
}

Answer failed(Answer::Kind kind, const std::exception& error) {
  Answer answer;
  answer.kind = kind;
  answer.message = error.what();
  return answer;
}

void work_and_answer(Channel& channel, const std::function<void(Channel&)>& work) {
  try {
    work(channel);
  } catch (const tessera::runs::Stopped& stopped) {
    channel.answer(failed(Answer::Kind::kStopped, stopped));
  } catch (const tessera::Error& error) {
    channel.answer(failed(Answer::Kind::kError, error));
  } catch (const std::exception& error) {
    channel.answer(failed(Answer::Kind::kException, error));
  }
}

}  // namespace

std::uint64_t Answer::number(const std::string& name) const {
  const std::string value = text(name);
  std::uint64_t number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

std::string Answer::text(const std::string& name) const {
  const auto found = values.find(name);
  return found == values.end() ? "" : found->second;
}

std::string Channel::read_line() {
  std::string line;
  for (char byte;;) {
    const ssize_t got = ::read(socket_, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) ::_exit(0);
    if (byte == '\n') return line;
    line += byte;
  }
}

std::string Channel::next_command() {
  const std::string line = read_line();
  const std::size_t space = line.find(' ');
  arm_fault(parse_fault(line.substr(0, space)));
  return line.substr(space + 1);
}

void Channel::answer(const Answer& given) {
  Answer complete = given;
  complete.fired = fault_fired();
  disarm_fault();
  write_line(socket_, answer_text(complete));
}

Child::Child(const std::string& store, const std::function<void(Channel&)>& work)
    : fates_(make_shared_fates()) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) tessera::fail("socketpair: {}", std::strerror(errno));
  process_ = ::fork();
  if (process_ < 0) tessera::fail("fork: {}", std::strerror(errno));
  if (process_ > 0) {
    ::close(ends[1]);
    socket_ = ends[0];
    return;
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::close(ends[0]);
  Channel channel(ends[1]);
  watch_store(store, fates_, [socket = ends[1]] {
    Answer halted;
    halted.kind = Answer::Kind::kHalted;
    halted.fired = true;
    write_line(socket, answer_text(halted));
    char byte;
    while (::read(socket, &byte, 1) < 0 && errno == EINTR) continue;
  });
  work_and_answer(channel, work);
  ::_exit(0);
}

Child::~Child() {
  kill();
  ::close(socket_);
  free_shared_fates(fates_);
}

void Child::send(const std::string& line) {
  write_line(socket_, line);
}

Answer Child::ask(const std::string& command, const std::string& fault) {
  send(fault + " " + command);
  return await();
}

Answer Child::go_on() {
  const char byte = 'g';
  (void)::send(socket_, &byte, 1, MSG_NOSIGNAL);
  return await();
}

Answer Child::await() {
  std::string line;
  for (char byte;;) {
    pollfd waiting{socket_, POLLIN, 0};
    if (::poll(&waiting, 1, kPatienceMilliseconds) == 0) {
      Answer silent;
      silent.kind = Answer::Kind::kSilent;
      return silent;
    }
    const ssize_t got = ::read(socket_, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    if (byte == '\n') return parse_answer(line);
    line += byte;
  }
  if (process_ > 0) ::waitpid(process_, &status_, 0);
  process_ = -1;
  Answer died;
  died.kind = Answer::Kind::kDied;
  died.signal = WIFSIGNALED(status_) ? WTERMSIG(status_) : 0;
  died.fired = died.signal == SIGKILL;
  return died;
}

void Child::kill() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, &status_, 0);
  process_ = -1;
}

}  // namespace store_tester
