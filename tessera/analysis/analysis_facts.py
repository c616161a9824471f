#!/usr/bin/env python3
"""Writes analysis_facts_test.inc: a table as CSV, and what pandas, scipy and scikit-learn make of it.

    python3 analysis_facts.py      # writes it beside itself; needs pandas, scipy and scikit-learn; the tests need the table only
"""

from pathlib import Path

import numpy as np
import pandas as pd
import scipy
import sklearn
from scipy import stats
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression
from sklearn.metrics import mutual_info_score, roc_auc_score

HERE = Path(__file__).resolve().parent


def table():
    random = np.random.default_rng(11)
    n = 240
    label = random.integers(0, 2, n)
    length = np.round(random.normal(5 + label, 1.5), 9)
    width = np.round(random.gamma(2.0, 1.0, n) * (1 + 0.5 * label), 9)
    steps = random.poisson(3 + 2 * label)
    kind = np.array(["oak", "ash", "elm", "fir"])[np.minimum(random.poisson(0.8 + label), 3)]
    place = np.array(["hill", "river", "wood"])[(random.integers(0, 3, n) + (kind == "oak")) % 3]
    height = np.round(2 * length + random.normal(size=n), 9)
    frame = pd.DataFrame({"length": length, "width": width, "steps": steps, "kind": kind, "place": place, "height": height,
                          "label": np.where(label == 1, "yes", "no")})
    frame.loc[random.random(n) < 0.1, "width"] = np.nan
    frame.loc[random.random(n) < 0.05, "kind"] = np.nan
    return frame


def correlation_ratio(groups, values):
    parts = [values[groups == g] for g in pd.unique(groups)]
    f, n, k = stats.f_oneway(*parts).statistic, len(values), len(parts)
    return np.sqrt(f * (k - 1) / (f * (k - 1) + n - k))


def facts(frame):
    out = {}
    for name in ("length", "width", "steps", "height"):
        x = frame[name].dropna().to_numpy(float)
        out["facts " + name] = [x.mean(), x.std(ddof=1), x.min(), *np.quantile(x, [0.25, 0.5, 0.75]), x.max(), stats.skew(x), stats.kurtosis(x),
                                *np.quantile(x, [0.01, 0.99])]
        low, high = np.quantile(x, [0.25, 0.75])
        out["outliers " + name] = [float((x < low - 1.5 * (high - low)).sum()), float((x > high + 1.5 * (high - low)).sum())]
    for a, b in (("length", "width"), ("length", "height"), ("width", "steps")):
        out[f"correlations {a} {b}"] = [frame[a].corr(frame[b]), frame[a].corr(frame[b], method="spearman")]
    both = frame[["kind", "place", "width", "label"]].dropna(subset=["kind"])
    out["cramers v"] = [stats.contingency.association(pd.crosstab(both.kind, both.place).to_numpy(), method="cramer"),
                        stats.contingency.association(pd.crosstab(both.kind, both.label).to_numpy(), method="cramer")]
    rows = both.dropna(subset=["width"])
    out["eta"] = [correlation_ratio(rows.kind, rows.width), correlation_ratio(frame.place, frame.height)]
    out["auc"] = [roc_auc_score(frame.label == "yes", frame.length), roc_auc_score(frame.label == "yes", frame.steps)]
    out["counted"] = [mutual_info_score(both.kind, both.label), mutual_info_score(frame.steps, frame.label)]
    wide = frame.dropna(subset=["width"])
    out["class information"] = [mutual_info_classif(frame[["length"]], frame.label, discrete_features=False, random_state=0)[0],
                                mutual_info_classif(wide[["width"]], wide.label, discrete_features=False, random_state=0)[0]]
    out["number information"] = [mutual_info_regression(frame[["length"]], frame.height, discrete_features=False, random_state=0)[0],
                                 mutual_info_regression(wide[["width"]], wide.height, discrete_features=False, random_state=0)[0],
                                 mutual_info_regression(pd.factorize(frame.place)[0].reshape(-1, 1), frame.height, discrete_features=True, random_state=0)[0]]
    return out


def main():
    frame = table()
    with (HERE / "analysis_facts_test.inc").open("w") as out:
        print(f"// Written by analysis_facts.py with pandas {pd.__version__}, scipy {scipy.__version__} and scikit-learn {sklearn.__version__}.", file=out)
        print('inline constexpr const char* kFactsCsv = R"csv(' + frame.to_csv(index=False) + ')csv";', file=out)
        print("inline const std::map<std::string, std::vector<double>> kFacts = {", file=out)
        for name, values in facts(frame).items():
            print(f'    {{"{name}", {{{", ".join(repr(float(v)) for v in values)}}}}},', file=out)
        print("};", file=out)


main()
