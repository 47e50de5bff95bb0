// workbook contracts: which test and which mutant each sentence has.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "workbook/commands.hpp"
#include "workbook/contracts.hpp"
#include "workbook/contracts_report.hpp"
#include "workbook/screen.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace {

struct contract_options {
  std::string lab;
  std::string page;
};

int run_contracts(const workspace& where,
                  const contract_options& options) {
  std::vector<contract_account> all;
  for (const chapter& each : chapters(where, options.lab)) {
    all.push_back(account_for(where, each));
  }
  if (!options.page.empty()) {
    write_text(std::filesystem::absolute(options.page),
               contracts_page(all));
    return 0;
  }
  const screen look = screen::of_standard_output();
  bool right = true;
  for (const contract_account& each : all) {
    fmt::print("{}", account_text(each, !options.lab.empty(), look));
    right = right && each.open() <= each.allowed;
  }
  return right ? 0 : 1;
}

}  // namespace

void add_contracts_command(command_line& to) {
  auto options = std::make_shared<contract_options>();
  CLI::App* command = to.add(
      "contracts", "list each sentence of each contract, and its tests",
      [&to, options] { return run_contracts(to.where, *options); });
  command->add_option("--lab", options->lab,
                      "only this one, with every sentence");
  command->add_option("--page", options->page,
                      "write the book's page here instead");
}

}  // namespace workbook
