// The lexical grammar: PEGTL rules over bytes. Included by lexer.cpp only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <tao/pegtl.hpp>

namespace plan {

namespace lexical {

using namespace tao::pegtl;  // NOLINT(google-build-using-namespace): its own little language

// What a byte may be part of, as a set of bits.
enum ByteClass : std::uint8_t {
  blank = 1,
  letter = 2,
  letter_or_digit = 4,
  line_byte = 8,
  block_byte = 16
};

inline constexpr auto byte_classes = [] {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t byte = 0; byte < table.size(); ++byte) {
    const bool is_letter =
        (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
    const bool is_blank = (byte <= ' ' && byte != '\n') || byte == 0x7F;
    const bool is_text = byte != '"' && byte != '\\' && byte != '$';
    table[byte] = static_cast<std::uint8_t>(
        (is_blank ? blank : 0) | (is_letter ? letter : 0) |
        (is_letter || (byte >= '0' && byte <= '9') ? letter_or_digit : 0) |
        (is_text && byte != '\n' ? line_byte : 0) | (is_text ? block_byte : 0));
  }
  return table;
}();

[[nodiscard]] inline bool is_of(char byte, std::uint8_t classes) {
  return (byte_classes[static_cast<unsigned char>(byte)] & classes) != 0;
}

// NOLINTBEGIN(readability-identifier-naming): named as the rules of PEGTL are
// One byte of `First`, then as many of `Rest` as there are: looked for in the table and taken at
// once, since most of a text is such runs.
template <std::uint8_t First, std::uint8_t Rest = First>
struct run {
  using rule_t = run;
  using subs_t = empty_list;

  template <typename ParseInput>
  [[nodiscard]] static bool match(ParseInput& in) {
    const char* const begin = in.current();
    const char* const end = in.end();
    if (begin == end || !is_of(*begin, First)) {
      return false;
    }
    const char* at = begin + 1;
    while (at != end && is_of(*at, Rest)) {
      ++at;
    }
    in.bump(static_cast<std::size_t>(at - begin));
    return true;
  }
};

// clang-format off
struct blanks : run<blank> {};
struct comment : seq<one<'#'>, star<not_one<'\n'>>> {};
struct newline : one<'\n'> {};

struct word : run<letter, letter_or_digit> {};
// One that is nothing else: not the beginning of `v1`, `sh"…"` or `r"…"`.
struct prefix : sor<seq<one<'v'>, digit>, string<'s', 'h', '"'>, string<'r', '"'>> {};
struct plain_word : seq<not_at<prefix>, word> {};
struct number : seq<digit, star<identifier_other>> {};
struct version_part : plus<alnum> {};
struct version : seq<one<'v'>, plus<digit>, star<one<'.'>, at<digit>, version_part>,
                     star<one<'-', '+', '~'>, list<version_part, one<'.'>>>,
                     not_at<identifier_other>> {};

// Strings without an interpolation are one token.
struct quote : one<'"'> {};
struct quotes : string<'"', '"', '"'> {};
struct dollar : seq<one<'$'>, not_at<one<'{'>>> {};
struct line_text : plus<sor<run<line_byte>, dollar,
                            seq<one<'\\'>, not_one<'\n'>>>> {};
struct block_text : plus<sor<run<block_byte>, dollar, seq<one<'\\'>, any>,
                             seq<not_at<quotes>, quote>>> {};
struct whole_string : sor<seq<quotes, opt<block_text>, quotes>,
                          seq<not_at<quotes>, quote, opt<line_text>, quote>> {};
struct string_token : whole_string {};
struct shell_token : seq<string<'s', 'h'>, whole_string> {};
struct raw_token : seq<one<'r'>, sor<seq<quotes, until<quotes>>,
                                     seq<not_at<quotes>, quote, star<not_one<'"', '\n'>>, quote>>> {};
struct unclosed_raw : seq<one<'r'>, sor<seq<quotes, star<any>>, seq<quote, star<not_one<'\n'>>>>> {};

// All others are a beginning, pieces of text and `${` code `}`, and an end.
struct open_block : quotes {};
struct open_line : quote {};
struct open_shell_block : seq<string<'s', 'h'>, quotes> {};
struct open_shell_line : seq<string<'s', 'h'>, quote> {};
struct interpolation : string<'$', '{'> {};
struct lone_backslash : one<'\\'> {};
struct close_line : quote {};
struct close_block : quotes {};
struct line_part : line_text {};
struct block_part : block_text {};
struct line_piece : sor<line_part, interpolation, close_line, seq<lone_backslash>> {};
struct block_piece : sor<block_part, interpolation, close_block, seq<lone_backslash>> {};

struct punctuation : sor<one<'(', '[', '{', ')', ']', '}', ',', '.', ':', '+', '-', '*', '/', '%', '|'>,
                         seq<one<'=', '<', '>'>, opt<one<'='>>>, string<'!', '='>> {};
struct stranger : utf8::any {};

// The commonest first, where the first character decides.
struct piece : sor<plain_word, punctuation, newline, string_token, version, shell_token,
                   raw_token, open_block, open_line, open_shell_block, open_shell_line, unclosed_raw,
                   word, comment, number, stranger, seq<any>> {};
struct code : sor<seq<opt<blanks>, piece>, blanks> {};
// NOLINTEND(readability-identifier-naming)
// clang-format on

}  // namespace lexical

}  // namespace plan
