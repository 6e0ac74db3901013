#include "runtime/sim/storage.hpp"

namespace plan::sim {

std::expected<std::vector<std::string>, Failure> MemoryStorage::read_all() {
  return records;
}

std::expected<void, Failure> MemoryStorage::append(std::string_view record) {
  ++transactions;
  add(record);
  return {};
}

std::expected<void, Failure> MemoryStorage::append_many(std::span<const std::string> many) {
  ++transactions;
  for (const std::string& record : many) {
    add(record);
  }
  return {};
}

void MemoryStorage::add(std::string_view record) {
  if (calls_.next() != faults_.cut_at) {
    records.emplace_back(record);
    return;
  }
  switch (faults_.cut) {
    case Cut::before:
      break;
    case Cut::torn:
      records.emplace_back(record.substr(0, record.size() / 2));
      break;
    case Cut::after:
      records.emplace_back(record);
      break;
  }
  throw PowerCut{};
}

}  // namespace plan::sim
