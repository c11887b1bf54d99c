"""The twelve real tables of `auto.py`, in raw units: six numbers to predict, four of two classes, two counts.

They come with scikit-learn and statsmodels, and from a folder with diamonds.csv and penguins.csv.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn import datasets
from statsmodels import datasets as more_datasets


class Table(NamedTuple):
    """name; kind: "number", "classes" or "count"; loss: a name for `fit`; load(folder): the data and the target."""

    name: str
    kind: str
    loss: str
    load: Callable[[Path], tuple[Any, str]]


def sklearn_frame(name: str, target: str = "target") -> pd.DataFrame:
    loaded = getattr(datasets, f"load_{name}")(as_frame=True, **({"scaled": False} if name == "diabetes" else {}))
    return loaded.frame.rename(columns={"target": target})


def statsmodels_frame(name: str) -> pd.DataFrame:
    return getattr(more_datasets, name).load_pandas().data


def fair_with_affairs_or_without(_: Path) -> tuple[pd.DataFrame, str]:
    frame = statsmodels_frame("fair")
    frame["affairs"] = np.where(frame["affairs"] > 0, "yes", "no")
    return frame, "affairs"


def anes96_vote(_: Path) -> tuple[pd.DataFrame, str]:
    frame = statsmodels_frame("anes96")
    frame["vote"] = np.where(frame["vote"] > 0, "Dole", "Clinton")
    return frame, "vote"


TABLES = (
    Table("diamonds", "number", "squared", lambda folder: (folder / "diamonds.csv", "price")),
    Table("diabetes", "number", "squared", lambda _: (sklearn_frame("diabetes"), "target")),
    Table("copper", "number", "squared", lambda _: (statsmodels_frame("copper"), "WORLDCONSUMPTION")),
    Table("longley", "number", "squared", lambda _: (statsmodels_frame("longley"), "TOTEMP")),
    Table("stackloss", "number", "squared", lambda _: (statsmodels_frame("stackloss"), "STACKLOSS")),
    Table("engel", "number", "squared", lambda _: (statsmodels_frame("engel"), "foodexp")),
    Table("spector", "classes", "logistic", lambda _: (statsmodels_frame("spector").astype({"GRADE": int}), "GRADE")),
    Table("penguins", "classes", "logistic", lambda folder: (folder / "penguins.csv", "sex")),
    Table("anes96", "classes", "logistic", anes96_vote),
    Table("fair", "classes", "logistic", fair_with_affairs_or_without),
    Table("randhie", "count", "squared", lambda _: (statsmodels_frame("randhie"), "mdvis")),
    Table("cancer", "count", "squared", lambda _: (statsmodels_frame("cancer"), "cancer")),
)
