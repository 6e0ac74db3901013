// Formats: JWT (RFC 7519) signed with HMAC SHA-256 (RFC 7515); passwords by PBKDF2 (RFC 8018),
// where the real server uses Argon2: nothing but the server itself reads them.

#include "tests/orchestrator/auth.hpp"

#include <array>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "tests/orchestrator/core.hpp"

namespace orchestrator {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr int password_rounds = 10'000;

std::string to_base64url(std::string_view bytes) {
  std::string out;
  unsigned buffer = 0;
  int bits = 0;
  for (const char byte : bytes) {
    buffer = (buffer << 8U) | static_cast<unsigned char>(byte);
    for (bits += 8; bits >= 6; bits -= 6) {
      out += alphabet[(buffer >> static_cast<unsigned>(bits - 6)) & 63U];
    }
  }
  if (bits > 0) {
    out += alphabet[(buffer << static_cast<unsigned>(6 - bits)) & 63U];
  }
  return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string out;
  unsigned buffer = 0;
  int bits = 0;
  for (const char letter : text) {
    const auto value = alphabet.find(letter);
    if (letter == '=') {
      break;
    }
    if (value == std::string_view::npos) {
      return std::nullopt;
    }
    buffer = (buffer << 6U) | static_cast<unsigned>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>((buffer >> static_cast<unsigned>(bits)) & 255U);
    }
  }
  return out;
}

std::string signature(const TokenSettings& settings, std::string_view text) {
  const std::string key = from_base64url(settings.key).value_or(settings.key);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  return to_base64url({reinterpret_cast<const char*>(digest.data()), size});
}

// The claims of a token whose signature, issuer and audience fit.
Json claims_of(const TokenSettings& settings, std::string_view token) {
  const auto first = token.find('.');
  const auto second = token.rfind('.');
  if (first == std::string_view::npos || first == second) {
    throw forbidden("Not enough segments");
  }
  const std::string expected = signature(settings, token.substr(0, second));
  const std::string_view given = token.substr(second + 1);
  if (given.size() != expected.size() ||
      CRYPTO_memcmp(given.data(), expected.data(), expected.size()) != 0) {
    throw forbidden("Signature verification failed");
  }
  const auto payload = from_base64url(token.substr(first + 1, second - first - 1));
  Json claims = Json::parse(payload.value_or(""), nullptr, false);
  if (!claims.is_object()) {
    throw forbidden("Invalid payload string");
  }
  const Json audience = claims.value("aud", Json::array());
  if (claims.value("iss", "") != settings.issuer) {
    throw forbidden("Invalid issuer");
  }
  if (audience != settings.audience && audience != Json::array({settings.audience})) {
    throw forbidden("Invalid audience");
  }
  return claims;
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) {
    out += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  return out;
}

std::string derived(const std::string& password, const std::string& salt) {
  std::string key(32, '\0');
  PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                    reinterpret_cast<const unsigned char*>(salt.data()),
                    static_cast<int>(salt.size()), password_rounds, EVP_sha256(),
                    static_cast<int>(key.size()), reinterpret_cast<unsigned char*>(key.data()));
  return fmt::format("$pbkdf2-sha256${}${}${}", password_rounds, salt, hex(key));
}

bool is_password(const std::string& password, const std::string& stored) {
  const auto end = stored.rfind('$');
  const auto begin = end == std::string::npos ? end : stored.rfind('$', end - 1);
  return begin != std::string::npos &&
         derived(password, stored.substr(begin + 1, end - begin - 1)) == stored;
}

Response login(Call& call) {
  if (!call.core.settings.server.auth) {
    throw bad_request(
        "Server authentication should be enabled. To setup the initial user use the"
        " inmanta-initial-user-setup tool.");
  }
  const std::string name = call.arguments["username"].get<std::string>();
  const Result found =
      call.core.pool.run("select password_hash from inmanta_user where username = $1", {name});
  if (found.empty() ||
      !is_password(call.arguments["password"].get<std::string>(), found.text(0, "password_hash"))) {
    throw ApiError(401, "Access to this resource is unauthorized");
  }
  const std::string token = make_token(call.core.settings.token, "");
  Response response = data_response(
      {{"token", token}, {"user", {{"username", name}, {"auth_method", "database"}}}});
  response.headers["Authentication"] = "Bearer " + token;
  return response;
}

}  // namespace

std::string make_token(const TokenSettings& settings, std::string_view environment) {
  Json claims{{"iss", settings.issuer},
              {"aud", Json::array({settings.audience})},
              {"urn:inmanta:ct", Json::array({"api"})}};
  if (!environment.empty()) {
    claims["urn:inmanta:env"] = environment;
  }
  const std::string text = to_base64url(Json{{"alg", "HS256"}, {"typ", "JWT"}}.dump()) + "." +
                           to_base64url(claims.dump());
  return text + "." + signature(settings, text);
}

void check_token(const TokenSettings& settings,
                 const std::optional<std::string>& authorization,
                 std::string_view environment) {
  constexpr std::string_view scheme = "Bearer ";
  if (!authorization || !authorization->starts_with(scheme)) {
    throw ApiError(401, "Access to this resource is unauthorized");
  }
  const Json claims = claims_of(settings, std::string_view(*authorization).substr(scheme.size()));
  const std::string tied = claims.value("urn:inmanta:env", "");
  if (tied.empty()) {
    return;
  }
  if (environment.empty()) {
    throw forbidden("The authorization token is scoped to a specific environment.");
  }
  if (tied != environment) {
    throw forbidden("The authorization token is not valid for the requested environment.");
  }
}

void store_user(Connection& connection, const std::string& name, const std::string& password) {
  std::array<unsigned char, 16> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  const std::string salt = hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  connection.run(
      "insert into inmanta_user (id, username, password_hash, auth_method)"
      " values ($1, $2, $3, 'database')"
      " on conflict (username) do update set password_hash = excluded.password_hash",
      {new_uuid(), name, derived(password, salt)});
}

std::vector<Route> auth_routes(const Release& release) {
  std::vector<Route> routes{
      {"POST",
       "/api/v2/environment_auth",
       "environment_create_token",
       Scope::header,
       {{"client_types", FieldType::any, true}, {"idempotent", FieldType::boolean}},
       [](Call& call) {
         return data_response(make_token(call.core.settings.token, call.environment));
       }}};
  if (release.has_users) {
    routes.push_back(
        {.method = "POST",
         .path = "/api/v2/login",
         .operation = "login",
         .scope = Scope::none,
         .fields = {{"username", FieldType::text, true}, {"password", FieldType::text, true}},
         .handle = login,
         .needs_token = false});
  }
  return routes;
}

}  // namespace orchestrator
