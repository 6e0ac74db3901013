// A value of the plan language, known at compile time or at run time.
// One representation for both stages, so that one evaluator serves both. `path` and `url` are
// strings here; their difference is the type checker's business.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "dsl/name.hpp"

namespace plan {

struct ResourceId {
  std::uint32_t index = UINT32_MAX;
  auto operator<=>(const ResourceId&) const = default;
};
struct ExprId {  // of Plan::exprs
  std::uint32_t index = UINT32_MAX;
  [[nodiscard]] bool is_none() const { return index == UINT32_MAX; }
  auto operator<=>(const ExprId&) const = default;
};
struct HostId {  // of Plan::hosts
  std::uint32_t index = UINT32_MAX;
  auto operator<=>(const HostId&) const = default;
};

struct Null {
  auto operator<=>(const Null&) const = default;
};

struct Duration {
  std::int64_t ms = 0;
  auto operator<=>(const Duration&) const = default;
};

struct Size {
  std::int64_t bytes = 0;
  auto operator<=>(const Size&) const = default;
};

// A version as written; compared component by component, numbers as numbers (compare_versions).
struct Version {
  std::string text;
  bool operator==(const Version&) const = default;
};

struct EnumValue {
  Name name;
  bool operator==(const EnumValue&) const = default;
};

// Text that must not be shown. No formatter, no operator<<, no ordering: reveal() is called in
// runtime/real, and where a secret is made part of a longer secret.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  [[nodiscard]] const std::string& reveal() const { return text_; }
  bool operator==(const Secret& other) const;  // constant time in the length of the texts

 private:
  std::string text_;
};

// A value that only run time will know: a closed expression over inputs, states and step tokens.
struct Deferred {
  ExprId expr;
  bool operator==(const Deferred&) const = default;
};

struct Value;
using List = std::vector<Value>;
// Records, maps and JSON objects: entries in the order written; keys are unique.
using Map = std::vector<std::pair<std::string, Value>>;

struct Value {
  std::variant<Null,
               bool,
               std::int64_t,
               std::string,
               Version,
               Duration,
               Size,
               EnumValue,
               List,
               Map,
               HostId,
               ResourceId,
               Secret,
               Deferred>
      data;

  bool operator==(const Value&) const = default;
  template <class T>
  [[nodiscard]] const T* as() const {
    return std::get_if<T>(&data);
  }
};

// The entry of that name, nullptr if there is none.
[[nodiscard]] const Value* find(const Map& map, std::string_view key);

// Compares dotted versions by number where both components are numbers, else as text; "7.1" equals
// "7.1.0"; a pre-release suffix ("-rc1", ".dev3") sorts before the release.
[[nodiscard]] std::strong_ordering compare_versions(std::string_view left, std::string_view right);

// For people and messages: strings in quotes, secrets as "(secret)", deferred as "(known at run
// time)".
[[nodiscard]] std::string to_text(const Value& value);

}  // namespace plan
