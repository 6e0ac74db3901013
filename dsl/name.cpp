#include "dsl/name.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <mutex>
#include <vector>

namespace plan {

namespace {

// Names by id in chunks that never move, so that text() needs no lock while another thread interns.
class NameTable {
 public:
  NameTable() {
    buckets_.resize(1U << 12U);
    chunks_[0] = std::make_unique<Chunk>();
    count_ = 1;  // id 0 is the empty name
  }

  std::uint32_t intern(std::string_view text) {
    if (text.empty()) {
      return 0;
    }
    const std::uint64_t hash = hash_of(text);
    const std::scoped_lock lock(mutex_);
    for (std::size_t at = hash;; ++at) {
      Bucket& bucket = buckets_[at & (buckets_.size() - 1)];
      if (bucket.id == 0) {
        return insert(bucket, hash, text);
      }
      if (bucket.hash == static_cast<std::uint32_t>(hash >> 32U) && this->text(bucket.id) == text) {
        return bucket.id;
      }
    }
  }

  [[nodiscard]] std::string_view text(std::uint32_t id) const {
    return (*chunks_[id / chunk_size])[id % chunk_size];
  }

 private:
  struct Bucket {
    std::uint32_t hash = 0;
    std::uint32_t id = 0;
  };
  static constexpr std::size_t chunk_size = 1U << 16U;
  static constexpr std::size_t arena_size = 1U << 18U;
  __extension__ using Wide = unsigned __int128;
  using Chunk = std::array<std::string_view, chunk_size>;

  // Multiply and fold over eight bytes at a time (the idea of wyhash by Wang Yi, 2019).
  static std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 0x9E3779B97F4A7C15U ^ text.size();
    const auto mix = [&](std::uint64_t word) {
      const Wide product = static_cast<Wide>(hash ^ word) * 0xA0761D6478BD642FU;
      hash = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
    };
    while (text.size() > 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data(), 8);
      mix(word);
      text.remove_prefix(8);
    }
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), text.size());
    mix(word);
    mix(0x8EBC6AF09C88C6E3U);
    return hash;
  }

  std::uint32_t insert(Bucket& bucket, std::uint64_t hash, std::string_view text) {
    const std::uint32_t id = count_++;
    auto& chunk = chunks_.at(id / chunk_size);
    if (!chunk) {
      chunk = std::make_unique<Chunk>();
    }
    (*chunk)[id % chunk_size] = store(text);
    bucket = {.hash = static_cast<std::uint32_t>(hash >> 32U), .id = id};
    if (count_ * 2ULL > buckets_.size()) {
      grow();
    }
    return id;
  }

  std::string_view store(std::string_view text) {
    if (text.size() > arena_left_) {
      arena_left_ = std::max(arena_size, text.size());
      arenas_.push_back(std::make_unique<char[]>(arena_left_));
      arena_next_ = arenas_.back().get();
    }
    char* place = arena_next_;
    std::memcpy(place, text.data(), text.size());
    arena_next_ += text.size();
    arena_left_ -= text.size();
    return {place, text.size()};
  }

  void grow() {
    buckets_.assign(buckets_.size() * 2, {});
    for (std::uint32_t id = 1; id < count_; ++id) {
      const std::uint64_t hash = hash_of(text(id));
      std::size_t at = hash;
      while (buckets_[at & (buckets_.size() - 1)].id != 0) {
        ++at;
      }
      buckets_[at & (buckets_.size() - 1)] = {.hash = static_cast<std::uint32_t>(hash >> 32U),
                                              .id = id};
    }
  }

  std::mutex mutex_;
  std::uint32_t count_ = 0;
  std::vector<Bucket> buckets_;
  std::array<std::unique_ptr<Chunk>, 1U << 16U> chunks_;
  std::vector<std::unique_ptr<char[]>> arenas_;
  char* arena_next_ = nullptr;
  std::size_t arena_left_ = 0;
};

NameTable& table() {
  // Never destroyed: names may be printed while other statics are being destroyed.
  static auto* const names = new NameTable;  // NOLINT(cppcoreguidelines-owning-memory)
  return *names;
}

}  // namespace

Name::Name(std::string_view text) : id_(table().intern(text)) {}

std::string_view Name::text() const {
  return table().text(id_);
}

}  // namespace plan
