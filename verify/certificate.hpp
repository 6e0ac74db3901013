// The certificate of a proof as data: what docs/certificate.md describes. Read from JSON, judged
// by verify.cpp.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace plan::verify {

// Numbers are indexes of the compiled plan; `none` is null.
inline constexpr std::uint32_t none = UINT32_MAX;

// A variable that a condition reads: the step whose write is read, and the next one that writes it.
struct Reading {
  std::uint32_t variable = none;
  std::uint32_t writer = none;  // none: the world as found
  std::uint32_t next = none;    // none: nobody
  bool operator==(const Reading&) const = default;
};

struct Requirement {
  std::uint32_t step = none;  // none: a goal
  std::uint32_t clause = none;
  std::string by;  // "plan", "preflight"
  std::vector<Reading> readings;
  bool operator==(const Requirement&) const = default;
};

struct Wait {
  std::uint32_t step = none;
  std::uint32_t clause = none;
  std::uint32_t part = none;
  std::string by;  // "plan", "world", "beside"
  std::vector<std::uint32_t> providers;
  bool operator==(const Wait&) const = default;
};

struct Loss {
  std::uint32_t step = none;
  std::uint32_t variable = none;
  std::string by;                // "allowed", "expendable", "known", "saved"
  std::uint32_t witness = none;  // of "saved": the variable that holds the same
  bool operator==(const Loss&) const = default;
};

struct Cases {  // of an invariant: combinations of values; of an undo's clause: runs looked at
  std::uint32_t of = none;      // invariant, or step
  std::uint32_t clause = none;  // part of the invariant's condition, or clause of undo_requires
  std::uint32_t count = 0;
  bool operator==(const Cases&) const = default;
};

struct Crash {           // by step
  std::string resumes;   // "observes", "asks", "nothing"
  std::string way_back;  // "undo", "none", "ends", "past"
  bool operator==(const Crash&) const = default;
};

struct Certificate {
  std::string digest;
  std::vector<std::uint32_t> order;
  std::vector<std::vector<std::uint32_t>> paths;    // sorted by (first, last)
  std::vector<std::vector<std::uint32_t>> writers;  // by variable, in order
  std::vector<Requirement> requirements;            // by step, by clause
  std::vector<Wait> waits;
  std::vector<Loss> losses;
  std::vector<Requirement> goals;
  std::vector<Cases> invariants;
  std::vector<Cases> undos;
  std::vector<Crash> steps;
};

[[nodiscard]] std::expected<Certificate, std::string> read_certificate(std::string_view text);

}  // namespace plan::verify
