"""An explanation as a page of text."""

from __future__ import annotations

import textwrap

from .explanation import Explanation, Parameter, Part, Row
from .trace import Line, number

MOST_ROWS = 8
MOST_FEATURES = 3
MOST_PARAMETERS = 4
MOST_TERMS = 5
MOST_CLASSES = 4
WIDTH = 100


def page(explained: Explanation) -> str:
    parts = [_head(explained), _rows(explained), _loss(explained)]
    if explained.focus is not None:
        parts.append(_focus(explained))
    parts += [_gradient(explained, p, j) for j, p in _shown(explained)]
    if explained.whole:
        parts.append("\n".join(["Over all parameters", *_parts(explained.whole)]))
    parts.append(_updates(explained))
    return "\n\n".join(parts) + "\n"


def _head(explained: Explanation) -> str:
    lines = [
        f"Step {explained.step:,}: {explained.title}",
        *([] if explained.applied else ["(this is the step at which the run diverged; it was not applied)"]),
        f"batch of {_count(len(explained.rows), 'row')}, loss {explained.loss_formula}, "
        f"learning rate {number(explained.learning_rate)}",
        "",
        "Parameters before the step (w[…] the coefficient of a feature, b the intercept)"
        if not explained.classes
        else "Parameters before the step (w[…] the coefficient of a feature and a class, b[…] a class's intercept)",
    ]
    for j, p in _shown(explained):
        elsewhere = "" if p.point == p.before else f", its gradient taken at {number(p.point)}"
        lines.append(f"  {_symbol(explained, j)} = {number(p.before)}{elsewhere}")
    hidden = len(explained.parameters) - len(_shown(explained))
    if hidden:
        lines.append(f"  … and {_count(hidden, 'parameter')} with smaller steps")
    scaled = [j for j in _features_shown(explained) if explained.inverse_scales[j] != 1.0]
    if scaled:
        lines += ["", "A scaled feature enters as (value - mean) / deviation"]
        lines += [
            f"  {explained.feature_names[j]}: mean {number(explained.means[j])}, deviation {_deviation(explained, j)}"
            for j in scaled
        ]
    return "\n".join(lines)


def _symbol(explained: Explanation, i: int) -> str:
    j, of_class = explained.feature_of(i), explained.classes[i % explained.scores] if explained.classes else ""
    if j is None:
        return f"b[{of_class}]" if of_class else "b"
    return f"w[{explained.feature_names[j]}{', ' if of_class else ''}{of_class}]"


def _deviation(explained: Explanation, j: int) -> str:
    return number(1.0 / explained.inverse_scales[j])


def _rows(explained: Explanation) -> str:
    shown = _features(explained)
    names = [explained.feature_names[j] for j in shown]
    weighted = any(row.weight != 1.0 for row in explained.rows)
    placed = [explained.places[row.number] for row in _picked(explained) if row and row.number in explained.places]
    header = ["row", *(["in the file"] if placed else []), *names]
    if len(explained.feature_names) > len(names):
        header.append("…")
    measured = ["prediction", "residual", "loss", "slope"]
    if explained.classes:
        measured = [*(f"p[{name}]" for name in explained.classes[:MOST_CLASSES]), "loss"]
    header += ["target", *measured] + (["weight"] if weighted else [])
    body = []
    for row in _picked(explained):
        if row is None:
            body.append(["…"] * len(header))
            continue
        where = [explained.places.get(row.number, "")] if placed else []
        cells = [f"{row.number:,}", *where, *(number(row.features[j]) for j in shown)]
        if len(explained.feature_names) > len(names):
            cells.append("…")
        cells += _measured(explained, row)
        body.append(cells + ([number(row.weight)] if weighted else []))
    text = _table([header, *body])
    if len(explained.rows) > MOST_ROWS:
        text += f"\n({_count(len(explained.rows), 'row')} in all)"
    if explained.classes:
        return f"{text}\np = probability of a class; slope by its score = p, less 1 for the row's own class"
    meaning = "residual = prediction - target; slope = derivative of a row's loss by its score"
    return f"{text}\n{_prediction(explained)}{meaning}"


def _measured(explained: Explanation, row: Row) -> list[str]:
    """A row's cells from the target on."""
    if explained.classes:
        some = row.probabilities[:MOST_CLASSES]
        return [explained.classes[int(row.target)], *(number(p) for p in some), number(row.value)]
    residual = row.prediction - row.target
    return [number(value) for value in (row.target, row.prediction, residual, row.value, row.slope)]


def _prediction(explained: Explanation) -> str:
    """The prediction's formula in numbers, where it is short enough to be read."""
    columns = len(explained.feature_names)
    if columns > MOST_FEATURES or any(inverse != 1.0 for inverse in explained.inverse_scales):
        return ""
    terms = [f"{number(p.point)} * {p.name}" for p in explained.parameters[:columns]]
    terms += [_signed(explained.parameters[-1].point)] if explained.has_intercept else []
    is_score = explained.rows[0].score != explained.rows[0].prediction
    return f"{'score' if is_score else 'prediction'} = {' + '.join(terms)}\n"


def _loss(explained: Explanation) -> str:
    values = [_weighted(row.weight, number(row.value)) for row in explained.rows]
    text = _wrapped(f"Loss = {_mean(values, explained.loss_sum, explained.weight)} = {number(explained.loss)}")
    if explained.penalty is None:
        return text
    objective = explained.loss + explained.penalty
    terms = f"{number(explained.loss)} + {number(explained.penalty)}"
    return f"{text}\nObjective = loss + penalty = {terms} = {number(objective)}"


def _focus(explained: Explanation) -> str:
    row = explained.rows[explained.focus or 0]
    place = explained.places.get(row.number)
    lines = [
        f"Row {row.number:,} in full{f' ({place})' if place else ''}",
        "  score: for each feature, (value - mean) * w / deviation",
    ]
    for c in range(min(explained.scores, MOST_CLASSES)):
        lines += [f"   of {explained.classes[c]}"] if explained.classes else []
        lines += _score(explained, row, c)
    lines.append(f"  loss ({explained.loss_name}), its value and its slope:")
    lines += [f"    {_line(line)}" for line in explained.focus_lines]
    return "\n".join(lines)


def _score(explained: Explanation, row: Row, c: int) -> list[str]:
    """One score of a row, term by term."""
    columns, count, lines = len(explained.feature_names), explained.scores, []
    own = explained.parameters[c::count]
    for name, term, p in zip(explained.feature_names, row.terms, own[:columns], strict=True):
        if term != 0.0:
            coefficient = number(p.point * p.inverse_scale)
            lines.append(f"    {name}: {number(term)} * {coefficient} = {number(term * (p.point * p.inverse_scale))}")
    if explained.has_intercept:
        lines.append(f"    b: {number(own[-1].point)}")
    return [*lines, f"    sum = {number(row.scores[c] if row.scores else row.score)}"]


def _gradient(explained: Explanation, p: Parameter, i: int) -> str:
    j = explained.feature_of(i)
    is_intercept = j is None
    feature = "" if j is None else explained.feature_names[j]
    unscaled = p.inverse_scale == 1.0
    x = "" if is_intercept else f" * {feature}" if unscaled else f" * ({feature} - mean)"
    terms = []
    for row in explained.rows:
        term = 1.0 if j is None else row.terms[j]
        if term != 0.0:
            written = _signed(explained.slope_of(row, i)) + ("" if is_intercept else f" * {_signed(term)}")
            terms.append(_weighted(row.weight, written))
    zeros = len(explained.rows) - len(terms)
    left_out = f"   ({_count(zeros, 'row')} with {feature} = 0 left out)" if zeros and terms else ""
    weight = number(explained.weight)
    mean = _mean(terms or ["0"], None, explained.weight)
    total = number(p.sum) if unscaled else f"{number(p.sum)} / {_deviation(explained, j or 0)}"
    head = f"Gradient of {_symbol(explained, i)} = mean of slope{x}{'' if unscaled else ' / deviation'}"
    lines = [head, _wrapped(f"  = {mean}{left_out}"), f"  = {total} / {weight} = {number(p.gradient)}"]
    if p.slope_parts:
        lines += _parts(p.slope_parts)
        sum_of_slopes = " + ".join(_signed(value) for value in (p.gradient, *(part.value for part in p.slope_parts)))
        lines.append(f"  with the penalty: {sum_of_slopes} = {number(p.penalized)}")
    return "\n".join([*lines, *_parts(p.gradient_parts)])


def _parts(parts: tuple[Part, ...], indent: str = "  ") -> list[str]:
    """What each penalty or transform did, a line for each of its own."""
    return [f"{indent}{part.name}: {_line(line)}" for part in parts for line in part.lines]


def _updates(explained: Explanation) -> str:
    lines = [f"Update by {explained.rule}: {explained.formula}"]
    for j, p in _shown(explained):
        symbol = _symbol(explained, j)
        lines.append(f"  {symbol}")
        lines += [f"    {_line(line)}" for line in p.update]
        lines += _parts(p.step_parts, "    ")
        kept = "" if p.keep == 1.0 else f" * {number(p.keep)}"
        lines.append(
            f"    {symbol} = {number(p.before)}{kept} - {_signed(p.step)} = {number(p.before * p.keep - p.step)}"
        )
        lines += _parts(p.theta_parts, "    ")
        if p.theta_parts:
            lines.append(f"    {symbol} = {number(p.after)}")
    return "\n".join(lines)


def _line(line: Line) -> str:
    worked = "" if line.numbers == number(line.value) else f" = {line.numbers}"
    return f"{line.name} = {line.text}{worked} = {number(line.value)}"


def _features(explained: Explanation) -> list[int]:
    """The features whose columns are shown: those that are worked out below."""
    columns = len(explained.feature_names)
    if columns <= MOST_FEATURES:
        return list(range(columns))
    return _features_shown(explained)[:MOST_FEATURES]


def _features_shown(explained: Explanation) -> list[int]:
    """The features of the parameters on the page."""
    used = [explained.feature_of(i) for i, _ in _shown(explained)]
    return list(dict.fromkeys(j for j in used if j is not None))


def _wrapped(text: str) -> str:
    """A line of a sum, broken where it is too long."""
    indent = " " * (len(text) - len(text.lstrip()) + 4)
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _picked(explained: Explanation) -> list[Row | None]:
    """The rows on the page: all, or the first ones (with the row in focus) and the last, with a gap between."""
    picked: list[Row | None] = []
    last = -1
    for at in rows_on_page(len(explained.rows), explained.focus):
        picked += [None] if at > last + 1 else []
        picked.append(explained.rows[at])
        last = at
    return picked


def rows_on_page(count: int, focus: int | None) -> list[int]:
    """Which rows of a batch are shown, from 0: all, or the first ones, the one in focus and the last."""
    if count <= MOST_ROWS:
        return list(range(count))
    middle = {focus} if focus is not None else set()
    return sorted({*range(MOST_ROWS - 2), *middle, count - 1})


def _shown(explained: Explanation) -> list[tuple[int, Parameter]]:
    """The parameters on the page, in their order: all, or the intercept and those with the largest steps."""
    every = list(enumerate(explained.parameters))
    if len(every) <= MOST_PARAMETERS:
        return every
    largest = sorted(every, key=lambda pair: -abs(pair[1].step))[:MOST_PARAMETERS]
    return sorted(largest)


def _mean(terms: list[str], total: float | None, weight: float) -> str:
    if len(terms) > MOST_TERMS:
        terms = [*terms[: MOST_TERMS - 1], "…", terms[-1]]
    whole = f"({' + '.join(terms)}) / {number(weight)}"
    return whole if total is None else f"{whole} = {number(total)} / {number(weight)}"


def _weighted(weight: float, text: str) -> str:
    return text if weight == 1.0 else f"{number(weight)} * {text}"


def _signed(value: float) -> str:
    return f"({number(value)})" if value < 0.0 else number(value)


def _count(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def _table(rows: list[list[str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
