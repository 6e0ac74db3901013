#include "dsl/name.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace plan {

namespace {

// Names by id in chunks that never move, so that text() needs no lock while another thread interns.
// The table is in many parts, each with a lock of its own: files are read in several threads, and
// an intern is too short to wait for another one. For the same reason threads write next to each
// other as little as can be: each has ids and room for texts of its own, and of a part they share
// one line of the cache. So names that stand together in a file have ids that are close, too.
class NameTable {
 public:
  std::uint32_t intern(std::string_view text) {
    // Most names were met a short while ago: each thread finds those without the table.
    thread_local std::array<Bucket, 1U << 11U> recent;
    if (text.empty()) {
      return 0;
    }
    const std::uint64_t hash = hash_of(text);
    Bucket& known = recent[hash % recent.size()];
    if (known.id == 0 || !is_of(known, hash, text)) {
      known = find_or_insert(hash, text);
    }
    return known.id;
  }

  [[nodiscard]] std::string_view text(std::uint32_t id) const {
    return id == 0 ? std::string_view()
                   : (*chunks_[id / chunk_size].load(std::memory_order_acquire))[id % chunk_size];
  }

 private:
  struct Bucket {
    std::uint32_t hash = 0;  // the lower half of it, whose lowest bits say where the bucket is
    std::uint32_t id = 0;
    const char* text = nullptr;  // its length, then its bytes
  };
  static bool is_of(const Bucket& bucket, std::uint64_t hash, std::string_view text) {
    return bucket.hash == static_cast<std::uint32_t>(hash) && text_at(bucket.text) == text;
  }
  static constexpr std::size_t cache_line = 64;
  struct alignas(cache_line) Part {
    std::mutex mutex;
    std::uint32_t size = 1U << 8U;  // a power of two
    std::uint32_t count = 0;
    std::unique_ptr<Bucket[]> buckets = std::make_unique<Bucket[]>(size);
  };
  static_assert(sizeof(Part) == cache_line);
  // What a thread has taken for itself.
  struct Supply {
    std::uint32_t next_id = 0;
    std::uint32_t end_id = 0;
    char* next_text = nullptr;
    std::size_t text_left = 0;
  };
  static constexpr unsigned part_bits = 6;
  static constexpr std::uint32_t ids_at_once = 256;
  static constexpr std::size_t chunk_size = 1U << 16U;
  static constexpr std::size_t arena_size = 1U << 14U;
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
  static std::string_view text_at(const char* place) {
    std::uint32_t size = 0;
    std::memcpy(&size, place, sizeof size);
    return {place + sizeof size, size};
  }

  Bucket find_or_insert(std::uint64_t hash, std::string_view text) {
    Part& part = parts_[hash >> (64U - part_bits)];
    const std::scoped_lock lock(part.mutex);
    for (std::size_t at = static_cast<std::uint32_t>(hash);; ++at) {
      Bucket& bucket = part.buckets[at & (part.size - 1)];
      if (bucket.id == 0) {
        return insert(part, bucket, hash, text);
      }
      if (is_of(bucket, hash, text)) {
        return bucket;
      }
    }
  }

  Bucket insert(Part& part, Bucket& bucket, std::uint64_t hash, std::string_view text) {
    thread_local Supply supply;
    if (supply.next_id == supply.end_id) {
      supply.next_id = next_id_.fetch_add(ids_at_once);
      supply.end_id = supply.next_id + ids_at_once;
      make_chunk(supply.next_id / chunk_size);
    }
    const std::uint32_t id = supply.next_id++;
    const char* const place = store(supply, text);
    (*chunks_[id / chunk_size].load(std::memory_order_acquire))[id % chunk_size] = text_at(place);
    const Bucket made{.hash = static_cast<std::uint32_t>(hash), .id = id, .text = place};
    bucket = made;
    if (++part.count * 2ULL > part.size) {
      grow(part);
    }
    return made;
  }

  // Of several threads that want the chunk the first one makes it.
  void make_chunk(std::size_t index) {
    std::atomic<Chunk*>& place = chunks_.at(index);
    if (place.load(std::memory_order_acquire) != nullptr) {
      return;
    }
    const std::scoped_lock lock(storage_mutex_);
    if (place.load(std::memory_order_acquire) == nullptr) {
      chunk_storage_.push_back(std::make_unique<Chunk>());
      place.store(chunk_storage_.back().get(), std::memory_order_release);
    }
  }

  const char* store(Supply& supply, std::string_view text) {
    const auto size = static_cast<std::uint32_t>(text.size());
    const std::size_t needed = sizeof size + text.size();
    if (needed > supply.text_left) {
      supply.text_left = std::max(arena_size, needed);
      auto arena = std::make_unique_for_overwrite<char[]>(supply.text_left);
      supply.next_text = arena.get();
      const std::scoped_lock lock(storage_mutex_);
      arenas_.push_back(std::move(arena));
    }
    char* place = supply.next_text;
    std::memcpy(place, &size, sizeof size);
    std::memcpy(place + sizeof size, text.data(), text.size());
    supply.next_text += needed;
    supply.text_left -= needed;
    return place;
  }

  static void grow(Part& part) {
    const std::span old(part.buckets.get(), part.size);
    const std::uint32_t mask = part.size * 2 - 1;
    auto buckets = std::make_unique<Bucket[]>(part.size * std::size_t{2});
    for (const Bucket& known : old) {
      if (known.id == 0) {
        continue;
      }
      std::size_t at = known.hash;
      while (buckets[at & mask].id != 0) {
        ++at;
      }
      buckets[at & mask] = known;
    }
    part.buckets = std::move(buckets);
    part.size *= 2;
  }

  std::array<Part, 1U << part_bits> parts_;
  std::mutex storage_mutex_;  // of arenas_ and chunk_storage_
  std::vector<std::unique_ptr<char[]>> arenas_;
  std::atomic<std::uint32_t> next_id_ = ids_at_once;  // id 0 is the empty name
  std::vector<std::unique_ptr<Chunk>> chunk_storage_;
  std::array<std::atomic<Chunk*>, 1U << 16U> chunks_{};
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
