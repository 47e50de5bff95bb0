"""The words of the prose: what they become, and which mistakes are told.

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
sys.path.insert(0, str(ROOT / "book" / "press"))

import lab_files  # noqa: E402
import pictures  # noqa: E402
import words  # noqa: E402


class Book(unittest.TestCase):
    """A small book of its own in a temporary folder."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = Path(temporary.name)
        for module in (words, pictures):
            patch = mock.patch.object(module, "BOOK", self.root / "book")
            patch.start()
            self.addCleanup(patch.stop)
        self.write("solutions/01_pooling/task_pool.hpp",
                   "// [1.1 run]\nrun();\n// [1.1 run]\n// [1.2 half]\n")

    def write(self, name, content):
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        return str(file)

    def page(self, markdown):
        return words.page(self.write("book/01_pooling.md", markdown))


class Words(Book):
    def test_the_last_argument_may_hold_commas(self):
        text, mistakes = self.page("\\invariant{I1,one, two, `three`}\n")
        self.assertEqual(mistakes, [])
        self.assertIn("one, two, `three`", text)

    def test_a_caption_may_run_over_lines(self):
        text, mistakes = self.page("\\fault{1,a\nb}\ntext\n\\endfault\n")
        self.assertEqual(mistakes, [])
        self.assertIn("a b", text)

    def test_words_in_a_fence_stay_as_they_are(self):
        text, mistakes = self.page("```\n\\hint{x}\n```\n")
        self.assertEqual((text, mistakes), ("```\n\\hint{x}\n```\n", []))

    def test_hints_come_from_the_ladder_of_the_step(self):
        self.write("book/hints/01_pooling/1.1.md",
                   "## A nudge\n\nfirst\n\n## Nearly\n\nsecond\n")
        text, mistakes = self.page("\\hints{01_pooling/1.1}\n")
        self.assertEqual(mistakes, [])
        self.assertEqual(text.count("<details class='hint'>"), 2)

    def test_titles_cannot_smuggle_markup(self):
        text, _ = self.page("\\answer{a < b & `c<T>`}\n\\endanswer\n")
        self.assertIn("a &lt; b &amp; <code>c&lt;T&gt;</code>", text)

    def test_each_mistake_is_told_with_its_line(self):
        for markdown, said in {
            "\\lead\n": "lead is never closed",
            "\\endlead\n": "closes what is not open",
            "\\predict\n\\answer{q}\n\\endpredict\n": "closes what is not",
            "\\fault{1}\n\\endfault\n": "takes 2 arguments",
            "\\hint{x} and more\n\\endhint\n": "does not stand alone",
            "\\listing{gone.hpp,1.1 run}\n": "no file gone.hpp",
            "\\listing{task_pool.hpp,1.9 x}\n": "0 times, not twice",
            "\\listing{task_pool.hpp,1.2 half}\n": "1 times, not twice",
            "\\hints{01_pooling/9.9}\n": "no hints",
            "\\figure{gone,Figure 1,x}\n": "no drawing",
            "\\chart{gone,Figure 1,x}\n": "no file book/charts/gone.json",
            "\\player{gone,1,Figure 1,x}\n": "no file book/traces/gone",
        }.items():
            with self.subTest(markdown):
                _, mistakes = self.page(markdown)
                self.assertIn(said, mistakes[0])


    def test_a_trace_that_lacks_something_is_told(self):
        self.write("book/traces/t.json", '{"steps": []}')
        _, mistakes = self.page("\\player{t,1,Figure 1,x}\n")
        self.assertIn("its file lacks 'threads'", mistakes[0])


class Inline(Book):
    def test_a_document_has_a_name_with_a_capital_where_it_begins(self):
        self.assertEqual(
            words.with_documents("As \\doc{001} says", ""),
            'As \\ref doc_001 "the patterns post" says')
        self.assertIn('"The leak post"', words.with_documents(
            "It ends. \\doc{002} goes on", ""))
        self.assertIn('"the leak post"', words.with_documents(
            "\\doc{002} goes on", "as in"))

    def test_all_invariants_lead_to_their_chapter(self):
        self.write("book/01_pooling.md", "# Pooling {#ch_pooling}\n\n"
                   "\\invariant{I1,`a <= b`, and\nalways.}\n")
        listed = words.invariants()
        self.assertIn("ch_pooling.html#I1", listed)
        self.assertIn("`a <= b`, and always.", listed)


class Labs(unittest.TestCase):
    """A step leads to the reader's file, never to the reference."""

    def test_a_chapter_links_to_the_readers_file(self):
        linked = lab_files.link_to_skeletons(
            '<a class="el" href="task__pool_8hpp_source.html">x</a>',
            "01_pooling")
        self.assertIn("lab_01_pooling_task_pool_hpp.html", linked)

    def test_a_reference_is_folded(self):
        folded = lab_files.fold_reference(
            '<div class="fragment">x</div><!-- fragment -->',
            "01_pooling", "task_pool.hpp")
        self.assertLess(folded.index("<details"),
                        folded.index("fragment"))

    def test_code_is_escaped_and_coloured(self):
        drawn = lab_files.fragment("int a = b < c;  // <d>\n")
        self.assertIn('<span class="keywordtype">int</span>', drawn)
        self.assertIn("b &lt; c", drawn)
        self.assertIn('"comment">// &lt;d&gt;', drawn)

    def test_answers_are_repeated_for_paper_without_their_ids(self):
        paper = lab_files.answers_for_paper(
            "<details class='answer'><summary>Why?</summary><div>"
            "<p id='a'>So.</p></div></details>")
        self.assertIn("Why?", paper)
        self.assertIn("<p>So.</p>", paper)


class Pictures(Book):
    spec = {"what": "time", "unit": "ns", "command": "make bench LAB=01",
            "bench": "build/bench/01.json", "recorded": "Recorded once.",
            "groups": [{"label": "g", "bars": [
                {"label": "ours", "ours": True, "benchmark": "a",
                 "value": 2},
                {"label": "theirs", "benchmark": "b", "value": 3}]}]}

    def chart(self, spec):
        self.write("book/charts/c.json", json.dumps(spec))
        return pictures.chart("c", "<figcaption></figcaption>")

    def test_bars_say_value_ratio_and_where_from(self):
        drawn = self.chart(self.spec)
        for said in ("2.00", "3.00", "×&thinsp;1.5", "Recorded once."):
            self.assertIn(said, drawn)

    def test_this_machine_goes_before_the_record(self):
        self.write("build/bench/01.json", json.dumps(
            {"context": {"num_cpus": 2, "date": "2026-11-21T10:00"},
             "benchmarks": [{"name": "a", "real_time": 10},
                            {"name": "b", "real_time": 40}]}))
        drawn = self.chart(self.spec)
        self.assertIn("×&thinsp;4.0", drawn)
        self.assertIn("Measured on this machine", drawn)
        self.assertNotIn("Recorded once.", drawn)

    def test_a_spread_is_shown_beside_its_median(self):
        self.write("build/bench/01.json", json.dumps(
            {"context": {}, "benchmarks": [
                {"name": "a_median", "run_name": "a", "real_time": 10,
                 "aggregate_name": "median"},
                {"name": "a_cv", "run_name": "a", "real_time": 0.07,
                 "aggregate_name": "cv"}]}))
        self.assertIn("±&thinsp;7%", self.chart(self.spec))

    def test_small_ratios_keep_two_digits(self):
        self.assertEqual(pictures.ratio(0.031, 1), "0.031")
        self.assertEqual(pictures.ratio(480, 1), "480")

    def test_a_hundredfold_is_drawn_logarithmically(self):
        wide = json.loads(json.dumps(self.spec))
        wide["groups"][0]["bars"][1]["value"] = 4000
        self.assertIn("logarithmic", self.chart(wide))
        self.assertNotIn("logarithmic", self.chart(self.spec))

    def test_threads_are_counted(self):
        self.assertIn(">3</td>", self.chart({**self.spec,
                                             "unit": "threads"}))

    def test_what_is_a_ratio_has_no_other(self):
        self.assertNotIn("×", self.chart({**self.spec, "unit": "x"}))

    def test_without_a_number_the_command_is_named(self):
        empty = {**self.spec, "groups": []}
        self.assertIn("make bench LAB=01", self.chart(empty))

    def player(self, start, **run):
        trace = {"threads": ["test"],
                 "steps": [{"thread": 0, "op": "lock <m>"}], **run}
        self.write("book/traces/t.json", json.dumps(trace))
        return pictures.player("t", start, "<figcaption></figcaption>")

    def test_a_run_is_a_table_that_escapes_what_it_shows(self):
        self.assertIn("lock &lt;m&gt;", self.player("1"))

    def test_a_run_begins_at_a_step_that_it_has(self):
        for start in ("0", "2", "x"):
            with self.assertRaises(pictures.Mistake):
                self.player(start)

    def test_what_repeats_a_line_is_one_row(self):
        step = {"thread": 0, "op": "lock", "where": "a.hpp:1"}
        drawn = self.player("7", steps=[
            {**step, "number": 7}, {**step, "number": 8},
            {**step, "number": 9, "where": "a.hpp:2"}])
        self.assertEqual(drawn.count("scope='row'"), 2)

    def test_a_step_belongs_to_a_thread_that_exists(self):
        with self.assertRaises(pictures.Mistake):
            self.player("1", steps=[{"thread": 1, "op": "x"}])


if __name__ == "__main__":
    unittest.main()
