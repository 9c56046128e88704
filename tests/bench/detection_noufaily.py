"""Detection against the simulation of Noufaily et al. (2013), beside an oracle and EARS C1-C3.

    python tests/bench/detection_noufaily.py [--repeats N] [--json]

Forty-two scenarios: seven (level, dispersion) settings, each without and with trend, and with no,
one or two harmonics of a year. 624 weeks; four outbreaks within weeks 313 to 575 trouble the
baseline, one within the last 49 weeks is to be found. Outbreak size is Poisson of k standard
deviations (k from 1 to 10), spread over weeks by a lognormal(0, 0.5). A detection is an alarm in
any week of the outbreak, a false positive an alarm in a week without one.
Seeded; prints rates over all scenarios. The engine's own regression (`alerts.detection.baseline`)
and tail are what is measured; weeks stand in for days, so that only the design matrix differs.
"""

from __future__ import annotations

import argparse
import json

import numpy as np

from alerts.detection.baseline import fit
from alerts.detection.tails import count_tail

WEEKS, RECENT = 624, 49
SETTINGS = (  # theta, dispersion, trend, cosine, sine
    (0.1, 1.5, 0.0025, 0.6, 0.6),
    (-2.0, 2.0, 0.005, 0.1, 0.3),
    (1.5, 1.0, 0.003, 0.2, -0.4),
    (0.5, 5.0, 0.002, 0.5, 0.5),
    (2.5, 3.0, 0.001, 1.0, 0.1),
    (3.75, 1.1, 0.001, 0.1, -0.1),
    (5.0, 1.2, 0.0001, 0.05, 0.01),
)
GUARD_WEEKS, BASELINE_WEEKS = 26, 260
LEVEL = 0.01


def scenarios() -> list[tuple[float, float, float, float, float, int]]:
    """Level, dispersion, trend, cosine, sine and harmonics of each of the forty-two."""
    return [
        (theta, phi, trend * has_trend, cosine, sine, harmonics)
        for theta, phi, trend, cosine, sine in SETTINGS
        for has_trend in (0, 1)
        for harmonics in (0, 1, 2)
    ]


def mean_of(scenario) -> np.ndarray:
    """The true mean of every week."""
    theta, _, trend, cosine, sine, harmonics = scenario
    week = np.arange(1, WEEKS + 1)
    log_mean = theta + trend * week
    for j in range(1, harmonics + 1):
        angle = 2 * np.pi * j * week / 52
        log_mean = log_mean + cosine * np.cos(angle) + sine * np.sin(angle)
    return np.exp(log_mean)


def drawn(rng, mean: np.ndarray, phi: float) -> np.ndarray:
    """Counts of variance phi times the mean."""
    if phi <= 1.0:
        return rng.poisson(mean).astype(float)
    return rng.negative_binomial(mean / (phi - 1), 1 / phi).astype(float)


def outbreak(rng, start: int, mean: np.ndarray, phi: float) -> np.ndarray:
    """Added cases by week."""
    size = rng.poisson(rng.integers(1, 11) * np.sqrt(mean[start] * phi))
    added = np.zeros(WEEKS)
    for delay in np.floor(rng.lognormal(0.0, 0.5, size)).astype(int):
        if start + delay < WEEKS:
            added[start + delay] += 1
    return added


def simulate(rng, scenario) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts, true means and the added cases of the recent outbreak."""
    mean, phi = mean_of(scenario), scenario[1]
    counts = drawn(rng, mean, phi)
    for start in rng.integers(312, 575, 4):
        counts += outbreak(rng, int(start), mean, phi)
    recent = outbreak(rng, int(rng.integers(WEEKS - RECENT, WEEKS - 3)), mean, phi)
    return counts + recent, mean, recent


def design(weeks: np.ndarray, now: int) -> np.ndarray:
    """Level, trend in five years, two harmonics."""
    angle = 2 * np.pi * weeks / 52
    return np.column_stack(
        [
            np.ones(len(weeks)),
            (weeks - now) / 260,
            np.cos(angle),
            np.sin(angle),
            np.cos(2 * angle),
            np.sin(2 * angle),
        ]
    )


def ours(counts: np.ndarray) -> np.ndarray:
    """P-value of each recent week by the engine's regression, from earlier weeks only."""
    p_values = np.ones(RECENT)
    for index, now in enumerate(range(WEEKS - RECENT, WEEKS)):
        past = np.arange(now - GUARD_WEEKS - BASELINE_WEEKS, now - GUARD_WEEKS)
        level = fit(
            counts[past],
            design(past, now),
            now=design(np.array([now]), now)[0],
            recency=np.ones(len(past)),
            ridge=np.array([0.0, 1.0, 1.0, 1.0, 4.0, 4.0]),
            prior_dispersion=1.3,
        )
        variance = level.variance(level.mean, dispersion=level.dispersion, model_error=0.0)
        p_values[index] = count_tail(counts[now], level.mean, variance)
    return p_values


def oracle(counts: np.ndarray, mean: np.ndarray, phi: float) -> np.ndarray:
    """P-values with the true mean and dispersion."""
    recent = slice(WEEKS - RECENT, WEEKS)
    return np.asarray(count_tail(counts[recent], mean[recent], phi * mean[recent]))


def ears(counts: np.ndarray, method: str) -> np.ndarray:
    """Alarm (1) or not (0) of EARS C1, C2, C3 (Hutwagner et al. 2003) for each recent week."""
    lag = 0 if method == "C1" else 2
    excess = np.zeros(WEEKS)
    alarms = np.zeros(WEEKS)
    for now in range(WEEKS - RECENT - 3, WEEKS):
        past = counts[now - lag - 7 : now - lag]
        score = (counts[now] - past.mean()) / max(past.std(ddof=1), 0.5)
        excess[now] = max(0.0, score - 1.0)
        alarms[now] = score > 3
        if method == "C3":
            alarms[now] = excess[now - 2 : now + 1].sum() > 2
    return alarms[WEEKS - RECENT :]


def rates(alarms: list[np.ndarray], recents: list[np.ndarray]) -> tuple[float, float]:
    """Share of outbreaks detected, and of weeks without one alarmed."""
    found, outbreaks, false, quiet = 0, 0, 0, 0
    for alarm, added in zip(alarms, recents, strict=True):
        inside = added[WEEKS - RECENT :] > 0
        if inside.any():
            outbreaks += 1
            found += bool(alarm[inside].any())
        false += int(alarm[~inside].sum())
        quiet += int((~inside).sum())
    return found / outbreaks, false / quiet


def compare(repeats: int, seed: int = 20261122) -> dict[str, dict[str, float]]:
    """Rates of each method; the oracle and ours at the level at which ours has its rate."""
    rng = np.random.default_rng(seed)
    cases = [(s, *simulate(rng, s)) for s in scenarios() for _ in range(repeats)]
    recents = [recent for *_, recent in cases]
    table = {"ours": [ours(counts) for _, counts, _, _ in cases]}
    table["oracle"] = [oracle(counts, mean, s[1]) for s, counts, mean, _ in cases]
    result = {}
    for name, p_values in table.items():
        detected, false = rates([p < LEVEL for p in p_values], recents)
        result[name] = {"detected": detected, "false_positives": false}
    same = _level_at(table["oracle"], recents, result["ours"]["false_positives"])
    detected, false = rates([p < same for p in table["oracle"]], recents)
    result["oracle at our rate"] = {"detected": detected, "false_positives": false}
    for method in ("C1", "C2", "C3"):
        detected, false = rates([ears(counts, method) > 0 for _, counts, _, _ in cases], recents)
        result[f"EARS {method}"] = {"detected": detected, "false_positives": false}
    return result


def _level_at(p_values: list[np.ndarray], recents: list[np.ndarray], rate: float) -> float:
    quiet = np.concatenate(
        [p[r[WEEKS - RECENT :] == 0] for p, r in zip(p_values, recents, strict=True)]
    )
    return float(np.quantile(quiet, rate))


def main() -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    result = compare(args.repeats)
    if args.json:
        print(json.dumps(result))
        return
    for name, row in result.items():
        print(f"{name:20s} detected {row['detected']:.3f}  false {row['false_positives']:.4f}")


if __name__ == "__main__":
    main()
