// Sentences of contracts, who quotes them, and what is open.

#include "workbook/contracts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workbook/contracts_report.hpp"
#include "workbook/docstrings.hpp"
#include "workbook/problem.hpp"
#include "workbook/scratch.hpp"
#include "workbook/text_file.hpp"

namespace workbook {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> sentences_in(const docstring& each) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < each.starts.size(); ++i) {
    all.push_back(each.sentence(i));
  }
  return all;
}

constexpr const char* source = R"(// A pool.
//
// Invariants:
//   (I1) n_ <= limit_: no more
//        than that.
//   (I2) closed_ stays.
// And so on.

/// A pool. Any thread may
/// call it, e.g. a task.
class pool {
 public:
  /// Takes `f`. "Inside" is allowed (see there). O(1).
  ///
  /// Throws:
  ///   - pool_closed: it was closed,
  ///     before or meanwhile.
  ///   - std::bad_alloc.
  template <typename F>
  auto submit(F&& f) -> result<F>;
  int size_ = 0;  ///< how many
};
)";

TEST(docstrings, are_cut_into_sentences) {
  const auto all = docstrings_in(source);
  ASSERT_EQ(all.size(), 5U);
  EXPECT_EQ(all[0].of, "(I1)");
  EXPECT_EQ(all[0].text, "n_ <= limit_: no more than that.");
  EXPECT_EQ(all[1].text, "closed_ stays.");
  EXPECT_EQ(all[2].of, "pool");
  EXPECT_THAT(
      sentences_in(all[2]),
      ElementsAre("A pool.", "Any thread may call it, e.g. a task."));
  EXPECT_EQ(all[3].of, "submit");
  EXPECT_THAT(
      sentences_in(all[3]),
      ElementsAre(
          "Takes `f`.", "\"Inside\" is allowed (see there).", "O(1).",
          "Throws:", "pool_closed: it was closed, before or meanwhile.",
          "std::bad_alloc."));
  EXPECT_EQ(all[4].of, "size_");
  EXPECT_EQ(all[4].text, "how many");
}

TEST(docstrings, a_quotation_is_found_with_its_ellipses) {
  const docstring of{
      "f", 1, "One two three four. Five six. O(1).", {0, 20, 30}};
  EXPECT_THAT(quoted_sentences(of, "One two three"), ElementsAre(0));
  EXPECT_THAT(quoted_sentences(of, "One … three four. … O(1)."),
              ElementsAre(0, 2));
  EXPECT_THAT(quoted_sentences(of, "three four. Five six."),
              ElementsAre(1))
      << "two words of four are no quotation of that sentence";
  EXPECT_THAT(quoted_sentences(of, "one two three"), IsEmpty());
  EXPECT_THAT(quoted_sentences(of, "O(1). … One two three four."),
              IsEmpty());
}

/// A workspace with one chapter of one header and one test file.
class contracts : public testing::Test {
 protected:
  contracts() {
    of_.lab = "01_pooling";
    of_.files = {"pool.hpp"};
    of_.steps.resize(1);
    of_.steps[0].id = "1.1";
    of_.steps[0].tests = {"step_1.cpp"};
    write_text(where_.root / "solutions" / of_.lab / "pool.hpp",
               "/// One two three. Four five six. Document: 000.\n"
               "void f();\n");
  }

  contract_account account(const std::string& quoted,
                           const std::string& caught_by,
                           const std::string& marks = "") {
    write_text(where_.tests(of_.lab) / "step_1.cpp",
               "GRADED(a, first, 1.1, 99) {}\n"
               "GRADED(a, second, 1.1, 1) {\n  contract(\"" +
                   quoted + "\");\n}\n");
    write_text(
        where_.tests(of_.lab) / "mutants" / "wrong.patch",
        "Fault: a\nSeen-in: b\nCaught-by: " + caught_by + "\n\n");
    if (!marks.empty()) {
      write_text(where_.tests(of_.lab) / "contracts.json", marks);
    }
    return account_for(where_, of_);
  }

  const scratch folder_;
  const workspace where_{folder_.path(), {}};
  chapter of_;
};

TEST_F(contracts, a_sentence_needs_a_test_and_a_mutant) {
  const auto first = account("One two three.", "first");
  EXPECT_EQ(first.sentences[0].missing(), "second: catch no mutant");
  EXPECT_EQ(first.sentences[1].missing(), "no test quotes it");
  EXPECT_EQ(first.open(), 2U);
  const auto second = account("One two three.", "second");
  EXPECT_THAT(second.sentences[0].mutants, ElementsAre("wrong"));
  EXPECT_EQ(second.open(), 1U);
}

TEST_F(contracts, a_source_document_is_no_promise) {
  EXPECT_EQ(account("One two three.", "first").sentences[2].not_graded,
            "names its source");
}

TEST_F(contracts, a_quotation_of_nothing_is_a_fault) {
  const auto seen = account("One two four.", "second");
  EXPECT_THAT(
      seen.faults,
      ElementsAre("step_1.cpp:3: quotes what no docstring says: "
                  "\"One two four.\""));
  EXPECT_THAT(account_line(seen), HasSubstr("3 open (0 are allowed"));
}

TEST_F(contracts, a_mark_says_why_a_sentence_is_not_graded) {
  const auto seen = account("One two three.", "second",
                            R"({"open_at_most": 1, "not_graded": [
            {"reason": "a rationale", "words": "Four five six."}]})");
  EXPECT_EQ(seen.sentences[1].not_graded, "a rationale");
  EXPECT_EQ(seen.open(), 0U);
  EXPECT_THAT(account_line(seen),
              HasSubstr("lower \"open_at_most\" from 1 to 0"));
  EXPECT_THAT(contracts_page({seen}), HasSubstr("not graded: a rat"));
}

TEST_F(contracts, a_mark_of_what_is_graded_or_not_there_is_a_fault) {
  const auto seen = account("One two three.", "second",
                            R"({"not_graded": [{"reason": "x",
           "words": ["One two three.", "Seven."]}]})");
  EXPECT_THAT(seen.faults,
              ElementsAre(HasSubstr("marks what is graded: \"One"),
                          HasSubstr("no docstring says: \"Seven.\"")));
}

TEST_F(contracts, a_malformed_file_of_marks_is_named) {
  for (const char* each :
       {"{", "[]", R"({"not_graded": [{"words": "a"}]})",
        R"({"not_graded": [{"words": "a", "reason": " "}]})"}) {
    EXPECT_THROW(account("One two three.", "second", each), problem)
        << each;
  }
}

}  // namespace
}  // namespace workbook
