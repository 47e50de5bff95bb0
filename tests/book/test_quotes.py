"""Numbers and claims of the prose: rendered from the record, or refused.

Run with: python3 -m unittest discover -s tests/book
"""

import json
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "book" / "press"), str(ROOT / "tests" / "duel")]

import pictures  # noqa: E402
import quotes  # noqa: E402
import record  # noqa: E402
import words  # noqa: E402

CHART = {"what": "time", "unit": "µs", "command": "make bench LAB=01",
         "recorded": "Recorded once.", "groups": [{
             "label": "1 worker, 1 caller", "bars": [
                 {"label": "ours", "ours": True, "value": 41.9,
                  "spread": 0.04},
                 {"label": "theirs", "value": 62.8, "spread": 0.05},
                 {"label": "near", "value": 43, "spread": 0.08},
                 {"label": "wild", "value": 7, "spread": 1.1}]}]}
GROUP = "1 worker, 1 caller"


class Record(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.book = Path(temporary.name) / "book"
        (self.book / "charts").mkdir(parents=True)
        for module in (words, pictures):
            patch = mock.patch.object(module, "BOOK", self.book)
            patch.start()
            self.addCleanup(patch.stop)
        self.draw(CHART)

    def draw(self, chart):
        (self.book / "charts" / "c.json").write_text(json.dumps(chart))

    def expand(self, line):
        return quotes.with_quotes(line.replace("GROUP", GROUP))

    def refuses(self, line, said):
        with self.assertRaises(pictures.Mistake) as refused:
            self.expand(line)
        self.assertIn(said, str(refused.exception))

    def page(self, markdown):
        file = self.book / "01_pooling.md"
        file.write_text(markdown.replace("GROUP", GROUP))
        return words.page(str(file))


class Numbers(Record):
    def test_a_number_is_rendered_with_its_unit(self):
        self.assertEqual(self.expand("It costs \\number{c,GROUP/ours}."),
                         "It costs 42 µs.")
        self.assertEqual(
            self.expand("\\number{c,GROUP/theirs ÷ GROUP/ours} ours"),
            "1.5 times ours")

    def test_a_new_record_changes_the_number(self):
        self.draw(json.loads(json.dumps(CHART).replace("41.9", "83.8")))
        self.assertEqual(self.expand("\\number{c,GROUP/ours}"), "84 µs")

    def test_a_ratio_may_be_a_percentage(self):
        self.assertEqual(
            self.expand("\\percent{c,GROUP/theirs ÷ GROUP/ours}"),
            "50% more")
        self.assertEqual(
            self.expand("\\percent{c,GROUP/ours ÷ GROUP/theirs}"),
            "33% less")

    def test_a_time_may_come_from_the_record_of_the_duel(self):
        (self.book / "records").mkdir()
        (self.book / "records" / "duel.json").write_text(json.dumps(
            {"records": [{"rows": [{"key": "yield P=1", "contestants": [
                {"name": "Go", "nanoseconds": {"median": 36252,
                                               "spread": 0.01}}]}]}]}))
        self.assertEqual(self.expand("\\number{duel,yield P=1/Go}"),
                         "36 µs")
        self.refuses("\\number{duel,yield P=2/Go}", "has no")

    def test_thousands_are_written_out(self):
        self.draw({**CHART, "unit": "thousand"})
        self.assertEqual(self.expand("\\number{c,GROUP/ours}"), "42,000")

    def test_a_quoted_number_may_be_rounded(self):
        for said in ("1.5 times", "1.6 times", "50% more"):
            self.assertEqual(self.expand(
                f"\\quoted{{{said},c,GROUP/theirs ÷ GROUP/ours}}"), said)

    def test_a_wrong_quote_is_refused(self):
        ratio = "GROUP/theirs ÷ GROUP/ours"
        self.refuses(f"\\quoted{{2 times,c,{ratio}}}", "says 1.50")
        self.refuses(f"\\quoted{{twice,c,{ratio}}}", "no number in")
        self.refuses(f"\\quoted{{10% more,c,{ratio}}}", "says 1.50")
        self.refuses("\\quoted{3 ns,c,GROUP/nobody}", "records no bar")

    def test_noise_has_no_number(self):
        self.refuses("\\number{c,GROUP/wild}", "it says nothing")

    def test_a_word_may_run_over_lines(self):
        text, mistakes = self.page("It costs\n\\number{c,\nGROUP/ours}\n")
        self.assertEqual(mistakes, [])
        self.assertIn("42 µs", text)

    def test_a_word_that_lacks_something_is_reported(self):
        for line in ("\\number{c}", "\\holds{x,c}", "\\noise{x"):
            self.refuses(line, "arguments, in braces")


class Claims(Record):
    def test_a_claim_holds_beyond_the_spreads(self):
        self.assertEqual(self.expand(
            "It is \\holds{faster,c,GROUP/ours < GROUP/theirs}."),
            "It is faster.")
        self.assertEqual(self.expand(
            "\\holds{as fast,c,GROUP/ours ~ GROUP/near}"), "as fast")

    def test_a_claim_that_the_figures_do_not_allow_is_refused(self):
        for claim in ("theirs < GROUP/ours", "ours < GROUP/near",
                      "ours ~ GROUP/theirs"):
            self.refuses(f"\\holds{{x,c,GROUP/{claim}}}", "says")
        self.refuses("\\holds{x,c,GROUP/wild < GROUP/ours}",
                     "it says nothing")
        self.refuses("\\holds{x,c,GROUP/ours}", "is neither")

    def test_noise_is_called_noise(self):
        self.assertEqual(self.expand("\\noise{noise,c,GROUP/wild}"),
                         "noise")
        self.refuses("\\noise{noise,c,GROUP/ours}", "is 4%")

    def test_lost_rows_are_those_beyond_the_spreads(self):
        self.assertEqual([each[:2] for each in quotes.losses("c", "near")],
                         [])
        self.assertEqual([each[:2] for each in
                          quotes.losses("c", "theirs")],
                         [(GROUP, "ours"), (GROUP, "near")])
        self.assertIn("no row is lost", quotes.lost("c", "ours"))


class Unchecked(Record):
    def test_a_number_beside_a_chart_is_marked(self):
        for said in ("3 times", "7%", "42 µs", "twice as"):
            _, mistakes = self.page("# T {#t}\n\n## S\n\n"
                                    "\\chart{c,Figure 1,x}\n\n"
                                    f"It costs {said} much.\n")
            self.assertEqual(len(mistakes), 1, said)
            self.assertIn(":7: ", mistakes[0])

    def test_marked_numbers_and_other_sections_are_let_alone(self):
        _, mistakes = self.page(
            "# T {#t}\n\n## S\n\n\\chart{c,Figure 1,x}\n\n"
            "About \\quoted{1.5 times,c,GROUP/theirs ÷ GROUP/ours}.\n"
            "`SPEED=3 ms`\n\n| 3 times |\n\n## Next\n\n3 times.\n")
        self.assertEqual(mistakes, [])


class Recorded(unittest.TestCase):
    """The charts of the book itself."""

    charts = {file.stem: json.loads(file.read_text())
              for file in (ROOT / "book" / "charts").glob("*.json")}

    def test_each_chart_of_a_benchmark_is_a_median_with_its_spread(self):
        for name, chart in self.charts.items():
            if chart["command"].startswith("make bench"):
                self.assertIn("medians of", chart["recorded"], name)
                for group in chart["groups"]:
                    for bar in group["bars"]:
                        self.assertIn("spread", bar, (name, bar["label"]))

    def test_the_charts_of_the_duel_are_those_of_its_record(self):
        file = ROOT / "book" / "records" / "duel.json"
        for name, (place, command) in record.CHARTS.items():
            drawn = [record.chart(each, place, command)
                     for each in record.read(file)]
            self.assertIn(self.charts[name], drawn, name)


if __name__ == "__main__":
    unittest.main()
