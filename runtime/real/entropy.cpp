#include <cerrno>
#include <system_error>

#include <sys/random.h>

#include "runtime/real/clock.hpp"

namespace plan {

namespace {

class RealEntropy final : public Entropy {
 public:
  // RFC 9562, version 4.
  std::string uuid() override {
    unsigned char bytes[16];
    if (::getrandom(bytes, sizeof bytes, 0) != sizeof bytes) {
      throw std::system_error(errno, std::generic_category(), "getrandom");
    }
    bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (std::size_t index = 0; index < sizeof bytes; ++index) {
      text += index == 4 || index == 6 || index == 8 || index == 10 ? "-" : "";
      text += digits[bytes[index] >> 4];
      text += digits[bytes[index] & 15];
    }
    return text;
  }
};

}  // namespace

std::unique_ptr<Entropy> make_entropy() {
  return std::make_unique<RealEntropy>();
}

}  // namespace plan
