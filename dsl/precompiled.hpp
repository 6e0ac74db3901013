// What most files include of others' headers, read once for all of them. No file relies on it: each
// includes what it needs, as CMAKE_DISABLE_PRECOMPILE_HEADERS=ON shows. Left out is what brings
// <iomanip> along: its std::quoted would be found before the project's own.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ranges>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
