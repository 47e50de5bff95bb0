// The account of all contracts as a page of the book.

#include <fmt/format.h>

#include <string_view>

#include "workbook/contracts.hpp"

namespace workbook {

namespace {

/// `text` as Doxygen's Markdown shows it in a table's cell.
std::string cell(const std::string& text) {
  constexpr std::string_view special = "&<>@\\*`#%|";
  std::string safe;
  for (const char each : text) {
    if (each == '_' || each == '"') {  // both end Doxygen's quotations
      safe += fmt::format("&#{};", static_cast<int>(each));
      continue;
    }
    if (special.find(each) != std::string_view::npos) {
      safe += '\\';
    }
    safe += each;
  }
  return safe;
}

std::string names(const std::vector<std::string>& all) {
  std::string text;
  for (const std::string& each : all) {
    text += (text.empty() ? "" : ", ") + cell(each);
  }
  return text;
}

std::string row(const contract_sentence& each) {
  if (!each.not_graded.empty()) {
    return fmt::format(
        "<tr><td>{}</td><td colspan=\"2\">not graded: "
        "{}</td></tr>\n",
        cell(each.words), cell(each.not_graded));
  }
  return fmt::format(
      "<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", cell(each.words),
      each.tests.empty() ? "none yet" : names(each.tests),
      each.mutants.empty() ? "none yet" : names(each.mutants));
}

}  // namespace

std::string contracts_page(const std::vector<contract_account>& of) {
  std::string text =
      "# What each sentence of a contract is checked by "
      "{#appendix_contracts}\n\n"
      "Written by `make contracts`. Beside each sentence of a public "
      "docstring, and each invariant, are the tests that quote it and "
      "the wrong solutions that those tests catch.\n";
  for (const contract_account& each : of) {
    text += fmt::format(
        "\n## {} {{#contracts_{}}}\n\n{} sentences, {} not graded, {} "
        "open.\n\n<table>\n",
        each.lab, each.lab, each.sentences.size(), each.not_graded(),
        each.open());
    std::string heading;
    for (const contract_sentence& sentence : each.sentences) {
      const std::string place =
          fmt::format("{}: {}", sentence.file, sentence.of);
      if (place != heading) {
        heading = place;
        text += fmt::format(
            "<tr><th>{}</th><th>tests</th><th>mutants</th></tr>\n",
            cell(heading));
      }
      text += row(sentence);
    }
    text += "</table>\n";
  }
  return text;
}

}  // namespace workbook
