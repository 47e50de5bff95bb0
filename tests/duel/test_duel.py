"""The runner of the duel, from recorded answers: figures, void rows,
missing peers, the table, the record. No contestant runs."""

import io
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import duel
import figures
import instructions
import profiling
import record
import report
import rounds
from contestants import contestants
from workloads import WORKLOADS, fibonacci, rows_for

HERE = Path(__file__).resolve().parent
RECORDED = HERE / "recorded"
# Three rounds of yield_2 on one processor, as the contestants printed
# them; and one answer of each kind that does not count.
ANSWERS = json.loads((RECORDED / "yield_2.json").read_text())
VOID = json.loads((RECORDED / "void.json").read_text())
KIND = {"arch": "x86_64", "model": "a processor of paper", "cores": 1}


class Time:
    """A clock that only a player moves."""

    def __init__(self, budget):
        self.seconds = budget

    def left(self):
        return self.seconds


class Replay:
    """Plays what was recorded: each answer takes one second."""

    def __init__(self, clock, answers=None):
        self.clock = clock
        self.answers = answers or {}
        self.played = []

    def __call__(self, entry):
        name = entry.contestant.name
        self.clock.seconds -= 1
        before = self.played.count(name)
        self.played.append(name)
        output = self.answers.get(name, ANSWERS[name])
        return rounds.Answer(0, output[before % len(output)])


def entries(lab="", missing=(), case="yield_2"):
    return rounds.entries_for(rows_for(1, True, case), lab,
                              list(missing))


def quiet():
    return rounds.Progress(io.StringIO())


def named(name):
    return next(each for each in contestants() if each.name == name)


def play(answers=None, missing=(), budget=15.0):
    """A duel from the record; what it came to, who played, in order."""
    clock = Time(budget)
    player = Replay(clock, answers)
    playing = entries(missing=missing)
    count = rounds.play(playing, player, clock, quiet())
    return {"schema": 1, "date": "2026-11-24", "machine": KIND,
            "rounds": count, "quick": True, "lab": None,
            "missing": [{"name": each.name, "package": each.package}
                        for each in missing],
            "rows": report.rows_json(playing)}, player.played


def by_name(made):
    return {each["name"]: each
            for each in made["rows"][0]["contestants"]}


class Figures(unittest.TestCase):
    def test_a_median_lies_between_its_quartiles(self):
        figure = figures.figure_of([4, 1, 3, 2, 100])
        self.assertEqual((figure.median, figure.low, figure.high,
                          figure.least, figure.most),
                         (3, 2, 4, 1, 100))

    def test_spread_is_half_of_what_lies_between_quartiles(self):
        self.assertAlmostEqual(
            figures.figure_of([4, 1, 3, 2, 100]).spread, 1 / 3)

    def test_one_value_is_its_own_quartiles(self):
        figure = figures.figure_of([7.0])
        self.assertEqual((figure.low, figure.high, figure.spread),
                         (7, 7, 0))

    def test_no_value_has_no_figure(self):
        self.assertIsNone(figures.figure_of([]))

    def test_a_ratio_is_taken_within_its_round(self):
        # The machine was twice as slow in the second round.
        ratio = figures.ratio_of([10, 20, 30], [5, 10, 10])
        self.assertEqual((ratio.median, ratio.least, ratio.most),
                         (2, 2, 3))

    def test_a_round_that_only_one_played_does_not_count(self):
        ratio = figures.ratio_of([10, None, 30], [5, 10, None])
        self.assertEqual((ratio.median, ratio.values), (2, 1))

    def test_what_lies_within_the_spread_has_not_moved(self):
        was = {"median": 6, "least": 5, "most": 7}
        self.assertFalse(figures.moved(
            {"median": 6.9, "least": 6.5, "most": 7.2}, was))
        self.assertFalse(figures.moved(
            {"median": 7.5, "least": 5.9, "most": 8}, was))

    def test_what_lies_outside_on_both_sides_has_moved(self):
        was = {"median": 6, "least": 5, "most": 7}
        self.assertTrue(figures.moved(
            {"median": 8, "least": 7.5, "most": 9}, was))


class Checks(unittest.TestCase):
    def setUp(self):
        self.entry = entries()[0]

    def void(self, output, status=0, error=""):
        with self.assertRaises(rounds.Void) as caught:
            rounds.judged(self.entry,
                          rounds.Answer(status, output, error))
        return str(caught.exception)

    def test_a_right_answer_counts_per_operation(self):
        line = ANSWERS["reference"][0]
        expected = json.loads(line)["nanoseconds"] / 500_000
        self.assertEqual(
            rounds.judged(self.entry, rounds.Answer(0, line)), expected)

    def test_a_wrong_sum_is_void_and_says_what_it_must_be(self):
        self.assertEqual(
            self.void(VOID["wrong sum"]),
            "the check is count 500000, sum 1; it must be count "
            "500000, sum 2")

    def test_a_wrong_count_is_void(self):
        self.assertIn("count 499999", self.void(VOID["wrong count"]))

    def test_fewer_operations_than_asked_for_are_void(self):
        self.assertIn("it ran yield_2 with 2000 operations",
                      self.void(VOID["other operations"]))

    def test_what_is_no_json_is_void(self):
        for name in ("cut off", "no check", "a list"):
            with self.subTest(name):
                self.assertEqual(self.void(VOID[name]),
                                 "its answer is not one line of JSON")

    def test_no_time_at_all_is_void(self):
        self.assertEqual(self.void(VOID["no time"]), "it took no time")

    def test_a_crash_is_void_with_its_last_words(self):
        self.assertEqual(self.void("", 1, "first\nstep 6.1 is missing"),
                         "step 6.1 is missing")
        self.assertEqual(self.void("", -11), "ended with status -11")

    def test_each_workload_asks_for_what_its_check_allows(self):
        for workload in WORKLOADS:
            for quick in (True, False):
                for each in contestants():
                    ops = workload.ops_for(
                        quick, each.share(workload.name))
                    with self.subTest(workload.name, ops=ops):
                        self.assertGreater(ops, 0)
                        if not workload.whole:
                            self.assertEqual(ops % 2000, 0)

    def test_the_sums_are_those_of_the_definition(self):
        asked = {each.name: each.expected for each in WORKLOADS}
        self.assertEqual(asked["spawn"](10), (10, sum(range(10))))
        self.assertEqual(asked["channel_128_4x4"](8),
                         (8, 4 * sum(range(2))))
        self.assertEqual(asked["fib"](25), (1, 75025))
        self.assertEqual([fibonacci(n) for n in range(7)],
                         [0, 1, 1, 2, 3, 5, 8])


class Rounds(unittest.TestCase):
    def test_contestants_take_turns_and_every_other_round_backwards(self):
        _, played = play(budget=10.0)
        names = [each.contestant.name for each in entries()]
        self.assertEqual(played, names + names[::-1])

    def test_no_round_begins_that_does_not_fit(self):
        made, _ = play(budget=14.0)  # a round of five takes 5 seconds
        self.assertEqual(made["rounds"], 2)

    def test_the_first_round_ends_with_the_time(self):
        made, played = play(budget=3.0)
        self.assertEqual((made["rounds"], len(played)), (1, 3))
        self.assertIsNone(by_name(made)["threads"]["nanoseconds"])
        self.assertIn("no result in this time", report.table(made))

    def test_what_is_void_is_not_run_again(self):
        made, played = play({"Go": [VOID["wrong sum"]]})
        self.assertEqual(played.count("Go"), 1)
        go = by_name(made)["Go"]
        self.assertIsNone(go["nanoseconds"])
        self.assertIn("it must be", go["void"])

    def test_one_void_round_voids_the_others(self):
        right = ANSWERS["Go"][0]
        made, _ = play({"Go": [right, right, VOID["wrong count"]]})
        self.assertIsNone(by_name(made)["Go"]["nanoseconds"])

    def test_a_void_peer_is_never_the_best(self):
        made, _ = play({"Go": [VOID["wrong sum"]]})
        ours = by_name(made)["reference"]
        self.assertEqual(ours["best_peer"]["name"], "Boost.Fiber")
        self.assertIsNone(ours["go"])

    def test_there_is_no_bar_where_there_is_no_terminal(self):
        out = io.StringIO()
        clock = Time(5.0)
        rounds.play(entries(), Replay(clock), clock,
                    rounds.Progress(out))
        self.assertEqual(out.getvalue(), "")

    def test_there_is_a_bar_on_a_terminal(self):
        out = io.StringIO()
        out.isatty = lambda: True
        clock = Time(5.0)
        rounds.play(entries(), Replay(clock), clock,
                    rounds.Progress(out))
        self.assertIn("round 1  ####", out.getvalue())
        self.assertTrue(out.getvalue().endswith("\r"))


class WhoPlays(unittest.TestCase):
    def test_a_missing_peer_is_named_with_its_package(self):
        made, played = play(missing=[named("Boost.Fiber"), named("Go")])
        self.assertNotIn("Go", played)
        text = report.table(made)
        self.assertIn("missing: Boost.Fiber (libboost-fiber-dev)", text)
        self.assertIn("missing: Go (golang-go)", text)

    def test_a_program_that_is_not_declared_is_missing(self):
        missing = duel.missing_peers([named("Boost.Fiber")])
        have = named("Boost.Fiber").target in duel.declared()
        self.assertEqual(missing == [], have)

    def test_a_lab_is_in_the_place_of_its_chapter(self):
        names = [each.contestant.name
                 for each in entries("06_scheduler")]
        self.assertEqual(names[:2], ["your scheduler",
                                     "your scheduler, LIFO"])
        self.assertNotIn("reference", names)

    def test_a_lab_plays_the_rows_of_its_chapter_alone(self):
        self.assertEqual(entries("01_pooling"), [])
        playing = entries("01_pooling", case="empty_task")
        sides = {each.contestant.name: each.contestant.side
                 for each in playing}
        self.assertEqual(sides["your task_pool"], "labs")
        self.assertEqual(sides["worker_pool"], "solutions")

    def test_a_reader_is_compared_with_the_own_code(self):
        playing = entries("01_pooling", case="empty_task")
        for each in playing:
            each.values = [10.0]
        self.assertEqual(report.row_json(playing)["leader"],
                         "your task_pool")

    def test_rows_are_on_one_two_and_all_processors(self):
        def places(cores):
            return [row.place
                    for row in rows_for(cores, True, "yield_2")]
        self.assertEqual(places(1), ["P = 1"])
        self.assertEqual(places(2), ["P = 1", "P = 2"])
        self.assertEqual(places(8), ["P = 1", "P = 2", "P = 8"])


class Table(unittest.TestCase):
    def test_it_fits_in_80_columns_and_says_the_promises(self):
        text = report.table(play()[0])
        self.assertLessEqual(max(map(len, text.splitlines())), 80)
        for promise in ("fair; preempts; stacks grow",
                        "youngest first, unfair"):
            self.assertIn(promise, text)

    def test_no_name_or_promise_is_cut(self):
        for each in contestants():
            self.assertLessEqual(len(each.name), 25, each.name)
            self.assertLessEqual(len(each.promises), 28, each.name)
        for lab in ("01_pooling", "04_worker_pool", "06_scheduler"):
            for each in contestants(lab):
                self.assertLessEqual(len(each.name), 25, each.name)

    def test_it_says_whether_the_target_is_met(self):
        made, _ = play()
        made["rows"][0]["target"] = 0.001
        self.assertIn("target 0.001x met", report.table(made))
        made["rows"][0]["target"] = 1000
        self.assertIn("target 1000x missed", report.table(made))

    def test_a_void_row_says_why(self):
        text = report.table(play({"Go": [VOID["wrong sum"]]})[0])
        self.assertRegex(text, r"Go +void: the check is count")

    def test_durations_have_three_digits(self):
        self.assertEqual(
            [report.duration(each)
             for each in (1.234, 12.34, 123.4, 1234, 12.34e6, 2e9)],
            ["1.23 ns", "12.3 ns", "123 ns", "1.23 µs", "12.3 ms",
             "2.00 s "])


class Record(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.file = self.folder / "records" / "duel.json"
        self.duel = play()[0]

    def moved_by(self, factor):
        """The same duel with Go's ratio so many times as large."""
        other = json.loads(json.dumps(self.duel))
        ratio = by_name(other)["Go"]["ratio"]
        for name in ("median", "low", "high", "least", "most"):
            ratio[name] *= factor
        return other

    def test_a_record_is_of_one_kind_of_machine(self):
        other = {**self.duel, "machine": {**KIND, "cores": 64}}
        record.renew(self.file, other)
        record.renew(self.file, self.duel)
        records = record.read(self.file)
        self.assertEqual(len(records), 2)
        found = record.of_kind(records, KIND)
        self.assertEqual(found["machine"], KIND)
        self.assertIsNone(record.of_kind(records, {**KIND, "cores": 3}))

    def test_to_renew_it_replaces_the_old_one(self):
        record.renew(self.file, self.duel)
        record.renew(self.file, {**self.duel, "date": "2027-01-01"})
        self.assertEqual([each["date"]
                          for each in record.read(self.file)],
                         ["2027-01-01"])

    def test_what_moved_is_named_with_what_it_was(self):
        lines = record.changes(self.moved_by(10), self.duel)
        self.assertEqual(len(lines), 1)
        self.assertRegex(lines[0], r"yield, 2 goroutines; P = 1: Go "
                                   r"[\d.]+x, was [\d.]+x")

    def test_nothing_moves_from_itself(self):
        self.assertEqual(record.changes(self.duel, self.duel), [])

    def test_charts_have_the_ratios_machine_and_date(self):
        record.draw(self.folder, self.duel)
        chart = json.loads((self.folder / "duel_one.json").read_text())
        self.assertIn("a processor of paper", chart["recorded"])
        self.assertIn("2026-11-24", chart["recorded"])
        bars = {bar["label"]: bar for bar in chart["groups"][0]["bars"]}
        self.assertTrue(bars["reference"]["ours"])
        self.assertEqual(bars["reference"]["value"], 1)
        self.assertAlmostEqual(
            bars["Go"]["value"],
            by_name(self.duel)["Go"]["ratio"]["median"], delta=0.05)

    def test_without_a_duel_a_chart_names_its_command(self):
        record.draw(self.folder, None)
        chart = json.loads((self.folder / "duel_two.json").read_text())
        self.assertEqual((chart["command"], chart["groups"]),
                         ("make duel RECORD=1", []))


class CommandLine(unittest.TestCase):
    def refused(self, *words):
        done = subprocess.run(
            [sys.executable, HERE / "duel.py", *words],
            capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        return done.stderr

    def test_a_lab_that_takes_no_part_is_refused(self):
        self.assertIn("LAB=05 takes no part", self.refused("--lab=05"))

    def test_an_unknown_case_is_refused_with_the_known_ones(self):
        self.assertIn("yield_2, yield_500",
                      self.refused("--case=nope"))

    def test_a_case_of_another_chapter_is_refused(self):
        self.assertIn("does not play CASE=empty_task",
                      self.refused("--lab=6", "--case=empty_task"))

    def test_a_record_is_a_whole_duel(self):
        self.assertIn("RECORD=1 keeps a whole duel",
                      self.refused("--record", "--quick"))

    def test_an_unknown_option_is_refused(self):
        self.assertIn("--foo", self.refused("--foo"))

    def test_a_lab_is_named_as_elsewhere(self):
        for name in ("6", "06", "06_scheduler"):
            self.assertEqual(duel.chapter_named(name), "06_scheduler")


class Instructions(unittest.TestCase):
    def test_each_count_is_read_by_its_name(self):
        dump = (RECORDED / "callgrind.txt").read_text()
        self.assertEqual(instructions.counts_in(dump),
                         {"switch": 31.515, "yield": 195.799})

    def test_within_the_tolerance_it_passes(self):
        self.assertEqual(
            [right for right, _ in instructions.compared(
                {"yield": 102.9, "spawn": 50}, {"yield": 100,
                                                "spawn": 100})],
            [True, True])

    def test_beyond_the_tolerance_it_fails(self):
        [(right, words)] = instructions.compared({"yield": 104},
                                                 {"yield": 100})
        self.assertFalse(right)
        self.assertEqual(words, "yield: 104 instructions, recorded "
                                "100 (+4.0%)")

    def test_an_operation_that_is_only_on_one_side_fails(self):
        results = instructions.compared({"a": 1}, {"b": 1})
        self.assertEqual([right for right, _ in results],
                         [False, False])


class Profile(unittest.TestCase):
    DUMP = """\
events: Ir
fl=a.cpp
fn=main
10 5
fi=b.hpp
3 90
fe=a.cpp
11 5
cfn=other
calls=7 20
11 1000
fl=c.hpp
fn=other
20 1000
"""

    def test_a_line_has_what_it_took_itself(self):
        self.assertEqual(profiling.costs_in(self.DUMP),
                         {("a.cpp", 10): 5, ("b.hpp", 3): 90,
                          ("a.cpp", 11): 5, ("c.hpp", 20): 1000})

    def test_the_most_expensive_line_comes_first(self):
        lines = profiling.lines_of(profiling.costs_in(self.DUMP))
        self.assertEqual(lines[0], " 90.9%  c.hpp:20")

    def test_a_case_of_another_chapter_is_refused(self):
        asked = profiling.read_command_line(
            ["--lab", "6", "--case", "empty_task"])
        with self.assertRaisesRegex(duel.Problem, "the cases are: yiel"):
            profiling.chosen(asked)

    def test_without_a_case_it_says_what_is_needed(self):
        with self.assertRaisesRegex(duel.Problem, "CASE= are needed"):
            profiling.read_command_line(["--lab", "6"])


if __name__ == "__main__":
    unittest.main()
