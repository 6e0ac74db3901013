// The lexical grammar: PEGTL rules over bytes. Included by lexer.cpp only.
#pragma once

#include <tao/pegtl.hpp>

namespace plan {

namespace lexical {

using namespace tao::pegtl;  // NOLINT(google-build-using-namespace): its own little language

// clang-format off
struct blanks : plus<ranges<'\0', '\t', '\x0B', ' ', '\x7F'>> {};
struct comment : seq<one<'#'>, star<not_one<'\n'>>> {};
struct newline : one<'\n'> {};

struct word : identifier {};
// One that is nothing else: other letters than those of `v1`, `sh"…"` and `r"…"`.
struct plain_word : seq<not_at<one<'v', 's', 'r'>>, word> {};
struct number : seq<digit, star<identifier_other>> {};
struct version_part : plus<alnum> {};
struct version : seq<one<'v'>, plus<digit>, star<one<'.'>, at<digit>, version_part>,
                     star<one<'-', '+', '~'>, list<version_part, one<'.'>>>,
                     not_at<identifier_other>> {};

// Strings without an interpolation are one token.
struct quote : one<'"'> {};
struct quotes : string<'"', '"', '"'> {};
struct dollar : seq<one<'$'>, not_at<one<'{'>>> {};
struct line_text : plus<sor<plus<not_one<'"', '\\', '$', '\n'>>, dollar,
                            seq<one<'\\'>, not_one<'\n'>>>> {};
struct block_text : plus<sor<plus<not_one<'"', '\\', '$'>>, dollar, seq<one<'\\'>, any>,
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
struct code : sor<blanks, plain_word, punctuation, newline, string_token, version, shell_token,
                  raw_token, open_block, open_line, open_shell_block, open_shell_line, unclosed_raw,
                  word, comment, number, stranger, seq<any>> {};
// clang-format on

}  // namespace lexical

}  // namespace plan
