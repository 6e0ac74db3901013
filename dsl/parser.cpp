#include "dsl/parser.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <tao/pegtl.hpp>

#include "dsl/explain_syntax.hpp"
#include "dsl/grammar.hpp"
#include "dsl/lexer.hpp"

namespace plan {

namespace grammar {

namespace {

// Makes the nodes of the tree; everything else is PEGTL's own.
template <typename Rule>  // NOLINTNEXTLINE(readability-identifier-naming): named as it is in PEGTL
struct control : pegtl::normal<Rule> {
  static constexpr bool enable = false;

  template <pegtl::apply_mode A,
            pegtl::rewind_mode M,
            template <typename...> class Action,
            template <typename...> class Control>
  static bool match(TokenInput& in) {
    if constexpr (makes_node<Rule> || makes_chain<Rule>) {
      const std::uint32_t first_token = in.index;
      const std::uint32_t first_node = in.node_count();
      if (!pegtl::match<Rule, A, M, Action, Control>(in)) {
        return false;
      }
      if constexpr (makes_node<Rule>) {
        in.add_node(Rule::node, first_token, first_node);
      } else {
        in.add_chain(Rule::chain, first_token, first_node);
      }
      return true;
    } else {
      return pegtl::match<Rule, A, M, Action, Control>(in);
    }
  }
};

}  // namespace

void TokenInput::add_chain(NodeKind kind, std::uint32_t first_token, std::uint32_t first_node) {
  if (index - first_token == 1) {
    return;
  }
  const bool is_single_node = nodes_.size() > first_node &&
                              nodes_.back().first_token == first_token &&
                              nodes_.back().end_token == index;
  if (!is_single_node) {
    add_node(kind, first_token, first_node);
  }
}

void TokenInput::stop_too_deep() {
  furthest = index;
  expected.clear();
  report(*this, UINT32_MAX, context);
  throw StopParsing{};
}

void TokenInput::recover(std::uint32_t start, Stops stops) {
  furthest = std::max(furthest, start);
  report(*this, start, context);
  std::int64_t level = 0;
  for (std::uint32_t at = start; at < furthest; ++at) {
    level += is_opener(tokens_[at].kind) ? 1 : is_closer(tokens_[at].kind) ? -1 : 0;
    if (level < 0) {
      // Another attempt came further than the bracket this part is in; this one must not leave it.
      furthest = at;
      level = 0;
    }
  }
  index = furthest;
  for (; kind() != Kind::end_of_file; bump()) {
    const Kind next = kind();
    const bool is_stop = (next == Kind::newline && stops.at_newline) ||
                         (next == Kind::comma && stops.at_comma) ||
                         (next == Kind::left_brace && stops.at_brace) || is_closer(next);
    if (level <= 0 && is_stop) {
      break;
    }
    level += is_opener(next) ? 1 : is_closer(next) ? -1 : 0;
  }
  nodes_.push_back({start, index, node_count(), NodeKind::error});
  furthest = index;
  expected.clear();
}

}  // namespace grammar

namespace {

class Reporter {
 public:
  Reporter(const Tree& tree, std::vector<std::uint32_t> lexer_errors, Diagnostics& diagnostics)
      : tree_(tree),
        lexer_errors_(std::move(lexer_errors)),
        diagnostics_(diagnostics),
        first_(diagnostics.size()) {}

  void too_deep(std::uint32_t token) {
    diagnostics_.report<Code::nesting_too_deep>(tree_.tokens[token].span(), max_nesting)
        .note("the rest of the file was not read");
  }

  void unexpected(std::uint32_t start, std::uint32_t found, const grammar::Expected& expected) {
    if (is_known(start, found)) {
      return;
    }
    last_found_ = found;
    has_reported_ = true;
    report_unexpected(tree_, {.start = start, .found = found}, expected, diagnostics_);
    if (diagnostics_.size() - first_ >= max_syntax_errors) {
      diagnostics_.report<Code::too_many_errors>(tree_.tokens[found].span(), max_syntax_errors);
      throw grammar::StopParsing{};
    }
  }

 private:
  // Reported already, here or by the lexer within the part that failed.
  [[nodiscard]] bool is_known(std::uint32_t start, std::uint32_t found) const {
    if (has_reported_ && found <= last_found_) {
      return true;
    }
    const std::uint32_t begin = tree_.tokens[start].begin;
    const auto error = std::ranges::lower_bound(lexer_errors_, begin);
    return error != lexer_errors_.end() && *error <= tree_.tokens[found].end();
  }

  const Tree& tree_;
  std::vector<std::uint32_t> lexer_errors_;
  Diagnostics& diagnostics_;
  std::size_t first_;
  std::uint32_t last_found_ = 0;
  bool has_reported_ = false;
};

void forward(grammar::TokenInput& in, std::uint32_t start, void* context) {
  auto& reporter = *static_cast<Reporter*>(context);
  if (start == UINT32_MAX) {
    reporter.too_deep(in.index);
    return;
  }
  reporter.unexpected(start, in.furthest, in.expected);
}

}  // namespace

Tree parse(const SourcePart& source, FileForm form, Diagnostics& diagnostics, Tree storage) {
  TokenList list = lex(source, diagnostics, std::move(storage.tokens));
  Tree tree{.file = source.file,
            .base = source.base,
            .text = source.text,
            .tokens = std::move(list.tokens),
            .nodes = std::move(storage.nodes)};
  tree.nodes.clear();
  tree.nodes.reserve(tree.tokens.size() / 3 + 16);
  Reporter reporter(tree, std::move(list.error_offsets), diagnostics);
  grammar::TokenInput in(tree);
  in.report = forward;
  in.context = &reporter;
  const auto run = [&]<typename Rule>() {
    return grammar::pegtl::parse<Rule, grammar::pegtl::nothing, grammar::control>(in);
  };
  bool is_complete = false;
  try {
    is_complete = form == FileForm::values ? run.operator()<grammar::value_file>()
                                           : run.operator()<grammar::file>();
  } catch (const grammar::StopParsing&) {
    is_complete = false;
  }
  if (!is_complete) {
    const auto end = static_cast<std::uint32_t>(tree.tokens.size());
    tree.nodes.push_back(
        {.first_token = 0, .end_token = end, .first_node = 0, .kind = NodeKind::file});
  }
  return tree;
}

}  // namespace plan
