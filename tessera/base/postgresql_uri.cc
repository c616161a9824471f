#include "tessera/base/postgresql_uri.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>

#include "tessera/base/ascii.h"
#include "tessera/base/error.h"
#include "tessera/base/text.h"

namespace tessera {
namespace {

constexpr std::string_view kSchemes[] = {"postgresql://", "postgres://"};

// The length of "postgresql://" at the beginning of the text, in small or large letters; 0 of anything else.
std::size_t scheme_length(std::string_view text) {
  for (const std::string_view scheme : kSchemes)
    if (std::ranges::equal(text.substr(0, scheme.size()), scheme, {}, ascii_lower)) return scheme.size();
  return 0;
}

std::optional<int> hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (const char letter = ascii_lower(c); letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
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

constexpr std::string_view kSecretOptions[] = {"sslpassword", "oauth_client_secret", "scram_client_key",
                                               "scram_server_key"};

// The options behind '?' without those that are passwords.
std::string options_without_password(std::string_view options, std::string& password) {
  std::string kept;
  for (std::size_t begin = 0; begin <= options.size();) {
    const std::size_t end = std::min(options.find('&', begin), options.size());
    const std::string_view option = options.substr(begin, end - begin);
    const std::size_t equals = std::min(option.find('='), option.size());
    const std::string name = ascii_lower_case(decoded(option.substr(0, equals)));
    if (std::ranges::find(kSecretOptions, name) != std::end(kSecretOptions))
      fail_with(
          ExitCode::kUsage,
          "the address of PostgreSQL has the option {}, which is a secret; expected it in a service file "
          "of libpq (service=NAME), or none",
          name);
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
    if (!first) {
      to.host += ',';
      to.port += ',';
    }
    to.host += decoded(host);
    to.port += decoded(one.substr(std::min(colon + 1, one.size())));
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

// The passwords that were typed in this process, each for the place and the user that it was typed for.
class Passwords {
 public:
  void set(std::string_view uri, const std::string& password) {
    const std::lock_guard lock(mutex_);
    passwords_[key(uri)] = password;
  }
  std::string of(std::string_view uri) const {
    const std::lock_guard lock(mutex_);
    const auto found = passwords_.find(key(uri));
    return found == passwords_.end() ? "" : found->second;
  }

 private:
  using Key = std::vector<std::string>;
  static Key key(std::string_view uri) {
    const Destination to = destination_of(uri);
    return {to.host, to.hostaddr, to.port, to.user, to.service};
  }
  mutable std::mutex mutex_;
  std::map<Key, std::string> passwords_;
};

Passwords& typed_passwords() {
  static Passwords passwords;
  return passwords;
}

// An address anywhere in a text: where it begins, and the length of its scheme, "postgresql+psycopg2://" too.
struct Scheme {
  std::size_t begin = 0, length = 0;
};

std::optional<Scheme> next_scheme(std::string_view text, std::size_t from = 0) {
  for (std::size_t colon = text.find("://", from); colon != std::string_view::npos;
       colon = text.find("://", colon + 1)) {
    std::size_t begin = colon;
    const auto in_scheme = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '_';
    };
    while (begin > from && in_scheme(text[begin - 1])) --begin;
    const std::size_t postgres = ascii_lower_case(text.substr(begin, colon - begin)).rfind("postgres");
    if (postgres != std::string::npos) return Scheme{begin + postgres, colon + 3 - begin - postgres};
  }
  return std::nullopt;
}

// Could "h1:5432,[::1]:5433" be hosts and ports? What is no port may be the beginning of a password.
bool are_hosts(std::string_view authority) {
  Destination to;
  set_hosts(to, authority);
  return std::ranges::all_of(to.port, [](char c) { return (c >= '0' && c <= '9') || c == ','; });
}

// Where the address at the beginning of the text ends, as far as a text can tell: at a blank or a quote, unless its password goes on there.
std::size_t address_end(std::string_view text, std::size_t scheme) {
  const auto next = next_scheme(text, scheme);
  text = text.substr(0, next ? next->begin : text.size());
  const auto end_of_word = [&](std::size_t from) {
    return std::min(text.find_first_of(" \t\r\n\"'`", from), text.size());
  };
  const std::size_t end = end_of_word(scheme);
  const std::string_view rest = text.substr(scheme, end - scheme);
  if (rest.find('@') != std::string_view::npos || are_hosts(rest.substr(0, rest.find_first_of("/?"))))
    return end;
  const std::size_t at = text.find('@', end);
  return at == std::string_view::npos ? end : end_of_word(at);
}

std::string hidden_password(std::string_view address, std::size_t scheme) {
  const std::string head(address.substr(0, scheme)), plain(kSchemes[0]);
  try {
    return head + split_password(plain + std::string(address.substr(scheme))).uri.substr(plain.size());
  } catch (const Error&) {
    return head + "...";
  }
}

// Where the address begins in a word: at 0, or behind NAME= or NAME=NAME=; nothing of other words.
std::optional<std::size_t> address_in(std::string_view word) {
  const auto in_name = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.' || c == '=';
  };
  const auto end = std::ranges::find_if_not(word, in_name);
  const std::size_t equals = word.substr(0, static_cast<std::size_t>(end - word.begin())).rfind('='),
                    begin = equals == std::string_view::npos ? 0 : equals + 1;
  if (is_postgresql_uri(word.substr(begin))) return begin;
  return std::nullopt;
}

// How many words "host=", "password =", ... of psql's other way to say an address a text has; all that is known if it has a password.
bool has_keywords(std::string_view text) {
  constexpr std::string_view kKeys[] = {"host", "hostaddr", "port", "dbname", "user", "service", "sslmode"};
  std::size_t known = 0;
  for (std::size_t equals = text.find('='); equals != std::string_view::npos;
       equals = text.find('=', equals + 1)) {
    const std::size_t last = text.substr(0, equals).find_last_not_of(" \t");
    if (last == std::string_view::npos) continue;
    const std::size_t blank = text.substr(0, last).find_last_of(" \t'\"");
    const std::size_t begin = blank == std::string_view::npos ? 0 : blank + 1;
    const std::string key = ascii_lower_case(text.substr(begin, last + 1 - begin));
    if (key == "password" || std::ranges::find(kSecretOptions, key) != std::end(kSecretOptions)) return true;
    if (std::ranges::find(kKeys, key) != std::end(kKeys)) ++known;
  }
  return known > 1;
}

// What of an address an address in another spelling is: "postgresql+psycopg2://", "jdbc:postgresql:", " postgresql://", "mysql://me:secret@host".
bool is_other_address(std::string_view text) {
  if (text.starts_with('/') || text.starts_with("./") || text.starts_with("../")) return false;
  const std::string letters =
      ascii_lower_case(text.substr(std::min(text.find_first_not_of(" \t\r\n'\""), text.size())));
  const std::size_t colon = letters.find(':');
  if (colon == std::string::npos) return false;
  const std::string_view rest = std::string_view(letters).substr(colon);
  const bool secret =
      rest.find('@') != std::string_view::npos || rest.find("password") != std::string_view::npos;
  return next_scheme(letters) || letters.starts_with("jdbc:") ||
         (secret && (letters.starts_with("postgres") || rest.find("://") != std::string_view::npos));
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
    fail_with(
        ExitCode::kUsage,
        "the address of PostgreSQL has an '@' that does not stand between user and host; expected "
        "postgresql://USER@HOST/DATABASE?OPTION=VALUE, with %40 for '@', %2F for '/' and %3F for '?' in "
        "a name, a password or the value of an option");
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

void refuse_other_address(std::string_view path) {
  if (is_postgresql_uri(path) || !(has_keywords(path) || is_other_address(path))) return;
  fail_with(
      ExitCode::kUsage,
      "the table is said by an address in another spelling, not shown here since it may hold a password; "
      "expected a file, or a PostgreSQL database as postgresql://USER@HOST:PORT/DATABASE?OPTION=VALUE");
}

LibpqParameters libpq_parameters(const std::string& connection) {
  PostgresqlAddress address = {connection};
  if (is_postgresql_uri(connection)) {
    address = split_password(connection);
    if (address.password.empty()) address.password = typed_passwords().of(address.uri);
  }
  LibpqParameters parameters;
  // In front of the address, so that an option there counts.
  if (std::getenv("PGCONNECT_TIMEOUT") == nullptr) parameters.emplace_back("connect_timeout", "10");
  parameters.emplace_back("dbname", address.uri);
  if (!address.password.empty()) parameters.emplace_back("password", address.password);
  return parameters;
}

std::string without_passwords(std::string_view text) {
  std::string shown;
  while (const auto scheme = next_scheme(text)) {
    shown += text.substr(0, scheme->begin);
    text.remove_prefix(scheme->begin);
    const std::size_t end = address_end(text, scheme->length);
    shown += hidden_password(text.substr(0, end), scheme->length);
    text.remove_prefix(end);
  }
  return shown + std::string(text);
}

std::string without_password(const std::string& word) {
  const auto begin = address_in(word);
  if (!begin) return without_passwords(word);
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
  if (!address.password.empty()) typed_passwords().set(address.uri, address.password);
  return word.substr(0, *begin) + address.uri;
}

}  // namespace tessera
