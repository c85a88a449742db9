"""Comparing settings over seeds: groups, pairs, verdicts; the numbers against SciPy and statsmodels."""

import json
import math
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
import scipy.stats
from statsmodels.stats.multitest import multipletests
from tests.app.lived import Visitor
from tests.tracking.trials import ERRORS, visited_trials
from typer.testing import CliRunner

from everlearn.cli.services import provided
from everlearn.tracking.commands import app, experiments
from everlearn.tracking.comparison.groups import Trial, grouped, guessed_pairing
from everlearn.tracking.comparison.service import BadComparisonError, compared
from everlearn.tracking.comparison.verdicts import Comparison, Correction, Verdict
from everlearn.tracking.metric_schema import Direction, MetricSchema
from everlearn.tracking.model import RunNotFoundError

LOWER = {"rmse": MetricSchema(unit="min", direction=Direction.LOWER)}


def trials(**errors: Sequence[float]) -> list[Trial]:
    """Runs of the settings named, one for each seed."""
    return [
        Trial(
            id=f"{setting}-{seed}",
            name="",
            params={"model": setting, "seed": str(seed), "rows": "100"},
            tags={},
            metrics={"rmse": error},
        )
        for setting, values in errors.items()
        for seed, error in enumerate(values)
    ]


def judged(runs: Sequence[Trial], correction: Correction = Correction.HOLM) -> Comparison:
    return compared(runs, LOWER, by=(), metrics=(), correction=correction)


def test_two_settings_over_six_seeds() -> None:
    first, second = np.array(ERRORS["4"]), np.array(ERRORS["6"])
    result = judged(trials(shallow=ERRORS["4"], deep=ERRORS["6"])).pairs[0]

    t = scipy.stats.ttest_rel(second, first)
    interval = t.confidence_interval()
    differences = second - first
    assert result.p_value == pytest.approx(t.pvalue)
    assert (result.lower, result.upper) == pytest.approx((interval.low, interval.high))
    assert result.mean_difference == pytest.approx(differences.mean())
    assert result.standardised_effect == pytest.approx(differences.mean() / differences.std(ddof=1))
    assert result.signed_rank_p_value == 2 / 2**6  # every difference has the same sign
    assert result.sign_flip_p_value == 2 / 2**6
    assert (result.verdict, result.better, result.pair_count) == (Verdict.DIFFERENT, "model=deep", 6)
    assert result.reason.startswith("rmse is lower with model=deep than with model=shallow, by 0.5 min (95 % interval")


@pytest.mark.parametrize(("correction", "method"), [(Correction.HOLM, "holm"), (Correction.BH, "fdr_bh")])
def test_many_pairs_are_corrected_together(correction: Correction, method: str) -> None:
    random = np.random.default_rng(4)
    seeds = random.normal(5.0, 1.0, size=8)
    shifts = {"a": 0.0, "b": 0.1, "c": 0.4, "d": 0.8}
    settings = {name: (seeds + shift + random.normal(0, 0.3, size=8)).tolist() for name, shift in shifts.items()}

    found = judged(trials(**settings), correction)

    adjusted = multipletests([pair.p_value for pair in found.pairs], method=method)[1]
    assert len(found.pairs) == 6
    assert [pair.adjusted_p_value for pair in found.pairs] == pytest.approx(list(adjusted))
    assert [pair.verdict is Verdict.DIFFERENT for pair in found.pairs] == [p <= 0.05 for p in adjusted]
    friedman = scipy.stats.friedmanchisquare(*settings.values())
    assert (found.omnibus[0].chi_square, found.omnibus[0].p_value) == pytest.approx(tuple(friedman))
    assert found.omnibus[0].block_count == 8
    ranks = found.omnibus[0].mean_ranks
    q = abs(ranks["model=d"] - ranks["model=a"]) / math.sqrt(4 * 5 / (6 * 8)) * math.sqrt(2)
    assert found.pairs[2].nemenyi_p_value == pytest.approx(scipy.stats.studentized_range.sf(q, 4, np.inf), abs=1e-6)


def test_too_few_pairs_are_no_verdict() -> None:
    result = judged(trials(shallow=[5.1, 5.3, 4.9, 5.6], deep=[1.0, 1.1, 1.2, 1.3])).pairs[0]

    assert result.verdict is Verdict.NOT_EVALUATED
    assert result.p_value is None
    assert "4 pairs of model=shallow and model=deep; 5 are the least" in result.reason


def test_values_that_are_no_numbers_are_left_out_and_said() -> None:
    result = judged(trials(shallow=[5.1, 5.3, 4.9, 5.6, 5.0], deep=[1.0, 1.1, 1.2, 1.3, math.nan])).pairs[0]

    assert (result.verdict, result.pair_count) == (Verdict.NOT_EVALUATED, 4)
    assert "1 pairs were left out, because a value is not a finite number" in result.reason


def test_no_difference_is_not_called_one() -> None:
    result = judged(trials(a=[5.1, 5.3, 4.9, 5.6, 5.0], b=[5.2, 5.2, 5.0, 5.5, 5.0])).pairs[0]

    assert (result.verdict, result.better) == (Verdict.NOT_SHOWN, None)
    assert result.reason.startswith("No difference of rmse is shown")


def test_the_same_difference_with_every_seed_rests_on_the_signs() -> None:
    result = judged(trials(a=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], b=[2.0, 3.0, 4.0, 5.0, 6.0, 7.0])).pairs[0]

    assert result.p_value == 2 / 2**6
    assert result.better == "model=a"


def test_without_a_direction_nothing_is_better() -> None:
    found = compared(trials(a=ERRORS["4"], b=ERRORS["6"]), {}, by=(), metrics=(), correction=Correction.HOLM)

    assert (found.pairs[0].verdict, found.pairs[0].better) == (Verdict.DIFFERENT, None)


def test_a_setting_tried_twice_with_a_seed_counts_once() -> None:
    runs = trials(a=[1.0, 2.0], b=[1.5, 2.5])
    again = Trial(id="again", name="", params=runs[0].params, tags={}, metrics={"rmse": 3.0})

    group = grouped([*runs, again], ["seed"])[0]

    assert group.values("rmse") == {("0",): 2.0, ("1",): 2.0}
    assert group.run_count == 3


@pytest.mark.parametrize("name", ["seed", "random_state", "clf__random_state", "cv/fold", "Seed"])
def test_what_makes_pairs_is_guessed_by_its_name(name: str) -> None:
    trial = Trial(id="a", name="", params={name: "1", "reseed": "2", "folds": "5"}, tags={}, metrics={})

    assert guessed_pairing([trial]) == (name,)


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        (trials(a=[1.0, 2.0, 3.0]), "one group: they differ in seed alone"),
        ([Trial(id="a", name="", params={"x": "1"}, tags={}, metrics={"rmse": 1.0})], "Nothing pairs the runs"),
        ([Trial(id="a", name="", params={"seed": "1"}, tags={}, metrics={})], "no metric in common"),
        (trials(**{f"m{number}": [1.0] for number in range(13)}), "12 are the most"),
    ],
)
def test_where_nothing_can_be_compared_the_reason_is_said(runs: Sequence[Trial], said: str) -> None:
    found = judged(runs)

    assert said in found.reason
    assert found.pairs == []


def test_what_no_run_has_is_refused_with_what_there_is() -> None:
    runs = trials(a=[1.0], b=[2.0])

    with pytest.raises(BadComparisonError, match=r"no run has a metric 'mae'; there are rmse"):
        compared(runs, {}, by=(), metrics=("mae",), correction=Correction.HOLM)
    with pytest.raises(BadComparisonError, match="to pair by; there are model, rows, seed"):
        compared(runs, {}, by=("fold",), metrics=(), correction=Correction.HOLM)


IDS = [f"eta-{depth}-{seed}" for depth in ERRORS for seed in range(6)]


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    with visited_trials(tmp_path_factory.mktemp("trials") / "home") as visit:
        yield visit


def test_over_json_and_on_the_command_line_it_says_the_same(visitor: Visitor) -> None:
    answer = visitor.client.get("/api/projects/default/comparison", params={"run": IDS, "metric": "rmse"}).json()
    with provided(visitor.platform.find):
        told = CliRunner().invoke(app, ["compare", *IDS, "--metric", "rmse", "--json"], catch_exceptions=False)
        table = CliRunner().invoke(app, ["compare", *IDS, "--by", "seed"], catch_exceptions=False)

    assert json.loads(told.stdout) == answer
    assert answer["by"] == ["seed"]
    assert answer["pairs"][0]["better"] == "depth=6"
    assert "depth=6 is better" in table.stdout


def test_runs_of_others_are_not_compared(visitor: Visitor) -> None:
    answer = visitor.client.get("/api/projects/other/comparison", params={"run": IDS})

    assert (answer.status_code, answer.json()["code"]) == (404, "tracking.run_not_found")
    with pytest.raises(RunNotFoundError):
        visitor.platform.comparisons.compare("default", ["none"])
    many = visitor.client.get("/api/projects/default/comparison", params={"run": [f"r{n}" for n in range(201)]})
    assert (many.status_code, many.json()["code"]) == (400, "tracking.bad_comparison")


def test_metrics_are_declared_over_json_and_on_the_command_line(visitor: Visitor) -> None:
    number = visitor.platform.experiments.get_by_name("default", "eta").id
    path = f"/api/projects/default/experiments/{number}/metrics"
    with provided(visitor.platform.find):
        arguments = ["declare-metric", "eta", "val/auc", "--direction", "higher", "--low", "0", "--high", "1"]
        CliRunner().invoke(experiments, arguments, catch_exceptions=False)
        listed = CliRunner().invoke(experiments, ["metrics", "eta", "--json"], catch_exceptions=False)
    put = visitor.client.put(path, json={"metric": "mae", "unit": "min", "low": 0})
    refused = visitor.client.put(path, json={"metric": "mae", "low": 2, "high": 1})

    shown = {one["metric"]: one for one in visitor.client.get(path).json()["items"]}
    auc = {"metric": "val/auc", "unit": "", "direction": "higher", "low": 0.0, "high": 1.0}
    assert shown["val/auc"] == auc
    assert auc in json.loads(listed.stdout)["items"]
    assert put.status_code == 200
    assert shown["mae"]["unit"] == "min"
    assert refused.json()["code"] == "tracking.bad_metric_schema"
