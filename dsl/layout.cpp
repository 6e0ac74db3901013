#include "dsl/layout.hpp"

#include <utility>

#include "dsl/display_width.hpp"

namespace plan {

namespace {

struct Group {
  bool is_fill = false;
  bool is_broken = false;
};

class Printer {
 public:
  Printer(const std::vector<Piece>& pieces, std::size_t width) : pieces_(pieces), width_(width) {}

  std::string print() {
    find_forced();
    for (std::size_t index = 0; index < pieces_.size(); ++index) {
      put(index);
    }
    end_line();
    return std::move(out_);
  }

 private:
  // Which groups hold a piece that breaks every group around it.
  void find_forced() {
    is_forced_.resize(pieces_.size());
    std::vector<std::size_t> open;
    for (std::size_t index = 0; index < pieces_.size(); ++index) {
      switch (pieces_[index].kind) {
        case PieceKind::group:
        case PieceKind::fill:
          open.push_back(index);
          break;
        case PieceKind::end: {
          const bool is_forced = is_forced_[open.back()];
          open.pop_back();
          if (is_forced && !open.empty()) {
            is_forced_[open.back()] = true;
          }
          break;
        }
        case PieceKind::hard_line:
        case PieceKind::comment:
          if (!open.empty()) {
            is_forced_[open.back()] = true;
          }
          break;
        default:
          break;
      }
    }
  }

  void put(std::size_t index) {
    const Piece& piece = pieces_[index];
    switch (piece.kind) {
      case PieceKind::text:
        return write(piece.text);
      case PieceKind::broken_text:
        return is_broken() ? write(piece.text) : void();
      case PieceKind::flat_text:
        return is_broken() ? void() : write(piece.text);
      case PieceKind::line:
      case PieceKind::soft_line:
        return put_break(index, piece.kind == PieceKind::line);
      case PieceKind::hard_line:
        return end_line();
      case PieceKind::blank_line:
        wants_blank_ = true;
        return;
      case PieceKind::comment:
        write(piece.text);
        must_end_line_ = true;
        return;
      case PieceKind::move:
        return put_move(index);
      case PieceKind::move_end:
        indent_ -= is_moved_.back() ? 1 : 0;
        is_moved_.pop_back();
        return;
      case PieceKind::indent:
        ++indent_;
        return;
      case PieceKind::dedent:
        --indent_;
        return;
      case PieceKind::group:
      case PieceKind::fill:
        groups_.push_back({.is_fill = piece.kind == PieceKind::fill,
                           .is_broken = is_forced_[index] || !fits(index + 1, 1, cells_)});
        return;
      case PieceKind::end:
        groups_.pop_back();
        return;
    }
  }

  void put_break(std::size_t index, bool is_space) {
    const bool breaks = is_broken() && (!groups_.back().is_fill || !fits_to_next_break(index));
    if (breaks || must_end_line_) {
      end_line();
    } else if (is_space && !at_line_start_) {
      write(" ");
    }
  }

  void put_move(std::size_t index) {
    // What may move is one group, directly behind this piece.
    const bool is_moved = must_end_line_ || (!fits(index + 2, 1, cells_ + 1) &&
                                             fits(index + 2, 1, (indent_ + 1) * 2));
    is_moved_.push_back(is_moved);
    indent_ += is_moved ? 1 : 0;
    if (is_moved) {
      end_line();
    } else {
      write(" ");
    }
  }

  // Whether the pieces from `index` to the end of `depth` groups, and what cannot be parted from
  // them, fit without a break in a line that has `cells` already.
  [[nodiscard]] bool fits(std::size_t index, std::size_t depth, std::size_t cells) const {
    for (; index < pieces_.size(); ++index) {
      const Piece& piece = pieces_[index];
      switch (piece.kind) {
        case PieceKind::group:
        case PieceKind::fill:
          depth += depth > 0 ? 1 : 0;
          break;
        case PieceKind::end:
          depth -= depth > 0 ? 1 : 0;
          break;
        case PieceKind::line:
        case PieceKind::soft_line:
          if (depth == 0) {
            return true;
          }
          cells += piece.kind == PieceKind::line ? 1 : 0;
          break;
        case PieceKind::move:
          ++cells;
          break;
        case PieceKind::hard_line:
        case PieceKind::comment:
          return true;
        case PieceKind::text:
        case PieceKind::flat_text: {
          const std::size_t newline = piece.text.find('\n');
          cells += display_width(piece.text.substr(0, newline));
          if (newline != std::string_view::npos) {
            return cells <= width_;
          }
          break;
        }
        default:
          break;
      }
      if (cells > width_) {
        return false;
      }
    }
    return true;
  }

  // In a fill: whether what stands between this break and the next one fits.
  [[nodiscard]] bool fits_to_next_break(std::size_t index) const {
    std::size_t cells = cells_ + (pieces_[index].kind == PieceKind::line ? 1 : 0);
    std::size_t depth = 0;
    for (++index; index < pieces_.size() && cells <= width_; ++index) {
      const Piece& piece = pieces_[index];
      const bool is_break = piece.kind == PieceKind::line || piece.kind == PieceKind::soft_line;
      if ((is_break && depth == 0) || piece.kind == PieceKind::hard_line ||
          piece.kind == PieceKind::comment) {
        return true;
      }
      if (piece.kind == PieceKind::group || piece.kind == PieceKind::fill) {
        ++depth;
      } else if (piece.kind == PieceKind::end) {
        depth -= depth > 0 ? 1 : 0;
      } else if (piece.kind == PieceKind::line || piece.kind == PieceKind::move) {
        ++cells;
      } else if (piece.kind == PieceKind::text || piece.kind == PieceKind::flat_text) {
        const std::size_t newline = piece.text.find('\n');
        cells += display_width(piece.text.substr(0, newline));
        if (newline != std::string_view::npos) {
          return cells <= width_;
        }
      }
    }
    return cells <= width_;
  }

  [[nodiscard]] bool is_broken() const { return !groups_.empty() && groups_.back().is_broken; }

  void end_line() {
    must_end_line_ = false;
    line_indent_ = indent_;
    cells_ = indent_ * 2;
    if (!at_line_start_) {
      out_ += '\n';
      at_line_start_ = true;
    }
  }

  void write(std::string_view text) {
    if (text.empty()) {
      return;
    }
    if (must_end_line_) {
      end_line();
    }
    if (at_line_start_) {
      if (text == " ") {
        return;
      }
      if (wants_blank_ && !out_.empty()) {
        out_ += '\n';
      }
      wants_blank_ = false;
      out_.append(line_indent_ * 2, ' ');
      cells_ = line_indent_ * 2;
      at_line_start_ = false;
    }
    out_ += text;
    const std::size_t newline = text.rfind('\n');
    cells_ = newline == std::string_view::npos ? cells_ + display_width(text)
                                               : display_width(text.substr(newline + 1));
  }

  const std::vector<Piece>& pieces_;
  std::size_t width_;
  std::vector<bool> is_forced_;
  std::vector<Group> groups_;
  std::vector<bool> is_moved_;
  std::string out_;
  std::size_t indent_ = 0;
  std::size_t line_indent_ = 0;  // of the line that is being written
  std::size_t cells_ = 0;
  bool at_line_start_ = true;
  bool must_end_line_ = false;
  bool wants_blank_ = false;
};

}  // namespace

std::string layout(const std::vector<Piece>& pieces, std::size_t width) {
  return Printer(pieces, width).print();
}

}  // namespace plan
