#!/usr/bin/env python3
"""Amazon employee access: likelihood encoding and a classifier, here and in scikit-learn, on the same folds.

    python3 bench/amazon.py TESSERA DATA [--folds 5] [--seeds 1] [--only NAME,...]

TESSERA is the command-line tool, DATA the folder with tabular/amazon_employee_access_train.csv.gz. Needs scikit-learn and pandas. All nine columns are categories, AUC
is computed by scikit-learn from both sides' probabilities for the rows held out of each of the stratified folds. scikit-learn: TargetEncoder() in a pipeline, which cross-fits
the training rows; here: `tessera fit --set features.categories=...`, which does so, too.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, TargetEncoder

TARGET = "ACTION"
# What is compared with what: name, Tessera's estimator and settings, scikit-learn's classifier behind its TargetEncoder.
BOOSTING = "hist_gradient_boosting_classifier"
SIDES = [
    ("boosting, likelihood", BOOSTING, ["features.categories=target"], HistGradientBoostingClassifier),
    ("boosting, likelihood, two levels", BOOSTING, ["features.categories=target", "features.encoder=inner_cv=5"], HistGradientBoostingClassifier),
    ("boosting, catboost", BOOSTING, ["features.categories=catboost"], HistGradientBoostingClassifier),
    ("boosting, leave one out", BOOSTING, ["features.categories=leave_one_out"], HistGradientBoostingClassifier),
    ("naive Bayes, likelihood", "gaussian_nb", ["features.categories=target"], GaussianNB),
    ("logistic regression, likelihood", "logistic_regression", ["features.categories=target"],
     lambda: make_pipeline(StandardScaler(), LogisticRegression(C=1e6, max_iter=1000))),
]


def tessera(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"tessera {' '.join(map(str, arguments))}: {done.stderr}")


def ours(program, estimator, settings, train, held_out, folder):
    train.to_csv(folder / "train.csv", index=False)
    held_out.drop(columns=TARGET).to_csv(folder / "held_out.csv", index=False)
    name = f"fit-{len(list(folder.glob('runs/*')))}"
    words = [word for setting in settings for word in ("--set", setting)]
    tessera(program, "fit", estimator, folder / "train.csv", "--target", TARGET, "--store", folder / "runs", "--name", name,
            "--quiet", "--set", "data.test=0", "--set", "evaluate.folds=0", "--set", "data.categories=*", *words)
    tessera(program, "predict", folder / "runs" / name, folder / "held_out.csv", "--output", folder / "found.csv")
    return pd.read_csv(folder / "found.csv")["probability_1"].to_numpy()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tessera")
    parser.add_argument("data", type=Path)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    table = pd.read_csv(options.data / "tabular/amazon_employee_access_train.csv.gz")
    x, y = table.drop(columns=TARGET), table[TARGET].to_numpy()
    only = [name for name in options.only.split(",") if name]
    theirs = {}
    print(f"{len(table)} rows, {x.shape[1]} columns of categories, {options.folds} stratified folds, {options.seeds} seeds; mean AUC")
    print(f"{'':34} {'Tessera':>8} {'scikit-learn':>13}")
    with tempfile.TemporaryDirectory() as folder:
        for name, estimator, settings, classifier in SIDES:
            if only and estimator not in only:
                continue
            found, rival = [], []
            for seed in range(options.seeds):
                splits = StratifiedKFold(options.folds, shuffle=True, random_state=seed).split(x, y)
                for fold, (train, out) in enumerate(splits):
                    scores = ours(options.tessera, estimator, settings, table.iloc[train], table.iloc[out], Path(folder))
                    found.append(roc_auc_score(y[out], scores))
                    key = (classifier, seed, fold)
                    if key not in theirs:
                        np.random.seed(1000 * seed + fold)  # what scikit-learn draws from where it is given no seed
                        pipeline = make_pipeline(TargetEncoder(), classifier()).fit(x.iloc[train], y[train])
                        theirs[key] = roc_auc_score(y[out], pipeline.predict_proba(x.iloc[out])[:, 1])
                    rival.append(theirs[key])
            print(f"{name:34} {np.mean(found):8.4f} {np.mean(rival):13.4f}", flush=True)


if __name__ == "__main__":
    main()
