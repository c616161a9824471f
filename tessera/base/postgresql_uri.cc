#include "tessera/base/postgresql_uri.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <optional>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/text.h"

namespace tessera {
namespace {

constexpr std::string_view kSchemes[] = {"postgresql://", "postgres://"};

char small(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

// The length of "postgresql://" at the beginning of the text, in small or large letters; 0 of anything else.
std::size_t scheme_length(std::string_view text) {
  for (const std::string_view scheme : kSchemes)
    if (std::ranges::equal(text.substr(0, scheme.size()), scheme, {}, small)) return scheme.size();
  return 0;
}

std::optional<int> hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (small(c) >= 'a' && small(c) <= 'f') return small(c) - 'a' + 10;
  return std::nullopt;
}

// "a%20b" is "a b".
std::string decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto high = i + 2 < text.size() ? hex_value(text[i + 1]) : std::nullopt,
               low = i + 2 < text.size() ? hex_value(text[i + 2]) : std::nullopt;
    if (text[i] != '%' || !high || !low) {
      plain += text[i];
      continue;
    }
    plain += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return plain;
}

// The options behind '?' without those that are passwords.
std::string options_without_password(std::string_view options, std::string& password) {
  std::string kept;
  for (std::size_t begin = 0; begin <= options.size();) {
    const std::size_t end = std::min(options.find('&', begin), options.size());
    const std::string_view option = options.substr(begin, end - begin);
    const std::size_t equals = std::min(option.find('='), option.size());
    const std::string name = decoded(option.substr(0, equals));
    if (name == "sslpassword")
      fail_with(ExitCode::kUsage,
                "the address of PostgreSQL has the option sslpassword, expected a key without one, or a "
                "service file of libpq (service=NAME)");
    if (name == "password")
      password = decoded(option.substr(std::min(equals + 1, option.size())));
    else if (!option.empty())
      kept += fmt::format("{}{}", kept.empty() ? "?" : "&", option);
    begin = end + 1;
  }
  return kept;
}

// What decides where libpq goes and as whom. An option counts more than the same thing in front of it, the last one most.
struct Destination {
  std::string host, hostaddr, port, database, user, service;
};

void set_option(Destination& to, const std::string& name, const std::string& value) {
  const std::pair<std::string_view, std::string*> known[] = {{"host", &to.host}, {"hostaddr", &to.hostaddr},
                                                             {"port", &to.port}, {"dbname", &to.database},
                                                             {"user", &to.user}, {"service", &to.service}};
  for (const auto& [key, place] : known)
    if (name == key) *place = value;
}

// "h1:1,[::1]:2" is the hosts h1,::1 and the ports 1,2.
void set_hosts(Destination& to, std::string_view text) {
  for (bool first = true; first || !text.empty(); first = false) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view one = text.substr(0, end);
    const std::size_t bracket = one.starts_with('[') ? one.find(']') : std::string_view::npos,
                      after = bracket == std::string_view::npos ? 0 : bracket,
                      colon = std::min(one.find(':', after), one.size());
    const std::string_view host =
        after > 0 ? one.substr(1, after - 1) : one.substr(0, std::min(colon, one.size()));
    to.host += (first ? "" : ",") + decoded(host);
    to.port += (first ? "" : ",") + decoded(one.substr(std::min(colon + 1, one.size())));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// Of an address without a password.
Destination destination_of(std::string_view uri) {
  std::string_view rest = uri.substr(scheme_length(uri));
  Destination to;
  const std::size_t question = std::min(rest.find('?'), rest.size());
  std::string_view options = rest.substr(std::min(question + 1, rest.size()));
  rest = rest.substr(0, question);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  to.database = decoded(rest.substr(std::min(slash + 1, rest.size())));
  rest = rest.substr(0, slash);
  if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
    to.user = decoded(rest.substr(0, at));
    rest.remove_prefix(at + 1);
  }
  set_hosts(to, rest);
  while (!options.empty()) {
    const std::size_t end = std::min(options.find('&'), options.size());
    const std::size_t equals = std::min(options.find('='), end);
    set_option(to, decoded(options.substr(0, equals)),
               decoded(options.substr(std::min(equals + 1, end), end - std::min(equals + 1, end))));
    options.remove_prefix(std::min(end + 1, options.size()));
  }
  return to;
}

// Where the address begins in a word: at 0, or behind NAME=; nothing of other words.
std::optional<std::size_t> address_in(std::string_view word) {
  if (is_postgresql_uri(word)) return 0;
  const std::size_t equals = word.find('=');
  if (equals != std::string_view::npos && is_postgresql_uri(word.substr(equals + 1))) return equals + 1;
  return std::nullopt;
}

}  // namespace

bool is_postgresql_uri(std::string_view text) {
  return scheme_length(text) > 0;
}

PostgresqlAddress split_password(std::string_view uri) {
  const std::size_t length = scheme_length(uri);
  TESSERA_CHECK(length > 0, "no address of PostgreSQL");
  const std::string_view rest = uri.substr(length);
  const std::size_t question = std::min(rest.find('?'), rest.size());
  // libpq takes the first '@' in front of the first '/'; another one would leave a part of a password behind.
  const std::size_t at = rest.find('@'), slash = rest.find('/');
  if (std::count(rest.begin(), rest.end(), '@') > 1 ||
      (at != std::string_view::npos && at > std::min(slash, question)))
    fail_with(ExitCode::kUsage,
              "the address of PostgreSQL has an '@' that does not stand between user and host; expected "
              "postgresql://USER@HOST/DATABASE, with %40 for '@', %2F for '/' and %3F for '?' in a name or "
              "password");
  PostgresqlAddress address;
  const std::size_t user_end = at == std::string_view::npos ? 0 : at,
                    colon = rest.substr(0, user_end).find(':');
  const std::string options =
      options_without_password(rest.substr(std::min(question + 1, rest.size())), address.password);
  if (colon != std::string_view::npos)
    address.password = decoded(rest.substr(colon + 1, user_end - colon - 1));
  address.uri = fmt::format("{}{}{}{}", length == kSchemes[0].size() ? kSchemes[0] : kSchemes[1],
                            rest.substr(0, std::min(colon, user_end)),
                            rest.substr(user_end, question - user_end), options);
  return address;
}

std::string describe_postgresql(std::string_view uri) {
  const Destination to = destination_of(split_password(uri).uri);
  const auto shown = [](const std::string& value) { return value.empty() ? "default" : printable(value); };
  std::string text = fmt::format("host {}", shown(to.host));
  if (!to.hostaddr.empty()) text += fmt::format(" at {}", shown(to.hostaddr));
  text += fmt::format(", port {}, database {}, user {}", shown(to.port), shown(to.database), shown(to.user));
  if (!to.service.empty()) text += fmt::format(", service {}", shown(to.service));
  return text;
}

std::string without_password(const std::string& word) {
  const auto begin = address_in(word);
  if (!begin) return word;
  try {
    return word.substr(0, *begin) + split_password(std::string_view(word).substr(*begin)).uri;
  } catch (const Error&) {
    return word.substr(0, *begin) + std::string(kSchemes[0]) + "...";
  }
}

std::string take_password(const std::string& word) {
  const auto begin = address_in(word);
  if (!begin) return word;
  const PostgresqlAddress address = split_password(std::string_view(word).substr(*begin));
  if (!address.password.empty()) ::setenv("PGPASSWORD", address.password.c_str(), 1);
  return word.substr(0, *begin) + address.uri;
}

}  // namespace tessera
