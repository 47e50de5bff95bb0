// A source as mutation operators read it.

#include "workbook/mutation_source.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <regex>

#include "workbook/tokens.hpp"
#include "workbook/try_merge.hpp"

namespace workbook {

namespace {

constexpr std::array<std::string_view, 22> long_signs{
    "<=>", "<<=", ">>=", "...", "==", "!=", "<=", ">=",
    "&&",  "||",  "++",  "--",  "+=", "-=", "*=", "/=",
    "->",  "::",  "<<",  ">>",  "|=", "&="};

/// The sign of several characters at `from`, or the single one.
std::string_view sign_at(std::string_view source, std::size_t from) {
  const std::string_view rest = source.substr(from, 3);
  const auto found = std::find_if(
      long_signs.begin(), long_signs.end(),
      [&](std::string_view each) { return rest.starts_with(each); });
  return source.substr(from,
                       found == long_signs.end() ? 1 : found->size());
}

bool is_blank(std::string_view source, std::size_t at) {
  return at >= source.size() ||
         std::isspace(static_cast<unsigned char>(source[at])) != 0;
}

/// The end of the preprocessor's line whose # is at `from`.
std::size_t after_line(std::string_view source, std::size_t from) {
  std::size_t end = source.find('\n', from);
  while (end != std::string_view::npos && source[end - 1] == '\\') {
    end = source.find('\n', end + 1);
  }
  return std::min(end, source.size());
}

/// The declaration that ends `outer`, up to its brace.
std::string head_of(const std::string& outer) {
  const std::string code = without_comments(outer);
  const std::size_t last = code.find_last_of(";}");
  return last == std::string::npos ? code : code.substr(last + 1);
}

bool is_constant(const std::string& outer) {
  static const std::regex word("\\b(constexpr|consteval)\\b");
  return std::regex_search(head_of(outer), word);
}

/// The name of the function whose head ends `outer`.
std::string function_named(const std::string& outer) {
  static const std::regex name(R"((~?\w+|operator\W+)\s*\()");
  static const std::regex no_name(
      "requires|noexcept|alignas|decltype|assert|explicit|if");
  const std::string head = head_of(outer);
  for (std::sregex_iterator at(head.begin(), head.end(), name), end;
       at != end; ++at) {
    if (!std::regex_match((*at)[1].str(), no_name)) {
      return (*at)[1].str();
    }
  }
  return "";
}

}  // namespace

mutation_source::mutation_source(std::string_view source)
    : source_(source) {
  tokenize();
  match_brackets();
  find_regions();
  find_bodies();
}

const placed_token& mutation_source::at(std::size_t i) const {
  static const placed_token none;
  return i < tokens_.size() ? tokens_[i] : none;
}

void mutation_source::tokenize() {
  for (std::size_t i = 0; i < source_.size();) {
    if (source_[i] == '#') {
      i = after_line(source_, i);
      continue;
    }
    const token_at found = read_token(source_, i);
    if (found.kind != token::comment && found.kind != token::blank) {
      const std::string_view text =
          found.kind == token::sign ? sign_at(source_, i)
                                    : source_.substr(i, found.end - i);
      const std::size_t end = i + text.size();
      tokens_.push_back(
          {text, i, is_blank(source_, i - 1) && is_blank(source_, end),
           found.kind == token::word});
      i = end;
    } else {
      i = found.end;
    }
  }
}

void mutation_source::match_brackets() {
  partner_.assign(tokens_.size(), tokens_.size());
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const std::string_view text = tokens_[i].text;
    if (text == "(" || text == "{" || text == "[") {
      open.push_back(i);
    } else if ((text == ")" || text == "}" || text == "]") &&
               !open.empty()) {
      partner_[i] = open.back();
      partner_[open.back()] = i;
      open.pop_back();
    }
  }
}

void mutation_source::find_regions() {
  static const std::regex marker(
      R"(^\s*// \[(\d+\.\d+)( [^\]]*)?\]\s*$)");
  bool inside = false;
  for (std::size_t begin = 0; begin < source_.size();) {
    const std::size_t end =
        std::min(source_.find('\n', begin), source_.size());
    const std::string line(source_.substr(begin, end - begin));
    std::smatch found;
    if (std::regex_match(line, found, marker)) {
      if (inside) {
        regions_.back().end = begin;
      } else {
        regions_.push_back({end, source_.size(), found[1]});
      }
      inside = !inside;
    }
    begin = end + 1;
  }
}

void mutation_source::find_bodies() {
  const cut_source cut = cut_at_bodies(source_);
  std::size_t at = 0;
  for (std::size_t i = 0; i < cut.bodies.size(); ++i) {
    at += cut.outer[i].size();
    const std::size_t end = at + cut.bodies[i].text.size();
    if (is_constant(cut.outer[i])) {  // it cannot choose at run time
      at = end;
      continue;
    }
    bodies_.push_back({at, end, function_named(cut.outer[i])});
    at = end;
  }
}

const mutation_source::range* mutation_source::inside(
    const std::vector<range>& of, std::size_t begin, std::size_t end) {
  const auto found =
      std::find_if(of.begin(), of.end(), [&](const range& each) {
        return each.begin <= begin && end <= each.end;
      });
  return found == of.end() ? nullptr : &*found;
}

bool mutation_source::may_edit(std::size_t begin, std::size_t end,
                               editable& who) const {
  const range* const region = inside(regions_, begin, end);
  const range* const body = inside(bodies_, begin, end);
  if (region == nullptr || body == nullptr) {
    return false;
  }
  who = {region->name, body->name};
  return true;
}

bool mutation_source::begins_statement(std::size_t i) const {
  if (i == 0) {
    return false;
  }
  const std::string_view before = at(i - 1).text;
  if (before == ";" || before == "{" || before == "}" ||
      before == "else") {
    return true;
  }
  if (before != ")" || closing(i - 1) == size() ||
      closing(i - 1) == 0) {
    return false;
  }
  const std::string_view head = at(closing(i - 1) - 1).text;
  return head == "if" || head == "while" || head == "for";
}

std::size_t mutation_source::after_statement(std::size_t i) const {
  if (is(i, "{")) {
    return closing(i) + 1;
  }
  if (is(i, "if") || is(i, "while") || is(i, "for") ||
      is(i, "switch")) {
    const std::size_t head = is(i + 1, "(") ? i + 1 : i + 2;
    std::size_t end = after_statement(closing(head) + 1);
    if (is(i, "if") && is(end, "else")) {
      end = after_statement(end + 1);
    }
    return end;
  }
  const std::size_t end = find(i, {";"});
  return end == size() ? end : end + 1;
}

std::size_t mutation_source::find(
    std::size_t i, const std::vector<std::string_view>& wanted) const {
  for (; i < size(); ++i) {
    const std::string_view text = at(i).text;
    if (std::find(wanted.begin(), wanted.end(), text) != wanted.end()) {
      return i;
    }
    if (text == ")" || text == "}" || text == "]") {
      return size();
    }
    if (text == "(" || text == "{" || text == "[") {
      i = closing(i);
    }
  }
  return size();
}

std::size_t mutation_source::find_back(
    std::size_t i, const std::vector<std::string_view>& wanted) const {
  while (i-- > 0) {
    const std::string_view text = at(i).text;
    if (std::find(wanted.begin(), wanted.end(), text) != wanted.end() ||
        text == "(" || text == "{" || text == "[") {
      return i + 1;
    }
    if (text == ")" || text == "}" || text == "]") {
      i = closing(i);
      if (i == size()) {
        return 0;
      }
    }
  }
  return 0;
}

}  // namespace workbook
