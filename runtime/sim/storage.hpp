// A journal in memory that survives power cuts as a disk does: whole records, the last one maybe
// torn.
#pragma once

#include <string>
#include <vector>

#include "runtime/sim/faults.hpp"
#include "runtime/world.hpp"

namespace plan::sim {

class MemoryStorage : public Storage {
 public:
  explicit MemoryStorage(const Faults& faults, CallCounter& calls)
      : faults_(faults), calls_(calls) {}

  [[nodiscard]] std::expected<std::vector<std::string>, Failure> read_all() override;
  [[nodiscard]] std::expected<void, Failure> append(std::string_view record) override;
  [[nodiscard]] std::expected<void, Failure> append_many(
      std::span<const std::string> records) override;

  std::vector<std::string> records;
  std::uint64_t transactions = 0;

 private:
  void add(std::string_view record);

  const Faults& faults_;
  CallCounter& calls_;
};

}  // namespace plan::sim
