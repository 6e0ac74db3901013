// The pure natives of stdlib/native.plan over texts.

#include <algorithm>

#include <regex.h>

#include "compiler/digest.hpp"
#include "compiler/natives.hpp"
#include "compiler/value_text.hpp"

namespace plan::natives {

namespace {

List split_text(std::string_view text, std::string_view separator) {
  List parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(Value{std::string(text.substr(0, end))});
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + separator.size());
  }
}

// The first match of a POSIX extended regular expression: whether there is one, and the text of
// its first group (of the whole match without a group).
struct Match {
  bool is_found = false;
  std::string text;
};

std::expected<Match, std::string> search(const std::string& text, const std::string& pattern) {
  regex_t regex{};
  const int status = regcomp(&regex, pattern.c_str(), REG_EXTENDED);
  if (status != 0) {
    std::array<char, 200> why{};
    regerror(status, &regex, why.data(), why.size());
    return std::unexpected(
        fmt::format("{} is not a regular expression: {}", quote(pattern), why.data()));
  }
  std::array<regmatch_t, 2> groups{};
  Match match;
  match.is_found = regexec(&regex, text.c_str(), groups.size(), groups.data(), 0) == 0;
  if (match.is_found) {
    const regmatch_t& group = regex.re_nsub > 0 ? groups[1] : groups[0];
    if (group.rm_so >= 0) {
      match.text = text.substr(static_cast<std::size_t>(group.rm_so),
                               static_cast<std::size_t>(group.rm_eo - group.rm_so));
    }
  }
  regfree(&regex);
  return match;
}

std::string doubled(std::string_view text, char what) {
  std::string result;
  for (const char c : text) {
    result += c;
    if (c == what) {
      result += c;
    }
  }
  return result;
}

std::string shell_quoted(std::string_view text) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
  if (!text.empty() && text.find_first_not_of(plain) == std::string_view::npos) {
    return std::string(text);
  }
  std::string result = "'";
  for (const char c : text) {
    result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return result + "'";
}

}  // namespace

Evaluated text(Arguments arguments) {
  return interpolate(arguments[0]);
}

// Without the empty line after a last newline, and without carriage returns.
Evaluated lines(Arguments arguments) {
  return over_text(arguments, [](const Texts& texts) -> Evaluated {
    List list = split_text(*texts[0], "\n");
    if (list.back().as<std::string>()->empty()) {
      list.pop_back();
    }
    for (Value& line : list) {
      auto& line_text = std::get<std::string>(line.data);
      if (line_text.ends_with('\r')) {
        line_text.pop_back();
      }
    }
    return Value{std::move(list)};
  });
}

Evaluated split(Arguments arguments) {
  return over_text(arguments, [](const Texts& texts) -> Evaluated {
    return texts[1]->empty() ? failure("the separator is empty")
                             : Evaluated(Value{split_text(*texts[0], *texts[1])});
  });
}

Evaluated join(Arguments arguments) {
  std::string why;
  const auto* list = want<List>(arguments, 0, "a list", why);
  const auto* separator = want<std::string>(arguments, 1, "a string", why);
  std::string joined;
  for (std::size_t index = 0; why.empty() && index < list->size(); ++index) {
    const Evaluated part = interpolate((*list)[index]);
    if (!part) {
      return part;
    }
    joined += index > 0 ? *separator : "";
    joined += *part->as<std::string>();
  }
  return why.empty() ? Evaluated(Value{std::move(joined)}) : failure(why);
}

Evaluated trim(Arguments arguments) {
  return over_text(arguments, [](const Texts& texts) -> Evaluated {
    constexpr std::string_view blank = " \t\r\n\f\v";
    const std::size_t begin = texts[0]->find_first_not_of(blank);
    const std::size_t end = texts[0]->find_last_not_of(blank);
    return Value{begin == std::string::npos ? "" : texts[0]->substr(begin, end - begin + 1)};
  });
}

// ASCII only: the same on every machine, whatever its locale.
Evaluated lower(Arguments arguments) {
  return over_text(arguments, [](const Texts& texts) -> Evaluated {
    std::string result = *texts[0];
    for (char& c : result) {
      c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return Value{std::move(result)};
  });
}

Evaluated replace(Arguments arguments) {
  return over_text(arguments, [](const Texts& texts) -> Evaluated {
    if (texts[1]->empty()) {
      return failure("the text to replace is empty");
    }
    std::string result;
    const List parts = split_text(*texts[0], *texts[1]);
    for (std::size_t index = 0; index < parts.size(); ++index) {
      result += index > 0 ? *texts[2] : "";
      result += *parts[index].as<std::string>();
    }
    return Value{std::move(result)};
  });
}

Evaluated starts_with(Arguments arguments) {
  return over_text(arguments, [](const Texts& texts) -> Evaluated {
    return Value{texts[0]->starts_with(*texts[1])};
  });
}

Evaluated ends_with(Arguments arguments) {
  return over_text(arguments, [](const Texts& texts) -> Evaluated {
    return Value{texts[0]->ends_with(*texts[1])};
  });
}

Evaluated matches(Arguments arguments) {
  return over_text(arguments, [](const Texts& texts) -> Evaluated {
    const auto match = search(*texts[0], *texts[1]);
    return match ? Evaluated(Value{match->is_found}) : failure(match.error());
  });
}

Evaluated capture(Arguments arguments) {
  return over_text(arguments, [](const Texts& texts) -> Evaluated {
    const auto match = search(*texts[0], *texts[1]);
    return match ? Evaluated(Value{match->text}) : failure(match.error());
  });
}

Evaluated json_parse(Arguments arguments) {
  return over_text(arguments, [](const Texts& texts) { return parse_json(*texts[0]); });
}

Evaluated json_text(Arguments arguments) {
  return to_json(arguments[0]);
}

Evaluated sha256_text(Arguments arguments) {
  return over_text(
      arguments, [](const Texts& texts) -> Evaluated { return Value{to_hex(sha256(*texts[0]))}; });
}

Evaluated sql_identifier(Arguments arguments) {
  return over_text(arguments, [](const Texts& texts) -> Evaluated {
    if (texts[0]->empty() || texts[0]->find('\0') != std::string::npos) {
      return failure("an SQL identifier must not be empty or hold a NUL");
    }
    return Value{"\"" + doubled(*texts[0], '"') + "\""};
  });
}

// As libpq's PQescapeLiteral: the E form where there is a backslash, so that the meaning does not
// depend on standard_conforming_strings.
Evaluated sql_literal(Arguments arguments) {
  return over_text(arguments, [](const Texts& texts) -> Evaluated {
    if (texts[0]->find('\0') != std::string::npos) {
      return failure("an SQL literal must not hold a NUL");
    }
    const bool has_backslash = texts[0]->find('\\') != std::string::npos;
    const std::string body = doubled(doubled(*texts[0], '\''), '\\');
    return Value{(has_backslash ? " E'" : "'") + body + "'"};
  });
}

Evaluated shell_quote(Arguments arguments) {
  const auto* list = arguments[0].as<List>();
  const Arguments parts = list != nullptr ? Arguments(*list) : arguments;
  std::string result;
  for (const Value& part : parts) {
    const Evaluated part_text = interpolate(part);
    if (!part_text) {
      return part_text;
    }
    if (part_text->as<std::string>()->find('\0') != std::string::npos) {
      return failure("a shell argument must not hold a NUL");
    }
    result += result.empty() ? "" : " ";
    result += shell_quoted(*part_text->as<std::string>());
  }
  return Value{std::move(result)};
}

}  // namespace plan::natives
