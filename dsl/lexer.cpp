#include "dsl/lexer.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <tao/pegtl.hpp>

#include "dsl/check_text.hpp"
#include "dsl/display_width.hpp"
#include "dsl/keyword.hpp"
#include "dsl/lexer_grammar.hpp"
#include "dsl/line_end.hpp"

namespace plan {

namespace {

using Kind = TokenKind;

// An open bracket, string or interpolation.
struct Frame {
  Kind opener;
  bool is_block = false;         // of a string: """
  std::uint32_t at = 0;          // offset of the opener in the text
  std::uint32_t line_start = 0;  // of the opener's line
  std::uint32_t indent = 0;      // of the opener's line
};

// A block that is still open although a line begins no deeper than the line that opened it: where
// a missing `}` was most likely meant, if one turns out to be missing.
struct Suspect {
  std::uint32_t opener = 0;
  std::uint32_t line = 0;
};

class Lexer {
 public:
  Lexer(std::string_view text, std::uint32_t base, Diagnostics& diagnostics)
      : text_(text), base_(base), diagnostics_(diagnostics), first_report_(diagnostics.size()) {}

  void run();
  void word(std::uint32_t begin, std::uint32_t end);
  void punctuation(std::uint32_t begin, std::uint32_t end);
  void newline(std::uint32_t at);
  void push(Kind kind, std::uint32_t begin, std::uint32_t end) {
    if (end - begin > Token::max_length) [[unlikely]] {
      push_long(kind, begin, end);
    } else {
      result.tokens.push_back(Token::made_of(base_ + begin, end - begin, kind));
    }
  }
  void open(Kind kind, std::uint32_t begin, std::uint32_t end, bool is_block = false);
  void close_string(std::uint32_t begin, std::uint32_t end);
  void whole_string(Kind kind, std::uint32_t begin, std::uint32_t end);
  void unclosed_raw(std::uint32_t begin, std::uint32_t end);
  void stranger(std::uint32_t begin, std::uint32_t end);

  std::vector<Suspect> forced;  // blocks to close early, from an earlier attempt
  std::optional<Suspect> suspect;
  bool lacks_brace = false;
  TokenList result;

 private:
  template <Code code, class... Args>
  Diagnostic& report(std::uint32_t begin, std::uint32_t end, const Args&... args);
  // Only strings and words of more than 16 MiB are too long for a token; they become several.
  void push_long(Kind kind, std::uint32_t begin, std::uint32_t end);
  void finish();
  void close(Kind closer, std::uint32_t begin, std::uint32_t end);
  void supply_closer(std::uint32_t at);
  void supply_closers_above(std::size_t depth, std::uint32_t at);
  void end_unclosed_line_string(std::size_t frame, std::uint32_t at);
  void end_unclosed_round(std::uint32_t at);
  void close_forced_blocks(std::uint32_t next_line);
  void emit_newline(std::uint32_t at);
  [[nodiscard]] bool is_forgiven(Kind closer, std::uint32_t at);
  [[nodiscard]] bool item_starts_at(std::uint32_t at) const;
  [[nodiscard]] std::uint32_t indent_at(std::uint32_t at) const;
  [[nodiscard]] std::optional<std::size_t> open_line_string() const;
  [[nodiscard]] bool is_in(Kind opener) const {
    return !frames_.empty() && frames_.back().opener == opener;
  }
  [[nodiscard]] bool is_in_string() const { return is_in(Kind::string_begin); }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(text_.size()); }

  std::string_view text_;
  std::uint32_t base_;
  Diagnostics& diagnostics_;
  std::size_t first_report_;
  std::vector<Frame> frames_;
  std::uint32_t line_start_ = 0;
  std::uint32_t line_indent_ = 0;
  std::uint32_t swallowed_braces_ = 0;
  std::string_view last_stranger_;
  std::uint32_t stranger_line_ = 0;
  bool must_stop_ = false;
};

using Input =
    tao::pegtl::memory_input<tao::pegtl::tracking_mode::lazy, tao::pegtl::eol::lf, const char*>;

// NOLINTBEGIN(readability-identifier-naming): named as the rules of PEGTL are
template <typename Rule>
struct action : tao::pegtl::nothing<Rule> {};

// Hands the matched bytes, as two offsets, to a member function of the Lexer.
template <auto member, auto... extra>
struct calls {
  template <typename ActionInput>
  static void apply(const ActionInput& in, Lexer& lexer, const char* origin) {
    (lexer.*member)(extra..., static_cast<std::uint32_t>(in.begin() - origin),
                    static_cast<std::uint32_t>(in.end() - origin));
  }
};

template <bool is_block, Kind kind>
struct opens_string {
  template <typename ActionInput>
  static void apply(const ActionInput& in, Lexer& lexer, const char* origin) {
    lexer.open(kind, static_cast<std::uint32_t>(in.begin() - origin),
               static_cast<std::uint32_t>(in.end() - origin), is_block);
  }
};

struct opens_interpolation {
  template <typename ActionInput>
  static void apply(const ActionInput& in, Lexer& lexer, const char* origin) {
    lexer.open(Kind::interpolation_begin, static_cast<std::uint32_t>(in.begin() - origin),
               static_cast<std::uint32_t>(in.end() - origin));
  }
};

struct ends_line {
  template <typename ActionInput>
  static void apply(const ActionInput& in, Lexer& lexer, const char* origin) {
    lexer.newline(static_cast<std::uint32_t>(in.begin() - origin));
  }
};

// clang-format off
template <> struct action<lexical::word> : calls<&Lexer::word> {};
template <> struct action<lexical::punctuation> : calls<&Lexer::punctuation> {};
template <> struct action<lexical::newline> : ends_line {};
template <> struct action<lexical::number> : calls<&Lexer::push, Kind::number> {};
template <> struct action<lexical::version> : calls<&Lexer::push, Kind::version> {};
template <> struct action<lexical::string_token> : calls<&Lexer::whole_string, Kind::string> {};
template <> struct action<lexical::shell_token> : calls<&Lexer::whole_string, Kind::shell> {};
template <> struct action<lexical::raw_token> : calls<&Lexer::push, Kind::raw_string> {};
template <> struct action<lexical::unclosed_raw> : calls<&Lexer::unclosed_raw> {};
template <> struct action<lexical::open_block> : opens_string<true, Kind::string_begin> {};
template <> struct action<lexical::open_line> : opens_string<false, Kind::string_begin> {};
template <> struct action<lexical::open_shell_block> : opens_string<true, Kind::shell_begin> {};
template <> struct action<lexical::open_shell_line> : opens_string<false, Kind::shell_begin> {};
template <> struct action<lexical::line_part> : calls<&Lexer::push, Kind::string_text> {};
template <> struct action<lexical::block_part> : calls<&Lexer::push, Kind::string_text> {};
template <> struct action<lexical::lone_backslash> : calls<&Lexer::push, Kind::string_text> {};
template <> struct action<lexical::interpolation> : opens_interpolation {};
template <> struct action<lexical::close_line> : calls<&Lexer::close_string> {};
template <> struct action<lexical::close_block> : calls<&Lexer::close_string> {};
template <> struct action<lexical::stranger> : calls<&Lexer::stranger> {};
// clang-format on
// NOLINTEND(readability-identifier-naming)

Kind closer_of(Kind opener) {
  switch (opener) {
    case Kind::left_paren:
      return Kind::right_paren;
    case Kind::left_bracket:
      return Kind::right_bracket;
    case Kind::left_brace:
      return Kind::right_brace;
    case Kind::interpolation_begin:
      return Kind::interpolation_end;
    default:
      return Kind::string_end;
  }
}

bool is_round(Kind opener) {
  return opener == Kind::left_paren || opener == Kind::left_bracket;
}

bool is_letter(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

}  // namespace

template <Code code, class... Args>
Diagnostic& Lexer::report(std::uint32_t begin, std::uint32_t end, const Args&... args) {
  result.error_offsets.push_back(base_ + begin);
  must_stop_ = must_stop_ || diagnostics_.size() - first_report_ >= max_syntax_errors;
  return diagnostics_.report<code>({base_ + begin, base_ + end}, args...);
}

void Lexer::run() {
  // A step of some 240 bytes has some 30 tokens.
  result.tokens.reserve(text_.size() / 7 + 16);
  Input in(text_.data(), text_.data() + text_.size(), "");
  if (text_.starts_with("\xEF\xBB\xBF")) {
    in.bump(3);
  }
  line_indent_ = indent_at(0);
  const char* const origin = text_.data();
  while (!in.empty() && !must_stop_) {
    if (frames_.empty() || !is_in_string()) {
      (void)tao::pegtl::parse<lexical::code, action>(in, *this, origin);
      continue;
    }
    const bool is_block = frames_.back().is_block;
    const bool is_piece = is_block
                              ? tao::pegtl::parse<lexical::block_piece, action>(in, *this, origin)
                              : tao::pegtl::parse<lexical::line_piece, action>(in, *this, origin);
    if (!is_piece) {
      // Only a newline can stand here.
      end_unclosed_line_string(frames_.size() - 1,
                               static_cast<std::uint32_t>(in.current() - origin));
    }
  }
  finish();
}

void Lexer::finish() {
  const std::uint32_t end = size();
  while (!frames_.empty()) {
    const Frame frame = frames_.back();
    if (!must_stop_) {
      if (frame.opener == Kind::string_begin) {
        report<Code::unterminated_string>(frame.at, frame.at + (frame.is_block ? 3 : 1),
                                          frame.is_block ? "`\"\"\"`" : "`\"`");
      } else if (frame.opener == Kind::left_brace) {
        lacks_brace = true;
        // One missing bracket leaves all around it open: only the outermost is reported.
        const bool is_outermost = std::ranges::none_of(
            frames_.begin(), frames_.end() - 1,
            [](const Frame& outer) { return outer.opener == Kind::left_brace; });
        if (is_outermost) {
          report<Code::unclosed_bracket>(frame.at, frame.at + 1, "{");
        }
      } else if (frame.opener != Kind::interpolation_begin) {
        report<Code::unclosed_bracket>(frame.at, frame.at + 1, text_.substr(frame.at, 1));
      }
    }
    supply_closer(end);
  }
  emit_newline(end);
  if (diagnostics_.size() - first_report_ >= max_syntax_errors) {
    diagnostics_.report<Code::too_many_errors>({base_ + end, base_ + end}, max_syntax_errors);
  }
  push(Kind::end_of_file, end, end);
  result.error_offsets.push_back(must_stop_ ? base_ + end : UINT32_MAX);
  std::ranges::sort(result.error_offsets);
}

void Lexer::push_long(Kind kind, std::uint32_t begin, std::uint32_t end) {
  while (end - begin > Token::max_length) {
    result.tokens.push_back(Token::made_of(base_ + begin, Token::max_length, kind));
    begin += Token::max_length;
  }
  push(kind, begin, end);
}

void Lexer::whole_string(Kind kind, std::uint32_t begin, std::uint32_t end) {
  if (end - begin <= Token::max_length) {
    push(kind, begin, end);
    return;
  }
  const std::uint32_t prefix = kind == Kind::shell ? 2 : 0;
  const std::uint32_t quote = text_.substr(begin + prefix).starts_with(R"(""")") ? 3 : 1;
  push(kind == Kind::shell ? Kind::shell_begin : Kind::string_begin, begin, begin + prefix + quote);
  push(Kind::string_text, begin + prefix + quote, end - quote);
  push(Kind::string_end, end - quote, end);
}

void Lexer::word(std::uint32_t begin, std::uint32_t end) {
  const Kind kind = kind_of_word({text_.data() + begin, end - begin});
  if (goes_on(kind) && !result.tokens.empty() && result.tokens.back().kind == Kind::newline) {
    result.tokens.pop_back();
  }
  push(kind, begin, end);
}

void Lexer::punctuation(std::uint32_t begin, std::uint32_t end) {
  const bool is_double = end - begin == 2;
  switch (text_[begin]) {
    case '(':
      return open(Kind::left_paren, begin, end);
    case '[':
      return open(Kind::left_bracket, begin, end);
    case '{':
      return open(Kind::left_brace, begin, end);
    case ')':
      return close(Kind::right_paren, begin, end);
    case ']':
      return close(Kind::right_bracket, begin, end);
    case '}':
      return close(is_in(Kind::interpolation_begin) ? Kind::interpolation_end : Kind::right_brace,
                   begin, end);
    case ',':
      return push(Kind::comma, begin, end);
    case '.':
      return push(Kind::dot, begin, end);
    case ':':
      return push(Kind::colon, begin, end);
    case '+':
      return push(Kind::plus, begin, end);
    case '-':
      return push(Kind::minus, begin, end);
    case '*':
      return push(Kind::star, begin, end);
    case '/':
      return push(Kind::slash, begin, end);
    case '%':
      return push(Kind::percent, begin, end);
    case '|':
      return push(Kind::bar, begin, end);
    case '=':
      return push(is_double ? Kind::equal_equal : Kind::equal, begin, end);
    case '<':
      return push(is_double ? Kind::less_equal : Kind::less, begin, end);
    case '>':
      return push(is_double ? Kind::greater_equal : Kind::greater, begin, end);
    default:
      return push(Kind::not_equal, begin, end);
  }
}

// --- what nests

void Lexer::open(Kind kind, std::uint32_t begin, std::uint32_t end, bool is_block) {
  if (frames_.size() >= max_nesting) {
    report<Code::nesting_too_deep>(begin, end, max_nesting)
        .note("the rest of the file was not read");
    must_stop_ = true;
    return;
  }
  push(kind, begin, end);
  const bool is_string = kind == Kind::string_begin || kind == Kind::shell_begin;
  frames_.push_back({.opener = is_string ? Kind::string_begin : kind,
                     .is_block = is_block,
                     .at = begin,
                     .line_start = line_start_,
                     .indent = line_indent_});
}

void Lexer::close_string(std::uint32_t begin, std::uint32_t end) {
  push(Kind::string_end, begin, end);
  frames_.pop_back();
}

void Lexer::close(Kind closer, std::uint32_t begin, std::uint32_t end) {
  // The innermost frame this can close, without leaving the string that is around it.
  std::size_t depth = frames_.size();
  while (depth > 0 && frames_[depth - 1].opener != Kind::string_begin &&
         closer_of(frames_[depth - 1].opener) != closer) {
    --depth;
  }
  const bool is_found = depth > 0 && frames_[depth - 1].opener != Kind::string_begin;
  if (is_found) {
    for (std::size_t index = depth; index < frames_.size(); ++index) {
      const Frame& frame = frames_[index];
      report<Code::unclosed_bracket>(frame.at, frame.at + 1, text_.substr(frame.at, 1))
          .label({base_ + begin, base_ + end}, "it should be closed before this");
    }
    supply_closers_above(depth, begin);
    push(closer, begin, end);
    frames_.pop_back();
    return;
  }
  const std::string_view found = text_.substr(begin, end - begin);
  const bool is_mistaken = !frames_.empty() && is_round(frames_.back().opener) &&
                           (closer == Kind::right_paren || closer == Kind::right_bracket);
  if (!is_mistaken) {
    if (is_forgiven(closer, begin)) {
      result.error_offsets.push_back(base_ + begin);
    } else {
      report<Code::unopened_bracket>(begin, end, found);
    }
    return;
  }
  const Frame& frame = frames_.back();
  report<Code::unexpected_token>(begin, end, describe(closer_of(frame.opener)),
                                 fmt::format("`{}`", found))
      .label({base_ + frame.at, base_ + frame.at + 1}, "opened here");
  supply_closer(begin);
}

// A closing bracket that is alone only because a string without its end took what it closes, or
// because it was meant to stand behind that end.
bool Lexer::is_forgiven(Kind closer, std::uint32_t at) {
  if (closer == Kind::right_brace && swallowed_braces_ > 0) {
    --swallowed_braces_;
    return true;
  }
  const std::string_view rest = text_.substr(at, text_.substr(at).find('\n'));
  return open_line_string() && rest.find('"') == std::string_view::npos;
}

void Lexer::supply_closer(std::uint32_t at) {
  push(closer_of(frames_.back().opener), at, at);
  frames_.pop_back();
  result.error_offsets.push_back(base_ + at);
}

void Lexer::supply_closers_above(std::size_t depth, std::uint32_t at) {
  while (frames_.size() > depth) {
    supply_closer(at);
  }
}

// --- the ends of lines

void Lexer::newline(std::uint32_t at) {
  if (const auto frame = open_line_string()) {
    // An interpolation that runs over the end of its line.
    end_unclosed_line_string(*frame, at);
  }
  const std::uint32_t next_line = at + 1;
  const bool is_round_open = !frames_.empty() && is_round(frames_.back().opener);
  if (is_round_open && item_starts_at(next_line)) {
    end_unclosed_round(at);
  }
  line_start_ = next_line;
  line_indent_ = indent_at(next_line);
  if (frames_.empty() || is_in(Kind::left_brace)) {
    emit_newline(at);
    close_forced_blocks(next_line);
  }
}

void Lexer::emit_newline(std::uint32_t at) {
  if (result.tokens.empty()) {
    return;
  }
  const Kind last = result.tokens.back().kind;
  const bool is_given_up = last != Kind::newline && last != Kind::left_brace &&
                           asks_for_more(last) && item_starts_at(std::min(at + 1, size()));
  if (!asks_for_more(last) || is_given_up) {
    push(Kind::newline, at, std::min(at + 1, size()));
  }
}

void Lexer::close_forced_blocks(std::uint32_t next_line) {
  if (frames_.empty()) {
    return;
  }
  const std::uint32_t code = next_line + line_indent_;
  const char first = code < size() ? text_[code] : '\n';
  const bool is_code = first != '\n' && first != '\r' && first != '#' && first != '}';
  if (!suspect && is_code && line_indent_ <= frames_.back().indent) {
    suspect = Suspect{.opener = frames_.back().at, .line = next_line};
  }
  const bool is_forced = std::ranges::any_of(forced, [&](const Suspect& known) {
    return known.line == next_line && known.opener == frames_.back().at;
  });
  if (!is_forced) {
    return;
  }
  suspect.reset();
  const std::uint32_t opener = frames_.back().at;
  report<Code::unclosed_bracket>(opener, opener + 1, "{")
      .label({base_ + code, base_ + code + 1},
             "it looks as if it should be closed before this line");
  supply_closer(next_line);
  emit_newline(next_line);
  close_forced_blocks(next_line);
}

// The outermost open string that must end in its line: its interpolation may not run over the end.
std::optional<std::size_t> Lexer::open_line_string() const {
  std::optional<std::size_t> found;
  for (std::size_t index = 0; index < frames_.size(); ++index) {
    if (frames_[index].opener == Kind::string_begin && !frames_[index].is_block) {
      return index;
    }
  }
  return found;
}

void Lexer::end_unclosed_line_string(std::size_t frame, std::uint32_t at) {
  report<Code::unterminated_string>(frames_[frame].at, at, "`\"`")
      .help("a string ends in its own line; one of several lines is written \"\"\" … \"\"\"");
  const std::string_view swallowed = text_.substr(frames_[frame].at, at - frames_[frame].at);
  swallowed_braces_ += swallowed.find_last_not_of(" \r") == swallowed.rfind('{') ? 1 : 0;
  supply_closers_above(frame, at);
  // The string may have swallowed brackets that were meant to close in this line.
  const bool goes_on_below = at + 1 < size() && !item_starts_at(at + 1);
  while (!goes_on_below && !frames_.empty() && is_round(frames_.back().opener) &&
         frames_.back().line_start == line_start_) {
    supply_closer(at);
  }
}

// A bracket that is still open where a declaration or clause begins has no closing one.
void Lexer::end_unclosed_round(std::uint32_t at) {
  std::size_t depth = frames_.size();
  while (depth > 0 && is_round(frames_[depth - 1].opener)) {
    --depth;
  }
  const Frame& frame = frames_[depth];
  report<Code::unclosed_bracket>(frame.at, frame.at + 1, text_.substr(frame.at, 1));
  supply_closers_above(depth, at);
}

bool Lexer::item_starts_at(std::uint32_t at) const {
  std::uint32_t next = at + indent_at(at);
  const std::uint32_t begin = next;
  while (next < size() && is_letter(text_[next])) {
    ++next;
  }
  if (next < size() && text_[next] == '}' && next == begin) {
    return true;
  }
  if (next == begin || next + 1 >= size() || text_[next] != ' ') {
    return false;
  }
  const char after = text_[next + 1];
  return begins_item(kind_of_word(text_.substr(begin, next - begin))) &&
         (is_letter(after) || after == '"');
}

std::uint32_t Lexer::indent_at(std::uint32_t at) const {
  std::uint32_t next = at;
  while (next < size() && (text_[next] == ' ' || text_[next] == '\t')) {
    ++next;
  }
  return next - at;
}

// --- what does not belong

void Lexer::unclosed_raw(std::uint32_t begin, std::uint32_t end) {
  const bool is_block = text_.substr(begin + 1).starts_with(R"(""")");
  report<Code::unterminated_string>(begin, is_block ? begin + 4 : end,
                                    is_block ? "`\"\"\"`" : "`\"`");
  push(Kind::raw_string, begin, end);
}

void Lexer::stranger(std::uint32_t begin, std::uint32_t end) {
  const std::string_view character = text_.substr(begin, end - begin);
  // Quotes come in pairs, and so do slips: one report for a line and a character.
  if (last_stranger_ == character && stranger_line_ == line_start_) {
    result.error_offsets.push_back(base_ + begin);
    return;
  }
  last_stranger_ = character;
  stranger_line_ = line_start_;
  Diagnostic& diagnostic = report<Code::forbidden_character>(
      begin, end, describe_character(decode_utf8(character).value));
  const Stranger* known = known_stranger(character);
  if (known == nullptr) {
    return;
  }
  if (known->replacement.empty()) {
    diagnostic.help(std::string(known->advice));
    return;
  }
  diagnostic.fix({.span = {base_ + begin, base_ + end},
                  .replacement = std::string(known->replacement),
                  .description = std::string(known->advice),
                  .is_safe = true});
}

TokenList lex(const SourcePart& source, Diagnostics& diagnostics, std::vector<Token> storage) {
  const std::string_view text = source.text;
  const std::uint32_t base = source.base;
  const std::size_t before = diagnostics.size();
  std::vector<Suspect> forced;
  // A missing `}` is noticed only at the end of the file. Then the text is read again with the
  // block closed where the indentation says so, a few times at most.
  for (int attempt = 0;; ++attempt) {
    constexpr int max_attempts = 4;
    diagnostics.truncate(before);
    TokenList unusable{.tokens = {{.begin = base, .length = 0, .kind = Kind::end_of_file}},
                       .error_offsets = {}};
    std::vector<std::uint32_t> offsets;
    if (check_text(text, base, diagnostics, offsets) == TextCheck::not_utf8) {
      return unusable;
    }
    Lexer lexer(text, base, diagnostics);
    lexer.forced = forced;
    lexer.result.error_offsets = std::move(offsets);
    storage.clear();
    lexer.result.tokens = std::move(storage);
    lexer.run();
    if (!lexer.lacks_brace || !lexer.suspect || attempt == max_attempts) {
      return std::move(lexer.result);
    }
    forced.push_back(*lexer.suspect);
    storage = std::move(lexer.result.tokens);
  }
}

}  // namespace plan
