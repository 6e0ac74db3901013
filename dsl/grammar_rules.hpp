// What grammar.hpp is written with: an input of tokens for PEGTL, and the rules PEGTL lacks:
// tokens, named rules, recovery, the nesting limit. Included by grammar.hpp only.
#pragma once

#include <cstdint>
#include <vector>

#include <tao/pegtl.hpp>

#include "dsl/expected.hpp"
#include "dsl/token.hpp"
#include "dsl/tree.hpp"

namespace plan::grammar {

namespace pegtl = tao::pegtl;
using Kind = TokenKind;

// The private exception of the parser: what was read so far is all there will be.
struct StopParsing {};

// Where a failed part is left: at the first of these on its own level.
struct Stops {
  bool at_comma = false;
  bool at_brace = false;
  bool at_newline = true;
};

// Tokens as PEGTL reads them, with the tree built so far. Going back to a mark takes the nodes
// made since back, too.
class TokenInput {
 public:
  using iterator_t = std::uint32_t;

  explicit TokenInput(Tree& tree) : tokens_(tree.tokens), nodes_(tree.nodes) {}

  [[nodiscard]] Kind kind() const { return tokens_[index].kind; }
  [[nodiscard]] Kind kind_after(std::uint32_t count) const {
    return index + count < tokens_.size() ? tokens_[index + count].kind : Kind::end_of_file;
  }
  [[nodiscard]] Kind kind_before() const {
    return index > 0 ? tokens_[index - 1].kind : Kind::newline;
  }
  void bump() { ++index; }

  // Records what was expected here, if no attempt has come further.
  template <typename What>
  void miss(What what) {
    miss_at(index, what);
  }
  template <typename What>
  void miss_at(std::uint32_t place, What what) {
    if (place < furthest || place == silent_at) {
      return;
    }
    if (place > furthest) {
      furthest = place;
      expected.clear();
    }
    expected.add(what);
  }

  [[nodiscard]] std::uint32_t node_count() const {
    return static_cast<std::uint32_t>(nodes_.size());
  }
  void add_node(NodeKind kind, std::uint32_t first_token, std::uint32_t first_node) {
    nodes_.push_back({first_token, index, first_node, kind});
  }
  // Unless what was read is a single token or a single node.
  void add_chain(NodeKind kind, std::uint32_t first_token, std::uint32_t first_node);

  // Reports what was expected at the furthest place, goes on from there to the next stop on the
  // level of `start`, and covers what it skipped with an error node. May throw StopParsing.
  void recover(std::uint32_t start, Stops stops);
  [[noreturn]] void stop_too_deep();

  template <pegtl::rewind_mode M>
  [[nodiscard]] auto mark() {
    if constexpr (M == pegtl::rewind_mode::required) {
      return Rewind(*this);
    } else {
      return Stay<M>{};
    }
  }

  std::uint32_t index = 0;
  std::uint32_t furthest = 0;
  std::uint32_t silent_at = UINT32_MAX;  // a named rule begins here and speaks for its parts
  std::uint32_t depth = 0;
  bool allows_record = true;  // false where a `{` begins a block
  Expected expected;
  // Called by recover() with the furthest place; set by the parser.
  void (*report)(TokenInput& in, std::uint32_t start, void* context) = nullptr;
  void* context = nullptr;

 private:
  class [[nodiscard]] Rewind {
   public:
    static constexpr auto next_rewind_mode = pegtl::rewind_mode::active;
    explicit Rewind(TokenInput& in) : in_(in), index_(in.index), nodes_(in.node_count()) {}
    [[nodiscard]] bool operator()(bool is_matched) {
      is_matched_ = is_matched;
      return is_matched;
    }
    Rewind(const Rewind&) = delete;
    Rewind& operator=(const Rewind&) = delete;
    ~Rewind() {
      if (!is_matched_) {
        in_.index = index_;
        in_.nodes_.resize(nodes_);
      }
    }

   private:
    TokenInput& in_;
    std::uint32_t index_;
    std::uint32_t nodes_;
    bool is_matched_ = false;
  };

  template <pegtl::rewind_mode M>
  struct [[nodiscard]] Stay {
    static constexpr auto next_rewind_mode = M;
    [[nodiscard]] bool operator()(bool is_matched) const { return is_matched; }
  };

  const std::vector<Token>& tokens_;
  std::vector<TreeNode>& nodes_;
};

// --- single tokens

// NOLINTBEGIN(readability-identifier-naming): named as the rules of PEGTL are
template <Kind kind>
struct token {
  using rule_t = pegtl::any::rule_t;
  static bool match(TokenInput& in) {
    if (in.kind() == kind) {
      in.bump();
      return true;
    }
    in.miss(kind);
    return false;
  }
};

// One of several tokens that a message calls by one notion.
template <Notion notion, Kind... kinds>
struct one_of {
  using rule_t = pegtl::any::rule_t;
  static bool match(TokenInput& in) {
    const Kind kind = in.kind();
    if (((kind == kinds) || ...)) {
      in.bump();
      return true;
    }
    in.miss(notion);
    return false;
  }
};

// A name; words that are keywords elsewhere are names here.
struct name {
  using rule_t = pegtl::any::rule_t;
  static bool match(TokenInput& in) {
    if (is_name(in.kind())) {
      in.bump();
      return true;
    }
    in.miss(Notion::name);
    return false;
  }
};

// The next token is one of these; consumes nothing.
template <Kind... kinds>
struct before {
  using rule_t = pegtl::success::rule_t;
  static bool match(TokenInput& in) {
    const Kind kind = in.kind();
    if (((kind == kinds) || ...)) {
      return true;
    }
    // A closing bracket is named by the rule that consumes it.
    (in.miss(kinds), ...);
    return false;
  }
};

// The next tokens are these (Kind::name: any name); consumes and expects nothing.
template <Kind... kinds>
struct ahead {
  using rule_t = pegtl::success::rule_t;
  static bool match(TokenInput& in) {
    std::uint32_t count = 0;
    const auto is_next = [&](Kind wanted) {
      const Kind kind = in.kind_after(count++);
      return kind == wanted || (wanted == Kind::name && is_name(kind));
    };
    return (is_next(kinds) && ...);
  }
};

// The next token is one of these (Kind::name: any name); consumes and expects nothing.
template <std::uint32_t skipped, Kind... kinds>
struct ahead_any {
  using rule_t = pegtl::success::rule_t;
  static bool match(TokenInput& in) {
    const Kind kind = in.kind_after(skipped);
    return ((kind == kinds || (kinds == Kind::name && is_name(kind))) || ...);
  }
};

// The last token was this one.
template <Kind kind>
struct behind {
  using rule_t = pegtl::success::rule_t;
  static bool match(TokenInput& in) { return in.kind_before() == kind; }
};

// A path and a `{` are next, where a `{` may begin a record.
struct ahead_record {
  using rule_t = pegtl::success::rule_t;
  static bool match(TokenInput& in) {
    if (!in.allows_record || !is_name(in.kind())) {
      return false;
    }
    std::uint32_t count = 1;
    while (in.kind_after(count) == Kind::dot && is_name(in.kind_after(count + 1))) {
      count += 2;
    }
    return in.kind_after(count) == Kind::left_brace;
  }
};

// A literal or a path of names (`db.exists`) with nothing behind it that would go on: nearly all
// values of a large plan. Gives the node, and expects behind itself, what all the levels of binding
// would come to in the end. Anything else does not match, and nothing is expected.
struct plain_value {
  using rule_t = pegtl::any::rule_t;
  static bool match(TokenInput& in) {
    const Kind first = in.kind();
    std::uint32_t count = 1;
    if (is_name(first) && first != Kind::word_exec && first != Kind::word_run &&
        first != Kind::word_pipe) {
      while (in.kind_after(count) == Kind::dot && is_name(in.kind_after(count + 1))) {
        count += 2;
      }
    } else if (first != Kind::string && first != Kind::number) {
      return false;
    }
    if (!ends_value(in.kind_after(count))) {
      return false;
    }
    const std::uint32_t begin = in.index;
    in.index += count;
    if (count > 1) {
      in.add_node(NodeKind::postfix, begin, in.node_count());
    }
    in.miss(Notion::operator_sign);
    return true;
  }

 private:
  static bool ends_value(Kind kind) {
    return kind == Kind::newline || kind == Kind::comma || kind == Kind::right_paren ||
           kind == Kind::right_bracket || kind == Kind::right_brace ||
           kind == Kind::interpolation_end;
  }
};

// Where a `{` does not begin a block.
struct allows_record {
  using rule_t = pegtl::success::rule_t;
  static bool match(TokenInput& in) { return in.allows_record; }
};

// --- rules around rules

// Calls a rule with the template arguments PEGTL hands down.
template <typename... Rules>
struct inner {
  using rule_t = typename pegtl::seq<Rules...>::rule_t;
  using subs_t = typename pegtl::seq<Rules...>::subs_t;
  template <pegtl::apply_mode A,
            pegtl::rewind_mode M,
            template <typename...> class Action,
            template <typename...> class Control>
  static bool call(TokenInput& in) {
    return Control<pegtl::seq<Rules...>>::template match<A, M, Action, Control>(in);
  }
};

// If the rule does not even begin here, a message says `notion` and not what it may begin with.
template <Notion notion, typename... Rules>
struct named : inner<Rules...> {
  template <pegtl::apply_mode A,
            pegtl::rewind_mode M,
            template <typename...> class Action,
            template <typename...> class Control>
  static bool match(TokenInput& in) {
    const std::uint32_t start = in.index;
    const std::uint32_t before = in.silent_at;
    in.silent_at = start;
    const bool is_matched = inner<Rules...>::template call<A, M, Action, Control>(in);
    in.silent_at = before;
    if (!is_matched) {
      in.miss_at(start, notion);
    }
    return is_matched;
  }
};

// One level deeper.
template <typename... Rules>
struct nested : inner<Rules...> {
  static constexpr std::uint32_t limit = 200;
  template <pegtl::apply_mode A,
            pegtl::rewind_mode M,
            template <typename...> class Action,
            template <typename...> class Control>
  static bool match(TokenInput& in) {
    if (in.depth >= limit) {
      in.stop_too_deep();
    }
    ++in.depth;
    const bool is_matched = inner<Rules...>::template call<A, M, Action, Control>(in);
    --in.depth;
    return is_matched;
  }
};

// Whether a `{` after a path begins a record within the rules.
template <bool allows, typename... Rules>
struct records : inner<Rules...> {
  template <pegtl::apply_mode A,
            pegtl::rewind_mode M,
            template <typename...> class Action,
            template <typename...> class Control>
  static bool match(TokenInput& in) {
    const bool before = in.allows_record;
    in.allows_record = allows;
    const bool is_matched = inner<Rules...>::template call<A, M, Action, Control>(in);
    in.allows_record = before;
    return is_matched;
  }
};

// Matches always: what is wrong is reported and skipped.
template <bool at_comma, bool at_brace, bool at_newline, typename... Rules>
struct recovering : inner<Rules...> {
  template <pegtl::apply_mode A,
            pegtl::rewind_mode,
            template <typename...> class Action,
            template <typename...> class Control>
  static bool match(TokenInput& in) {
    const std::uint32_t start = in.index;
    using required = std::integral_constant<pegtl::rewind_mode, pegtl::rewind_mode::required>;
    if (!inner<Rules...>::template call<A, required::value, Action, Control>(in)) {
      in.recover(start, {.at_comma = at_comma, .at_brace = at_brace, .at_newline = at_newline});
    }
    return true;
  }
};

// The rest of a statement in its line.
template <typename... Rules>
struct line : recovering<false,
                         false,
                         true,
                         records<true, Rules..., before<Kind::newline, Kind::right_brace>>> {};

// What stands before a `{` that must come …
template <typename... Rules>
struct block_head
    : recovering<false, true, true, records<false, Rules..., before<Kind::left_brace>>> {};

// … or may come.
template <typename... Rules>
struct open_head
    : recovering<
          false,
          true,
          true,
          records<false, Rules..., before<Kind::left_brace, Kind::newline, Kind::right_brace>>> {};

struct not_at_end : pegtl::not_at<ahead_any<0, Kind::right_brace, Kind::end_of_file>> {};

// { item item … }: each item recovers for itself.
template <typename Item>
struct items
    : pegtl::star<pegtl::sor<token<Kind::newline>,
                             pegtl::seq<not_at_end, recovering<false, false, true, Item>>>> {};

template <typename Item>
struct braces : pegtl::seq<token<Kind::left_brace>, nested<items<Item>, token<Kind::right_brace>>> {
};

// One element of a list in brackets.
template <Kind closer, typename... Rules>
struct element : pegtl::seq<pegtl::not_at<ahead<closer>>,
                            recovering<true, false, true, Rules..., before<Kind::comma, closer>>> {
};

// ( a, b, c, )
template <Kind opener, Kind closer, typename... Rules>
struct bracketed
    : pegtl::seq<token<opener>,
                 nested<records<true,
                                pegtl::opt<element<closer, Rules...>>,
                                pegtl::star<token<Kind::comma>, element<closer, Rules...>>,
                                pegtl::opt<token<Kind::comma>>,
                                token<closer>>>> {};

// { a, b NL c }
template <typename... Rules>
struct entry_element : recovering<true,
                                  false,
                                  true,
                                  Rules...,
                                  before<Kind::comma, Kind::newline, Kind::right_brace>> {};

template <typename... Rules>
struct entries
    : pegtl::seq<
          token<Kind::left_brace>,
          nested<records<
              true,
              pegtl::star<pegtl::sor<
                  token<Kind::newline>,
                  pegtl::seq<not_at_end, entry_element<Rules...>, pegtl::opt<token<Kind::comma>>>>>,
              token<Kind::right_brace>>>> {};

// NOLINTEND(readability-identifier-naming)

// Rules that make a node of the tree say `node`; those that make one only of several parts `chain`.
template <typename Rule>
concept makes_node = requires { Rule::node; };
template <typename Rule>
concept makes_chain = requires { Rule::chain; };

}  // namespace plan::grammar
