// The language: PEGTL rules over tokens. Read it beside docs/language.md; the order is the same.
// `node` is the node a rule makes in the tree; `chain` one made only if the rule read several
// parts. Included by parser.cpp and by the test that analyses it.
#pragma once

#include "dsl/grammar_rules.hpp"

namespace plan::grammar {

using pegtl::list;
using pegtl::opt;
using pegtl::seq;
using pegtl::sor;
using pegtl::star;

// clang-format off
// NOLINTBEGIN(readability-identifier-naming): named as the rules of PEGTL are

struct value;
struct declaration;
struct statement;
struct primary;
struct unary;

using comma = token<Kind::comma>;
using colon = token<Kind::colon>;
using equals = token<Kind::equal>;
using dot = token<Kind::dot>;

// --- names, types, texts

struct path : seq<name, star<one_of<Notion::operator_sign, Kind::dot>, name>> { static constexpr auto node = NodeKind::path; };
struct type_arguments;
struct next_name : seq<one_of<Notion::operator_sign, Kind::dot>, name> {};
struct type : named<Notion::type, name, star<next_name>, opt<type_arguments>>
  { static constexpr auto node = NodeKind::type; };
struct type_arguments : seq<one_of<Notion::operator_sign, Kind::less>, nested<list<type, comma>, token<Kind::greater>>> {};
struct typed : seq<colon, type> {};

struct interpolation : seq<token<Kind::interpolation_begin>, nested<records<true,
    recovering<false, false, false, value, before<Kind::interpolation_end>>, token<Kind::interpolation_end>>>> {};
struct pieces : star<sor<token<Kind::string_text>, interpolation>> {};
struct text_template : seq<token<Kind::string_begin>, pieces, token<Kind::string_end>>
  { static constexpr auto node = NodeKind::text_template; };
struct plain_text : one_of<Notion::text, Kind::string, Kind::raw_string> {};
struct text : named<Notion::text, sor<plain_text, text_template>> {};
struct shell_template : seq<token<Kind::shell_begin>, pieces, token<Kind::string_end>>
  { static constexpr auto node = NodeKind::shell_template; };
struct shell : sor<token<Kind::shell>, shell_template> {};

// --- expressions, from the loosest binding to the tightest

struct conditional : seq<token<Kind::reserved_if>, nested<value, token<Kind::reserved_then>, value,
                                                          token<Kind::reserved_else>, value>>
  { static constexpr auto node = NodeKind::conditional; };
struct for_all : seq<token<Kind::reserved_for>, nested<name, token<Kind::reserved_in>, value, colon, value>>
  { static constexpr auto node = NodeKind::for_all; };

struct product : seq<unary, star<one_of<Notion::operator_sign, Kind::star, Kind::slash, Kind::percent>, unary>>
  { static constexpr auto chain = NodeKind::product; };
struct sum : seq<product, star<one_of<Notion::operator_sign, Kind::plus, Kind::minus>, product>>
  { static constexpr auto chain = NodeKind::sum; };
struct not_in : seq<ahead<Kind::reserved_not, Kind::reserved_in>, token<Kind::reserved_not>,
                    token<Kind::reserved_in>> {};
struct comparison_sign : sor<one_of<Notion::operator_sign, Kind::equal_equal, Kind::not_equal, Kind::less,
                                    Kind::less_equal, Kind::greater, Kind::greater_equal, Kind::reserved_in>,
                             not_in> {};
struct inversion;
struct negation;
struct comparison : seq<sum, opt<comparison_sign, sor<negation, sum>>>
  { static constexpr auto chain = NodeKind::comparison; };
struct negation : seq<token<Kind::reserved_not>, nested<inversion>>
  { static constexpr auto node = NodeKind::negation; };
struct inversion : sor<negation, comparison> {};
struct conjunction : seq<inversion, star<one_of<Notion::operator_sign, Kind::reserved_and>, inversion>>
  { static constexpr auto chain = NodeKind::conjunction; };
struct disjunction : seq<conjunction, star<one_of<Notion::operator_sign, Kind::reserved_or>, conjunction>>
  { static constexpr auto chain = NodeKind::disjunction; };

struct value : named<Notion::value, sor<plain_value, conditional, for_all, disjunction>> {};

struct minus : seq<token<Kind::minus>, nested<unary>> { static constexpr auto node = NodeKind::minus; };

struct named_argument : seq<ahead<Kind::name, Kind::colon>, name, colon, value>
  { static constexpr auto node = NodeKind::argument; };
struct arguments : bracketed<Kind::left_paren, Kind::right_paren, sor<named_argument, value>>
  { static constexpr auto node = NodeKind::arguments; };
struct index : seq<token<Kind::left_bracket>, nested<records<true, value, token<Kind::right_bracket>>>>
  { static constexpr auto node = NodeKind::index; };
struct member : seq<one_of<Notion::operator_sign, Kind::dot>, name> {};
struct cast : seq<one_of<Notion::operator_sign, Kind::reserved_as>, type>
  { static constexpr auto node = NodeKind::cast; };
struct at_opener : ahead_any<0, Kind::left_paren, Kind::left_bracket> {};
struct access : sor<member, seq<at_opener, sor<arguments, index>>> {};
struct postfix : seq<primary, star<sor<access, cast>>> { static constexpr auto chain = NodeKind::postfix; };
// After a command `as` gives a user.
struct command_operand : seq<primary, star<access>> { static constexpr auto chain = NodeKind::postfix; };
struct dotted : seq<name, star<sor<member, seq<ahead<Kind::left_bracket>, index>>>>
  { static constexpr auto chain = NodeKind::postfix; };

struct call_options;
struct operand : seq<postfix, opt<call_options>> { static constexpr auto chain = NodeKind::command; };
struct unary : named<Notion::value, sor<minus, operand>> {};

// --- values that stand alone

struct group : seq<token<Kind::left_paren>, nested<records<true,
                              recovering<false, false, true, value, before<Kind::right_paren>>,
                              token<Kind::right_paren>>>>
  { static constexpr auto node = NodeKind::group; };
struct comprehension_tail : seq<ahead<Kind::reserved_for>, token<Kind::reserved_for>, name, token<Kind::reserved_in>,
                                value, opt<token<Kind::reserved_if>, value>> {};
struct list_value : bracketed<Kind::left_bracket, Kind::right_bracket, value, opt<comprehension_tail>>
  { static constexpr auto node = NodeKind::list; };
struct entry : seq<sor<name, plain_text>, colon, value> { static constexpr auto node = NodeKind::entry; };
struct map : entries<entry> { static constexpr auto node = NodeKind::map; };
struct record : seq<list<name, dot>, entries<entry>> { static constexpr auto node = NodeKind::record; };

struct user : sor<name, text> {};
struct option_env : seq<ahead<Kind::word_env, Kind::left_brace>, token<Kind::word_env>, map>
  { static constexpr auto node = NodeKind::option_env; };
struct option_stdin : seq<pegtl::not_at<ahead<Kind::word_stdin, Kind::colon>>, token<Kind::word_stdin>, value>
  { static constexpr auto node = NodeKind::option_stdin; };
struct option_timeout : seq<pegtl::not_at<ahead<Kind::word_timeout, Kind::colon>>, token<Kind::word_timeout>, value>
  { static constexpr auto node = NodeKind::option_timeout; };
struct option : named<Notion::command, sor<option_env, option_stdin, option_timeout>> {};
struct on_host : seq<ahead<Kind::word_on, Kind::name>, token<Kind::word_on>, dotted> {};
struct as_user : seq<one_of<Notion::operator_sign, Kind::reserved_as>, user> {};
struct with_options : seq<ahead_any<0, Kind::word_with>, token<Kind::word_with>, list<option, comma>> {};
struct command_options : sor<seq<on_host, opt<as_user>, opt<with_options>>,
                             seq<as_user, opt<with_options>>, with_options>
  { static constexpr auto node = NodeKind::command_options; };
// After other calls than exec(…) `as` is a cast, unless a host comes first.
struct call_options : seq<behind<Kind::right_paren>, sor<ahead<Kind::word_on, Kind::name>, ahead<Kind::word_with>>, command_options> {};

struct exec : seq<ahead<Kind::word_exec, Kind::left_paren>, token<Kind::word_exec>, arguments>
  { static constexpr auto node = NodeKind::postfix; };
struct at_command : ahead_any<1, Kind::left_bracket, Kind::shell, Kind::shell_begin, Kind::name> {};
struct command_value : sor<shell, command_operand> {};
struct run : seq<ahead<Kind::word_run>, at_command, token<Kind::word_run>, command_value>
  { static constexpr auto node = NodeKind::run; };
struct command : seq<sor<run, exec, shell>, opt<command_options>>
  { static constexpr auto chain = NodeKind::command; };
struct pipe_end : seq<sor<run, exec, shell, command_operand>, opt<command_options>>
  { static constexpr auto chain = NodeKind::command; };
struct pipe : seq<ahead<Kind::word_pipe>, at_command, token<Kind::word_pipe>,
                  nested<pipe_end, token<Kind::bar>, pipe_end>>
  { static constexpr auto node = NodeKind::pipe; };
struct at_plain_name : seq<ahead<Kind::name>,
                           pegtl::not_at<ahead_any<0, Kind::word_exec, Kind::word_run, Kind::word_pipe>>> {};

struct literal : one_of<Notion::value, Kind::string, Kind::raw_string, Kind::number, Kind::version,
                        Kind::reserved_true, Kind::reserved_false> {};
struct primary : sor<literal, seq<ahead_record, record>, seq<at_plain_name, name>, list_value, group,
                     seq<allows_record, map>, text_template, command, pipe, name> {};

// --- clauses of operations and steps

struct condition : seq<value, opt<token<Kind::reserved_else>, text>> {};
struct optional_type : opt<typed> {};
struct let_rest : line<name, optional_type, equals, value> {};
struct block;

template <Kind keyword, NodeKind kind, typename... Rules>
struct in_line : seq<token<keyword>, line<Rules...>> { static constexpr auto node = kind; };

struct requires_clause : in_line<Kind::word_requires, NodeKind::requires_clause, condition> {};
struct awaits_clause : in_line<Kind::word_awaits, NodeKind::awaits_clause, condition> {};
struct ensures_clause : in_line<Kind::word_ensures, NodeKind::ensures_clause, value> {};
struct changes_clause : in_line<Kind::word_changes, NodeKind::changes_clause, dotted,
                                opt<token<Kind::word_keeping>, list<name, comma>>> {};
struct destroys_clause : in_line<Kind::word_destroys, NodeKind::destroys_clause, dotted> {};
struct irreversible_clause : in_line<Kind::word_irreversible, NodeKind::irreversible_clause, text> {};
struct detached_clause : in_line<Kind::word_detached, NodeKind::detached_clause> {};
struct once_clause : in_line<Kind::word_once, NodeKind::once_clause> {};
struct timeout_clause : in_line<Kind::word_timeout, NodeKind::timeout_clause, value> {};
struct retry_clause : in_line<Kind::word_retry, NodeKind::retry_clause, value, token<Kind::word_every>, value> {};
struct undo_clause : in_line<Kind::word_undo, NodeKind::undo_clause, value> {};
struct after_clause : in_line<Kind::word_after, NodeKind::after_clause, list<dotted, comma>> {};
struct when_clause : in_line<Kind::word_when, NodeKind::when_clause, value> {};
struct allow_clause : in_line<Kind::word_allow, NodeKind::allow_clause, token<Kind::word_destroy>> {};
struct note_clause : in_line<Kind::word_note, NodeKind::note_clause, text> {};
struct output_clause : in_line<Kind::word_output, NodeKind::output_clause, name, typed, equals, value> {};
struct let_clause : seq<token<Kind::reserved_let>, let_rest> { static constexpr auto node = NodeKind::let_clause; };
struct manual_clause : in_line<Kind::word_manual, NodeKind::manual_clause, text> {};
struct do_clause : seq<token<Kind::word_do>, block_head<>, opt<block>, line<>>
  { static constexpr auto node = NodeKind::do_clause; };

struct clause : named<Notion::clause, sor<
    after_clause, note_clause, requires_clause, ensures_clause, timeout_clause, undo_clause, do_clause,
    awaits_clause, changes_clause, destroys_clause, irreversible_clause, detached_clause, once_clause,
    retry_clause, when_clause, allow_clause, output_clause, let_clause, manual_clause>> {};
struct clauses : braces<clause> {};

// --- statements of operation bodies

struct block : braces<statement> { static constexpr auto node = NodeKind::block; };
struct let_statement : seq<token<Kind::reserved_let>, let_rest> { static constexpr auto node = NodeKind::let_statement; };
struct else_part;
struct if_part : seq<token<Kind::reserved_if>, block_head<value>, opt<block>, opt<else_part>>
  { static constexpr auto node = NodeKind::if_statement; };
struct else_part : seq<token<Kind::reserved_else>, nested<sor<if_part, seq<block_head<>, opt<block>>>>> {};
struct if_statement : seq<if_part, line<>> {};
struct for_statement : seq<token<Kind::reserved_for>, block_head<name, token<Kind::reserved_in>, value>, opt<block>, line<>>
  { static constexpr auto node = NodeKind::for_statement; };
struct wait_statement : seq<ahead<Kind::word_wait, Kind::word_until>, token<Kind::word_wait>,
                            line<token<Kind::word_until>, value, comma, token<Kind::word_every>, value, comma,
                                 token<Kind::reserved_for>, value>>
  { static constexpr auto node = NodeKind::wait_statement; };
// `fail` and `return` may be names, too: then something follows that is no value.
struct no_value : ahead_any<1, Kind::dot, Kind::left_paren, Kind::newline, Kind::right_brace, Kind::reserved_as> {};
struct fail_statement : seq<ahead<Kind::word_fail>, pegtl::not_at<no_value>,
                            in_line<Kind::word_fail, NodeKind::fail_statement, value>> {};
struct return_statement : seq<ahead<Kind::word_return>, pegtl::not_at<no_value>,
                              in_line<Kind::word_return, NodeKind::return_statement, value>> {};
struct value_statement : seq<value, line<>> { static constexpr auto node = NodeKind::value_statement; };
struct statement : named<Notion::statement, sor<
    let_statement, if_statement, for_statement, wait_statement, fail_statement, return_statement,
    value_statement>> {};

// --- declarations of a plan

struct use : in_line<Kind::word_use, NodeKind::use, sor<plain_text, path>, opt<token<Kind::reserved_as>, name>> {};
struct input : in_line<Kind::word_input, NodeKind::input, name, typed, opt<equals, value>> {};
struct let_declaration : seq<token<Kind::reserved_let>, let_rest> { static constexpr auto node = NodeKind::let; };
struct require : in_line<Kind::word_require, NodeKind::require, condition> {};
struct goal : in_line<Kind::word_goal, NodeKind::goal, value> {};
struct always : in_line<Kind::word_always, NodeKind::always, value> {};

struct approve_text : seq<ahead_any<1, Kind::string, Kind::raw_string, Kind::string_begin>, token<Kind::word_approve>, text>
  { static constexpr auto node = NodeKind::approve_text; };
struct manual_text : seq<ahead_any<1, Kind::string, Kind::raw_string, Kind::string_begin>, token<Kind::word_manual>, text>
  { static constexpr auto node = NodeKind::manual_text; };
struct step : seq<token<Kind::word_step>, open_head<name, equals, sor<approve_text, manual_text, value>>,
                  opt<clauses>, line<>>
  { static constexpr auto node = NodeKind::step; };
struct approve : seq<token<Kind::word_approve>, open_head<text>, opt<clauses>, line<>>
  { static constexpr auto node = NodeKind::approve; };

struct phase : seq<token<Kind::word_phase>, block_head<text, opt<token<Kind::word_after>, list<dotted, comma>>>,
                   opt<braces<declaration>>, line<>>
  { static constexpr auto node = NodeKind::phase; };

struct at_a_time : seq<token<Kind::word_at>, token<Kind::word_a>, token<Kind::word_time>> {};
struct one_at_a_time : seq<token<Kind::word_one>, at_a_time> { static constexpr auto node = NodeKind::one_at_a_time; };
struct at_most : seq<token<Kind::word_at>, token<Kind::word_most>, value, at_a_time>
  { static constexpr auto node = NodeKind::at_most; };
struct stop_on_failure : seq<token<Kind::word_stop>, token<Kind::word_on>, token<Kind::word_first>, token<Kind::word_failure>>
  { static constexpr auto node = NodeKind::stop_on_failure; };
struct continue_on_failure : seq<token<Kind::word_continue>, token<Kind::word_on>, token<Kind::word_failure>>
  { static constexpr auto node = NodeKind::continue_on_failure; };
struct loop_after : seq<token<Kind::word_after>, dotted> { static constexpr auto node = NodeKind::loop_after; };
struct loop_option : named<Notion::loop_option, sor<one_at_a_time, at_most, stop_on_failure, continue_on_failure, loop_after>> {};
struct for_loop : seq<token<Kind::reserved_for>,
                      block_head<name, token<Kind::reserved_in>, value, star<comma, loop_option>>,
                      opt<braces<declaration>>, line<>>
  { static constexpr auto node = NodeKind::for_loop; };
struct when_block : seq<token<Kind::word_when>, block_head<value>, opt<braces<declaration>>, line<>>
  { static constexpr auto node = NodeKind::when_block; };

struct given_clause : in_line<Kind::word_given, NodeKind::given_clause, list<value, comma>> {};
struct set_clause : in_line<Kind::word_set, NodeKind::set_clause, name, equals, value> {};
struct crash_clause : in_line<Kind::word_crash, NodeKind::crash_clause, token<Kind::word_everywhere>> {};
struct fail_step_clause : in_line<Kind::word_fail, NodeKind::fail_step_clause, token<Kind::word_step>, sor<name, text>> {};
struct shuffle_clause : in_line<Kind::word_shuffle, NodeKind::shuffle_clause, value> {};
struct refused_clause : seq<ahead<Kind::word_expect, Kind::word_refused, Kind::name>,
                            in_line<Kind::word_expect, NodeKind::refused_clause, token<Kind::word_refused>, name, opt<text>>> {};
struct expect_clause : in_line<Kind::word_expect, NodeKind::expect_clause, value> {};
struct test_clause : named<Notion::test_clause, sor<
    given_clause, refused_clause, expect_clause, set_clause, crash_clause, fail_step_clause, shuffle_clause>> {};
struct test : seq<token<Kind::word_test>, block_head<text>, opt<braces<test_clause>>, line<>>
  { static constexpr auto node = NodeKind::test; };

// --- declarations of a module

struct parameter : seq<name, typed, opt<equals, value>> { static constexpr auto node = NodeKind::parameter; };
struct parameters : bracketed<Kind::left_paren, Kind::right_paren, parameter>
  { static constexpr auto node = NodeKind::parameters; };

struct resource_field : seq<ahead<Kind::name, Kind::colon>, line<name, typed, opt<equals, value>>>
  { static constexpr auto node = NodeKind::resource_field; };
struct key : in_line<Kind::word_key, NodeKind::key, list<name, comma>> {};
struct carried_by : seq<token<Kind::word_carried>, token<Kind::word_by>, dotted> {};
struct state : in_line<Kind::word_state, NodeKind::attribute, name, typed, equals, value, opt<carried_by>> {};
struct fact : in_line<Kind::word_fact, NodeKind::attribute, name, typed, equals, value> {};
struct query : in_line<Kind::word_query, NodeKind::attribute, name, typed, equals, value> {};
struct resource_item : named<Notion::resource_item, sor<resource_field, state, fact, query, key>> {};
struct resource_value : seq<equals, records<true, value>> {};
struct resource_host : opt<token<Kind::word_on>, name> {};
struct resource : seq<token<Kind::word_resource>,
                      sor<seq<ahead<Kind::name, Kind::equal>, line<name, equals, value>>,
                          seq<block_head<name, sor<resource_value, resource_host>>, opt<braces<resource_item>>, line<>>>>
  { static constexpr auto node = NodeKind::resource; };

struct operation : seq<token<Kind::word_operation>,
                       block_head<name, parameters, opt<token<Kind::word_on>, dotted>,
                                  opt<token<Kind::reserved_as>, user>>,
                       opt<clauses>, line<>>
  { static constexpr auto node = NodeKind::operation; };
struct function : in_line<Kind::word_function, NodeKind::function, name, parameters, typed, equals, value> {};
struct native : in_line<Kind::word_native, NodeKind::native, sor<token<Kind::word_function>, token<Kind::word_effect>>,
                        name, parameters, typed> {};
struct rule_requirement : in_line<Kind::word_require, NodeKind::rule_requirement, condition> {};
struct rule : seq<token<Kind::word_rule>, block_head<name, parameters>, opt<braces<rule_requirement>>, line<>>
  { static constexpr auto node = NodeKind::rule; };

struct field : seq<name, typed, opt<equals, value>> { static constexpr auto node = NodeKind::field; };
struct cases : seq<equals, list<name, token<Kind::bar>>> {};
struct type_declaration : seq<token<Kind::word_type>,
                              sor<seq<ahead<Kind::name, Kind::equal>, line<name, cases>>,
                                  seq<block_head<name>, opt<entries<field>>, line<>>>>
  { static constexpr auto node = NodeKind::type_declaration; };

struct declaration : named<Notion::declaration, sor<
    step, phase, for_loop, when_block, approve, let_declaration, resource, input, use, require, goal, always, test,
    operation, function, native, rule, type_declaration>> {};

// --- files

struct newlines : star<token<Kind::newline>> {};
struct edition_header : in_line<Kind::word_edition, NodeKind::edition_header, token<Kind::number>> {};
struct plan_header : in_line<Kind::word_plan, NodeKind::plan_header, plain_text> {};
struct module_header : in_line<Kind::word_module, NodeKind::module_header, list<name, dot>> {};
struct file : seq<opt<edition_header>, newlines, opt<sor<plan_header, module_header>>,
                  items<declaration>, token<Kind::end_of_file>>
  { static constexpr auto node = NodeKind::file; };

// A file of values for inputs: name = value.
struct value_line : seq<line<name, optional_type, equals, value>> { static constexpr auto node = NodeKind::let; };
struct value_file : seq<items<value_line>, token<Kind::end_of_file>> { static constexpr auto node = NodeKind::file; };

// NOLINTEND(readability-identifier-naming)
// clang-format on

}  // namespace plan::grammar
