"""The runner of the duel, from recorded answers: figures, void rows,
missing peers, the table. No contestant runs."""

import io
import json
import unittest
from pathlib import Path

import duel
import figures
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
            "rounds": count, "quick": True, "lab": None, "versions": {},
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

    def test_other_options_than_asked_for_are_void(self):
        self.assertIn("it ran with the options",
                      self.void(VOID["other options"]))

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
