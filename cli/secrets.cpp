#include "cli/secrets.hpp"

#include "cli/environment.hpp"
#include "runtime/quote.hpp"
#include "runtime/real/secrets.hpp"

namespace plan {

namespace {

SecretPlace place_of(const SecretSource& source, const Input& input) {
  const std::string first = source.arguments.empty() ? "" : source.arguments.front();
  switch (source.kind) {
    case SecretSource::Kind::environment:
      return {.kind = SecretSourceKind::environment, .text = first};
    case SecretSource::Kind::file:
      return {.kind = SecretSourceKind::file, .text = first};
    case SecretSource::Kind::command:
      return {.kind = SecretSourceKind::command, .text = shell_quoted(source.arguments)};
    case SecretSource::Kind::prompt:
      break;
  }
  return {.kind = SecretSourceKind::terminal, .text = first.empty() ? input.name : first};
}

// nullopt: the plan's own default is the value; a person is asked only where there is nothing else.
std::optional<SecretPlace> place_of(const LoadedPlan& loaded, const Input& input) {
  const std::string variable = input_variable(input.name);
  if (environment_value(variable)) {
    return SecretPlace{.kind = SecretSourceKind::environment, .text = variable};
  }
  const auto found = loaded.secret_sources.find(input.name);
  if (found != loaded.secret_sources.end()) {
    return place_of(found->second, input);
  }
  if (input.value) {
    return std::nullopt;
  }
  return SecretPlace{.kind = SecretSourceKind::terminal, .text = input.name};
}

}  // namespace

SecretProvider make_secret_provider(const LoadedPlan& loaded, SecretAsking asking) {
  return [&loaded, asking = std::move(asking)](
             const Input& input) -> std::expected<std::string, std::string> {
    const std::optional<SecretPlace> place = place_of(loaded, input);
    if (!place) {
      return std::unexpected("it has a default");
    }
    const bool asks = place->kind == SecretSourceKind::terminal;
    const auto typed = loaded.typed_secrets.find(input.name);
    if (asks && typed != loaded.typed_secrets.end()) {
      return typed->second.reveal();
    }
    if (asks) {
      asking.before_asking();
    }
    const std::expected<Secret, std::string> secret = read_secret(*place);
    if (asks) {
      asking.after_asking();
    }
    if (!secret) {
      return std::unexpected(asks ? secret.error() + "; give it as " + input_variable(input.name) +
                                        " or in the inputs file"
                                  : secret.error());
    }
    if (asks) {
      loaded.typed_secrets.insert_or_assign(input.name, *secret);
    }
    return secret->reveal();
  };
}

}  // namespace plan
